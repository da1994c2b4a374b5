//! What each tier allows, and what counts as use.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::activity::{Measure, Measures};
use super::window::Window;
use super::woken_again::MOST;
use crate::model::method::Method;
use crate::model::tier::Tier;

/// Who was woken stays awake for so long, unless the config says otherwise.
const AWAKE_AT_LEAST: Duration = Duration::from_secs(5 * 60);

/// The rules by which tenants are put to sleep.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What each tier allows, in the order of `Tier::ALL`.
    pub tiers: [TierRules; Tier::ALL.len()],
    /// In which windows are meant; else the machine's own.
    pub zone: Option<TimeZone>,
    /// What counts as use.
    pub idle: Idle,
    /// When it goes faster.
    pub hurry: Hurry,
    /// How many go.
    pub limits: Limits,
    /// For how long who was woken stays awake at least; nothing: five minutes, or as long as the first step of its tier where that
    /// comes sooner.
    pub awake_at_least: Option<Duration>,
    /// Who is asked before.
    pub veto: Option<Hook>,
}

/// What one tier allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TierRules {
    /// By idle time, each deeper than the one before.
    pub steps: Vec<Step>,
    /// When nothing is put to sleep, however idle it is.
    pub windows: Vec<Window>,
}

/// One step of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Idle for so long.
    pub after: Duration,
    /// It is dumped so.
    pub dump: Method,
}

/// What counts as use. A measure that is ignored has no threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idle {
    /// More bytes a second than this are use.
    pub network: Option<u64>,
    /// More percent of one core than this is use.
    pub cpu: Option<f64>,
    /// More open connections than this are use.
    pub connections: Option<u32>,
    /// A tenant may be idle though these are not known.
    pub may_be_unknown: Measures,
}

/// When it goes faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hurry {
    /// Where less than that of a host's memory is free, in percent.
    pub below: u8,
    /// Whoever has been idle for so long goes.
    pub after: Duration,
}

/// How many go, on each host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Dumps that begin within a minute.
    pub dumps_a_minute: u32,
    /// Tenants that sleep at the same time; nothing: all may.
    pub most_asleep: Option<u32>,
}

/// Who is asked before a tenant is put to sleep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// How.
    pub ask: Ask,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long an answer holds.
    pub every: Duration,
}

/// How a hook is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A program in the tenant's container: 0 is "it may sleep", 1 a veto, all else no answer.
    Exec(Vec<String>),
    /// A GET: 2xx is "it may sleep", 4xx a veto, all else no answer. `{tenant}` and `{host}` stand for their names.
    Url(String),
}

impl Default for Rules {
    /// The talk's table of tiers.
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let tier = |steps: &[(u64, Method)]| TierRules {
            steps: steps.iter().map(|(after, dump)| Step { after: minutes(*after), dump: *dump }).collect(),
            windows: Vec::new(),
        };
        Rules {
            tiers: [
                tier(&[]),
                tier(&[(30, Method::Freeze), (8 * 60, Method::Checkpoint)]),
                tier(&[(30, Method::Destroy)]),
                tier(&[(15, Method::Destroy)]),
            ],
            zone: None,
            idle: Idle::default(),
            hurry: Hurry { below: 10, after: minutes(5) },
            limits: Limits { dumps_a_minute: 10, most_asleep: None },
            awake_at_least: None,
            veto: None,
        }
    }
}

impl Default for Idle {
    fn default() -> Self {
        Idle { network: Some(1024), cpu: Some(2.0), connections: Some(0), may_be_unknown: Measures::NONE }
    }
}

impl Rules {
    /// What a tier allows.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> &TierRules {
        &self.tiers[tier as usize]
    }

    /// For how long a tenant of that tier stays awake at least that was so often in a row woken soon after it had been put to sleep:
    /// each time twice as long, up to eight times.
    #[must_use]
    pub fn awake_at_least(&self, tier: Tier, woken_again: u32) -> Duration {
        let first = self.tier(tier).steps.first().map_or(AWAKE_AT_LEAST, |step| step.after);
        let once = self.awake_at_least.unwrap_or_else(|| AWAKE_AT_LEAST.min(first));
        once.saturating_mul(1 << woken_again.min(MOST))
    }

    /// The same, to be changed.
    pub fn tier_mut(&mut self, tier: Tier) -> &mut TierRules {
        &mut self.tiers[tier as usize]
    }
}

impl Idle {
    /// The measures that count where they are known.
    #[must_use]
    pub fn counted(&self) -> Measures {
        let counts = |measure: &Measure| match measure {
            Measure::Request => true,
            Measure::Network => self.network.is_some(),
            Measure::Cpu => self.cpu.is_some(),
            Measure::Connections => self.connections.is_some(),
        };
        Measure::ALL.into_iter().filter(counts).collect()
    }

    /// Those without which nobody is idle.
    #[must_use]
    pub fn needed(&self) -> Measures {
        self.counted().without(self.may_be_unknown)
    }
}

/// That much later; the end of time where there is no such moment.
#[must_use]
pub fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_talks_table() {
        let rules = Rules::default();
        assert!(rules.tier(Tier::Vip).steps.is_empty());
        assert!(rules.tier(Tier::High).steps.iter().all(|step| step.dump.keeps_memory()));
        for tier in [Tier::Mid, Tier::Low] {
            assert!(rules.tier(tier).steps.iter().all(|step| step.dump == Method::Destroy), "{tier}");
        }
        assert_eq!(rules.idle.needed(), Measures::ALL);
    }

    #[test]
    fn what_is_ignored_is_not_needed() {
        let unknown = [Measure::Request].into_iter().collect();
        let idle = Idle { network: None, may_be_unknown: unknown, ..Idle::default() };
        assert_eq!(idle.counted().iter().count(), 3);
        assert_eq!(idle.needed().iter().collect::<Vec<_>>(), [Measure::Cpu, Measure::Connections]);
    }
}
