//! Holders on the hosts: made before a container is removed for its sleep, replaced new before old, and ended when nothing needs
//! them any more. No wake fails because of them; a dump fails where the engine can hold what the tenant needs and does not.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};

use super::job::Job;
use super::trouble::Trouble;
use crate::canary;
use crate::engine::hands::NewHolder;
use crate::engine::{Engine, EngineError};
use crate::ledger::{Ledger, here};
use crate::model::container::ContainerId;
use crate::model::holding::{self, Held, Wanted};
use crate::model::host::HostName;
use crate::model::internal::{self, Purpose};
use crate::model::needs::{Needs, Thing};
use crate::model::sleeper::Sleeper;
use crate::service::clock::drawn;

/// How long a dump waits for its turn: one holder at a time is made on a host.
const TURN_WITHIN: Duration = Duration::from_secs(120);
/// How long it may take, once it is its turn, until what a dump needs is held.
const WITHIN: Duration = Duration::from_secs(90);
/// For how long a holder is made again that somebody removes before it runs.
const MAKE_WITHIN: Duration = Duration::from_secs(30);
/// Between two tries, so that an engine has time for the removal.
const MAKE_AGAIN: Duration = Duration::from_millis(20);
/// How many volumes one holder holds at most.
const MOST_VOLUMES: usize = 2000;
/// The network that the holder of networks is made in, and leaves.
const FIRST: &str = "bridge";

/// Before these are removed: what they need is held, where the engine can.
///
/// # Errors
/// What they need could not be held, though this engine can hold it: so it might be gone in the next moment. Nothing was changed.
pub(super) async fn ensure(job: &mut Job, sleepers: &[Sleeper]) -> Result<(), Trouble> {
    let own = Wanted::of(sleepers);
    if own == Wanted::default() || canary::PROGRAM.is_empty() {
        return Ok(());
    }
    let (engine, tools, host) = (job.engine.clone(), job.tools.clone(), job.ticket.host.clone());
    // Of several dumps at once the first makes one holder for all; the others find what they need held.
    let one_at_a_time = job.canary.clone();
    let hold = async {
        let Ok(_turn) = timeout(TURN_WITHIN, one_at_a_time.lock()).await else {
            return Err(Trouble::NotReady(format!("no turn to hold it within {} s", TURN_WITHIN.as_secs())));
        };
        match timeout(WITHIN, make_sure(&tools.ledger, &*engine, &host, &own)).await {
            // Such an engine can hold nothing. The wake looks whether all is there.
            Ok(Err(EngineError::Unable(why))) => {
                debug!(%host, why, "what sleepers need is not held");
                Ok(())
            }
            Ok(done) => {
                done.map_err(|error| Trouble::Engine { what: "hold what it needs".to_owned(), error })
            }
            Err(_) => Err(Trouble::NotReady(format!("not held within {} s", WITHIN.as_secs()))),
        }
    };
    job.told_step("hold what it needs", None, hold).await
}

async fn make_sure(
    ledger: &Ledger,
    engine: &dyn Engine,
    host: &HostName,
    own: &Wanted,
) -> Result<(), EngineError> {
    let ours = number(ledger).await?;
    // First the holders, then the record: what a holder is for was written down before it was made.
    let held = owned(engine, &ours).await?;
    let all = sleepers(ledger, host).await?;
    let wanted = Wanted::of(&all);
    for (image, volumes) in &own.images {
        let volumes = holdable(engine, image, volumes).await?;
        if !held.iter().any(|it| it.covers(image, &volumes)) {
            let others = wanted.images.get(image).cloned().unwrap_or_default();
            let mut all = holdable(engine, image, &others).await?;
            all.extend(volumes);
            replace(engine, (&**image, ours.as_str()), &all, &held).await?;
        }
    }
    join(engine, &ours, &own.networks, &held, &taken(&all)).await
}

