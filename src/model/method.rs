//! The ways to put a tenant to sleep.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a tenant is dumped, and so how it wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Paused, its memory pushed into swap.
    Freeze,
    /// Its processes written to disk by CRIU and ended.
    Checkpoint,
    /// Stopped; it starts cold.
    Stop,
    /// Removed, its recipe kept; it is created again and starts cold.
    Destroy,
}

impl Method {
    /// All methods, the fastest wake first.
    pub const ALL: [Method; 4] = [Method::Freeze, Method::Checkpoint, Method::Stop, Method::Destroy];

    /// What is tried, in this order, where the config says nothing. `destroy` is only done when asked for.
    pub const DEFAULT_ORDER: [Method; 3] = [Method::Freeze, Method::Checkpoint, Method::Stop];

    /// The one word for the screen, JSON and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Freeze => "freeze",
            Method::Checkpoint => "checkpoint",
            Method::Stop => "stop",
            Method::Destroy => "destroy",
        }
    }

    /// Whether what the tenant holds in memory is still there after the wake.
    #[must_use]
    pub fn keeps_memory(self) -> bool {
        matches!(self, Method::Freeze | Method::Checkpoint)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no method.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no method (freeze, checkpoint, stop, destroy)")]
pub struct UnknownMethod(pub String);

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Method::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| UnknownMethod(text.to_owned()))
    }
}
