//! What a simulated container uses: processor and memory that move believably, for any sequence of looks at them.

use jiff::Timestamp;

/// Used when a container has no limit.
const NO_LIMIT_BASE: f64 = 320.0 * 1024.0 * 1024.0;

/// In so many seconds, two thirds of what still lies in swap come back.
const SWAP_PATIENCE: f64 = 600.0;
/// The part of what lies in swap that a container touches as soon as it goes on.
const TOUCHED: f64 = 0.3;

/// Counters of one container. They move only when somebody looks, so that idle containers cost nothing.
#[derive(Clone, Debug)]
pub struct Usage {
    /// What the memory figures are shares of.
    base: f64,
    /// Where in its waves it is, from 0 to 1: no two containers breathe together.
    phase: f64,
    /// Busy until then.
    busy_until: Timestamp,
    /// When the counters were brought up to date.
    looked: Timestamp,
    cpu_nanos: f64,
    memory: f64,
    /// What the limit allows now, in bytes: a squeeze lowers it.
    cap: f64,
    /// What lies in swap, in bytes.
    swapped: f64,
}

/// A look at the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Processor time since it exists, in nanoseconds.
    pub cpu_nanos: u64,
    /// Memory in bytes, file cache included.
    pub memory: u64,
    /// The part of it that is file cache.
    pub cache: u64,
}

impl Usage {
    /// Nothing used yet.
    #[must_use]
    pub fn new(limit: u64, phase: f64) -> Self {
        let base = if limit == 0 { NO_LIMIT_BASE } else { limit as f64 };
        let start = Timestamp::UNIX_EPOCH;
        Usage {
            base,
            phase,
            busy_until: start,
            looked: start,
            cpu_nanos: 0.0,
            memory: 0.0,
            cap: base,
            swapped: 0.0,
        }
    }

    /// Its process starts.
    pub fn start(&mut self, now: Timestamp) {
        self.looked = now;
        self.memory = (self.base * 0.08).min(self.cap);
        self.swapped = 0.0;
    }

    /// It has taken all that it wants as soon as it runs.
    pub fn fill(&mut self) {
        self.memory = (self.base * 0.4).min(self.cap);
    }

    /// Its process has ended: what it held is free.
    pub fn end(&mut self) {
        self.memory = 0.0;
        self.swapped = 0.0;
    }

    /// It goes on with so much memory, as it was when it was written to disk.
    pub fn restore(&mut self, now: Timestamp, memory: u64) {
        self.start(now);
        self.memory = (memory as f64).min(self.cap);
    }

    /// What lies in swap, in bytes.
    #[must_use]
    pub fn swapped(&self) -> f64 {
        self.swapped
    }

    /// Its limit is now that many bytes, 0 for none; says how much of its memory has to go into swap for it.
    #[must_use]
    pub fn excess(&self, limit: u64) -> f64 {
        if limit == 0 { 0.0 } else { (self.memory - limit as f64 * 0.98).max(0.0) }
    }

    /// Sets the limit, 0 for none: what is too much goes into swap.
    pub fn squeeze(&mut self, limit: u64) {
        let excess = self.excess(limit);
        self.memory -= excess;
        self.swapped += excess;
        self.cap = if limit == 0 { self.base } else { limit as f64 };
    }

    /// It goes on, and touches some of what lies in swap.
    pub fn thaw(&mut self) {
        let touched = (self.swapped * TOUCHED).min((self.cap - self.memory).max(0.0));
        self.swapped -= touched;
        self.memory += touched;
    }

    /// It was started long ago: the counters are where they would be by now.
    pub fn settle(&mut self, started: Timestamp, now: Timestamp) {
        self.looked = now;
        self.memory = self.target(now);
        self.cpu_nanos = now.duration_since(started).as_secs_f64().max(0.0) * 1e9 * 0.02;
    }

    /// Somebody uses it until then.
    pub fn busy_until(&mut self, until: Timestamp) {
        self.busy_until = until;
    }

    /// Brings the counters up to date; `runs` is false where its processes are frozen.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn look(&mut self, now: Timestamp, runs: bool) -> Look {
        let passed = now.duration_since(self.looked).as_secs_f64().max(0.0);
        self.looked = self.looked.max(now);
        if runs {
            self.cpu_nanos += passed * 1e9 * self.load(now);
            // It nears its target with half a minute's patience.
            // What was pushed into swap comes back as it is touched, and some of it never is.
            self.swapped *= (-passed / SWAP_PATIENCE).exp();
            let target = (self.target(now) - self.swapped).max(0.0);
            self.memory = target + (self.memory - target) * (-passed / 30.0).exp();
        }
        let memory = self.memory.clamp(0.0, self.base.min(self.cap));
        Look { cpu_nanos: self.cpu_nanos as u64, memory: memory as u64, cache: (memory * 0.12) as u64 }
    }

    /// Processors in use.
    fn load(&self, now: Timestamp) -> f64 {
        let wave = self.wave(now, 23.0);
        if now < self.busy_until { 0.35 + 0.5 * wave } else { 0.004 + 0.012 * wave }
    }

    /// Where its memory is heading.
    fn target(&self, now: Timestamp) -> f64 {
        let own = 0.8 + 0.4 * self.phase;
        let share = if now < self.busy_until { 0.62 } else { 0.31 };
        self.base * share * own * (0.94 + 0.12 * self.wave(now, 97.0))
    }

    /// From 0 to 1 and back in so many seconds.
    fn wave(&self, now: Timestamp, seconds: f64) -> f64 {
        let turns = now.as_millisecond() as f64 / 1000.0 / seconds + self.phase;
        0.5 + 0.5 * (turns * std::f64::consts::TAU).sin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn counters_only_grow_memory_stays_in_its_limit_and_use_shows() {
        let mut now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut usage = Usage::new(512 << 20, 0.3);
        usage.start(now);
        usage.busy_until(now + Duration::from_secs(60));
        let mut before = usage.look(now, true);
        for _ in 0..50 {
            now += Duration::from_secs(1);
            let look = usage.look(now, true);
            assert!(look.cpu_nanos > before.cpu_nanos && look.memory <= 512 << 20);
            before = look;
        }
        assert!(before.memory > 200 << 20);
        now += Duration::from_secs(300);
        let idle = usage.look(now, true);
        assert!(idle.memory < before.memory);
        now += Duration::from_secs(300);
        assert_eq!(usage.look(now, false), idle);
    }
}
