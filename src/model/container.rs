//! What is known of one container, and the rule that makes a state of it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::method::Method;
use super::naming::Place;
use super::setup::Setup;
use super::state::State;

/// The engine's whole id of a container (64 hex digits), never shortened.
pub type ContainerId = Arc<str>;

/// What an engine says of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The whole id.
    pub id: ContainerId,
    /// The name, without the engine's leading slash.
    pub name: Arc<str>,
    /// The image as it was asked for.
    pub image: Arc<str>,
    /// Tenant, role and tier.
    pub place: Place,
    /// Where it is in its life.
    pub phase: Phase,
    /// What its health check says.
    pub health: Health,
    /// The kernel killed it for want of memory.
    pub oom: bool,
    /// When the present phase began; from a list it is rounded as the list rounds.
    pub since: Option<Timestamp>,
    /// What only an inspect tells.
    pub detail: Option<Detail>,
    /// The ports that it has, which only an inspect tells.
    pub ports: Option<Arc<[Port]>>,
    /// What was fixed at its creation, where there is anything to tell.
    pub setup: Option<Arc<Setup>>,
    /// A ticket is at work on its tenant. No engine says this either.
    pub at_work: bool,
    /// It sleeps, by this method. No engine says this: it is laid over what an engine says (`model/overlay.rs`).
    pub asleep: Option<Method>,
}

/// What only an inspect tells of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The first process, as the engine's machine counts; 0 when none runs.
    pub pid: u32,
    /// The memory limit in bytes, where there is one.
    pub memory_limit: Option<u64>,
    /// How often its engine has started it again since somebody last started it.
    pub restarts: u64,
    /// Its engine starts it again also after an end with 0, by its restart policy.
    pub starts_again: bool,
}

/// A port of a container, and where its engine's machine publishes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Port {
    /// The container's port.
    pub port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: Arc<str>,
    /// The address of the engine's machine, where it is published.
    pub host_address: Option<Arc<str>>,
    /// The port there.
    pub host_port: Option<u16>,
}

/// Where a container is in its life, as engines say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Made, never started.
    Created,
    /// Runs.
    Running,
    /// All its processes are frozen.
    Paused,
    /// Ended, and the engine is about to start it again.
    Restarting,
    /// Told to end, not yet ended.
    Stopping,
    /// Being removed.
    Removing,
    /// Ended. The code is missing where an event did not carry it.
    Exited(Option<i64>),
    /// Could not be removed; of no use any more.
    Dead,
    /// Not there any more, and remembered only by the record of its sleep.
    Gone,
    /// A list has a word for it that is not known here: an inspect must tell. No picture holds such a container.
    Unclear,
}

/// What a container's health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Not known yet whether it has a check at all.
    Unknown,
    /// It has none.
    None,
    /// No verdict yet.
    Starting,
    /// The last check passed.
    Healthy,
    /// The last checks failed.
    Unhealthy,
}

impl Health {
    /// The word for people and JSON; nothing where there is no check.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Health::Unknown | Health::None => None,
            Health::Starting => Some("starting"),
            Health::Healthy => Some("healthy"),
            Health::Unhealthy => Some("unhealthy"),
        }
    }
}

/// Exit codes that say "ended by a signal that somebody sent": HUP, INT, KILL and TERM, as 128 + signal.
///
/// A list does not say who ended a container. `docker stop` leaves 143, or 137 where the process ignores TERM; an
/// out-of-memory kill leaves 137 too, but then the engine says so.
const ENDED_BY_SOMEBODY: [i64; 4] = [129, 130, 137, 143];

/// Whether an exit with this code, and not for want of memory, was on purpose.
#[must_use]
pub fn is_on_purpose(code: i64) -> bool {
    code == 0 || ENDED_BY_SOMEBODY.contains(&code)
}

