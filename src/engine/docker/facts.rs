//! Docker's words for a container, turned into ours. Every text from outside is made plain here.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{ContainerState, ContainerStatsResponse, HostConfig, PortMap};
use jiff::Timestamp;

use super::inspect::Inspect;
use crate::model::container::{Detail, Facts, Health, Phase, Port};
use crate::model::naming::{Naming, Place};
use crate::model::plain::plain;
use crate::model::setup::{Part, Setup};
use crate::model::usage::Counters;

/// The most ports of a container that are remembered.
const MOST_PORTS: usize = 64;

/// A text from outside, harmless and shared.
pub fn shared(text: &str) -> Arc<str> {
    plain(text).as_ref().into()
}

/// Looks labels up in what bollard makes of them.
pub fn lookup<'a>(labels: Option<&'a HashMap<String, String>>) -> impl Fn(&str) -> Option<&'a str> {
    move |key| labels.and_then(|labels| labels.get(key)).map(String::as_str)
}

/// Where a container belongs, by its name and labels, made harmless.
pub fn place<'a>(naming: &Naming, name: &'a str, label: impl Fn(&str) -> Option<&'a str>) -> Place {
    let named = naming.place(name, label);
    Place { tenant: shared(named.tenant), role: named.role.map(shared), tier: named.tier }
}

/// What an engine's word says of where a container is in its life; nothing for a word that is not known. Podman has more words than
/// Docker, and they differ from one version to the next.
pub fn phase_of(word: &str, code: Option<i64>) -> Option<Phase> {
    Some(match word {
        "created" | "configured" | "initialized" => Phase::Created,
        "running" => Phase::Running,
        "paused" => Phase::Paused,
        "restarting" => Phase::Restarting,
        "stopping" => Phase::Stopping,
        "removing" => Phase::Removing,
        "exited" | "stopped" => Phase::Exited(code),
        "dead" => Phase::Dead,
        _ => return None,
    })
}

/// What an inspect's other fields say, where its word is not known.
fn phase_by_signs(state: &ContainerState) -> Phase {
    let is = |sign: Option<bool>| sign == Some(true);
    let happened = |time: &Option<String>| time.as_deref().and_then(moment).is_some();
    if is(state.paused) {
        Phase::Paused
    } else if is(state.restarting) {
        Phase::Restarting
    } else if is(state.running) {
        Phase::Running
    } else if is(state.dead) {
        Phase::Dead
    } else if happened(&state.started_at) || happened(&state.finished_at) {
        Phase::Exited(state.exit_code)
    } else {
        Phase::Created
    }
}

/// A time of an inspect. "0001-01-01T00:00:00Z" is the engine's way to say never.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|time| *time > Timestamp::UNIX_EPOCH)
}

/// The answer to an inspect.
pub fn of_inspect(answer: &Inspect, naming: &Naming) -> Option<Facts> {
    let id = answer.id.as_deref()?;
    let state = answer.state.as_ref()?;
    let config = answer.config.as_ref();
    let phase = phase_of(&answer.status, state.exit_code).unwrap_or_else(|| phase_by_signs(state));
    let has_check = config
        .and_then(|config| config.healthcheck.as_ref())
        .is_some_and(|check| check.test.as_ref().is_some_and(|test| !test.is_empty() && test[0] != "NONE"));
    let health = match answer.health.as_str() {
        "starting" => Health::Starting,
        "healthy" => Health::Healthy,
        "unhealthy" => Health::Unhealthy,
        // A check that comes from the image shows only once the container runs.
        "" | "none" if has_check => Health::Starting,
        "" | "none" => Health::None,
        _ => Health::Unknown,
    };
    let since = match phase {
        Phase::Created => answer.created.as_deref(),
        Phase::Exited(_) | Phase::Dead => state.finished_at.as_deref(),
        _ => state.started_at.as_deref(),
    };
    let running = matches!(phase, Phase::Running | Phase::Paused);
    let name = bare(answer.name.as_deref().unwrap_or_default());
    let host = answer.host_config.as_ref();
    let labels = config.and_then(|config| config.labels.as_ref());
    Some(Facts {
        name: shared(name),
        image: shared(config.and_then(|config| config.image.as_deref()).unwrap_or_default()),
        place: place(naming, name, lookup(labels)),
        id: shared(id),
        phase,
        health,
        oom: state.oom_killed.unwrap_or(false),
        since: since.and_then(moment),
        detail: Some(Detail {
            pid: state.pid.filter(|_| running).and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
            memory_limit: host
                .and_then(|config| config.memory)
                .and_then(|bytes| u64::try_from(bytes).ok())
                .filter(|bytes| *bytes > 0),
            restarts: answer.restart_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            starts_again: !matches!(answer.restart.as_str(), "" | "no" | "on-failure"),
        }),
        ports: Some(ports(answer)),
        setup: Some(Arc::new(setup(lookup(labels), host))),
        at_work: false,
        asleep: None,
    })
}

