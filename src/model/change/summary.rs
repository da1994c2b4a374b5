//! Changes counted: by whom, of what kind, and when.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{Change, Source, Verb};

/// What kind of change it is, as the timeline colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Somebody should look.
    Bad,
    /// Done through us: tickets and runs of callmaps.
    Ours,
    /// Somebody told us, or changed a file of ours.
    Said,
    /// All else that engines tell.
    Plain,
}

impl Kind {
    /// All of them, the one that counts most first.
    pub const ALL: [Kind; 4] = [Kind::Bad, Kind::Ours, Kind::Said, Kind::Plain];

    /// The kind of changes with that verb, from that source.
    #[must_use]
    pub fn of(verb: Verb, source: Source) -> Kind {
        match source {
            _ if verb.is_bad() => Kind::Bad,
            Source::Ticket | Source::Callmap => Kind::Ours,
            Source::File | Source::Note => Kind::Said,
            Source::Engine | Source::Host => Kind::Plain,
        }
    }
}

impl Change {
    /// What kind of change it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::of(self.verb, self.source)
    }
}

/// How many changes there were in one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// When it begins.
    pub start: Timestamp,
    /// How many of each kind, in the order of `Kind::ALL`.
    pub counts: [u32; 4],
}

/// The changes of a stretch of time, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All of them.
    pub total: u64,
    /// By person, the busiest first; `-` where nobody is known. A hundred at most, as below.
    pub by_actor: Vec<(Arc<str>, u64)>,
    /// By verb.
    pub by_verb: Vec<(Verb, u64)>,
    /// By tenant.
    pub by_tenant: Vec<(Arc<str>, u64)>,
    /// By quarter of an hour, in the order of time; those without a change are left out.
    pub quarters: Vec<(Timestamp, u64)>,
}

/// How long the record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Each part of each change.
    pub raw: Duration,
    /// What each change reads like as a whole.
    pub folded: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Retention { raw: Duration::from_secs(30 * DAY), folded: Duration::from_secs(2 * 365 * DAY) }
    }
}
