//! The rule's verdicts in words.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::activity::{Activity, Measure, Measures};
use super::calendar::Calendar;
use super::decision::{Decision, Due, Hold, Leave};
use super::forecast::Turn;
use super::rules::{Idle, TierRules};
use super::window::{Kind, Window, weekday};
use crate::model::tier::Tier;

/// Says it as seen from the calendar's moment, in its zone.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    calendar: &'a Calendar<'a>,
}

impl<'a> Teller<'a> {
    /// Of this calendar.
    #[must_use]
    pub fn new(calendar: &'a Calendar<'a>) -> Self {
        Teller { calendar }
    }

    /// What is to be done with a tenant of that tier, and why, as a sentence.
    #[must_use]
    pub fn decision(&self, tier: Option<Tier>, decision: Decision) -> String {
        match decision {
            Decision::Leave(leave) => self.leave(tier, leave),
            Decision::Held(due, hold) => {
                // What is not measured may have been in use.
                let idle = match hold {
                    Hold::Unmeasured(_) => self.unused(due),
                    _ => self.idle(due),
                };
                format!("It would be {} ({idle}), but {}.", verb(due), self.hold(tier, hold))
            }
            Decision::Dump(due) => {
                format!("It is to be {} now: it is {}{}.", verb(due), self.idle(due), self.allowed(tier, due))
            }
            Decision::Hurry(due) => format!(
                "It is to be {} now, before its time: it is {}, and its host is short of memory.",
                verb(due),
                self.idle(due)
            ),
        }
    }

    /// What will be done at a later moment, or why not; nothing where there is nothing new to say.
    #[must_use]
    pub fn turn(&self, tier: Option<Tier>, turn: &Turn) -> Option<String> {
        let at = self.at(turn.at);
        match turn.decision {
            Decision::Leave(_) => None,
            Decision::Held(due, hold) => {
                Some(format!("{at}  it would be {}, but {}", verb(due), self.hold(tier, hold)))
            }
            Decision::Dump(due) | Decision::Hurry(due) => Some(format!("{at}  it is {}", verb(due))),
        }
    }

    fn leave(self, tier: Option<Tier>, leave: Leave) -> String {
        let tier = tier.map_or("its tier", Tier::as_str);
        match leave {
            Leave::NoTier => {
                "It is left alone: it has no tier, and rules go by tiers (`tenants` in the config)."
                    .to_owned()
            }
            Leave::Vip => "It is left alone: no rule puts a tenant of tier vip to sleep.".to_owned(),
            Leave::NoSteps => {
                format!("It is left alone: tier {tier} has no steps (`tiers` in the config).")
            }
            Leave::State(state) => {
                format!("It is left alone: it is {state}, and only what runs as it should is put to sleep.")
            }
            Leave::DeepEnough(method) => {
                format!("It is left asleep ({method}): tier {tier} goes no deeper.")
            }
            Leave::NothingKnown => {
                "It is left alone: neither its start nor any use of it is known.".to_owned()
            }
            Leave::Waiting { due, at } => {
                let (unused, rest) = (self.unused(due), lasting(between(self.calendar.now(), at)));
                format!("It is left alone: {unused}; it is due in {rest}, to be {}.", verb(due))
            }
        }
    }

    /// Why what is due is not done, to go on a sentence.
    #[must_use]
    pub fn hold(&self, tier: Option<Tier>, hold: Hold) -> String {
        match hold {
            Hold::Window(place) => {
                let windows = tier.map_or(&[][..], |tier| &self.calendar.rules().tier(tier).windows);
                let until = tier.and_then(|tier| self.calendar.shut(tier).1).map(|until| self.at(until));
                let until = until.map_or(String::new(), |until| format!(", until {until}"));
                match windows.get(usize::from(place)) {
                    Some(window) => format!("not within {}{until}", self.window(window)),
                    None => format!("not within this window{until}"),
                }
            }
            Hold::Ticket => "a ticket is at it".to_owned(),
            Hold::Unmeasured(measures) => format!("{} not measured", are(measures)),
            Hold::JustWoken(until) => {
                format!("it was woken or started a moment ago, and stays awake until {}", self.at(until))
            }
            Hold::Unasked => "the hook of the config has not said yet whether it may".to_owned(),
            Hold::Veto => "the hook of the config says that it must not".to_owned(),
            Hold::Pace => {
                let most = self.calendar.rules().limits.dumps_a_minute;
                format!("its host takes {most} dumps a minute, and others go first")
            }
            Hold::HostFull => {
                let most = self.calendar.rules().limits.most_asleep.unwrap_or(0);
                format!("{most} tenants may sleep on its host, and do")
            }
            Hold::NoRoom => "to go deeper it must be woken first, and its host is short of memory".to_owned(),
        }
    }