/// Brings the holders of a host to what its sleepers need now. `exactly` also replaces holders that hold more than that, and
/// makes those that are missing.
pub(super) async fn settle(
    ledger: &Ledger,
    engine: &dyn Engine,
    host: &HostName,
    exactly: bool,
) -> Result<(), EngineError> {
    // First the holders, then the record: who makes a holder has written down before what for.
    let ours = number(ledger).await?;
    let held = owned(engine, &ours).await?;
    let is_of_networks = |it: &&Held| it.image.is_empty();
    let mut networks = Vec::new();
    for it in held.iter().filter(is_of_networks) {
        networks.push((it, joined(engine, &it.id).await?));
    }
    let all = sleepers(ledger, host).await?;
    let wanted = Wanted::of(&all);
    if exactly {
        for (image, volumes) in &wanted.images {
            // One whose image is gone keeps nobody from the others.
            let Ok(volumes) = holdable(engine, image, volumes).await else { continue };
            let mut fitting: Vec<&Held> = held.iter().filter(|it| it.covers(image, &volumes)).collect();
            fitting.sort_by(|a, b| a.id.cmp(&b.id));
            match fitting.iter().find(|it| it.is_within(image, &volumes)) {
                Some(kept) => {
                    for other in held.iter().filter(|it| it.image == *image && it.id != kept.id) {
                        engine.let_go(&other.id).await?;
                    }
                }
                None => {
                    replace(engine, (&**image, ours.as_str()), &volumes, &held).await?;
                }
            }
        }
    }
    for it in held.iter().filter(|it| !is_of_networks(it) && !wanted.images.contains_key(&it.image)) {
        engine.let_go(&it.id).await?;
    }
    for (it, joined) in networks {
        if wanted.networks.is_empty() {
            engine.let_go(&it.id).await?;
            continue;
        }
        for network in joined.difference(&wanted.networks) {
            engine.leave(&it.id, network).await?;
        }
    }
    if exactly && !wanted.networks.is_empty() {
        join(engine, &ours, &wanted.networks, &held, &taken(&all)).await?;
    }
    Ok(())
}

/// Has the holder of networks leave those of a container that cannot come back: it may have taken the last address. Says whether
/// that changed anything.
pub(super) async fn step_aside(engine: &dyn Engine, needs: &Needs) -> bool {
    let wanted: BTreeSet<Arc<str>> = needs.networks.iter().map(|it| it.mark.as_str().into()).collect();
    let mut any = false;
    let Ok(held) = held(engine).await else { return false };
    for it in held.iter().filter(|it| it.image.is_empty()) {
        let Ok(joined) = joined(engine, &it.id).await else { continue };
        for network in joined.intersection(&wanted) {
            any |= engine.leave(&it.id, network).await.is_ok();
        }
    }
    any
}

async fn number(ledger: &Ledger) -> Result<String, EngineError> {
    let number = ledger.identity().await.map_err(|error| EngineError::Unable(error.to_string()))?;
    Ok(format!("{number:016x}"))
}

/// The holders for this ledger's sleepers. Those of another one are not ours to replace.
async fn owned(engine: &dyn Engine, ledger: &str) -> Result<Vec<Held>, EngineError> {
    Ok(held(engine).await?.into_iter().filter(|it| &*it.ledger == ledger).collect())
}

/// The holders that there are, for whichever ledger.
pub(super) async fn held(engine: &dyn Engine) -> Result<Vec<Held>, EngineError> {
    Ok(engine.internal().await?.iter().filter_map(Held::read).collect())
}

async fn sleepers(ledger: &Ledger, host: &HostName) -> Result<Vec<Sleeper>, EngineError> {
    let all = ledger.sleepers().await.map_err(|error| EngineError::Unable(error.to_string()))?;
    Ok(all.into_iter().filter(|it| it.host == *host).collect())
}

/// Those of the volumes that are there and that a holder can have.
async fn holdable(
    engine: &dyn Engine,
    image: &str,
    volumes: &BTreeSet<Arc<str>>,
) -> Result<BTreeSet<Arc<str>>, EngineError> {
    let thing = |name: &Arc<str>| Thing { name: name.clone(), mark: String::new() };
    let volumes = volumes.iter().take(MOST_VOLUMES).map(thing).collect();
    let image = Some(Thing { name: image.into(), mark: image.to_owned() });
    let there = engine.holdable(&Needs { image, volumes, ..Needs::default() }).await?;
    if there.image.is_none() {
        return Err(EngineError::Unable("the image is gone".to_owned()));
    }
    Ok(there.volumes.into_iter().map(|it| it.name).collect())
}

/// Makes a holder of these volumes, which are all that sleepers of the image need, and ends those that it takes over from.
async fn replace(
    engine: &dyn Engine,
    (image, ledger): (&str, &str),
    volumes: &BTreeSet<Arc<str>>,
    held: &[Held],
) -> Result<(), EngineError> {
    let since = holding::since(volumes, held, Timestamp::now().as_millisecond());
    let since = serde_json::to_string(&since).map_err(|error| EngineError::Unable(error.to_string()))?;
    let volumes_held = volumes.iter().cloned().collect();
    let new = make(engine, image, [image, since.as_str(), ledger], volumes_held, "none").await?;
    for old in held.iter().filter(|it| it.id != new && *it.image == *image) {
        if let Err(error) = engine.let_go(&old.id).await {
            warn!(%error, "a holder that is replaced stays");
        }
    }
    Ok(())
}

