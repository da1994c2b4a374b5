//! YAML text to a checked shape, with the file, line and column in every error.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// A file that cannot be used as it stands.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct ConfigError {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong with it, and where.
    pub what: String,
}

/// Reads `text`, which came from `file`, as a `T`.
///
/// # Errors
/// Says where the text is no YAML, or not a `T`.
pub fn read<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigError> {
    serde_yaml::from_str(text).map_err(|error| ConfigError { file: file.to_owned(), what: error.to_string() })
}
