//! What is known of changes that may be near a broken layer: the feed, what the ledger has of it and of others, and where
//! things are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::World;
use super::scribe::Scribe;
use crate::model::callmap::map::Callmap;
use crate::model::callmap::near::{Near, Spot, Whereabouts, near, scene, since};
use crate::model::callmap::report::Report;
use crate::model::change::{Act, Change};
use crate::model::container::ContainerId;
use crate::model::feed::of_ticket;
use crate::model::host::{Endpoint, HostName};

/// How many containers are looked for: those of the latest changes.
const MOST_CONTAINERS: usize = 64;
/// How long engines and resolvers are waited for. What they do not say in time is not known.
const AT_MOST: Duration = Duration::from_secs(2);

/// What changed near the layer that is broken, the nearest first.
pub(super) async fn look(
    report: &Report,
    callmap: &Callmap,
    last_good: Option<Timestamp>,
    world: &World,
    scribe: &Scribe,
) -> Vec<Near> {
    let Some(layer) = scene(report).and_then(|at| callmap.layers.get(at)) else { return Vec::new() };
    let changes = changes(since(report, last_good), world, scribe).await;
    let (containers, hosts, files) =
        tokio::join!(containers(&changes, world), machines(world), files(callmap));
    let whereabouts = Whereabouts { containers, hosts, files };
    near(report, &layer.targets, &changes, &whereabouts, last_good)
}

/// The changes since then, newest first, each once. What is in memory reads as it is now; the ledger has what is older than
/// that, what others told, and their tickets, also those that nobody has told of as a change.
async fn changes(from: Timestamp, world: &World, scribe: &Scribe) -> Vec<Arc<Change>> {
    let mut changes = world.changes.borrow().newest_first.clone();
    let mut known: HashSet<Act> = changes.iter().map(|change| change.act).collect();
    let (recorded, tickets) = tokio::join!(scribe.changes_since(from), scribe.tickets());
    let tickets = tickets.iter().filter_map(|it| of_ticket(it, 0)).map(Arc::new);
    changes.extend(recorded.into_iter().chain(tickets).filter(|change| known.insert(change.act)));
    changes.retain(|change| change.time >= from);
    changes.sort_by_key(|change| std::cmp::Reverse(change.time));
    changes
}

/// The addresses of containers that something happened to.
async fn containers(changes: &[Arc<Change>], world: &World) -> HashMap<ContainerId, Vec<Spot>> {
    let mut wanted: Vec<(&HostName, &ContainerId)> = Vec::new();
    for change in changes {
        if let (Some(host), Some(id)) = (&change.host, &change.id)
            && wanted.len() < MOST_CONTAINERS
            && !wanted.iter().any(|(_, other)| *other == id)
        {
            wanted.push((host, id));
        }
    }
    let asked = wanted.into_iter().map(|(host, id)| async move {
        let (_, connected) = world.hosts.iter().find(|(name, _)| name == host)?;
        let engine = connected.borrow().clone()?;
        let it = timeout(AT_MOST, engine.particulars(id)).await.ok()?.ok()??;
        let own = it.addresses.iter().map(|address| Spot { address: *address, port: None });
        let led = it.published.iter().map(|(_, at)| Spot { address: at.ip(), port: Some(at.port()) });
        Some((id.clone(), own.chain(led).collect()))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The addresses of the hosts' machines.
async fn machines(world: &World) -> BTreeMap<HostName, Vec<IpAddr>> {
    let fleet = world.fleet.borrow().clone();
    let asked = fleet.hosts.iter().map(|host| async {
        let addresses = match host.endpoint.parse().ok()? {
            Endpoint::Unix(_) => vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])],
            Endpoint::Tcp { host, .. } | Endpoint::Ssh { host, .. } => {
                let found = timeout(AT_MOST, lookup_host((host, 0))).await.ok()?.ok()?;
                found.map(|address| address.ip()).collect()
            }
        };
        Some((host.name.clone(), addresses))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The callmap's files, and when each was last changed.
async fn files(callmap: &Callmap) -> Vec<(std::path::PathBuf, Timestamp)> {
    let mut found = Vec::new();
    for file in &callmap.files {
        if let Ok(about) = tokio::fs::metadata(file).await
            && let Ok(time) = about.modified()
            && let Ok(time) = Timestamp::try_from(time)
        {
            found.push((file.clone(), time));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::ledger::Ledger;
    use crate::model::change::{Record, Source, Verb};
    use crate::model::ledger::Where;
    use crate::service::Changes;

    fn change(key: &str, second: i64, verb: Verb) -> Change {
        let act = Record::act_of(Source::Note, key);
        Change::new(Source::Note, act, Timestamp::from_second(second).unwrap(), verb)
    }

    #[tokio::test]
    async fn what_only_the_ledger_knows_counts_too_and_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let place = Where::Sqlite(folder.path().join("ledger.db"));
        let recorded = [("old", 50), ("elsewhere", 150), ("both", 160)];
        let records: Vec<Record> = recorded
            .iter()
            .map(|(key, second)| Record::alone(key, "raw".into(), change(key, *second, Verb::Noted)))
            .collect();
        Ledger::open(&place).await.unwrap().append(&records).await.unwrap();
        // In memory it reads as it is now.
        let newest_first =
            vec![Arc::new(change("here", 170, Verb::Noted)), Arc::new(change("both", 165, Verb::Edited))];
        let memory = Changes { newest_first, ..Changes::default() };
        let (_, fleet) = watch::channel(Arc::default());
        let (_, seen) = watch::channel(Arc::new(memory));
        let world = World { hosts: Vec::new(), fleet, changes: seen };
        let from = Timestamp::from_second(100).unwrap();
        let found = changes(from, &world, &Scribe::new(Some(place))).await;
        let told: Vec<_> = found.iter().map(|it| (it.time.as_second(), it.verb)).collect();
        assert_eq!(told, [(170, Verb::Noted), (165, Verb::Edited), (150, Verb::Noted)]);
        let without = changes(from, &world, &Scribe::new(None)).await;
        assert_eq!(without.len(), 2, "without a ledger the memory does");
    }
}
