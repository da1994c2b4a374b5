//! What an act comes to: the steps in the order, and with the pauses, of a real engine.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::chance::Chance;
use super::container::{Container, Health, Phase, Spec};
use crate::config::scenario::{Act, RestartPolicy};

const SIGTERM: u8 = 15;
const SIGKILL: u8 = 9;
/// What a shell would say of a process that got `SIGKILL`.
pub(super) const KILLED: i64 = 137;
/// How long a stop waits for a frozen container: a real engine waits for as long as it was told, in vain.
const FROZEN_GRACE: Duration = Duration::from_millis(500);

/// One thing that happens to a container at one moment; most tell one event.
#[derive(Clone, Debug)]
pub enum Step {
    /// A signal is sent.
    Signal(u8),
    /// The kernel tells that memory ran out.
    Oom,
    /// Its process ends.
    Die {
        /// How.
        code: i64,
        /// Whether memory was the reason.
        oom: bool,
        /// Whether nobody asked for it: then its restart policy counts.
        by_itself: bool,
    },
    /// The engine has finished stopping it.
    Stopped,
    /// It is started.
    Start,
    /// Its restart policy starts it again, if it still waits for that.
    StartAgain,
    /// The engine has finished restarting it.
    Restarted,
    /// Its processes are frozen.
    Pause,
    /// They go on.
    Unpause,
    /// Its health check says something new.
    Health(Health),
    /// Its health check passes for the first time, if this start still lasts.
    Healthy {
        /// The start that it belongs to.
        started: Timestamp,
    },
    /// Its health check runs, which is an exec of three events, and again after `every` while the same start lasts.
    Check {
        /// How often.
        every: Duration,
        /// The start that it belongs to.
        started: Timestamp,
    },
    /// It is busy for so long.
    Busy(Duration),
    /// It will end by itself so many times.
    Loop(u32),
    /// It is removed; what it was made of is kept for a later `Create` where `keep` says so.
    Destroy {
        /// Whether it may come back.
        keep: bool,
    },
    /// One is made of this, and started a moment later.
    Create(Arc<Spec>),
    /// It gets a new name.
    Rename(String),
    /// Its processes are on disk.
    Checkpoint {
        /// Under this name.
        name: String,
        /// Whether they end with that.
        exit: bool,
    },
    /// It goes on from the checkpoint of that name, if it still can.
    Restore(String),
    /// Somebody opens a shell in it.
    Enter,
    /// Its shells are closed.
    Leave,
    /// Nothing: whoever asked waits so long for the answer.
    Answer,
}

/// A step and how long after the one before it comes.
pub type Plan = Vec<(Duration, Step)>;

const NOW: Duration = Duration::ZERO;

/// The steps of an act. Whether it can be done at all is the engine's question.
#[must_use]
pub fn plan(act: Act, container: &Container, chance: &mut Chance) -> Plan {
    let up = container.phase.is_up();
    match act {
        Act::Login => login(container, chance),
        Act::Idle => vec![(NOW, Step::Busy(NOW))],
        Act::Pause => vec![(NOW, Step::Pause)],
        Act::Unpause => vec![(NOW, Step::Unpause), (chance.millis(8, 25), Step::Answer)],
        Act::Start => vec![(NOW, Step::Start), (chance.millis(200, 350), Step::Answer)],
        Act::Stop => stop(container, chance),
        Act::Restart => {
            let mut steps = if up { stop(container, chance) } else { Vec::new() };
            steps.push((chance.millis(20, 120), Step::Start));
            steps.push((Duration::from_millis(5), Step::Restarted));
            steps
        }
        Act::Kill => vec![
            (NOW, Step::Signal(SIGKILL)),
            (chance.millis(10, 60), Step::Die { code: KILLED, oom: false, by_itself: false }),
        ],
        Act::Crash(code) => vec![(NOW, Step::Die { code, oom: false, by_itself: true })],
        Act::CrashLoop(times) => vec![
            (NOW, Step::Loop(times.saturating_sub(1))),
            (NOW, Step::Die { code: 1, oom: false, by_itself: true }),
        ],
        Act::Oom => vec![
            (NOW, Step::Oom),
            (chance.millis(5, 40), Step::Die { code: KILLED, oom: true, by_itself: true }),
        ],
        Act::Healthy => vec![(NOW, Step::Health(Health::Healthy))],
        Act::Unhealthy => vec![(NOW, Step::Health(Health::Unhealthy))],
        Act::Upgrade => {
            let mut steps = if up { stop(container, chance) } else { Vec::new() };
            steps.push((chance.millis(80, 250), Step::Destroy { keep: false }));
            steps.push((chance.millis(400, 1500), Step::Create(Arc::new(container.spec.newer()))));
            steps
        }
        Act::Destroy => {
            let mut steps = Vec::new();
            if up {
                steps.push((NOW, Step::Signal(SIGKILL)));
                let die = Step::Die { code: KILLED, oom: false, by_itself: false };
                steps.push((chance.millis(10, 60), die));
            }
            steps.push((if up { chance.millis(20, 90) } else { NOW }, Step::Destroy { keep: true }));
            steps
        }
        // Nothing is there to plan with: the engine looks for what was destroyed.
        Act::Create => Vec::new(),
        Act::Enter => vec![(NOW, Step::Enter)],
        Act::Leave => vec![(NOW, Step::Leave)],
    }
}

