//! Simulated engines: a real HTTP server that speaks the Docker Engine API on unix sockets, so that the product's own
//! engine code talks to it. It is the demo, a tool for tests (faults), and one for load. Beside them stands a simulated
//! call chain (`layers`) for callmaps.

pub mod act;
pub mod chance;
pub mod container;
pub mod event;
pub mod filters;
pub mod given;
pub mod json;
pub mod layers;
pub mod populate;
pub mod rare;
pub mod serve;
pub mod sim;
pub mod tar;
pub mod usage;
pub mod world;

use std::path::Path;

use crate::config::scenario::{Scenario, ScenarioError};

pub use crate::config::scenario::{Act, Call, CallFault, Fault, Garbage, How};
pub use serve::{Running, ServeError, spawn};

/// The demo's scenario, which is in the program.
///
/// # Errors
/// None in a released program: a test loads it.
pub fn embedded() -> Result<Scenario, ScenarioError> {
    Scenario::read(Path::new("demo.yaml"), include_str!("demo.yaml"))
}

/// Serves a scenario until `stopped` ends. `started` is told the endpoints first.
///
/// # Errors
/// Says which socket cannot be made, and why.
pub async fn run_until_stopped(
    scenario: &Scenario,
    folder: &Path,
    started: impl FnOnce(&[crate::model::host::HostSpec]),
    stopped: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let running = spawn(scenario, folder)?;
    started(&running.hosts());
    stopped.await;
    drop(running);
    Ok(())
}
