//! A question as SQL: what `Ask::passes` says of one change, said of all rows.

use std::sync::Arc;

use super::row::{NOBODY, nanoseconds, stored};
use crate::ledger::ask::Statement;
use crate::model::ask::{Ask, Range, Test};

/// A value of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(i64),
    Text(String),
}

/// Conditions on `acts`, and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    conditions: Vec<String>,
    /// On `words.text`; each must hold.
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Filter {
    pub(super) fn of(ask: &Ask) -> Filter {
        let mut filter = Filter::default();
        if let Some(range) = ask.range {
            filter.within(range);
        }
        for term in &ask.terms {
            if let Test::Text(text) = &term.test {
                let place = filter.text(&format!("%{}%", escaped(text)));
                let not = if term.negated { "NOT " } else { "" };
                filter.texts.push(format!("text {not}LIKE {place} ESCAPE '\\'"));
                continue;
            }
            let condition = filter.test(&term.test);
            filter.conditions.push(if term.negated { format!("NOT ({condition})") } else { condition });
        }
        filter
    }

    /// Only in that stretch of time.
    pub(super) fn within(&mut self, range: Range) {
        let from = self.number(nanoseconds(range.from));
        self.conditions.push(format!("time >= {from}"));
        if let Some(to) = range.to {
            let to = self.number(nanoseconds(to));
            self.conditions.push(format!("time < {to}"));
        }
    }

    /// `WHERE ...`, or nothing.
    pub(super) fn sql(&self) -> String {
        // The texts are few next to the acts.
        let texts =
            (self.has_text()).then(|| format!("words IN (SELECT id FROM words WHERE {})", self.texts()));
        where_all(self.conditions.iter().cloned().chain(texts))
    }

    /// The same without texts.
    pub(super) fn without_text(&self) -> String {
        where_all(self.conditions.iter().cloned())
    }

    pub(super) fn has_text(&self) -> bool {
        !self.texts.is_empty()
    }

    /// The conditions on `words.text`.
    pub(super) fn texts(&self) -> String {
        self.texts.join(" AND ")
    }

    pub(super) fn has_range(&self) -> bool {
        self.conditions.first().is_some_and(|condition| condition.starts_with("time "))
    }

    /// A number more; where it stands.
    pub(super) fn number(&mut self, number: i64) -> String {
        self.values.push(Value::Number(number));
        format!("${}", self.values.len())
    }

    fn text(&mut self, text: &str) -> String {
        self.values.push(Value::Text(text.replace('\0', "")));
        format!("${}", self.values.len())
    }

    /// The statement with all values.
    pub(super) fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        self.values.iter().fold(statement, |statement, value| match value {
            Value::Number(number) => statement.bind(*number),
            Value::Text(text) => statement.bind(&**text),
        })
    }

    fn test(&mut self, test: &Test) -> String {
        match test {
            Test::Who(values) => self.any(values, "actor", NOBODY),
            Test::Tenant(values) => self.any(values, "tenant", ""),
            Test::Host(values) => self.any(values, "host", ""),
            Test::Container(values) => self.any(values, "container", ""),
            Test::Verb(verbs) => self.one_of("verb", verbs.iter().map(|verb| verb.as_str())),
            Test::Source(sources) => self.one_of("source", sources.iter().map(|source| source.as_str())),
            Test::Ticket(values) => {
                let conditions: Vec<String> = values.iter().map(|value| self.ticket(value)).collect();
                either(&conditions)
            }
            // Told apart before.
            Test::Text(_) => "1 = 1".to_owned(),
        }
    }

    fn one_of<'v>(&mut self, column: &str, values: impl Iterator<Item = &'v str>) -> String {
        let places: Vec<String> = values.map(|value| self.text(value)).collect();
        match &*places {
            [] => "1 = 0".to_owned(),
            [place] => format!("{column} = {place}"),
            places => format!("{column} IN ({})", places.join(", ")),
        }
    }

    /// One of these patterns fits. `none` is what the column says where there is nothing.
    fn any(&mut self, patterns: &[Arc<str>], column: &str, none: &str) -> String {
        let conditions: Vec<String> =
            patterns.iter().map(|pattern| self.fits(pattern, column, none)).collect();
        either(&conditions)
    }

    fn fits(&mut self, pattern: &str, column: &str, none: &str) -> String {
        let (open_before, rest) = pattern.strip_prefix('*').map_or((false, pattern), |rest| (true, rest));
        let (open_after, rest) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
        // What is nothing fits no pattern, not even `*`; but nobody has a name, `-`.
        let is_something =
            if none.is_empty() && rest.is_empty() { format!("{column} <> '' AND ") } else { String::new() };
        if !open_before && !open_after {
            let place = self.text(rest);
            // Said aloud, since the index of actors leaves out nobody.
            let is_somebody = if none == NOBODY && rest != NOBODY { " AND actor <> '-'" } else { "" };
            // The same of containers.
            let is_one = if column == "container" && !rest.is_empty() { " AND container <> ''" } else { "" };
            return format!("{is_something}{column} = {place}{is_somebody}{is_one}");
        }
        let any = |open: bool| if open { "%" } else { "" };
        let place = self.text(&format!("{}{}{}", any(open_before), escaped(rest), any(open_after)));
        format!("{is_something}{column} LIKE {place} ESCAPE '\\'")
    }

    /// Numbers of tickets are hex digits: `g` comes after all of them, wherever texts are sorted in whichever way.
    fn ticket(&mut self, beginning: &str) -> String {
        if !beginning.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return "1 = 0".to_owned();
        }
        let (from, to) = (self.text(beginning), self.text(&format!("{beginning}g")));
        format!("ticket <> '' AND ticket >= {from} AND ticket < {to}")
    }
}

fn where_all(conditions: impl Iterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) }
}

fn either(conditions: &[String]) -> String {
    match conditions {
        [] => "1 = 0".to_owned(),
        [condition] => condition.clone(),
        conditions => {
            format!("({})", conditions.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" OR "))
        }
    }
}

/// Without the meaning that `LIKE` gives to some characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in stored(text, usize::MAX).chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
