//! `wakeboard simulate`: serves a scenario of simulated engines, for tests and measurements.

use std::path::Path;

use super::{Failure, output};
use crate::config::scenario::Scenario;
use crate::config::yaml;
use crate::demo;

/// Serves until stopped.
///
/// # Errors
/// A scenario that cannot be read; a folder that cannot be used.
pub async fn run(scenario: &Path, folder: &Path) -> Result<(), Failure> {
    let text = yaml::open(scenario)?;
    let scenario = Scenario::read(scenario, &text).map_err(|error| Failure::Usage(error.to_string()))?;
    let stopped = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let started = |hosts: &[crate::model::host::HostSpec]| {
        let _ = output::print(|out| {
            hosts.iter().try_for_each(|host| writeln!(out, "{} {}", host.name, host.endpoint))
        });
    };
    demo::run_until_stopped(&scenario, folder, started, stopped)
        .await
        .map_err(|error| Failure::Failed(error.to_string()))
}