fn login(container: &Container, chance: &mut Chance) -> Plan {
    let mut steps = Vec::new();
    match container.phase {
        Phase::Paused => steps.push((NOW, Step::Unpause)),
        Phase::Exited | Phase::Created => steps.push((NOW, Step::Start)),
        Phase::Running | Phase::Restarting => {}
    }
    steps.push((NOW, Step::Busy(chance.millis(20_000, 90_000))));
    steps
}

fn stop(container: &Container, chance: &mut Chance) -> Plan {
    if container.phase == Phase::Paused {
        // What is frozen does not hear the signal: the engine waits in vain, lets it go on, and kills it.
        return vec![
            (NOW, Step::Signal(SIGTERM)),
            (FROZEN_GRACE, Step::Unpause),
            (Duration::from_millis(2), Step::Signal(SIGKILL)),
            (chance.millis(10, 60), Step::Die { code: KILLED, oom: false, by_itself: false }),
            (chance.millis(2, 12), Step::Stopped),
        ];
    }
    let code = container.spec.stop_exit;
    vec![
        (NOW, Step::Signal(SIGTERM)),
        (chance.millis(80, 700), Step::Die { code, oom: false, by_itself: false }),
        (chance.millis(2, 12), Step::Stopped),
    ]
}

/// Whether chance may pick this container for that act.
#[must_use]
pub fn suits(act: Act, container: &Container) -> bool {
    let (phase, health) = (container.phase, container.health);
    match act {
        Act::Login | Act::Create => true,
        Act::Idle | Act::Crash(_) | Act::Oom | Act::Restart | Act::Pause | Act::Enter => {
            phase == Phase::Running
        }
        Act::Unpause => phase == Phase::Paused,
        Act::Stop | Act::Kill | Act::Upgrade => phase.is_up() || phase == Phase::Restarting,
        Act::Start => matches!(phase, Phase::Exited | Phase::Created),
        Act::CrashLoop(_) => phase == Phase::Running && container.spec.restart != RestartPolicy::No,
        Act::Healthy => phase == Phase::Running && health == Some(Health::Unhealthy),
        Act::Unhealthy => phase == Phase::Running && health == Some(Health::Healthy),
        Act::Destroy => phase != Phase::Restarting,
        Act::Leave => container.rare.as_ref().is_some_and(|rare| !rare.sessions.is_empty()),
    }
}

/// Whether an act is usually for all containers of a tenant.
#[must_use]
pub fn is_whole(act: Act) -> bool {
    matches!(
        act,
        Act::Login
            | Act::Idle
            | Act::Pause
            | Act::Unpause
            | Act::Start
            | Act::Stop
            | Act::Create
            | Act::Destroy
    )
}
