//! The numbers by which records and acts are known, in every console and after every restart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Source;
use crate::model::ticket::TicketId;

/// An act: one record, or several folded into one change. Written as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Act(i64);

/// What makes a record the same wherever it is told: its source and its key there. Written as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; 16]);

impl Mark {
    /// The mark of a record with that key: unique among all of that source.
    #[must_use]
    pub fn of(source: Source, key: &str) -> Self {
        let digest =
            Sha256::new().chain_update(source.as_str()).chain_update([0]).chain_update(key).finalize();
        let mut mark = [0; 16];
        mark.copy_from_slice(&digest[..16]);
        Mark(mark)
    }
}

impl Act {
    /// The act that begins with that record.
    #[must_use]
    pub fn begun_by(mark: Mark) -> Self {
        let mut number = [0; 8];
        number.copy_from_slice(&mark.0[..8]);
        Act(i64::from_be_bytes(number))
    }

    /// Everything that is done under that ticket is one act.
    #[must_use]
    pub fn of_ticket(ticket: TicketId) -> Self {
        Act::begun_by(Mark::of(Source::Ticket, &ticket.to_string()))
    }

    /// A run of a callmap is one.
    #[must_use]
    pub fn of_run(ticket: TicketId) -> Self {
        Act::begun_by(Mark::of(Source::Callmap, &ticket.to_string()))
    }

    /// As a number, for the ledger.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }

    /// The act of that number.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        Act(number)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<Act> for String {
    fn from(act: Act) -> Self {
        act.to_string()
    }
}

/// A text that is no mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no mark: 32 hex digits are")]
pub struct BadMark(pub String);

impl FromStr for Mark {
    type Err = BadMark;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadMark(text.to_owned());
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        u128::from_str_radix(text, 16).map(|number| Mark(number.to_be_bytes())).map_err(|_| bad())
    }
}

/// A text that is no act's number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no change's id: 16 hex digits are")]
pub struct BadAct(pub String);

impl FromStr for Act {
    type Err = BadAct;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadAct(text.to_owned());
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        u64::from_str_radix(text, 16).map(|number| Act(number.cast_signed())).map_err(|_| bad())
    }
}

impl TryFrom<String> for Act {
    type Error = BadAct;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_everywhere() {
        // Written down: numbers of old records must never become others.
        let mark = Mark::of(Source::Engine, "web-1/4c1f/1700000000000000000/started");
        assert_eq!(mark.to_string(), "adf6c34ad9250fc1b91fdbd5321259bd");
        assert_eq!(Act::begun_by(mark).to_string(), "adf6c34ad9250fc1");
    }

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        let mark = Mark::of(Source::Note, "00");
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for bad in ["", "00", "+0000000000000000000000000000000", "0000000000000000000000000000000g"] {
            assert!(bad.parse::<Mark>().is_err());
        }
    }

    #[test]
    fn an_act_is_read_as_it_is_written() {
        for number in [0, 1, -1, i64::MIN, i64::MAX] {
            let act = Act::from_number(number);
            assert_eq!(act.to_string().parse(), Ok(act));
        }
        for bad in ["", "1", "000000000000000g", "+00000000000000f", "00000000000000000"] {
            assert!(bad.parse::<Act>().is_err());
        }
    }
}
