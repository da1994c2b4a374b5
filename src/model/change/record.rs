//! Records: what is appended to the ledger, one for each thing that a source told.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Act, Change, Mark, Source};

/// One line of the append-only record. A change is all records of one act; what it reads like is told by the latest that
/// has a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The same source and id is one record, whoever tells it.
    pub mark: Mark,
    /// The act that it is part of.
    pub act: Act,
    /// When it happened.
    pub time: Timestamp,
    /// What was told, in a line.
    pub raw: Arc<str>,
    /// What the whole act reads like now; nothing where this part changes nothing about that.
    pub reading: Option<Change>,
}

impl Record {
    /// A record that is an act of its own.
    #[must_use]
    pub fn alone(key: &str, raw: Arc<str>, reading: Change) -> Self {
        let mark = Mark::of(reading.source, key);
        Record { mark, act: reading.act, time: reading.time, raw, reading: Some(reading) }
    }

    /// The act that begins with the record of that key.
    #[must_use]
    pub fn act_of(source: Source, key: &str) -> Act {
        Act::begun_by(Mark::of(source, key))
    }
}
