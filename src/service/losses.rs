//! What would go with tenants whose containers are removed: told before it is done.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Connected, tickets};
use crate::model::container::Phase;
use crate::model::fleet::Fleet;
use crate::model::host::HostName;
use crate::model::work::TenantKey;

/// How long it may take to find out about one tenant.
const WITHIN: Duration = Duration::from_secs(40);
/// So many containers of one tenant are asked about at once.
const AT_ONCE: usize = 4;

/// The way to ask.
#[derive(Clone)]
pub struct Losses {
    pub(super) hosts: Arc<[(HostName, watch::Receiver<Connected>)]>,
    pub(super) fleet: watch::Receiver<Arc<Fleet>>,
    pub(super) ignore: Arc<[String]>,
}

impl Losses {
    /// What the running containers of a tenant have written outside of their mounts, in words; nothing where all of it may go.
    /// That it cannot be told is told.
    pub async fn of(&self, (host, tenant): &TenantKey) -> Option<String> {
        let fleet = self.fleet.borrow().clone();
        let known = fleet.tenant(host, tenant)?;
        let unknown = |why: &str| Some(format!("what it has written, which cannot be told: {why}"));
        let connected = self.hosts.iter().find(|(name, _)| name == host);
        let Some(engine) = connected.and_then(|(_, connected)| connected.borrow().clone()) else {
            return unknown("its host does not answer");
        };
        let running: Vec<_> = known.containers.iter().filter(|facts| facts.phase == Phase::Running).collect();
        let each: Vec<_> =
            running.into_iter().map(|facts| tickets::written(&*engine, facts, &self.ignore)).collect();
        let all = stream::iter(each).buffered(AT_ONCE).collect::<Vec<_>>();
        let Ok(found) = timeout(WITHIN, all).await else { return unknown("its host takes too long") };
        match found.into_iter().collect::<Result<Vec<_>, _>>() {
            Err(error) => unknown(&error.to_string()),
            Ok(found) => {
                let words: Vec<String> = found.into_iter().flatten().collect();
                (!words.is_empty()).then(|| words.join("; "))
            }
        }
    }
}
