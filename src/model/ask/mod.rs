//! What is asked of the changes: a stretch of time, and terms that all must hold.
//!
//! The pane's filter, `:changes` and the shell read the same words (`parse.rs`); the ledger turns them into SQL, and what is
//! in memory is held against them here.

#[cfg(test)]
mod again_tests;
mod fields;
mod parse;
#[cfg(test)]
mod parse_tests;
mod point;
mod time;
mod words;
mod written;

use std::sync::Arc;

use jiff::Timestamp;

use super::change::{Change, Source, Verb};

pub use fields::{FIELDS, Field, TIMES};
pub use parse::BadAsk;

/// A question that was understood. The empty one lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// When; all times where nothing was said.
    pub range: Option<Range>,
    /// All of these must hold.
    pub terms: Vec<Term>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// From this moment on.
    pub from: Timestamp,
    /// Up to this moment, which does not belong to it; open where it goes on.
    pub to: Option<Timestamp>,
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// It must not hold.
    pub negated: bool,
    /// One of these must hold, of one field.
    pub test: Test,
}

/// What a term looks at. Several values are joined by "or". Texts are in lower case; a `*` at an end stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Who did it; `-` is nobody known.
    Who(Vec<Arc<str>>),
    /// What happened.
    Verb(Vec<Verb>),
    /// To which tenant.
    Tenant(Vec<Arc<str>>),
    /// On which host.
    Host(Vec<Arc<str>>),
    /// To which container, by name.
    Container(Vec<Arc<str>>),
    /// Under the ticket whose number begins like this.
    Ticket(Vec<Arc<str>>),
    /// Where it is known from.
    Source(Vec<Source>),
    /// A piece of what the change says: see `text`.
    Text(Arc<str>),
}

impl Ask {
    /// Whether the change fits.
    #[must_use]
    pub fn passes(&self, change: &Change) -> bool {
        self.range.is_none_or(|range| range.has(change.time))
            && self.terms.iter().all(|term| term.test.holds(change) != term.negated)
    }
}

impl Range {
    /// Whether the moment belongs to it.
    #[must_use]
    pub fn has(&self, time: Timestamp) -> bool {
        self.from <= time && self.to.is_none_or(|to| time < to)
    }
}

impl Test {
    fn holds(&self, change: &Change) -> bool {
        let any = |values: &[Arc<str>], found: Option<&str>| values.iter().any(|value| fits(value, found));
        match self {
            Test::Who(values) => any(values, Some(change.actor.as_deref().unwrap_or("-"))),
            Test::Verb(verbs) => verbs.contains(&change.verb),
            Test::Tenant(values) => any(values, change.tenant.as_deref()),
            Test::Host(values) => any(values, change.host.as_deref()),
            Test::Container(values) => any(values, change.container.as_deref()),
            Test::Ticket(values) => change.ticket.is_some_and(|ticket| {
                let ticket = ticket.to_string();
                values.iter().any(|value| ticket.starts_with(&**value))
            }),
            Test::Source(sources) => sources.contains(&change.source),
            Test::Text(text) => words(change).contains(&**text),
        }
    }
}

fn fits(pattern: &str, found: Option<&str>) -> bool {
    let Some(found) = found.map(str::to_lowercase) else { return false };
    let (open_before, rest) = pattern.strip_prefix('*').map_or((false, pattern), |rest| (true, rest));
    let (open_after, rest) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
    match (open_before, open_after) {
        (true, true) => found.contains(rest),
        (true, false) => found.ends_with(rest),
        (false, true) => found.starts_with(rest),
        (false, false) => found == rest,
    }
}

/// What free text is looked for in, in lower case: verb, object, image or file before and after, and what more is said.
#[must_use]
pub fn words(change: &Change) -> String {
    let object = change.object();
    let parts = [
        Some(change.verb.as_str()),
        Some(&*object),
        change.detail.as_deref(),
        change.cause.as_deref(),
        change.before.as_deref(),
        change.after.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Act;

    fn term(negated: bool, test: Test) -> Term {
        Term { negated, test }
    }

    #[test]
    fn all_terms_must_hold_and_one_value_of_each() {
        let time = Timestamp::from_second(1000).unwrap();
        let change = Change {
            tenant: Some("Acme".into()),
            container: Some("acme-app".into()),
            host: Some("web-1".into()),
            detail: Some("exit 137".to_owned()),
            ..Change::new(Source::Engine, Act::from_number(1), time, Verb::Crashed)
        };
        let passes = |terms: Vec<Term>| Ask { range: None, terms }.passes(&change);
        assert!(passes(vec![]));
        assert!(passes(vec![term(false, Test::Tenant(vec!["birch".into(), "ac*".into()]))]));
        assert!(passes(vec![term(false, Test::Who(vec!["-".into()]))]));
        assert!(!passes(vec![term(true, Test::Verb(vec![Verb::Crashed]))]));
        assert!(passes(vec![term(false, Test::Text("app exit".into()))]));
        assert!(!passes(vec![term(false, Test::Host(vec!["web".into()]))]));
        let range = |from, to| Ask {
            range: Some(Range {
                from: Timestamp::from_second(from).unwrap(),
                to: Some(Timestamp::from_second(to).unwrap()),
            }),
            terms: vec![],
        };
        assert!(range(1000, 1001).passes(&change));
        assert!(!range(999, 1000).passes(&change));
    }
}
