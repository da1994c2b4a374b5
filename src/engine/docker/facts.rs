//! Docker's words for a container, turned into ours. Every text from outside is made plain here.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum as StateStatus, ContainerStatsResponse,
    HealthStatusEnum,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

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

/// One row of a list, and of it only what we use: reading all of it, as bollard does, takes three times as long.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Row {
    id: Option<String>,
    names: Option<Vec<String>>,
    image: Option<String>,
    created: Option<i64>,
    labels: Option<HashMap<String, String>>,
    state: Option<String>,
    status: Option<String>,
}

/// One row of a list. A row without an id is dropped: nothing could be done with it.
pub fn of_row(row: Row, naming: &Naming, now: Timestamp) -> Option<Facts> {
    let id = row.id.filter(|id| !id.is_empty())?;
    let name = row.names.as_ref().and_then(|names| names.first()).map_or(&*id, |name| bare(name));
    let status = status::read(row.status.as_deref().unwrap_or_default());
    let phase = match row.state.as_deref() {
        Some("running") => Phase::Running,
        Some("paused") => Phase::Paused,
        Some("restarting") => Phase::Restarting,
        Some("removing") => Phase::Removing,
        Some("stopping") => Phase::Stopping,
        Some("dead") => Phase::Dead,
        Some("exited") => Phase::Exited(status.code),
        // `created`; and no engine that we know says anything else.
        _ => Phase::Created,
    };
    let since = match (phase, status.age) {
        (Phase::Created, _) | (_, None) => row.created.and_then(|at| Timestamp::from_second(at).ok()),
        (_, Some(age)) => SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok()),
    };
    Some(Facts {
        name: shared(name),
        image: shared(row.image.as_deref().unwrap_or_default()),
        place: place(naming, name, row.labels.as_ref()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_can() {
        let text = r#"[
            {"Id": "a1", "Names": ["/acme-app"], "Image": "shop:4", "Created": 60, "State": "exited", "Status": "Exited (3) 2 hours ago",
             "Labels": {"wakeboard.tenant": "acme"}, "NetworkSettings": {"Networks": {"bridge": null}}, "Mounts": [{"RW": true}]},
            {"Id": "b2", "Names": null, "Labels": null, "State": "what will be", "Created": 60},
            {"Names": ["/nobody"]}
        ]"#;
        let rows: Vec<Row> = serde_json::from_str(text).unwrap();
        let now = Timestamp::from_second(10_000).unwrap();
        let facts: Vec<Facts> =
            rows.into_iter().filter_map(|row| of_row(row, &Naming::default(), now)).collect();
        assert_eq!(facts.len(), 2);
        assert_eq!((&*facts[0].name, &*facts[0].place.tenant), ("acme-app", "acme"));
        assert_eq!(facts[0].phase, Phase::Exited(Some(3)));
        assert_eq!(facts[0].since, Timestamp::from_second(2800).ok());
        assert_eq!((&*facts[1].name, facts[1].phase), ("b2", Phase::Created));
        assert_eq!(facts[1].since, Timestamp::from_second(60).ok());
    }
}
