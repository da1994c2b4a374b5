//! What the wake door goes by: which tenant a request means, where its answer leads, and how long anybody waits.

pub mod ignored;
pub mod meant;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use ignored::Ignored;
pub use meant::{Meant, Names, Pattern, Told, host_name};

/// The rules of the wake door.
#[derive(Clone, Debug)]
pub struct DoorRules {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How a tenant follows from a request.
    pub names: Names,
    /// Where in a tenant the answer leads.
    pub lead: Lead,
    /// How long a program is kept waiting.
    pub wait: Duration,
    /// How long a browser is kept waiting before it gets a page.
    pub page_after: Duration,
    /// How many requests may wait for tenants of one host.
    pub queue: usize,
    /// How many may wait altogether.
    pub queue_all: usize,
    /// Whether a request also starts what somebody stopped, or what crashed.
    pub wakes_stopped: bool,
    /// Requests that neither wake nor count.
    pub ignored: Ignored,
}

/// Which container of a tenant answers, and at which of its ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lead {
    /// The container's role; else the one that has the port, or the only one that there is.
    pub role: Option<Arc<str>>,
    /// The container's port; else the only one that it declares.
    pub port: Option<u16>,
}

impl Default for DoorRules {
    fn default() -> Self {
        DoorRules {
            listen: SocketAddr::from(([127, 0, 0, 1], 7070)),
            names: Names::default(),
            lead: Lead::default(),
            wait: Duration::from_secs(30),
            page_after: Duration::from_secs(2),
            queue: 1000,
            queue_all: 4000,
            wakes_stopped: false,
            ignored: Ignored::default(),
        }
    }
}