/// What was fixed when it was created.
fn setup<'a>(label: impl Fn(&str) -> Option<&'a str>, host: Option<&HostConfig>) -> Setup {
    let mut setup = Setup { is_whole: true, ..Setup::of_labels(label) };
    let Some(host) = host else { return setup };
    for (part, mode) in
        [(Part::Network, &host.network_mode), (Part::Ipc, &host.ipc_mode), (Part::Processes, &host.pid_mode)]
    {
        setup.add_mode(part, mode.as_deref().unwrap_or_default());
    }
    // `/acme-db:/acme-app/db` and `acme-data:ro`.
    for (part, all) in [(Part::Link, &host.links), (Part::Volumes, &host.volumes_from)] {
        for text in all.iter().flatten() {
            setup.add(part, text.split(':').next().unwrap_or_default());
        }
    }
    setup.removed_at_end = host.auto_remove.unwrap_or(false);
    setup
}

/// Its ports: those that are published now, else those that it has by its image or by whoever made it.
fn ports(answer: &Inspect) -> Arc<[Port]> {
    let now = answer.network_settings.as_ref().and_then(|settings| settings.ports.as_ref());
    let bound = answer.host_config.as_ref().and_then(|config| config.port_bindings.as_ref());
    let exposed = answer.config.as_ref().and_then(|config| config.exposed_ports.as_ref());
    let mut found = Vec::new();
    for (text, bindings) in
        now.filter(|ports| !ports.is_empty()).or(bound).into_iter().flat_map(PortMap::iter)
    {
        let Some((port, protocol)) = port_of(text) else { continue };
        let before = found.len();
        for binding in bindings.iter().flatten() {
            found.push(Port {
                port,
                protocol: shared(protocol),
                host_address: binding.host_ip.as_deref().filter(|it| !it.is_empty()).map(shared),
                host_port: binding.host_port.as_deref().and_then(|it| it.parse().ok()),
            });
        }
        if found.len() == before {
            found.push(Port { port, protocol: shared(protocol), host_address: None, host_port: None });
        }
    }
    for text in exposed.into_iter().flatten() {
        let Some((port, protocol)) = port_of(text) else { continue };
        if !found.iter().any(|it| it.port == port && *it.protocol == *protocol) {
            found.push(Port { port, protocol: shared(protocol), host_address: None, host_port: None });
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST_PORTS);
    found.into()
}

/// Number and protocol of `80/tcp`.
fn port_of(text: &str) -> Option<(u16, &str)> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    Some((number.parse().ok()?, protocol))
}

/// The counters in a stats answer; none where the container does not run.
pub fn counters_of_stats(stats: ContainerStatsResponse) -> Option<Counters> {
    let cpu_nanos = stats.cpu_stats?.cpu_usage?.total_usage?;
    let memory = stats.memory_stats?;
    let details = memory.stats.unwrap_or_default();
    // What `docker stats` shows: the cache that the kernel would give back first is not the container's.
    let cache = details.get("total_inactive_file").or_else(|| details.get("inactive_file")).copied();
    Some(Counters {
        cpu_nanos,
        memory_bytes: memory.usage?.saturating_sub(cache.unwrap_or(0)),
        memory_limit: memory.limit.filter(|limit| *limit < u64::MAX / 2),
    })
}

/// A container's name without the engine's leading slash.
pub fn bare(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
