//! The states of a container, one word each, and how bad each is.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What a container (or a tenant, by its worst container) is doing. The order is from worst to calmest: a tenant
/// shows the least of its containers' states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its host does not answer.
    Unreachable,
    /// Ended by itself with an error, or out of memory.
    Crashed,
    /// Runs, its health check fails.
    Unhealthy,
    /// The engine or a ticket is restarting it.
    Restarting,
    /// Being created, not started yet.
    Creating,
    /// Its image is being pulled or loaded.
    Loading,
    /// A ticket is replacing it by one of a newer image.
    Upgrading,
    /// Started, its health check has not passed yet.
    Starting,
    /// A ticket is waking it.
    Waking,
    /// A ticket is dumping it.
    Dumping,
    /// Ending on purpose, not yet ended.
    Stopping,
    /// Paused, and not by us.
    Paused,
    /// Ended on purpose: exit 0, or stopped by somebody.
    Stopped,
    /// Created, never started.
    Created,
    /// Asleep.
    Dumped,
    /// A known tenant without a container.
    Absent,
    /// Runs, but nobody used it for its tier's idle time.
    Idle,
    /// Runs, and is healthy where that is checked.
    Running,
}

/// What a state asks of whoever looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Something is at work: wait.
    Busy,
    /// As it should be.
    Good,
    /// Good, and unused.
    Idle,
    /// Look at it now.
    Bad,
    /// Unusual.
    Warn,
    /// At rest.
    Calm,
    /// Not there.
    Absent,
}

impl State {
    /// Whether its containers run, and may answer.
    #[must_use]
    pub fn is_awake(self) -> bool {
        matches!(self, State::Running | State::Idle | State::Unhealthy)
    }

    /// All states, worst first.
    pub const ALL: [State; 18] = [
        State::Unreachable,
        State::Crashed,
        State::Unhealthy,
        State::Restarting,
        State::Creating,
        State::Loading,
        State::Upgrading,
        State::Starting,
        State::Waking,
        State::Dumping,
        State::Stopping,
        State::Paused,
        State::Stopped,
        State::Created,
        State::Dumped,
        State::Absent,
        State::Idle,
        State::Running,
    ];

    /// The one word that stands on the screen, in JSON and in filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            State::Unreachable => "unreachable",
            State::Crashed => "crashed",
            State::Unhealthy => "unhealthy",
            State::Restarting => "restarting",
            State::Creating => "creating",
            State::Loading => "loading",
            State::Upgrading => "upgrading",
            State::Starting => "starting",
            State::Waking => "waking",
            State::Dumping => "dumping",
            State::Stopping => "stopping",
            State::Paused => "paused",
            State::Stopped => "stopped",
            State::Created => "created",
            State::Dumped => "dumped",
            State::Absent => "absent",
            State::Idle => "idle",
            State::Running => "running",
        }
    }

    /// What the state asks of whoever looks.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            State::Unreachable | State::Crashed | State::Unhealthy => Kind::Bad,
            State::Restarting
            | State::Creating
            | State::Loading
            | State::Upgrading
            | State::Starting
            | State::Waking
            | State::Dumping => Kind::Busy,
            State::Paused => Kind::Warn,
            State::Stopping | State::Stopped | State::Created | State::Dumped => Kind::Calm,
            State::Absent => Kind::Absent,
            State::Idle => Kind::Idle,
            State::Running => Kind::Good,
        }
    }

    /// Whether a process is there that uses CPU and memory.
    #[must_use]
    pub fn has_process(self) -> bool {
        matches!(
            self,
            State::Running
                | State::Idle
                | State::Starting
                | State::Unhealthy
                | State::Paused
                | State::Dumping
                | State::Waking
                | State::Stopping
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Kind {
    /// The sign that goes before the word: colour is never the only sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Kind::Good => "●",
            Kind::Idle => "○",
            Kind::Busy => "◐",
            Kind::Bad => "✖",
            Kind::Warn => "‖",
            Kind::Calm => "◌",
            Kind::Absent => "·",
        }
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        State::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(text)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_complete_and_worst_first() {
        assert!(State::ALL.is_sorted());
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
    }

    #[test]
    fn every_bad_state_is_worse_than_every_other() {
        let worst_calm = State::ALL.into_iter().position(|s| s.kind() != Kind::Bad).unwrap();
        assert!(State::ALL[worst_calm..].iter().all(|s| s.kind() != Kind::Bad));
    }
}
