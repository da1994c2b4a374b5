//! One container: its row of the list, its inspect, its figures.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::moment;
use crate::config::scenario::RestartPolicy;
use crate::demo::chance::Chance;
use crate::demo::container::{Container, Health, Phase};
use crate::demo::sim::About;
use crate::demo::usage::Look;

const COMMAND: &str = "/docker-entrypoint.sh";

/// Its row of `GET /containers/json`, without `Status` and without the opening brace.
#[must_use]
pub fn list_row(container: &Container) -> String {
    let spec = &container.spec;
    let ports: Vec<Value> = match spec.port {
        Some((private, public)) if container.phase.is_up() => vec![json!({
            "IP": "0.0.0.0", "PrivatePort": private, "PublicPort": public, "Type": "tcp",
        })],
        _ => Vec::new(),
    };
    let row = json!({
        "Id": &*container.id,
        "Names": [format!("/{}", spec.name)],
        "Image": spec.image,
        "ImageID": spec.image_id(),
        "Command": COMMAND,
        "Created": container.created.as_second(),
        "Ports": ports,
        "Labels": &*spec.labels,
        "State": container.phase.as_str(),
        "HostConfig": { "NetworkMode": "default" },
        "NetworkSettings": { "Networks": { "bridge": network(container) } },
        "Mounts": mounts(container),
    });
    let mut text = row.to_string();
    text.remove(0);
    text
}

/// `GET /containers/{id}/json`
#[must_use]
pub fn inspect(container: &Container) -> Value {
    let spec = &container.spec;
    let phase = container.phase;
    let mut state = json!({
        "Status": phase.as_str(),
        "Running": phase.is_up() || phase == Phase::Restarting,
        "Paused": phase == Phase::Paused,
        "Restarting": phase == Phase::Restarting,
        "OOMKilled": container.oom,
        "Dead": false,
        "Pid": container.pid(),
        "ExitCode": if phase.is_up() { 0 } else { container.exit_code },
        "Error": "",
        "StartedAt": moment(container.started),
        "FinishedAt": moment(container.finished),
    });
    if let (Some(health), Some(state)) = (container.health, state.as_object_mut()) {
        state.insert("Health".to_owned(), health_log(container, health));
    }
    let restart = match spec.restart {
        RestartPolicy::No => "no",
        RestartPolicy::Always => "always",
        RestartPolicy::UnlessStopped => "unless-stopped",
        RestartPolicy::OnFailure => "on-failure",
    };
    let mut config = json!({
        "Hostname": &container.id[..12],
        "User": "",
        "Tty": false,
        "OpenStdin": false,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": null,
        "Image": spec.image,
        "Volumes": null,
        "WorkingDir": "",
        "Entrypoint": [COMMAND],
        "Labels": &*spec.labels,
    });
    if let (true, Some(config)) = (spec.health, config.as_object_mut()) {
        let check = json!({
            "Test": ["CMD-SHELL", "check"], "Interval": 30_000_000_000_i64, "Timeout": 5_000_000_000_i64, "Retries": 3,
        });
        config.insert("Healthcheck".to_owned(), check);
    }
    json!({
        "Id": &*container.id,
        "Created": moment(Some(container.created)),
        "Path": COMMAND,
        "Args": [],
        "State": state,
        "Image": spec.image_id(),
        "Name": format!("/{}", spec.name),
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "HostConfig": {
            "NetworkMode": "default",
            "RestartPolicy": { "Name": restart, "MaximumRetryCount": 0 },
            "AutoRemove": false,
            "Memory": spec.memory,
            "MemorySwap": spec.memory * 2,
            "NanoCpus": 0,
            "CgroupnsMode": "host",
        },
        "Mounts": mounts(container),
        "Config": config,
        "NetworkSettings": { "Networks": { "bridge": network(container) } },
    })
}

