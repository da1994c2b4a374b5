//! The last look at a tenant right before a rule puts it to sleep: what fresh readings of its containers say.
//!
//! Regular turns are seconds apart, and minutes on hosts elsewhere: whatever began since the last one is not known yet when the rule
//! decides. So right before the act the containers are read anew, a second apart; what looks like use then, though it may be a mere
//! moment of work, is looked at for as long as a regular turn takes.

use std::time::Duration;

use jiff::Timestamp;

use super::activity::{Activity, Measure, Measures};
use super::measured::{By, Readings, measured};
use super::rules::Idle;

/// How the reason of a refusal begins that found a tenant in use.
pub const IN_USE: &str = "it is in use";
/// How far the second reading is from the first.
pub const SECOND_READING: Duration = Duration::from_secs(1);
/// How far the third one is from the first, where it is needed: as long as a regular turn on this machine.
pub const THIRD_READING: Duration = Duration::from_secs(5);

/// What two readings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The measures that are above their thresholds.
    pub used: Measures,
    /// The measures that must be known and are not.
    pub missing: Measures,
}

/// What was between two readings of all running containers of a tenant; with an empty `before` only what is open at the second one
/// can be seen. Requests are not among it: doors count them.
#[must_use]
pub fn seen(before: &Readings, after: &Readings, idle: &Idle) -> Seen {
    let (long_ago, now) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
    let old =
        Activity { request: None, network: Some(long_ago), cpu: Some(long_ago), connections: Some(long_ago) };
    // However far they are apart: the mean over all of it is what is asked for.
    let said = measured(before, after, &old, &By { idle, now, longest: Duration::MAX });
    let used = Measure::ALL.into_iter().filter(|measure| said.of(*measure) == Some(now)).collect();
    let requests = [Measure::Request].into_iter().collect();
    let missing = idle.needed().without(said.known()).without(requests);
    Seen { used, missing }
}

/// How far apart two readings are: as far as those of the container that was read last.
#[must_use]
pub fn apart(before: &Readings, after: &Readings) -> Duration {
    let each = after.iter().filter_map(|(id, reading)| Some(reading.at.saturating_sub(before.get(id)?.at)));
    each.min().unwrap_or_default()
}

/// What one reading after the other says, as long as no further one is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in use.
    Used(Measures),
    /// It may be: only a longer look tells.
    Unsure,
    /// Nobody uses it.
    Quiet,
}

/// What the first readings say, `regular` being those of the last regular turn.
#[must_use]
pub fn first(regular: &Readings, first: &Readings, idle: &Idle) -> Verdict {
    let seen = seen(regular, first, idle);
    let at_once: Measures = [Measure::Connections].into_iter().collect();
    if seen.used.is_empty() {
        Verdict::Quiet
    } else if seen.used.without(at_once) != seen.used || apart(regular, first) >= THIRD_READING {
        Verdict::Used(seen.used)
    } else {
        Verdict::Unsure
    }
}

/// What the second ones say, a second later. Of a tenant that this process has not read twice before, more is to be known.
#[must_use]
pub fn second(first: &Readings, second: &Readings, idle: &Idle, is_known: bool) -> Verdict {
    let used = seen(first, second, idle).used;
    let at_once: Measures = [Measure::Connections].into_iter().collect();
    if used.without(at_once) != used {
        Verdict::Used(used)
    } else if used.is_empty() && is_known {
        Verdict::Quiet
    } else {
        Verdict::Unsure
    }
}

/// What is in use, in words: `open connections and CPU`.
#[must_use]
pub fn in_words(used: Measures) -> String {
    let words: Vec<&str> = used.iter().map(Measure::in_words).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keeper::measured::{Reading, Sockets, Tally};

    fn read(seconds: u64, cpu_millis: u64, bytes: u64, connections: Option<u32>) -> Readings {
        let tally = Tally {
            cpu_nanos: cpu_millis * 1_000_000,
            network_bytes: Some(bytes),
            sockets: connections.map(|count| Sockets { process: 7, count: count.into() }),
        };
        let reading = Reading { at: Duration::from_secs(seconds), tally, connections };
        [("c".into(), reading)].into_iter().collect()
    }

    fn of(measures: &[Measure]) -> Measures {
        measures.iter().copied().collect()
    }

    #[test]
    fn a_stream_and_a_job_that_have_just_begun_are_seen() {
        let idle = Idle::default();
        let before = read(100, 0, 0, Some(0));
        // A connection counts at once, whatever went over it.
        assert_eq!(
            first(&before, &read(101, 0, 0, Some(1)), &idle),
            Verdict::Used(of(&[Measure::Connections]))
        );
        // A whole core since a moment ago: over the regular distance it is use, over less it is looked at for longer.
        assert_eq!(first(&before, &read(105, 900, 0, Some(0)), &idle), Verdict::Used(of(&[Measure::Cpu])));
        assert_eq!(first(&before, &read(102, 900, 0, Some(0)), &idle), Verdict::Unsure);
        let one = read(102, 900, 0, Some(0));
        assert_eq!(second(&one, &read(103, 1900, 0, Some(0)), &idle, true), Verdict::Unsure);
        assert_eq!(seen(&one, &read(107, 5900, 0, Some(0)), &idle).used, of(&[Measure::Cpu]));
    }

    #[test]
    fn a_moment_of_work_is_no_use_and_silence_is_none() {
        let idle = Idle::default();
        let one = read(100, 0, 0, Some(0));
        // Fifty milliseconds are 5 % of one second, and 1 % of five.
        assert_eq!(second(&one, &read(101, 50, 0, Some(0)), &idle, true), Verdict::Unsure);
        assert_eq!(seen(&one, &read(105, 50, 0, Some(0)), &idle), Seen::default());
        assert_eq!(second(&one, &read(101, 5, 0, Some(0)), &idle, true), Verdict::Quiet);
        assert_eq!(first(&Readings::new(), &one, &idle), Verdict::Quiet);
    }

    #[test]
    fn who_was_not_read_twice_before_is_looked_at_for_longer() {
        let idle = Idle::default();
        let one = read(100, 0, 0, Some(0));
        assert_eq!(second(&one, &read(101, 0, 0, Some(0)), &idle, false), Verdict::Unsure);
    }

    #[test]
    fn what_must_be_known_and_is_not_is_missing() {
        let idle = Idle::default();
        let blind = read(101, 0, 0, None);
        assert_eq!(seen(&read(100, 0, 0, None), &blind, &idle).missing, of(&[Measure::Connections]));
        let idle = Idle { may_be_unknown: of(&[Measure::Connections]), ..idle };
        assert_eq!(seen(&read(100, 0, 0, None), &blind, &idle).missing, Measures::NONE);
        assert_eq!(in_words(of(&[Measure::Connections, Measure::Cpu])), "CPU and open connections");
    }
}
