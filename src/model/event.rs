//! What an engine tells while one listens.

use std::sync::Arc;

use jiff::Timestamp;

use super::container::{ContainerId, Health};
use super::naming::Place;

/// One event of an engine's stream, about one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened, by the engine's clock.
    pub time: Timestamp,
    /// The container's whole id.
    pub id: ContainerId,
    /// The container's name at that moment.
    pub name: Arc<str>,
    /// Its image.
    pub image: Arc<str>,
    /// Tenant, role and tier, by the labels that came with the event.
    pub place: Place,
    /// The compose project that it belongs to, by its label.
    pub project: Option<Arc<str>>,
    /// What happened.
    pub what: Happening,
}

/// What happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Made, not yet started.
    Created,
    /// Started, cold or from a checkpoint.
    Started,
    /// All its processes were frozen.
    Paused,
    /// They go on.
    Unpaused,
    /// Its first process ended.
    Died {
        /// The exit code, where the event carries it.
        code: Option<i64>,
    },
    /// The kernel killed a process in it for want of memory.
    OutOfMemory,
    /// Somebody sent it a signal through the engine.
    Killed {
        /// The signal as the engine writes it, a number or a name; Podman does not say it.
        signal: Option<String>,
    },
    /// The engine is done stopping it for somebody.
    Stopped,
    /// The engine is done restarting it for somebody.
    Restarted,
    /// A checkpoint of it was made.
    Checkpointed,
    /// Its limits or restart policy were changed.
    Updated,
    /// It has another name now.
    Renamed {
        /// The name before, where the event carries it.
        from: Option<String>,
    },
    /// Its health check turned.
    Health(Health),
    /// It is no more.
    Removed,
}

impl Happening {
    /// Whether it bears on the picture of states, and not only on the feed.
    #[must_use]
    pub fn moves_the_picture(&self) -> bool {
        !matches!(
            self,
            Happening::Killed { .. }
                | Happening::Stopped
                | Happening::Restarted
                | Happening::Checkpointed
                | Happening::Updated
        )
    }
}
