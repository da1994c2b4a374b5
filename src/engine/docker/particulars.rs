//! What is asked of a container before it is put to sleep: one inspect, and one look at each session in it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, PortMap};
use jiff::Timestamp;
use serde::Deserialize;

use super::call::{Call, encoded};
use super::inspect::Inspect;
use super::{DockerEngine, LONGEST_CALL, facts, limits};
use crate::engine::{EngineError, cgroup};
use crate::model::particulars::{Life, Particulars, Restart};
use crate::model::plain::plain;

/// How many sessions of one container are looked at.
const MOST_SESSIONS: usize = 64;
/// How long the name of the engine's machine may take to become an address.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(2);

impl DockerEngine {
    /// A container as it is now, in bollard's words; nothing where there is none of that id.
    pub(super) async fn inspect_whole(
        &self,
        id: &str,
    ) -> Result<Option<ContainerInspectResponse>, EngineError> {
        Ok(self.inspect_in_words(id).await?.map(Inspect::into_whole))
    }

    pub(super) async fn look_closely(&self, id: &str) -> Result<Option<Particulars>, EngineError> {
        let Some(inspect) = self.inspect_in_words(id).await? else { return Ok(None) };
        self.notice_root(&inspect);
        let sessions = self.sessions(&inspect).await?;
        let Some(facts) = facts::of_inspect(&inspect, &self.naming) else { return Ok(None) };
        let config = inspect.host_config.clone().unwrap_or_default();
        let labels = inspect.config.as_ref().and_then(|config| config.labels.as_ref());
        let label = facts::lookup(labels);
        Ok(Some(Particulars {
            life: life(&inspect),
            restart: restart(&inspect),
            limits: limits::of_host_config(&config),
            sessions,
            removed_at_end: config.auto_remove.unwrap_or(false),
            stop_timeout: stop_timeout(&inspect),
            addresses: if self.near { addresses(&inspect) } else { Vec::new() },
            ports: declared(&inspect).into_iter().collect(),
            published: published(&inspect, self.machine_address().await),
            service: label("com.docker.compose.service").map(facts::shared),
            depends_on: label("com.docker.compose.depends_on").map(needed).unwrap_or_default(),
            facts,
        }))
    }

    /// The commands that somebody runs in it now, those of its health check left out.
    async fn sessions(&self, inspect: &ContainerInspectResponse) -> Result<Vec<String>, EngineError> {
        let ids = inspect.exec_ids.as_deref().unwrap_or_default();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let check = inspect.config.as_ref().and_then(|config| config.healthcheck.as_ref());
        let check = check.and_then(|check| check.test.as_deref()).unwrap_or_default();
        let container = inspect.id.as_deref().unwrap_or_default();
        // Podman 4.3 calls a detached session running for minutes after its end.
        let may_be_over = self.near && self.libpod().await?.is_some();
        let is_over = |pid: u32| may_be_over && pid != 0 && !cgroup::is_of(pid, container);
        let mut sessions = Vec::new();
        for id in ids.iter().take(MOST_SESSIONS) {
            let call = Call::get(format!("/exec/{}/json", encoded(id)));
            match call.read::<Session>(&self.transport, LONGEST_CALL).await {
                Ok(session)
                    if session.running && !is_over(session.pid) && !session.process.is_run_of(check) =>
                {
                    sessions.push(session.process.text());
                }
                Ok(_) => {}
                // It ended meanwhile.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        if ids.len() > MOST_SESSIONS {
            sessions.push(format!("{} more that were not looked at", ids.len() - MOST_SESSIONS));
        }
        Ok(sessions)
    }

    /// Where ports are that the engine's machine publishes.
    async fn machine_address(&self) -> Option<IpAddr> {
        let Some(machine) = &self.machine else { return Some(Ipv4Addr::LOCALHOST.into()) };
        if let Ok(address) = machine.parse() {
            return Some(address);
        }
        // The port is of no use here, but the call wants one.
        let found =
            tokio::time::timeout(LOOKUP_DEADLINE, tokio::net::lookup_host((machine.as_str(), 0))).await;
        found.ok()?.ok()?.next().map(|address| address.ip())
    }
}

fn life(inspect: &ContainerInspectResponse) -> Life {
    let state = inspect.state.as_ref();
    // "0001-01-01T00:00:00Z" is the engine's way to say never.
    let time = |text: Option<&String>| {
        text.and_then(|text| text.parse().ok()).filter(|time| *time > Timestamp::UNIX_EPOCH)
    };
    Life {
        started: time(state.and_then(|state| state.started_at.as_ref())),
        finished: time(state.and_then(|state| state.finished_at.as_ref())),
    }
}

/// An engine's word for a container that may take as long as it wants is a negative number.
fn stop_timeout(inspect: &ContainerInspectResponse) -> Option<Duration> {
    let seconds = inspect.config.as_ref()?.stop_timeout?;
    Some(u64::try_from(seconds).map_or(Duration::MAX, Duration::from_secs))
}

fn restart(inspect: &Inspect) -> Restart {
    let config = inspect.host_config.as_ref();
    let policy = config.and_then(|config| config.restart_policy.as_ref());
    Restart {
        name: inspect.restart.clone(),
        most: policy.and_then(|policy| policy.maximum_retry_count).unwrap_or(0),
    }
}

/// The number in `80/tcp`.
fn tcp(port: &str) -> Option<u16> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    number.parse().ok().filter(|_| protocol == "tcp")
}

