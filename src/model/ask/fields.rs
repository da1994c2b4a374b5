//! What can be asked: the fields and the words for time, for hints, completions and errors.

use crate::model::change::{Source, Verb};

/// A field that a term may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What stands before the colon.
    pub name: &'static str,
    /// An example of the whole term.
    pub example: &'static str,
    /// What it looks at.
    pub about: &'static str,
}

const fn field(name: &'static str, example: &'static str, about: &'static str) -> Field {
    Field { name, example, about }
}

/// The fields, in the order in which they are told.
pub const FIELDS: [Field; 7] = [
    field("who", "who:op1", "who did it; who:- is nobody known"),
    field("verb", "verb:dumped,woke", "what happened"),
    field("tenant", "tenant:acme", "to which tenant"),
    field("host", "host:web-1", "on which host"),
    field("container", "container:acme-*", "to which container"),
    field("ticket", "ticket:bf711bf", "under which ticket; its beginning does"),
    field("source", "source:engine", "where it is known from"),
];

/// Stretches of time, an example of each and what it means.
pub const TIMES: [(&str, &str); 9] = [
    ("today", "from midnight to midnight"),
    ("yesterday", "the day before"),
    ("mon", "the last Monday; today counts"),
    ("last 30m", "the last 30 minutes: s, m, h, d, w"),
    ("since 14:00", "from 14:00 on; yesterday's if today's is still to come"),
    ("between 09:00 and 10:30", "today's, or yesterday's if it is still to come"),
    ("2026-11-22", "that day"),
    ("2026-11-22 14:00", "that minute"),
    ("2026-11-20..2026-11-22", "from the first day to the last one"),
];

/// The words that may stand after `verb:`.
pub(super) fn verbs() -> Vec<&'static str> {
    Verb::ALL.iter().map(|verb| verb.as_str()).collect()
}

/// The words that may stand after `source:`.
pub(super) fn sources() -> Vec<&'static str> {
    Source::ALL.iter().map(|source| source.as_str()).collect()
}

impl Field {
    /// The words that may stand after the colon, where only some may.
    #[must_use]
    pub fn values(&self) -> Vec<&'static str> {
        match self.name {
            "verb" => verbs(),
            "source" => sources(),
            _ => Vec::new(),
        }
    }
}
