//! Callmaps: from YAML files to what is asked.
//!
//! `gather` reads a file and what it includes into one `tree` and fills in its vars; `reader` makes `shape`s of it; `check`
//! makes the model of those. Whatever a file says, only files below its own folder are read, and everything is bounded
//! (`limits`).

mod check;
mod fill;
mod gather;
mod inside;
mod limits;
mod places;
mod reader;
mod shape;
mod shipped;
mod tree;
mod words;
mod written;
mod wrong;

use std::path::{Path, PathBuf};

use super::env::Env;
use super::error::ConfigError;
use super::yaml;
use crate::model::callmap::map::Callmap;

pub use fill::is_env_name;
pub use shape::File as CallmapFile;
pub use shipped::shipped;

/// Loads a callmap. `vars` go before those of the file.
///
/// # Errors
/// The first fault of the file or of one that it includes, or a var that the file does not know.
pub fn load(file: &Path, vars: &[(String, String)], env: &Env) -> Result<Callmap, ConfigError> {
    read(file, &yaml::open(file)?, vars, env)
}

/// The same, and the files that it includes as far as they were found, whatever came of it: so that whoever waits for a
/// fault to be mended knows which files to look at.
pub fn load_and_name(
    file: &Path,
    vars: &[(String, String)],
    env: &Env,
) -> (Result<Callmap, ConfigError>, Vec<PathBuf>) {
    let mut included = Vec::new();
    let callmap = yaml::open(file)
        .and_then(|text| check::check(&gather::gather(file, &text, vars, env, &mut included)?));
    (callmap, included)
}

/// The callmap that `text`, the text of `file`, says.
///
/// # Errors
/// As `load`.
pub fn read(file: &Path, text: &str, vars: &[(String, String)], env: &Env) -> Result<Callmap, ConfigError> {
    check::check(&gather::gather(file, text, vars, env, &mut Vec::new())?)
}