fn declared(inspect: &ContainerInspectResponse) -> BTreeSet<u16> {
    let exposed = inspect.config.as_ref().and_then(|config| config.exposed_ports.as_ref());
    let bound = inspect.host_config.as_ref().and_then(|config| config.port_bindings.as_ref());
    let exposed = exposed.into_iter().flatten().filter_map(|port| tcp(port));
    exposed.chain(bound.into_iter().flat_map(PortMap::keys).filter_map(|port| tcp(port))).collect()
}

fn addresses(inspect: &ContainerInspectResponse) -> Vec<IpAddr> {
    let networks = inspect.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mut found: Vec<IpAddr> = networks
        .into_iter()
        .flat_map(std::collections::HashMap::values)
        .flat_map(|network| [network.ip_address.as_deref(), network.global_ipv6_address.as_deref()])
        .filter_map(|address| address?.parse().ok())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Ports of the engine's machine that lead into the container: the present ones while it runs, else those that it was
/// created with, as far as they are fixed.
fn published(inspect: &ContainerInspectResponse, machine: Option<IpAddr>) -> Vec<(u16, SocketAddr)> {
    let Some(machine) = machine else { return Vec::new() };
    let now = inspect.network_settings.as_ref().and_then(|settings| settings.ports.as_ref());
    let now = now.filter(|ports| ports.values().any(Option::is_some));
    let bound = inspect.host_config.as_ref().and_then(|config| config.port_bindings.as_ref());
    let mut found = Vec::new();
    for (port, bindings) in now.or(bound).into_iter().flatten() {
        let Some(port) = tcp(port) else { continue };
        for binding in bindings.iter().flatten() {
            let Some(outside) = binding.host_port.as_deref().and_then(|port| port.parse().ok()) else {
                continue;
            };
            let Some(address) = reachable(binding.host_ip.as_deref().unwrap_or_default(), machine) else {
                continue;
            };
            if outside != 0 {
                found.push((port, SocketAddr::new(address, outside)));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The address at which a port that is bound to `bound` is reached from here.
fn reachable(bound: &str, machine: IpAddr) -> Option<IpAddr> {
    let Ok(address) = bound.parse::<IpAddr>() else { return bound.is_empty().then_some(machine) };
    if address.is_unspecified() {
        return Some(machine);
    }
    // Another machine's loopback is not ours.
    (!address.is_loopback() || machine.is_loopback()).then_some(address)
}

/// The services in `db:service_started:false,cache:service_healthy:true`.
fn needed(label: &str) -> Vec<Arc<str>> {
    let service =
        |part: &str| part.split(':').next().map(str::trim).filter(|name| !name.is_empty()).map(facts::shared);
    label.split(',').filter_map(service).collect()
}

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "Running", default)]
    running: bool,
    #[serde(rename = "Pid", default)]
    pid: u32,
    #[serde(rename = "ProcessConfig", default)]
    process: Process,
}

#[derive(Default, Deserialize)]
struct Process {
    #[serde(default)]
    entrypoint: String,
    #[serde(default)]
    arguments: Option<Vec<String>>,
}

impl Process {
    fn text(&self) -> String {
        let words = std::iter::once(&self.entrypoint).chain(self.arguments.iter().flatten());
        plain(&words.map(String::as_str).collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// Whether this is what the health check runs. The shell of `CMD-SHELL` is the image's own.
    fn is_run_of(&self, check: &[String]) -> bool {
        let arguments = self.arguments.as_deref().unwrap_or_default();
        match check {
            [kind, command] if kind == "CMD-SHELL" => arguments.last() == Some(command),
            [kind, program, rest @ ..] if kind == "CMD" => self.entrypoint == *program && arguments == rest,
            _ => false,
        }
    }
}

#[cfg(test)]
#[path = "particulars_tests.rs"]
mod tests;
