//! What few containers have, kept apart so that ten thousand plain ones cost nothing.

use std::time::Duration;

use jiff::Timestamp;

/// What a container has only once somebody did something out of the ordinary to it.
#[derive(Clone, Debug, Default)]
pub struct Rare {
    /// Its limit of memory and swap together, where it is not twice that of memory; -1 is none.
    pub memory_swap: Option<i64>,
    /// What the kernel leaves it when memory is short.
    pub reservation: i64,
    /// How often at most its restart policy starts it again, 0 for no bound.
    pub retries: i64,
    /// Why its last start failed.
    pub error: String,
    /// The shells that people have open in it, by their ids.
    pub sessions: Vec<String>,
    /// Its checkpoints.
    pub checkpoints: Vec<Checkpoint>,
    /// How far it has counted, where it is a canary.
    pub ticks: Option<Ticks>,
}

/// A container's processes, written to disk.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Its name.
    pub name: String,
    /// The start of the life that it holds.
    pub started: Option<Timestamp>,
    /// The end of that life, which the checkpoint itself made.
    pub finished: Option<Timestamp>,
    /// The memory in it, in bytes.
    pub memory: u64,
    /// How far a canary in it had counted.
    pub ticks: Option<Ticks>,
}

/// What a canary counts: tenths of a second of its own life. They go on where the same memory goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// Drawn at its start, and only in its memory.
    life: u32,
    counted: Duration,
    since: Option<Timestamp>,
}

impl Ticks {
    /// A life begins.
    #[must_use]
    pub fn begin(life: u32, now: Timestamp) -> Ticks {
        Ticks { life, counted: Duration::ZERO, since: Some(now) }
    }

    /// Its processes are frozen, or end.
    pub fn halt(&mut self, now: Timestamp) {
        self.counted = self.counted_by(now);
        self.since = None;
    }

    /// They go on.
    pub fn go(&mut self, now: Timestamp) {
        self.since = Some(now);
    }

    /// The file that the canary writes at each tick, byte for byte.
    #[must_use]
    pub fn file(&self, now: Timestamp) -> String {
        format!("{:012} {:08x} ok \n", self.counted_by(now).as_millis() / 100, self.life)
    }

    fn counted_by(&self, now: Timestamp) -> Duration {
        let more = self.since.and_then(|since| Duration::try_from(now.duration_since(since)).ok());
        self.counted + more.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_stand_still_while_frozen_and_go_on() {
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ticks = Ticks::begin(0xabc, start);
        assert_eq!(ticks.file(at(2)), "000000000020 00000abc ok \n");
        ticks.halt(at(2));
        assert_eq!(ticks.file(at(90)), "000000000020 00000abc ok \n");
        ticks.go(at(90));
        assert_eq!(ticks.file(at(91)), "000000000030 00000abc ok \n");
    }
}
