//! Docker's words for a container, turned into ours. Every text from outside is made plain here.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum as StateStatus, ContainerStatsResponse,
    HealthStatusEnum,
};
use jiff::Timestamp;

use crate::model::container::{Detail, Facts, Health, Phase};
use crate::model::naming::{Naming, Place};
use crate::model::plain::plain;
use crate::model::usage::Counters;

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

/// The answer to an inspect.
pub fn of_inspect(answer: ContainerInspectResponse, naming: &Naming) -> Option<Facts> {
    let id = answer.id?;
    let state = answer.state?;
    let config = answer.config;
    let phase = match state.status? {
        StateStatus::RUNNING => Phase::Running,
        StateStatus::PAUSED => Phase::Paused,
        StateStatus::RESTARTING => Phase::Restarting,
        StateStatus::REMOVING => Phase::Removing,
        StateStatus::STOPPING => Phase::Stopping,
        StateStatus::DEAD => Phase::Dead,
        StateStatus::EXITED => Phase::Exited(state.exit_code),
        StateStatus::CREATED | StateStatus::EMPTY => Phase::Created,
    };
    let has_check = config
        .as_ref()
        .and_then(|config| config.healthcheck.as_ref())
        .is_some_and(|check| check.test.as_ref().is_some_and(|test| !test.is_empty() && test[0] != "NONE"));
    let health = match state.health.and_then(|health| health.status) {
        Some(HealthStatusEnum::STARTING) => Health::Starting,
        Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
        Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
        // A check that comes from the image shows only once the container runs.
        Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY) | None => {
            if has_check {
                Health::Starting
            } else {
                Health::None
            }
        }
    };
    let since = match phase {
        Phase::Created => answer.created.as_deref(),
        Phase::Exited(_) | Phase::Dead => state.finished_at.as_deref(),
        _ => state.started_at.as_deref(),
    };
    let running = matches!(phase, Phase::Running | Phase::Paused);
    let name = answer.name.unwrap_or_default();
    Some(Facts {
        name: shared(bare(&name)),
        image: shared(config.as_ref().and_then(|config| config.image.as_deref()).unwrap_or_default()),
        place: place(naming, bare(&name), lookup(config.as_ref().and_then(|config| config.labels.as_ref()))),
        id: shared(&id),
        phase,
        health,
        oom: state.oom_killed.unwrap_or(false),
        // "0001-01-01T00:00:00Z" is the engine's way to say never.
        since: since.and_then(|text| text.parse().ok()).filter(|time| *time > Timestamp::UNIX_EPOCH),
        detail: Some(Detail {
            pid: state.pid.filter(|_| running).and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
            memory_limit: answer
                .host_config
                .and_then(|config| config.memory)
                .and_then(|bytes| u64::try_from(bytes).ok())
                .filter(|bytes| *bytes > 0),
        }),
        asleep: None,
    })
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
