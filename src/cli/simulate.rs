//! `wakeboard simulate`: serves a scenario of simulated engines, for tests and measurements.

use std::path::Path;

use super::Failure;
use crate::demo;

/// Serves until stopped.
///
/// # Errors
/// A scenario that cannot be read; a folder that cannot be used.
pub async fn run(scenario: &Path, folder: &Path) -> Result<(), Failure> {
    demo::run_until_stopped(scenario, folder).await
}
