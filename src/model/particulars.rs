//! What must be known of a container before it is put to sleep, and nobody else needs.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::container::Facts;

/// What an inspect tells of a container, for those who are about to put it to sleep or to wake it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Particulars {
    /// What everybody knows of it.
    pub facts: Facts,
    /// Which of its lives this is: the same as long as it neither ran nor ended anew.
    pub life: Life,
    /// What the engine does when it ends.
    pub restart: Restart,
    /// Its memory limits.
    pub limits: Limits,
    /// Sessions that somebody has open in it (`docker exec`); runs of its health check are none.
    pub sessions: Vec<String>,
    /// How long it may take to stop, by its own word; nothing where it has none.
    pub stop_timeout: Option<Duration>,
    /// The addresses under which this program may reach it: those of networks that it is in as well.
    pub addresses: Vec<IpAddr>,
    /// The TCP ports that its image or its owner declared.
    pub ports: Vec<u16>,
    /// Ports of the engine's machine that lead to ports of the container: (container's port, machine's address).
    pub published: Vec<(u16, SocketAddr)>,
    /// Why addresses of it are left out of both, where they are.
    pub unreached: Option<String>,
    /// How often the engine checks its health, where it does.
    pub checked_every: Option<Duration>,
}

impl AsRef<Facts> for Particulars {
    fn as_ref(&self) -> &Facts {
        &self.facts
    }
}

/// One life of a container, by the engine's own times, as the engine writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// When it last ended.
    pub finished: Option<Timestamp>,
}

/// What the engine does when a container ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// `no`, `always`, `unless-stopped` or `on-failure`; empty is `no`.
    pub name: String,
    /// How often at most, for `on-failure`; 0 is no bound.
    pub most: i64,
}

impl Restart {
    /// Whether the engine would start it again after a dump.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(self.name.as_str(), "" | "no")
    }
}

/// Memory limits in bytes, as engines write them: 0 is none, -1 for swap is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory.
    pub memory: i64,
    /// Memory and swap together.
    pub memory_swap: i64,
    /// What the kernel leaves it when memory is short.
    pub reservation: i64,
}