/// Makes a holder, again and again where somebody removes it before it runs.
async fn make(
    engine: &dyn Engine,
    image: &str,
    [holds, since, ledger]: [&str; 3],
    volumes: Vec<Arc<str>>,
    network: &str,
) -> Result<ContainerId, EngineError> {
    let name = || internal::name(Purpose::Holder, Timestamp::now(), drawn());
    let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut holder = NewHolder {
        name: name(),
        image: image.to_owned(),
        labels: [
            label(internal::LABEL, Purpose::Holder.as_str()),
            label(internal::MAKER, &here().to_string()),
            label(holding::IMAGE, holds),
            label(holding::VOLUMES, since),
            label(holding::LEDGER, ledger),
        ]
        .into(),
        volumes,
        archive: canary::hold_archive(),
        command: vec![canary::HOLD.to_owned(), "hold".to_owned()],
        network: network.to_owned(),
    };
    let begun = Instant::now();
    loop {
        let made = engine.hold(&holder).await;
        // A prune takes a holder that does not run yet, and an image that nobody has yet.
        let is_removed = matches!(&made, Err(error) if error.is_not_found() || error.is_conflict());
        if !is_removed || begun.elapsed() >= MAKE_WITHIN {
            return made;
        }
        sleep(MAKE_AGAIN).await;
        // The name of one that is being removed is taken for a while.
        holder.name = name();
        if holds.is_empty() {
            engine.import_image(canary::IMAGE, canary::image()).await?;
        }
    }
}

/// Has the holder of networks join these; makes one where there is none.
async fn join(
    engine: &dyn Engine,
    ledger: &str,
    networks: &BTreeSet<Arc<str>>,
    held: &[Held],
    taken: &BTreeSet<Ipv4Addr>,
) -> Result<(), EngineError> {
    let thing = |id: &Arc<str>| Thing { name: id.clone(), mark: id.to_string() };
    let wanted = Needs { networks: networks.iter().map(thing).collect(), ..Needs::default() };
    let there = engine.holdable(&wanted).await?;
    if there.networks.is_empty() {
        return Ok(());
    }
    let (id, joined) = if let Some(it) = held.iter().find(|it| it.image.is_empty() && it.runs) {
        (it.id.clone(), joined(engine, &it.id).await?)
    } else {
        if !engine.has_image(canary::IMAGE).await? {
            engine.import_image(canary::IMAGE, canary::image()).await?;
        }
        let id = make(engine, canary::IMAGE, ["", "{}", ledger], Vec::new(), FIRST).await?;
        engine.leave(&id, FIRST).await?;
        (id, BTreeSet::new())
    };
    for network in there.networks.iter().filter(|it| !joined.contains(&*it.name)) {
        match engine.join(&id, &network.mark, taken).await {
            // It has no address to spare.
            Err(EngineError::Unable(why)) => debug!(network = %network.name, why, "a network is not held"),
            other => other?,
        }
    }
    Ok(())
}

/// The ids of the networks that a container is in.
async fn joined(engine: &dyn Engine, id: &str) -> Result<BTreeSet<Arc<str>>, EngineError> {
    Ok(engine.needs(id).await?.networks.into_iter().map(|it| it.mark.into()).collect())
}

/// The addresses that sleepers chose.
fn taken(sleepers: &[Sleeper]) -> BTreeSet<Ipv4Addr> {
    sleepers.iter().filter_map(|it| it.recipe.as_deref()).flat_map(chosen).collect()
}

fn chosen(recipe: &str) -> Vec<Ipv4Addr> {
    let recipe: serde_json::Value = serde_json::from_str(recipe).unwrap_or_default();
    let endpoints = recipe["NetworkingConfig"]["EndpointsConfig"].as_object();
    let addresses = endpoints.into_iter().flatten().map(|(_, it)| &it["IPAMConfig"]["IPv4Address"]);
    addresses.filter_map(|it| it.as_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_a_sleeper_chose_is_known() {
        let recipe = r#"{"NetworkingConfig": {"EndpointsConfig": {
            "a": {"IPAMConfig": {"IPv4Address": "10.1.0.9"}}, "b": {}, "c": {"IPAMConfig": null}}}}"#;
        assert_eq!(chosen(recipe), ["10.1.0.9".parse::<Ipv4Addr>().unwrap()]);
        assert_eq!(chosen("no JSON"), Vec::<Ipv4Addr>::new());
    }
}
