//! What a host can really do, as its canary showed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::host::HostName;
use super::method::Method;

/// Whether one method works on one host, found out by dumping and waking a throw-away container there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ability {
    /// The host.
    pub host: HostName,
    /// Kind and version of the engine at that time: another engine must show it again.
    pub engine: Arc<str>,
    /// The method.
    pub method: Method,
    /// What is in the way; nothing where it works.
    pub fault: Option<Fault>,
    /// How long the dump took, in seconds.
    pub dump_seconds: Option<f64>,
    /// How long the wake took, in seconds.
    pub wake_seconds: Option<f64>,
    /// When it was tried.
    pub tried: Timestamp,
}

/// What is in the way of a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What happened.
    pub reason: String,
    /// What mends it, where that is known.
    pub mend: Option<String>,
}
