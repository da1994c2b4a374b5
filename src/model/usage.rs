//! What a container uses, from two readings of its counters.

use serde::Serialize;

use super::picture::Moment;

/// What an engine or the kernel counts for one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// CPU time used since the container's start, in nanoseconds.
    pub cpu_nanos: u64,
    /// Memory in use, in bytes, without the page cache that the kernel would give back first.
    pub memory_bytes: u64,
    /// The memory limit in bytes, where there is one.
    pub memory_limit: Option<u64>,
}

/// Counters of one container at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When they were read.
    pub at: Moment,
    /// The counters.
    pub counters: Counters,
}

/// What a container uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Percent of one core; none before there are two readings.
    pub cpu_percent: Option<f64>,
    /// Memory in use, in bytes.
    pub memory_bytes: Option<u64>,
    /// The memory limit in bytes, where there is one.
    pub memory_limit_bytes: Option<u64>,
}

/// The usage between two readings. The earlier one is left out of account where the counter ran backwards (the
/// container was started anew) or no time passed.
#[must_use]
pub fn usage(earlier: Option<&Reading>, later: &Reading) -> Usage {
    let cpu_percent = earlier.and_then(|earlier| {
        let nanos = later.at.checked_sub(earlier.at)?.as_nanos();
        let used = later.counters.cpu_nanos.checked_sub(earlier.counters.cpu_nanos)?;
        (nanos > 0).then(|| used as f64 * 100.0 / nanos as f64)
    });
    Usage {
        cpu_percent,
        memory_bytes: Some(later.counters.memory_bytes),
        memory_limit_bytes: later.counters.memory_limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(seconds: u64, cpu_nanos: u64) -> Reading {
        Reading {
            at: Moment::from_secs(seconds),
            counters: Counters { cpu_nanos, memory_bytes: 1, memory_limit: None },
        }
    }

    #[test]
    fn half_a_core() {
        let usage = usage(Some(&reading(1, 0)), &reading(3, 1_000_000_000));
        assert_eq!(usage.cpu_percent, Some(50.0));
    }

    #[test]
    fn a_restart_or_a_single_reading_gives_no_percentage() {
        assert_eq!(usage(Some(&reading(1, 9)), &reading(3, 1)).cpu_percent, None);
        assert_eq!(usage(Some(&reading(1, 1)), &reading(1, 2)).cpu_percent, None);
        assert_eq!(usage(None, &reading(1, 1)).cpu_percent, None);
    }
}
