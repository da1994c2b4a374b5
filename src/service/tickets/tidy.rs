//! Records that have become void: somebody else started a container that slept. What was set aside for its sleep is put
//! back, and the record goes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::back;
use super::job::{Job, Note};
use super::trouble::Trouble;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Facts, Phase};
use crate::model::fleet::Fleet;
use crate::model::host::HostName;
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::Outcome;
use crate::model::void::{STARTED_BY_OTHERS, is_void, looks_void};
use crate::model::work::TenantKey;

/// A snapshot that differs for so long is no mere delay.
const LASTS: Duration = Duration::from_secs(2);
/// What could not be tidied is looked at again after this time.
const AGAIN: Duration = Duration::from_secs(30);
/// So many containers are looked at in one go, since looking costs the engines.
const MOST_LOOKS: usize = 8;

/// What of a container was seen: another sight is another reason to look.
type Sight = (ContainerId, Phase, Option<Timestamp>);

/// A sleeper whose container is not as it was left.
#[derive(Debug)]
struct Suspect {
    since: Instant,
    looked: Option<(Sight, Instant)>,
}

/// The sleepers whose containers are not as they were left.
#[derive(Debug, Default)]
pub(super) struct Watch {
    suspects: HashMap<ContainerId, Suspect>,
}

impl Watch {
    /// Those that are to be looked at closely now, by tenant. `is_free` says where nobody is at work.
    pub fn due<'a>(
        &mut self,
        sleepers: impl Iterator<Item = &'a Arc<Sleeper>>,
        fleet: &Fleet,
        now: Instant,
        is_free: impl Fn(&HostName, &str) -> bool,
    ) -> BTreeMap<TenantKey, Vec<Sleeper>> {
        let mut before = std::mem::take(&mut self.suspects);
        let mut due: BTreeMap<TenantKey, Vec<Sleeper>> = BTreeMap::new();
        let mut left = MOST_LOOKS;
        for sleeper in sleepers {
            let Some(seen) = seen(sleeper, fleet).filter(|seen| looks_void(sleeper, seen)) else { continue };
            let fresh = || Suspect { since: now, looked: None };
            let mut suspect = before.remove(&sleeper.container).unwrap_or_else(fresh);
            let sight = (seen.id.clone(), seen.phase, seen.since);
            // Times of lists are rounded: one that lies down, looked at once, is as it was left.
            let lies = matches!(seen.phase, Phase::Exited(_));
            let is_new = match &suspect.looked {
                None => true,
                Some((looked, at)) => *looked != sight || (!lies && now.duration_since(*at) >= AGAIN),
            };
            let lasts = now.duration_since(suspect.since) >= LASTS;
            if is_new && lasts && left > 0 && is_free(&sleeper.host, &sleeper.tenant) {
                left -= 1;
                suspect.looked = Some((sight, now));
                let key = (sleeper.host.clone(), sleeper.tenant.clone());
                due.entry(key).or_default().push(Sleeper::clone(sleeper));
            }
            self.suspects.insert(sleeper.container.clone(), suspect);
        }
        due
    }
}

/// The sleeper's container as the snapshot has it, or another one under its name.
fn seen<'a>(sleeper: &Sleeper, fleet: &'a Fleet) -> Option<&'a Facts> {
    let containers = &fleet.tenant(&sleeper.host, &sleeper.tenant)?.containers;
    let by_id = containers.iter().find(|facts| facts.id == sleeper.container);
    by_id.or_else(|| containers.iter().find(|facts| facts.name == sleeper.name)).map(|facts| &**facts)
}

/// Looks closely, and tells the desk which records are void. Nothing is changed without a ticket.
pub(super) async fn look(
    engine: Arc<dyn Engine>,
    (host, tenant): TenantKey,
    suspects: Vec<Sleeper>,
    notes: mpsc::Sender<Note>,
) {
    let mut containers = Vec::new();
    for sleeper in suspects {
        let mut at = sleeper.clone();
        // What cannot be looked at now is looked at later.
        let Ok(found) = back::find(&*engine, &mut at).await else { return };
        if is_void(&sleeper, found.as_ref()) {
            containers.push(sleeper.container);
        }
    }
    if !containers.is_empty() {
        let _ = notes.send(Note::Void { host, tenant, containers }).await;
    }
}

/// The ticket that tidies: drops what is void.
pub(super) async fn run(job: &mut Job, sleepers: &[Sleeper]) -> Result<Outcome, Trouble> {
    let asleep: Vec<Sleeper> = sleepers.iter().filter(|it| it.stage == Stage::Asleep).cloned().collect();
    match drop_void(job, &asleep).await? {
        Dropped { any: false, .. } => Err(Trouble::Refused("it sleeps as it was left".to_owned())),
        Dropped { lies: true, .. } => Err(Trouble::Refused(
            "somebody else started it, and it has ended: the record of its sleep is dropped".to_owned(),
        )),
        Dropped { .. } => {
            job.ticket.reason = Some(STARTED_BY_OTHERS.to_owned());
            Ok(Outcome::Woken)
        }
    }
}

/// Drops the records of containers that are gone and that nothing can make again: they would keep their tenant on its
/// way for ever. Gives their names.
pub(super) async fn drop_lost(job: &mut Job, sleepers: &mut Vec<Sleeper>) -> Result<Vec<Arc<str>>, Trouble> {
    let mut lost = Vec::new();
    // Nearly all have a recipe, so that nothing is asked here.
    for sleeper in sleepers.iter().filter(|sleeper| sleeper.recipe.is_none()) {
        let mut at = sleeper.clone();
        let is_gone = back::find(&*job.engine, &mut at).await?.is_none();
        if is_gone && !back::has_copy(job, &at).await {
            lost.push(sleeper.clone());
        }
    }
    if !lost.is_empty() {
        job.drop_sleepers(&lost).await?;
        sleepers.retain(|sleeper| !lost.contains(sleeper));
    }
    Ok(lost.into_iter().map(|sleeper| sleeper.name).collect())
}

/// What was found void.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    /// Anything at all.
    any: bool,
    /// Some of it does not run.
    lies: bool,
}

/// Drops the records that are void, and puts back what was set aside for those sleeps.
pub(super) async fn drop_void(job: &mut Job, sleepers: &[Sleeper]) -> Result<Dropped, Trouble> {
    let mut dropped = Dropped::default();
    for sleeper in sleepers {
        let mut at = sleeper.clone();
        let engine = job.engine.clone();
        let found = back::find(&*engine, &mut at).await?;
        if !is_void(sleeper, found.as_ref()) {
            continue;
        }
        dropped.any = true;
        dropped.lies |=
            found.as_ref().is_some_and(|it| !matches!(it.facts.phase, Phase::Running | Phase::Restarting));
        // One that somebody made anew has its own settings.
        if at.container == sleeper.container {
            back::put_back(job, &at, found.as_ref()).await?;
        }
        job.drop_sleepers(std::slice::from_ref(sleeper)).await?;
        if let Some(checkpoint) = &sleeper.checkpoint {
            // What stays is deleted before the next checkpoint of the container.
            let _ = engine.forget_checkpoint(&sleeper.container, checkpoint).await;
        }
    }
    Ok(dropped)
}
