//! The process's steady clock. Rules get its readings passed in.

use std::time::Instant;

use crate::model::picture::Moment;

/// A steady clock that counts from its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting.
    #[must_use]
    pub fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// How long it has been counting.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.start.elapsed()
    }
}

/// A number between 0 and 1 that differs between calls, for jitter. Not for secrets.
#[must_use]
pub fn jitter() -> f64 {
    (drawn() >> 11) as f64 / (1u64 << 53) as f64
}

/// A number that differs between calls and processes. Not for secrets.
#[must_use]
pub fn drawn() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds every `RandomState` differently.
    RandomState::new().hash_one(0)
}
