//! The engine itself: `/version` and `/info`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::container::Phase;
use crate::demo::sim::Engine;

const KERNEL: &str = "6.1.0-18-amd64";

/// `GET /version`
#[must_use]
pub fn version(engine: &Engine) -> Value {
    let about = &engine.about;
    json!({
        "Platform": { "Name": "Docker Engine - Community" },
        "Components": [{
            "Name": "Engine",
            "Version": about.version,
            "Details": {
                "ApiVersion": about.api,
                "MinAPIVersion": "1.12",
                "Os": "linux",
                "Arch": "amd64",
                "KernelVersion": KERNEL,
                "Experimental": about.experimental.to_string(),
                "GitCommit": "5d6db84",
                "GoVersion": "go1.19.8",
                "BuildTime": "2023-05-26T22:30:52.000000000+00:00",
            },
        }],
        "Version": about.version,
        "ApiVersion": about.api,
        "MinAPIVersion": "1.12",
        "GitCommit": "5d6db84",
        "GoVersion": "go1.19.8",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": KERNEL,
        "Experimental": about.experimental,
        "BuildTime": "2023-05-26T22:30:52.000000000+00:00",
    })
}

/// `GET /info`
#[must_use]
pub fn info(engine: &Engine, now: Timestamp) -> Value {
    let about = &engine.about;
    let count = |wanted: fn(Phase) -> bool| {
        engine.containers().filter(|(_, container)| wanted(container.phase)).count()
    };
    let mut info = constant();
    let living = json!({
        "ID": about.id,
        "Images": engine.images(),
        "Name": about.name,
        "Containers": engine.containers().count(),
        "ContainersRunning": count(|phase| phase == Phase::Running || phase == Phase::Restarting),
        "ContainersPaused": count(|phase| phase == Phase::Paused),
        "ContainersStopped": count(|phase| phase == Phase::Exited || phase == Phase::Created),
        "OomKillDisable": about.cgroup == 1,
        "SystemTime": now.to_string(),
        "CgroupDriver": if about.cgroup == 1 { "cgroupfs" } else { "systemd" },
        "CgroupVersion": about.cgroup.to_string(),
        "NCPU": about.cpus,
        "MemTotal": about.memory,
        "SwapLimit": about.swap_limit,
        "ExperimentalBuild": about.experimental,
        "ServerVersion": about.version,
    });
    if let (Value::Object(info), Value::Object(living)) = (&mut info, living) {
        info.extend(living);
    }
    info
}

/// What every simulated engine says alike.
fn constant() -> Value {
    json!({
        "Driver": "overlay2",
        "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]],
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "null", "overlay"],
            "Authorization": null,
            "Log": ["json-file", "local"],
        },
        "MemoryLimit": true,
        "CpuCfsPeriod": true,
        "CpuCfsQuota": true,
        "CPUShares": true,
        "CPUSet": true,
        "PidsLimit": true,
        "IPv4Forwarding": true,
        "Debug": false,
        "NFd": 64,
        "NGoroutines": 80,
        "LoggingDriver": "json-file",
        "NEventsListener": 1,
        "KernelVersion": KERNEL,
        "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
        "OSVersion": "12",
        "OSType": "linux",
        "Architecture": "x86_64",
        "IndexServerAddress": "",
        "GenericResources": null,
        "DockerRootDir": "/var/lib/docker",
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
        "Labels": [],
        "Runtimes": { "runc": { "path": "runc" } },
        "DefaultRuntime": "runc",
        "Swarm": { "NodeID": "", "LocalNodeState": "inactive", "ControlAvailable": false },
        "LiveRestoreEnabled": false,
        "Isolation": "",
        "InitBinary": "docker-init",
        "SecurityOptions": ["name=seccomp,profile=default"],
        "Warnings": null,
    })
}
