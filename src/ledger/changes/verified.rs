//! What a look at the whole record finds.

use std::fmt;

use jiff::Timestamp;

use super::chain::Line;
use super::row::moment;

/// What came of verifying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many records were looked at.
    pub records: u64,
    /// Up to which number records have been pruned, except for those that were kept.
    pub pruned: i64,
    /// The number of the latest record.
    pub seq: i64,
    /// Its hash. Whoever notes both somewhere else can tell later that nothing before was made anew.
    pub hash: String,
    /// What is wrong with the first record that is not as it was written; nothing where all are.
    pub broken: Option<Broken>,
}

/// The first record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub seq: i64,
    /// The last one's, where it is not known which of several it is.
    pub last: i64,
    /// When what it tells of happened, where that is known.
    pub time: Option<Timestamp>,
    /// What is wrong.
    pub what: &'static str,
}

impl Broken {
    pub(super) fn of(line: &Line, what: &'static str) -> Broken {
        Broken { seq: line.seq, last: line.seq, time: Some(moment(line.time)), what }
    }

    pub(super) fn of_several(seq: i64, last: i64, what: &'static str) -> Broken {
        Broken { seq, last, time: None, what }
    }

    pub(super) fn changed(line: &Line) -> Broken {
        Broken::of(line, "does not say what was written after the one before it")
    }

    pub(super) fn missing(seq: i64, last: i64) -> Broken {
        Broken::of_several(seq, last, if seq == last { "is missing" } else { "are missing" })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.seq == self.last, self.time) {
            (true, Some(time)) => write!(f, "record {} of {time:.3}: {}", self.seq, self.what),
            (true, None) => write!(f, "record {}: {}", self.seq, self.what),
            (false, _) => write!(f, "records {} to {}: {}", self.seq, self.last, self.what),
        }
    }
}