impl Facts {
    /// The state of this container while its host answers. A pure function of what the engine says: two consoles that
    /// ask the same engine show the same word.
    #[must_use]
    pub fn state(&self) -> State {
        if self.asleep.is_some() {
            return State::Dumped;
        }
        match self.phase {
            Phase::Created if self.at_work => State::Creating,
            Phase::Created => State::Created,
            Phase::Running => match self.health {
                Health::Starting => State::Starting,
                Health::Unhealthy => State::Unhealthy,
                Health::Unknown | Health::None | Health::Healthy => State::Running,
            },
            Phase::Paused => State::Paused,
            Phase::Restarting => State::Restarting,
            Phase::Stopping | Phase::Removing => State::Stopping,
            Phase::Dead => State::Crashed,
            Phase::Gone | Phase::Unclear => State::Absent,
            Phase::Exited(code) => match code {
                Some(0) | None => State::Stopped,
                Some(_) if self.oom => State::Crashed,
                Some(code) if is_on_purpose(code) => State::Stopped,
                Some(_) => State::Crashed,
            },
        }
    }

    /// Whether it was run for one task, beside the services of its project.
    #[must_use]
    pub fn is_oneoff(&self) -> bool {
        self.setup.as_ref().is_some_and(|setup| setup.oneoff)
    }

    /// Whether it is a job that has done its work: ended with 0, and its engine does not start it again. As long as its restart
    /// policy is not known, an end with 0 counts as the end of a job.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let starts_again = self.detail.is_some_and(|detail| detail.starts_again);
        self.phase == Phase::Exited(Some(0)) && !self.oom && !starts_again
    }

    /// The exit code, where it has ended and that is known.
    #[must_use]
    pub fn exit_code(&self) -> Option<i64> {
        match self.phase {
            Phase::Exited(code) => code,
            _ => None,
        }
    }

    /// Whether a process is there that uses CPU and memory: a frozen sleeper has one.
    #[must_use]
    pub fn has_process(&self) -> bool {
        self.asleep == Some(Method::Freeze) || self.state().has_process()
    }

    /// Why it is in its state, where a word more helps: `OOM`, `exit 3`. After a stop that went as it should, none
    /// does; 137 says that the process had to be killed.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match (self.phase, self.state()) {
            (Phase::Exited(_), State::Crashed) if self.oom => Some("OOM".to_owned()),
            (Phase::Exited(Some(code)), State::Crashed) => Some(format!("exit {code}")),
            (Phase::Exited(Some(137)), State::Stopped) => Some("exit 137".to_owned()),
            (Phase::Dead, _) => Some("dead".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rstest::rstest;

    pub(crate) fn facts(id: &str, phase: Phase) -> Facts {
        Facts {
            id: id.into(),
            name: format!("name-{id}").into(),
            image: "busybox:1".into(),
            place: Place { tenant: format!("tenant-{id}").into(), role: None, tier: None },
            phase,
            health: Health::None,
            oom: false,
            since: None,
            detail: None,
            ports: None,
            setup: None,
            at_work: false,
            asleep: None,
        }
    }

    #[rstest]
    #[case(Phase::Created, Health::Unknown, false, State::Created)]
    #[case(Phase::Running, Health::None, false, State::Running)]
    #[case(Phase::Running, Health::Starting, false, State::Starting)]
    #[case(Phase::Running, Health::Healthy, false, State::Running)]
    #[case(Phase::Running, Health::Unhealthy, false, State::Unhealthy)]
    #[case(Phase::Running, Health::None, true, State::Running)]
    #[case(Phase::Paused, Health::Unhealthy, false, State::Paused)]
    #[case(Phase::Restarting, Health::None, false, State::Restarting)]
    #[case(Phase::Removing, Health::None, false, State::Stopping)]
    #[case(Phase::Exited(Some(0)), Health::None, false, State::Stopped)]
    #[case(Phase::Exited(Some(0)), Health::None, true, State::Stopped)]
    #[case(Phase::Exited(Some(1)), Health::None, false, State::Crashed)]
    #[case(Phase::Exited(Some(137)), Health::None, false, State::Stopped)]
    #[case(Phase::Exited(Some(137)), Health::None, true, State::Crashed)]
    #[case(Phase::Exited(Some(139)), Health::None, false, State::Crashed)]
    #[case(Phase::Exited(Some(143)), Health::None, false, State::Stopped)]
    #[case(Phase::Dead, Health::None, false, State::Crashed)]
    fn the_table_of_states(
        #[case] phase: Phase,
        #[case] health: Health,
        #[case] oom: bool,
        #[case] expected: State,
    ) {
        assert_eq!(Facts { health, oom, ..facts("a", phase) }.state(), expected);
    }
}
