//! What an engine does not do, and how it says so.

use crate::config::scenario::{Act, RestartPolicy};
use crate::demo::container::{Container, Phase};

/// An act that the engine does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status that a real engine would answer.
    pub status: u16,
    /// Its message; empty where it has none.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: String) -> Self {
        Refusal { status, message }
    }

    pub(crate) fn name_taken(name: &str, id: &str) -> Self {
        let message = format!(
            "Conflict. The container name \"/{name}\" is already in use by container \"{id}\". \
             You have to remove (or rename) that container to be able to reuse that name."
        );
        Refusal::new(409, message)
    }

    pub(crate) fn no_such(wanted: &str) -> Self {
        Refusal::new(404, format!("No such container: {wanted}"))
    }
}

/// Whether the act can be done, in the words of Docker 20.10.
pub(super) fn check(act: Act, container: &Container) -> Result<(), Refusal> {
    let phase = container.phase;
    let id = &container.id;
    let up = phase.is_up();
    let fine = match act {
        Act::Login | Act::Idle | Act::Restart | Act::Upgrade | Act::Destroy | Act::Leave => true,
        Act::Pause | Act::Enter => phase == Phase::Running,
        Act::Unpause => phase == Phase::Paused,
        Act::Start => matches!(phase, Phase::Exited | Phase::Created),
        Act::Stop => up || phase == Phase::Restarting,
        Act::Kill | Act::Oom | Act::Crash(_) => up,
        Act::CrashLoop(_) => up && container.spec.restart != RestartPolicy::No,
        Act::Healthy | Act::Unhealthy => phase == Phase::Running && container.health.is_some(),
        Act::Create => false,
    };
    if fine {
        return Ok(());
    }
    Err(match (act, phase) {
        (Act::Start, Phase::Paused) => {
            Refusal::new(409, "cannot start a paused container, try unpause instead".to_owned())
        }
        (Act::Start | Act::Stop, _) => Refusal::new(304, String::new()),
        (Act::Pause, Phase::Paused) => Refusal::new(409, format!("Container {id} is already paused")),
        (Act::Pause, Phase::Restarting) => {
            Refusal::new(409, format!("Container {id} is restarting, wait until the container is running"))
        }
        (Act::Pause | Act::Enter, _) => Refusal::new(409, format!("Container {id} is not running")),
        // An error of the server's own, in Docker 20.10.
        (Act::Unpause, _) => Refusal::new(500, format!("Container {id} is not paused")),
        (Act::Kill, _) => {
            let name = &container.spec.name;
            Refusal::new(409, format!("Cannot kill container: {name}: Container {id} is not running"))
        }
        (Act::Create, _) => Refusal::name_taken(&container.spec.name, id),
        (act, phase) => {
            Refusal::new(409, format!("{act:?} does not suit a container that is {}", phase.as_str()))
        }
    })
}
