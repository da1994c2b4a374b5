//! What tells whether a container is used: from the kernel where the engine is on this machine, else from one sample of the
//! engine's.

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::TryStreamExt;
use tokio::task::spawn_blocking;

use super::{DockerEngine, LONGEST_CALL};
use crate::engine::{EngineError, cgroup, network};
use crate::model::container::{ContainerId, Facts};
use crate::model::keeper::measured::{Sockets, Tally};

impl DockerEngine {
    /// One sample of the engine's figures; nothing where there is no such container.
    pub(super) async fn stats(&self, id: &str) -> Result<Option<ContainerStatsResponse>, EngineError> {
        let options = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let mut stream = std::pin::pin!(self.api.stats(id, Some(options)));
        match Self::within(LONGEST_CALL, stream.try_next()).await {
            Err(error) if error.is_not_found() => Ok(None),
            other => other,
        }
    }

    pub(super) async fn count(&self, facts: &Facts) -> Result<Option<Tally>, EngineError> {
        if self.near
            && let Some(detail) = facts.detail
            && let Some(tally) = here(detail.pid, facts.id.clone()).await
        {
            return Ok(Some(tally));
        }
        Ok(self.stats(&facts.id).await?.and_then(of_stats))
    }
}

/// Straight from the kernel; not by those who have requests to answer meanwhile.
async fn here(pid: u32, id: ContainerId) -> Option<Tally> {
    let read = move || {
        let cpu_nanos = cgroup::cpu(pid, &id)?;
        let own = network::is_apart(pid);
        let sockets = own.then(|| network::sockets(pid)).flatten();
        Some(Tally {
            cpu_nanos,
            network_bytes: own.then(|| network::bytes(pid)).flatten(),
            sockets: sockets.map(|count| Sockets { process: pid, count }),
        })
    };
    spawn_blocking(read).await.ok().flatten()
}

/// The open connections of a container whose processes are on this machine.
pub(super) async fn connections(facts: &Facts) -> Option<u32> {
    let (pid, id) = (facts.detail?.pid, facts.id.clone());
    let is_its_own = move || cgroup::is_of(pid, &id) && network::is_apart(pid);
    spawn_blocking(move || is_its_own().then(|| network::connections(pid)).flatten()).await.ok().flatten()
}

/// The same in the engine's words. One in the machine's own network has no `networks`.
fn of_stats(stats: ContainerStatsResponse) -> Option<Tally> {
    let networks = stats.networks.filter(|networks| !networks.is_empty());
    let bytes = networks.map(|networks| {
        let each =
            networks.values().map(|it| it.rx_bytes.unwrap_or(0).wrapping_add(it.tx_bytes.unwrap_or(0)));
        each.fold(0u64, u64::wrapping_add)
    });
    Some(Tally { cpu_nanos: stats.cpu_stats?.cpu_usage?.total_usage?, network_bytes: bytes, sockets: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_tells_cpu_and_networks() {
        let tally = |text: &str| of_stats(serde_json::from_str(text).unwrap());
        let cpu = r#""cpu_stats": {"cpu_usage": {"total_usage": 7}}"#;
        let two =
            r#""networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 3, "tx_bytes": 4}}"#;
        let told = |bytes| Some(Tally { cpu_nanos: 7, network_bytes: bytes, sockets: None });
        assert_eq!(tally(&format!("{{{cpu}, {two}}}")), told(Some(10)));
        assert_eq!(tally(&format!("{{{cpu}}}")), told(None), "in the machine's own network");
        assert_eq!(tally(&format!(r#"{{{cpu}, "networks": {{}}}}"#)), told(None));
        assert_eq!(tally(r#"{"cpu_stats": {}}"#), None, "it does not run");
    }
}