/// `GET /containers/{id}/stats`; `before` is the look before this one, where the client wants both.
#[must_use]
pub fn stats(
    container: &Container,
    look: Look,
    before: Option<(Timestamp, Look)>,
    about: &About,
    now: Timestamp,
) -> Value {
    if !container.phase.is_up() {
        let none = processor(None, about);
        return json!({
            "read": moment(None), "preread": moment(None), "pids_stats": {}, "num_procs": 0, "storage_stats": {},
            "cpu_stats": none, "precpu_stats": none, "memory_stats": {},
            "id": &*container.id, "name": format!("/{}", container.spec.name),
        });
    }
    let limit = if container.spec.memory == 0 { about.memory } else { container.spec.memory };
    let anon = look.memory - look.cache;
    // The two generations of control groups use different words for the same.
    let detail = if about.cgroup == 1 {
        json!({
            "cache": look.cache, "rss": anon, "total_cache": look.cache, "total_rss": anon,
            "total_inactive_file": look.cache, "total_inactive_anon": anon / 2, "hierarchical_memory_limit": limit,
        })
    } else {
        json!({ "file": look.cache, "anon": anon, "inactive_file": look.cache, "inactive_anon": anon / 2 })
    };
    json!({
        "read": moment(Some(now)),
        "preread": moment(before.map(|(when, _)| when)),
        "pids_stats": { "current": 24 },
        "blkio_stats": { "io_service_bytes_recursive": [] },
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": processor(Some((now, look)), about),
        "precpu_stats": processor(before, about),
        "memory_stats": { "usage": look.memory, "max_usage": limit, "stats": detail, "limit": limit },
        "name": format!("/{}", container.spec.name),
        "id": &*container.id,
        "networks": { "eth0": {
            "rx_bytes": look.cpu_nanos / 900, "rx_packets": look.cpu_nanos / 900_000, "rx_errors": 0, "rx_dropped": 0,
            "tx_bytes": look.cpu_nanos / 400, "tx_packets": look.cpu_nanos / 500_000, "tx_errors": 0, "tx_dropped": 0,
        } },
    })
}

/// The processor's half of a look; nothing used where there was none.
fn processor(look: Option<(Timestamp, Look)>, about: &About) -> Value {
    let none = json!({ "periods": 0, "throttled_periods": 0, "throttled_time": 0 });
    let Some((now, look)) = look else {
        let unused = json!({ "total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0 });
        return json!({ "cpu_usage": unused, "throttling_data": none });
    };
    // The machine's processors have run since 1970, all of them: only differences mean anything.
    let system = u64::try_from(now.as_nanosecond()).unwrap_or(0).wrapping_mul(u64::from(about.cpus));
    let kernel = look.cpu_nanos / 5;
    json!({
        "cpu_usage": {
            "total_usage": look.cpu_nanos,
            "usage_in_kernelmode": kernel,
            "usage_in_usermode": look.cpu_nanos - kernel,
        },
        "system_cpu_usage": system,
        "online_cpus": about.cpus,
        "throttling_data": none,
    })
}

fn health_log(container: &Container, health: Health) -> Value {
    let ran = container.started.unwrap_or(container.created);
    let (streak, code, output) = match health {
        Health::Unhealthy => (3, 1, "connection refused"),
        Health::Starting | Health::Healthy => (0, 0, "ok"),
    };
    let log = match health {
        Health::Starting => json!([]),
        _ => json!([{
            "Start": moment(Some(ran)), "End": moment(Some(ran + 40.milliseconds())), "ExitCode": code, "Output": output,
        }]),
    };
    json!({ "Status": health.as_str(), "FailingStreak": streak, "Log": log })
}

fn mounts(container: &Container) -> Value {
    match &container.spec.volume {
        None => json!([]),
        Some(place) => json!([{
            "Type": "volume",
            "Name": format!("{}-data", container.spec.name),
            "Source": format!("/var/lib/docker/volumes/{}-data/_data", container.spec.name),
            "Destination": place,
            "Driver": "local",
            "Mode": "z",
            "RW": true,
            "Propagation": "",
        }]),
    }
}

fn network(container: &Container) -> Value {
    let up = container.phase.is_up();
    let mut chance = Chance::new(0, &container.id);
    let (a, b) = (chance.below(254), chance.below(250) + 2);
    let only = |text: String| if up { text } else { String::new() };
    json!({
        "IPAMConfig": null,
        "Links": null,
        "Aliases": null,
        "NetworkID": "4c1f0fdc6a2bb3f3a1f3e8a5b1ce3e1bfa5b5a8d7c9e0f1a2b3c4d5e6f708192",
        "EndpointID": only(chance.hex(64)),
        "Gateway": only("172.17.0.1".to_owned()),
        "IPAddress": only(format!("172.17.{a}.{b}")),
        "IPPrefixLen": if up { 16 } else { 0 },
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": only(format!("02:42:ac:11:{a:02x}:{b:02x}")),
        "DriverOpts": null,
    })
}
