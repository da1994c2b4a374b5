//! Secrets in texts of files: what is shown of an edit never has one.
//!
//! By the names of keys, in YAML as people write it, and by the look of what stands there. Where that is not clear, too much is
//! hidden rather than too little.

mod rules;

use std::collections::HashSet;

use rules::{Rules, is_secret};

/// What stands for a secret, however long that is.
const HIDDEN: &str = "******";

/// The lines of a text (what is between its `\n`), as many as it has, without secrets. `known` are secrets that are known from
/// elsewhere.
#[must_use]
pub fn hushed(text: &str, known: &[&str]) -> Vec<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let Some(rules) = Rules::get() else { return vec![HIDDEN.to_owned(); lines.len()] };
    let mut hush = Hush { rules, known, aliases: HashSet::new(), follows: Follows::Nothing };
    for line in &lines {
        hush.note_alias(line);
    }
    lines.into_iter().map(|line| hush.line(line)).collect()
}

/// What of the lines to come belongs to a secret.
#[derive(Debug, PartialEq, Eq)]
enum Follows {
    Nothing,
    /// All that stands further in, and the list at that depth.
    Block(usize),
    /// All up to this quote, and then what stands further in.
    Quote(char, usize),
    /// The next line that is not empty, and then what stands further in.
    Next(usize),
    /// All up to the end of a key.
    Pem,
}

struct Hush<'a> {
    rules: &'static Rules,
    known: &'a [&'a str],
    /// The anchors whose values are secret.
    aliases: HashSet<String>,
    follows: Follows,
}

impl Hush<'_> {
    fn note_alias(&mut self, line: &str) {
        if let Some((_, end)) = self.secret_key(line)
            && let Some(alias) = line[end..].trim_start().strip_prefix('*')
        {
            let name: String =
                alias.chars().take_while(|c| !c.is_whitespace() && !",]}".contains(*c)).collect();
            self.aliases.insert(name);
        }
    }

    fn line(&mut self, line: &str) -> String {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        let hidden = format!("{}{HIDDEN}", &line[..indent]);
        match self.follows {
            Follows::Pem => {
                if content.contains("-----END") {
                    self.follows = Follows::Nothing;
                }
                return hidden;
            }
            Follows::Quote(quote, depth) => {
                if content.contains(quote) {
                    self.follows = Follows::Block(depth);
                }
                return hidden;
            }
            _ if content.is_empty() => return line.to_owned(),
            Follows::Next(depth) => {
                self.follows = Follows::Block(depth);
                // Its value may only be empty.
                if indent > depth || !self.is_key(content) {
                    return hidden;
                }
            }
            Follows::Block(depth) => {
                if indent > depth || (indent == depth && (content == "-" || content.starts_with("- "))) {
                    return hidden;
                }
            }
            Follows::Nothing => {}
        }
        self.follows = Follows::Nothing;
        if content.contains("-----BEGIN") && content.contains("PRIVATE KEY") {
            if !content.contains("-----END") {
                self.follows = Follows::Pem;
            }
            return hidden;
        }
        if let Some((start, end)) = self.secret_key(line).into_iter().chain(self.secret_anchor(line)).min() {
            return self.secret(line, start, end);
        }
        self.loose(line)
    }

    fn is_key(&self, content: &str) -> bool {
        self.rules.key.find(content).is_some_and(|found| found.start() <= 1)
    }

    /// Where the first key of a secret begins, and where its value does.
    fn secret_key(&self, line: &str) -> Option<(usize, usize)> {
        let found = self.rules.key.captures_iter(line).find(|found| is_secret(&found["name"]))?;
        found.get(0).map(|all| (all.start(), all.end()))
    }

    /// The same for a value that a secret's alias names.
    fn secret_anchor(&self, line: &str) -> Option<(usize, usize)> {
        let found =
            self.rules.anchor.captures_iter(line).find(|found| self.aliases.contains(&found["name"]))?;
        found.get(0).map(|all| (all.start(), all.end()))
    }

    /// A line with a secret whose value begins at `end`: everything from there on is hidden.
    fn secret(&mut self, line: &str, start: usize, end: usize) -> String {
        let (head, value) = line.split_at(end);
        let before = &line[..start];
        let is_block_key = before.chars().all(|c| c == ' ' || c == '-');
        let depth = if is_block_key { start } else { line.len() - line.trim_start().len() };
        let head = self.loose(head);
        let value = value.trim();
        let begins = value.chars().next();
        self.follows = match begins {
            None | Some('#') => Follows::Next(depth),
            Some(quote @ ('"' | '\'')) if value.matches(quote).count() % 2 == 1 => {
                Follows::Quote(quote, depth)
            }
            Some(_) => Follows::Block(depth),
        };
        let is_block = |value: &str| value.len() <= 3 && value.starts_with(['|', '>']);
        if value.is_empty() || is_block(value) {
            return format!("{head}{value}");
        }
        format!("{head}{}", self.value(value))
    }

    /// A secret value: only names of variables are shown, where the secret itself is elsewhere.
    fn value(&self, value: &str) -> String {
        let mut shown = String::new();
        let mut at = 0;
        for found in self.rules.reference.find_iter(value) {
            shown.push_str(self.between(&value[at..found.start()]));
            shown.push_str(found.as_str());
            at = found.end();
        }
        if at == 0 {
            return HIDDEN.to_owned();
        }
        shown + self.between(&value[at..])
    }

    fn between<'b>(&self, piece: &'b str) -> &'b str {
        if self.rules.harmless.is_match(piece) { piece } else { HIDDEN }
    }

    /// What can be told by its look alone, wherever it stands.
    fn loose(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for known in self.known.iter().filter(|known| known.len() >= 4) {
            shown = shown.replace(known, HIDDEN);
        }
        for (pattern, with) in &self.rules.loose {
            shown = pattern.replace_all(&shown, *with).into_owned();
        }
        shown
    }
}

#[cfg(test)]
#[path = "hush_tests.rs"]
mod tests;
