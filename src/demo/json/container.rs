//! One container: its row of the list, and its inspect.

use jiff::ToSpan;
use serde_json::{Map, Value, json};

use super::{moment, network};
use crate::config::scenario::RestartPolicy;
use crate::demo::container::{Container, Health, Phase};

const COMMAND: &str = "/docker-entrypoint.sh";

/// Its row of `GET /containers/json`, without `Status` and without the opening brace.
#[must_use]
pub fn list_row(container: &Container) -> String {
    let spec = &container.spec;
    let row = json!({
        "Id": &*container.id,
        "Names": [format!("/{}", spec.name)],
        "Image": spec.image,
        "ImageID": spec.image_id(),
        "Command": COMMAND,
        "Created": container.created.as_second(),
        "Ports": network::row(container),
        "Labels": &*spec.labels,
        "State": container.phase.as_str(),
        "HostConfig": { "NetworkMode": network::mode(container) },
        "NetworkSettings": { "Networks": network::networks(container) },
        "Mounts": network::mounts(container),
    });
    let mut text = row.to_string();
    text.remove(0);
    text
}

/// `GET /containers/{id}/changes`: what its label `wakeboard.simulated.written` names, with commas between.
#[must_use]
pub fn changes(container: &Container) -> Value {
    let Some(paths) = container.spec.labels.get("wakeboard.simulated.written") else {
        // Go's word for an empty list.
        return Value::Null;
    };
    paths.split(',').map(|path| json!({ "Path": path, "Kind": 1 })).collect()
}

/// `GET /containers/{id}/json`
#[must_use]
pub fn inspect(container: &Container) -> Value {
    let spec = &container.spec;
    let phase = container.phase;
    let rare = container.rare.as_ref();
    let mut state = json!({
        "Status": phase.as_str(),
        "Running": phase.is_up() || phase == Phase::Restarting,
        "Paused": phase == Phase::Paused,
        "Restarting": phase == Phase::Restarting,
        "OOMKilled": container.oom,
        "Dead": false,
        "Pid": container.pid(),
        "ExitCode": if phase.is_up() { 0 } else { container.exit_code },
        "Error": rare.map_or("", |rare| rare.error.as_str()),
        "StartedAt": moment(container.started),
        "FinishedAt": moment(container.finished),
    });
    if let (Some(health), Some(state)) = (container.health, state.as_object_mut()) {
        state.insert("Health".to_owned(), health_log(container, health));
    }
    let sessions = rare.map(|rare| &rare.sessions).filter(|sessions| !sessions.is_empty());
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
        "ExecIDs": sessions,
        "HostConfig": host_config(container),
        "Mounts": network::mounts(container),
        "Config": config(container),
        "NetworkSettings": network::settings(container),
    })
}

/// What it was asked to be; what was given comes back as it was.
fn config(container: &Container) -> Map<String, Value> {
    let spec = &container.spec;
    let mut config = json!({
        "Hostname": &container.id[..12],
        "Domainname": "",
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
    if let Some((port, _)) = spec.port {
        config["ExposedPorts"] = json!({ format!("{port}/tcp"): {} });
    }
    if spec.health {
        config["Healthcheck"] = json!({
            "Test": ["CMD-SHELL", "check"], "Interval": 5_000_000_000_i64, "Timeout": 5_000_000_000_i64, "Retries": 3,
        });
    }
    let mut config = config.as_object().cloned().unwrap_or_default();
    if let Some(given) = &spec.given {
        config.insert("Entrypoint".to_owned(), Value::Null);
        config.insert("Env".to_owned(), json!([]));
        config.extend(given.config.clone());
    }
    config
}

/// How the engine was asked to run it, as it is by now.
fn host_config(container: &Container) -> Map<String, Value> {
    let spec = &container.spec;
    let mut host = Map::new();
    host.insert("AutoRemove".to_owned(), json!(false));
    let binds = spec.volume.as_ref().map(|place| vec![format!("{}-data:{place}", spec.name)]);
    host.insert("Binds".to_owned(), json!(binds));
    let bound = |(private, public): (u16, u16)| json!({ format!("{private}/tcp"): [{ "HostIp": "", "HostPort": public.to_string() }] });
    host.insert("PortBindings".to_owned(), spec.port.map_or(json!({}), bound));
    if let Some(given) = &spec.given {
        host.extend(given.host.clone());
    }
    let restart = match spec.restart {
        RestartPolicy::No => "no",
        RestartPolicy::Always => "always",
        RestartPolicy::UnlessStopped => "unless-stopped",
        RestartPolicy::OnFailure => "on-failure",
    };
    let (retries, reservation) =
        container.rare.as_ref().map_or((0, 0), |rare| (rare.retries, rare.reservation));
    let living = json!({
        "NetworkMode": network::mode(container),
        "RestartPolicy": { "Name": restart, "MaximumRetryCount": retries },
        "Memory": spec.memory,
        "MemorySwap": container.memory_swap(),
        "MemoryReservation": reservation,
        "NanoCpus": 0,
        "CgroupnsMode": "host",
    });
    host.extend(living.as_object().cloned().unwrap_or_default());
    host
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
