//! Docker's words for a container, turned into ours. Every text from outside is made plain here.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum as StateStatus, ContainerStatsResponse,
    ContainerSummary, ContainerSummaryStateEnum as SummaryState, HealthStatusEnum,
};
use jiff::{SignedDuration, Timestamp};

use super::status;
use crate::model::container::{Detail, Facts, Health, Phase};
use crate::model::naming::{Naming, Place};
use crate::model::plain::plain;
use crate::model::usage::Counters;

/// A text from outside, harmless and shared.
pub fn shared(text: &str) -> Arc<str> {
    plain(text).as_ref().into()
}

/// Where a container belongs, by its name and labels.
pub fn place(naming: &Naming, name: &str, labels: Option<&HashMap<String, String>>) -> Place {
    let place = naming.place(name, |key| labels.and_then(|labels| labels.get(key)).map(String::as_str));
    Place {
        tenant: plain(&place.tenant).into_owned(),
        role: place.role.map(|role| plain(&role).into_owned()),
        tier: place.tier,
    }
}

/// One row of a list. A row without an id is dropped: nothing could be done with it.
pub fn of_summary(summary: ContainerSummary, naming: &Naming, now: Timestamp) -> Option<Facts> {
    let id = summary.id.filter(|id| !id.is_empty())?;
    let name = summary.names.as_ref().and_then(|names| names.first()).map_or(&*id, |name| bare(name));
    let status = status::read(summary.status.as_deref().unwrap_or_default());
    let phase = match summary.state {
        Some(SummaryState::RUNNING) => Phase::Running,
        Some(SummaryState::PAUSED) => Phase::Paused,
        Some(SummaryState::RESTARTING) => Phase::Restarting,
        Some(SummaryState::REMOVING) => Phase::Removing,
        Some(SummaryState::STOPPING) => Phase::Stopping,
        Some(SummaryState::DEAD) => Phase::Dead,
        Some(SummaryState::EXITED) => Phase::Exited(status.code),
        Some(SummaryState::CREATED | SummaryState::EMPTY) | None => Phase::Created,
    };
    let since = match (phase, status.age) {
        (Phase::Created, _) | (_, None) => summary.created.and_then(|at| Timestamp::from_second(at).ok()),
        (_, Some(age)) => SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok()),
    };
    Some(Facts {
        name: shared(name),
        image: shared(summary.image.as_deref().unwrap_or_default()),
        place: place(naming, name, summary.labels.as_ref()),
        id: shared(&id),
        phase,
        health: status.health,
        oom: false,
        since,
        detail: None,
    })
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
        place: place(naming, bare(&name), config.as_ref().and_then(|config| config.labels.as_ref())),
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

fn bare(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}
