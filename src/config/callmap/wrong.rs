//! What is wrong with a value, before it is known where it stands.

use super::places::{Places, Spot};
use crate::config::error::ConfigError;

/// What is wrong, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What helps.
    pub help: Option<String>,
}

impl Wrong {
    /// What is wrong, and what helps.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Wrong { message: message.into(), help: Some(help.into()) }
    }

    /// The fault that this is at a spot.
    #[must_use]
    pub fn at(self, places: &Places, spot: Spot) -> ConfigError {
        places.fault(spot, self)
    }
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Wrong { message, help: None }
    }
}

impl From<&str> for Wrong {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}
