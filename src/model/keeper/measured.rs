//! What two looks at a tenant's containers say of its use.
//!
//! CPU and network are counters: what counts is the mean between two looks. Connections are as they are at a look. A measure says
//! "used" for the moment of the look; one that is first taken says so too, since nothing is known of what was before.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::activity::{Activity, Measure, Measures};
use super::rules::Idle;
use crate::model::container::ContainerId;
use crate::model::picture::Moment;

/// What is counted for one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// CPU time used so far, in nanoseconds.
    pub cpu_nanos: u64,
    /// Bytes that went in and out of its network so far; nothing where it has no network of its own, or that cannot be seen.
    pub network_bytes: Option<u64>,
    /// Its TCP sockets, where they can be seen: only then can its connections be counted.
    pub sockets: Option<Sockets>,
}

/// The TCP sockets in the network of a container. As long as they are as many, its connections need not be counted anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// Its first process: another one is another life.
    pub process: u32,
    /// Those that listen and those that are connected.
    pub count: u64,
}

/// One container at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: Moment,
    /// Its counters.
    pub tally: Tally,
    /// Connections from outside that are open; nothing where they cannot be seen.
    pub connections: Option<u32>,
}

/// The running containers of one tenant, each as it was last read.
pub type Readings = BTreeMap<ContainerId, Reading>;

/// By what readings are judged.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The thresholds.
    pub idle: &'a Idle,
    /// The moment of the later look, as the calendar has it.
    pub now: Timestamp,
    /// What happened between two looks further apart than this was not measured: a mean over so long would say nothing.
    pub longest: Duration,
}

/// What one measure says of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// It is above its threshold, or is taken since now.
    Used,
    /// It is not.
    Quiet,
    /// It is not taken.
    Nothing,
}

/// The activity after a look: all running containers of a tenant, as they were before (empty where nothing is known of that) and
/// as they are. `activity` is what was known until then.
#[must_use]
pub fn measured(before: &Readings, after: &Readings, activity: &Activity, by: &By<'_>) -> Activity {
    let said = |measure: Measure, says: Says| match says {
        Says::Used => Some(by.now),
        // A clock that was put back must not leave a last use that is still to come.
        Says::Quiet => Some(activity.of(measure).map_or(by.now, |last| last.min(by.now))),
        Says::Nothing => None,
    };
    if after.is_empty() {
        return unmeasured(activity);
    }
    Activity {
        request: activity.request,
        network: said(Measure::Network, network(before, after, by)),
        cpu: said(Measure::Cpu, cpu(before, after, by)),
        connections: said(Measure::Connections, connections(before, after, by)),
    }
}

/// The same without what is measured: nobody has looked for too long. Requests are told by others.
#[must_use]
pub fn unmeasured(activity: &Activity) -> Activity {
    Activity { request: activity.request, ..Activity::default() }
}

fn cpu(before: &Readings, after: &Readings, by: &By<'_>) -> Says {
    // In percent of a core.
    let of = |tally: &Tally| Some(tally.cpu_nanos);
    rate(before, after, by, Measure::Cpu, of).against(by.idle.cpu.map(|percent| percent / 100.0 * 1e9))
}

fn network(before: &Readings, after: &Readings, by: &By<'_>) -> Says {
    let of = |tally: &Tally| tally.network_bytes;
    rate(before, after, by, Measure::Network, of).against(by.idle.network.map(|bytes| bytes as f64))
}

fn connections(before: &Readings, after: &Readings, by: &By<'_>) -> Says {
    let Some(most) = by.idle.connections else { return Says::Nothing };
    let (mut all, mut anew, mut seen, mut unseen) = (0u32, false, false, false);
    for (container, reading) in after {
        match reading.connections {
            Some(open) => (all, seen) = (all.saturating_add(open), true),
            None => unseen = true,
        }
        anew |= before.get(container).is_some_and(|earlier| passed(earlier, reading) > by.longest);
    }
    match seen && is_enough(unseen, Measure::Connections, by.idle.may_be_unknown) {
        false => Says::Nothing,
        true if anew || all > most => Says::Used,
        true => Says::Quiet,
    }
}

fn passed(earlier: &Reading, later: &Reading) -> Duration {
    later.at.saturating_sub(earlier.at)
}

/// Where not all containers of a tenant tell of a measure, the others count only if the config takes that it is not known.
fn is_enough(some_do_not_tell: bool, measure: Measure, may_be_unknown: Measures) -> bool {
    !some_do_not_tell || may_be_unknown.has(measure)
}

/// What a counter of all containers did in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rate {
    /// So much.
    Of(f64),
    /// It began anew in one of them, or was not looked at for too long: then it counts as use.
    Anew,
    /// It is not taken.
    Nothing,
}

impl Rate {
    fn against(self, most: Option<f64>) -> Says {
        match (self, most) {
            (_, None) | (Rate::Nothing, _) => Says::Nothing,
            (Rate::Of(rate), Some(most)) if rate <= most => Says::Quiet,
            (Rate::Of(_) | Rate::Anew, Some(_)) => Says::Used,
        }
    }
}

fn rate(
    before: &Readings,
    after: &Readings,
    by: &By<'_>,
    measure: Measure,
    of: impl Fn(&Tally) -> Option<u64>,
) -> Rate {
    let (mut all, mut anew, mut seen, mut unseen) = (0.0, false, false, false);
    for (container, reading) in after {
        let Some(count) = of(&reading.tally) else {
            unseen = true;
            continue;
        };
        seen = true;
        let Some(earlier) = before.get(container) else {
            // One that has come to others was started for somebody. Where nothing was known of any, this is only the first look.
            anew |= !before.is_empty();
            continue;
        };
        let passed = passed(earlier, reading);
        // Fewer than before: it was started anew.
        match of(&earlier.tally).and_then(|earlier| count.checked_sub(earlier)) {
            Some(_) if passed > by.longest => anew = true,
            Some(more) if !passed.is_zero() => all += more as f64 / passed.as_secs_f64(),
            Some(_) => {}
            None => anew = true,
        }
    }
    match seen && is_enough(unseen, measure, by.idle.may_be_unknown) {
        false => Rate::Nothing,
        true if anew => Rate::Anew,
        true => Rate::Of(all),
    }
}
