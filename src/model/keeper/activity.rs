//! What tells that a tenant is used, and when each last said so.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What tells that a tenant is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// A request came for it.
    Request,
    /// Bytes went over its network.
    Network,
    /// It used CPU time.
    Cpu,
    /// Connections to it are open.
    Connections,
}

/// A set of measures.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Measures(u8);

/// The last moment at which each measure said "used". One that has said nothing so since it is taken has the moment since
/// which it is taken; nothing is there for one that is not taken at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// The last request.
    pub request: Option<Timestamp>,
    /// The last time at which more bytes than the threshold went over the network.
    pub network: Option<Timestamp>,
    /// The last time at which it used more CPU than the threshold.
    pub cpu: Option<Timestamp>,
    /// The last time at which more connections than the threshold were open.
    pub connections: Option<Timestamp>,
}

impl Measure {
    /// All measures, the one that tells most first.
    pub const ALL: [Measure; 4] = [Measure::Request, Measure::Network, Measure::Cpu, Measure::Connections];

    /// The one word for the config, the screen and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Request => "request",
            Measure::Network => "network",
            Measure::Cpu => "cpu",
            Measure::Connections => "connections",
        }
    }

    /// What it measures, in a sentence: `requests are not measured`.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Measure::Request => "requests",
            Measure::Network => "network bytes",
            Measure::Cpu => "CPU",
            Measure::Connections => "open connections",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Measure {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Measure::ALL.into_iter().find(|measure| measure.as_str() == text).ok_or(())
    }
}

impl Measures {
    /// All four.
    pub const ALL: Measures = Measures(0b1111);
    /// None of them.
    pub const NONE: Measures = Measures(0);

    /// Whether this one is among them.
    #[must_use]
    pub fn has(self, measure: Measure) -> bool {
        self.0 & (1 << measure as u8) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These without those.
    #[must_use]
    pub fn without(self, others: Measures) -> Measures {
        Measures(self.0 & !others.0)
    }

    /// The measures one by one.
    pub fn iter(self) -> impl Iterator<Item = Measure> {
        Measure::ALL.into_iter().filter(move |measure| self.has(*measure))
    }
}

impl FromIterator<Measure> for Measures {
    fn from_iter<T: IntoIterator<Item = Measure>>(measures: T) -> Self {
        Measures(measures.into_iter().fold(0, |bits, measure| bits | 1 << measure as u8))
    }
}

impl fmt::Debug for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Activity {
    /// What one measure says.
    #[must_use]
    pub fn of(&self, measure: Measure) -> Option<Timestamp> {
        match measure {
            Measure::Request => self.request,
            Measure::Network => self.network,
            Measure::Cpu => self.cpu,
            Measure::Connections => self.connections,
        }
    }

    /// Those that are taken.
    #[must_use]
    pub fn known(&self) -> Measures {
        Measure::ALL.into_iter().filter(|measure| self.of(*measure).is_some()).collect()
    }

    /// The last use that any of `counted` knows of.
    #[must_use]
    pub fn last(&self, counted: Measures) -> Option<Timestamp> {
        counted.iter().filter_map(|measure| self.of(measure)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_is_put_into_it() {
        let some: Measures = [Measure::Cpu, Measure::Request].into_iter().collect();
        assert_eq!(some.iter().collect::<Vec<_>>(), [Measure::Request, Measure::Cpu]);
        assert!(Measures::ALL.without(Measures::ALL).is_empty() && Measures::ALL.iter().count() == 4);
        for measure in Measure::ALL {
            assert_eq!(measure.as_str().parse(), Ok(measure));
        }
    }

    #[test]
    fn the_last_use_is_the_latest_of_what_counts() {
        let at = |seconds| Timestamp::from_second(seconds).ok();
        let activity = Activity { request: at(5), cpu: at(9), ..Activity::default() };
        assert_eq!(activity.last(Measures::ALL), at(9));
        assert_eq!(activity.last(Measures::from_iter([Measure::Request, Measure::Network])), at(5));
        assert_eq!(activity.last(Measures::NONE), None);
    }
}