    fn window(self, window: &Window) -> String {
        let zone = self.calendar.zone().iana_name().map_or(String::new(), |zone| format!(" {zone}"));
        match window.kind {
            Kind::Hours => format!("its running hours ({}{zone})", window.span),
            Kind::Never => format!("a never-dump window ({}{zone})", window.span),
        }
    }

    fn idle(self, due: Due) -> String {
        format!("idle for {}", lasting(between(due.idle_since, self.calendar.now())))
    }

    fn unused(self, due: Due) -> String {
        let idle = lasting(between(due.idle_since, self.calendar.now()));
        format!("nothing is known to have used it for {idle}")
    }

    fn allowed(self, tier: Option<Tier>, due: Due) -> String {
        let Some(tier) = tier else { return String::new() };
        let step = self.calendar.rules().tier(tier).steps.iter().find(|step| step.dump == due.method);
        step.map_or(String::new(), |step| {
            format!(", and tier {tier} takes that after {}", lasting(step.after))
        })
    }

    /// What a tier allows, in a sentence.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> String {
        let TierRules { steps, windows } = self.calendar.rules().tier(tier);
        if tier == Tier::Vip || steps.is_empty() {
            return format!("Tier {tier}: always running.");
        }
        let steps: Vec<String> =
            steps.iter().map(|step| format!("{} after {} idle", step.dump, lasting(step.after))).collect();
        let mut told = format!("Tier {tier}: {}", steps.join(", "));
        for window in windows {
            let _ = write!(told, "; never within {}", self.window(window));
        }
        told.push('.');
        told
    }

    /// A moment as the clock on the wall shows it; of another day with that.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> String {
        let zone = self.calendar.zone();
        let (now, then) = (zone.to_datetime(self.calendar.now()), zone.to_datetime(moment));
        let time = then.strftime("%H:%M:%S");
        if then.date() == now.date() {
            return time.to_string();
        }
        let days = then.date().duration_since(now.date()).as_hours() / 24;
        match days {
            1..=6 => format!("{} {time}", weekday(then.weekday())),
            _ => format!("{} {time}", then.date()),
        }
    }

    /// What one measure says.
    #[must_use]
    pub fn measure(&self, measure: Measure, activity: &Activity, idle: &Idle) -> String {
        let Some(last) = activity.of(measure) else {
            let is_needed = idle.needed().has(measure);
            let needed = if !idle.counted().has(measure) {
                "ignored, says the config"
            } else if is_needed {
                "not measured yet, and must be (`rules.idle.may_be_unknown` in the config)"
            } else {
                "not measured yet; the config takes that"
            };
            return needed.to_owned();
        };
        let ago = lasting(between(last, self.calendar.now()));
        if idle.counted().has(measure) {
            format!("last use at {}, {ago} ago", self.at(last))
        } else {
            format!("last use at {}, {ago} ago; ignored, says the config", self.at(last))
        }
    }
}

/// `dumped by freeze`, `woken and dumped by checkpoint`.
#[must_use]
pub fn verb(due: Due) -> String {
    match due.from {
        None => format!("dumped by {}", due.method),
        Some(_) => format!("woken and dumped by {}", due.method),
    }
}

/// `requests and CPU are`, of measures.
fn are(measures: Measures) -> String {
    let words: Vec<&str> = measures.iter().map(Measure::in_words).collect();
    match words.as_slice() {
        [only @ "CPU"] => format!("{only} is"),
        [before @ .., last] if !before.is_empty() => format!("{} and {last} are", before.join(", ")),
        all => format!("{} are", all.concat()),
    }
}

/// From one moment to a later one.
#[must_use]
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// A duration in at most two units: `45s`, `30m`, `1h 30m`, `8h`, `2d 3h`.
#[must_use]
pub fn lasting(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = duration.as_secs();
    let Some(first) = UNITS.iter().position(|(unit, _)| seconds >= *unit) else {
        return "0s".to_owned();
    };
    let (unit, name) = UNITS[first];
    let mut told = format!("{}{name}", seconds / unit);
    if let Some((small, name)) = UNITS.get(first + 1) {
        let rest = seconds % unit / small;
        if rest > 0 {
            let _ = write!(told, " {rest}{name}");
        }
    }
    told
}
