//! Scenario files: what a simulated fleet holds, what happens in it and when, and what goes wrong.

mod call;
mod check;
mod happening;
mod names;
pub(super) mod units;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::model::tier::Tier;

pub use call::{Call, CallFault, How};
pub use check::ScenarioError;
pub use happening::{Act, Fault, FaultLine, Garbage, Line, Pick};

/// A whole simulated fleet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The same seed gives the same run.
    #[serde(default)]
    pub seed: u64,
    /// How much sooner everything happens: at 10, what is written for 20s comes after 2s. The engine's clock stays right.
    #[serde(default = "one")]
    pub time_scale: f64,
    /// Random lifecycle events over all hosts together, beside the acts.
    #[serde(default)]
    pub events_per_second: f64,
    /// Whether health checks make their three exec events a run, and how often they run.
    #[serde(default, deserialize_with = "units::some_span")]
    pub health_exec_every: Option<Duration>,
    /// The engines.
    pub hosts: Vec<HostGroup>,
    /// What containers are made of, by role.
    pub roles: BTreeMap<String, Role>,
    /// The customers.
    pub tenants: Vec<TenantGroup>,
    /// What happens.
    #[serde(default)]
    pub acts: Vec<Line>,
    /// What goes wrong with the engines.
    #[serde(default)]
    pub faults: Vec<FaultLine>,
}

/// Engines of one kind: named, or `count` of them after `pattern` (`host-{nnn}`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostGroup {
    /// Their names.
    #[serde(default)]
    pub names: Vec<String>,
    /// How many more, named after `pattern`.
    #[serde(default)]
    pub count: usize,
    /// A name with `{n}`, or `{nnn}` for a number of three digits.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Processors.
    #[serde(default = "sixteen")]
    pub cpus: u32,
    /// Memory in bytes.
    #[serde(default = "host_memory", deserialize_with = "units::bytes")]
    pub memory: u64,
    /// Swap in bytes, 0 for none.
    #[serde(default = "swap", deserialize_with = "units::bytes")]
    pub swap: u64,
    /// Whether its kernel counts swap, so that containers can have a limit of it.
    #[serde(default = "yes")]
    pub swap_limit: bool,
    /// The engine's version.
    #[serde(default = "version")]
    pub version: String,
    /// The highest version of the API that it speaks.
    #[serde(default = "api")]
    pub api: String,
    /// Whether checkpoints are switched on.
    #[serde(default)]
    pub experimental: bool,
    /// 1 or 2: decides how the memory figures look.
    #[serde(default = "cgroup")]
    pub cgroup: u8,
    /// How long the engine takes for one container's figures (a real one waits up to a second).
    #[serde(default, deserialize_with = "units::some_span")]
    pub stats_delay: Option<Duration>,
    /// How long a checkpoint takes for each MiB that the container holds.
    #[serde(default = "checkpoint_time", deserialize_with = "units::span")]
    pub checkpoint_time: Duration,
    /// How long it takes to start from a checkpoint, for each MiB in it.
    #[serde(default = "restore_time", deserialize_with = "units::span")]
    pub restore_time: Duration,
}

/// What a container of one role is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The image; an upgrade counts the last number of its tag up.
    pub image: String,
    /// The memory limit in bytes, 0 for none.
    #[serde(default, deserialize_with = "units::bytes")]
    pub memory: u64,
    /// Whether it has a health check.
    #[serde(default)]
    pub health: bool,
    /// How long after a cold start its health check passes; without it, some seconds by chance.
    #[serde(default, deserialize_with = "units::some_span")]
    pub ready: Option<Duration>,
    /// What the engine does when it ends by itself.
    #[serde(default)]
    pub restart: RestartPolicy,
    /// The exit code of an orderly stop.
    #[serde(default)]
    pub stop_exit: i64,
    /// The port that it listens on.
    #[serde(default)]
    pub port: Option<u16>,
    /// Where its volume is mounted, if it has one.
    #[serde(default)]
    pub volume: Option<String>,
    /// Labels beside wakeboard's own; `{tenant}` and `{role}` are filled in.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What the engine does when a container ends by itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Leave it.
    #[default]
    No,
    /// Start it again.
    Always,
    /// Start it again; a daemon that comes up leaves what was stopped.
    UnlessStopped,
    /// Start it again if its exit code is not 0.
    OnFailure,
}

/// Customers of one kind: named, or `count` of them after `pattern`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantGroup {
    /// Their names, in any script.
    #[serde(default)]
    pub names: Vec<String>,
    /// What stands in container names for a tenant whose own name cannot (engines allow ASCII only).
    #[serde(default)]
    pub slugs: BTreeMap<String, String>,
    /// How many more, named after `pattern`.
    #[serde(default)]
    pub count: usize,
    /// A name with `{n}`, or `{nnnn}` for a number of four digits.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Shares of the tiers; none leaves the tier unsaid.
    #[serde(default)]
    pub tiers: BTreeMap<Tier, u32>,
    /// One container for each of these roles.
    pub roles: Vec<String>,
    /// The hosts that they are spread over in turn; none means all.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Shares of what they are at the start; none means running.
    #[serde(default)]
    pub start: BTreeMap<Start, u32>,
    /// Whether containers carry wakeboard's labels.
    #[serde(default = "yes")]
    pub labelled: bool,
}

/// What a tenant's containers are at the start. A tenant of several roles has its first one in trouble, the others run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Start {
    Running,
    Busy,
    Starting,
    Unhealthy,
    Paused,
    Stopped,
    Crashed,
    Oom,
    Restarting,
    Created,
}

impl Scenario {
    /// Reads a scenario and checks it.
    ///
    /// # Errors
    /// Says what cannot be used, and where it stands.
    pub fn read(file: &Path, text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = super::yaml::read(file, text)?;
        check::check(&scenario).map_err(|what| ScenarioError::Wrong { file: file.to_owned(), what })?;
        Ok(scenario)
    }
}

impl HostGroup {
    /// The names of these engines.
    #[must_use]
    pub fn all_names(&self) -> Vec<String> {
        names::all(&self.names, self.count, self.pattern.as_deref())
    }
}

impl TenantGroup {
    /// The names of these customers.
    #[must_use]
    pub fn all_names(&self) -> Vec<String> {
        names::all(&self.names, self.count, self.pattern.as_deref())
    }
}

fn one() -> f64 {
    1.0
}
fn sixteen() -> u32 {
    16
}
fn host_memory() -> u64 {
    64 << 30
}
fn swap() -> u64 {
    16 << 30
}
// As measured with CRIU on Tomcat: 1.6 s for 77 MiB there, 1.5 s back.
fn checkpoint_time() -> Duration {
    Duration::from_millis(18)
}
fn restore_time() -> Duration {
    Duration::from_millis(12)
}
fn version() -> String {
    "20.10.24".to_owned()
}
fn api() -> String {
    "1.41".to_owned()
}
fn cgroup() -> u8 {
    1
}
fn yes() -> bool {
    true
}
