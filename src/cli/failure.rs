//! Why a command ended without success, and its exit code.

use crate::config::ConfigError;

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something failed.
    #[error("{0}")]
    Failed(String),
    /// The config or the usage is wrong.
    #[error("{0}")]
    Config(#[from] Box<ConfigError>),
    /// A wrong argument that the parser could not know to be wrong.
    #[error("{0}")]
    Usage(String),
    /// Files that cannot be used; what is wrong with each.
    #[error("{0}")]
    Files(String),
    /// A product works, but not as it should. That has been told already.
    #[error("")]
    Degraded,
    /// A product is broken. That has been told already.
    #[error("")]
    Broken,
    /// No host could be reached; why, a line each.
    #[error("no host could be reached\n{0}")]
    NoHost(String),
}

impl Failure {
    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Failure::Failed(_) | Failure::Degraded => 1,
            Failure::Config(_) | Failure::Usage(_) | Failure::Files(_) => 2,
            Failure::NoHost(_) => 3,
            Failure::Broken => 4,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::Config(Box::new(error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}
