//! One container's figures.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::moment;
use crate::demo::container::Container;
use crate::demo::sim::About;
use crate::demo::usage::Look;

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
