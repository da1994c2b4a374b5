//! What sleepers need of their host: written down when they fall asleep, compared before they are made again.

use jiff::Timestamp;

use super::back;
use super::holders;
use super::job::Job;
use super::trouble::Trouble;
use crate::model::container::ContainerId;
use crate::model::method::Method;
use crate::model::needs::{self, Kind, Loss, Needs};
use crate::model::sleeper::Sleeper;

/// Writes into the record what the container needs, now that it has ended: until then it may write to its volumes, which Docker
/// before 24 tells as the time of their making.
pub(super) async fn record(job: &Job, sleeper: &mut Sleeper) -> Result<(), Trouble> {
    let trouble = |error| Trouble::Engine { what: "look at what it needs".to_owned(), error };
    let found = job.engine.needs(&sleeper.container).await.map_err(trouble)?;
    sleeper.needs = Some(Needs { taken: Some(Timestamp::now()), ..found });
    Ok(())
}

/// The same for one that cannot be removed by the method: a look that fails does not wake it again.
pub(super) async fn try_record(job: &Job, sleeper: &mut Sleeper) {
    if sleeper.method != Method::Destroy {
        let _ = record(job, sleeper).await;
    }
}

/// Gives containers of one tenant the same record of the volumes that they share.
pub(super) fn align(sleepers: &mut [Sleeper]) {
    let mut all: Vec<&mut Needs> = sleepers.iter_mut().filter_map(|it| it.needs.as_mut()).collect();
    needs::align(&mut all);
}

/// Before a wake changes anything: all that those need that will be created again is there, and the same as before.
pub(super) async fn check(job: &mut Job, sleepers: &[Sleeper]) -> Result<(), Trouble> {
    let mut lost = Vec::new();
    let looked_at = sleepers.iter().filter(|it| it.method != Method::Freeze);
    for sleeper in looked_at {
        // What is there as it was left has all that it needs: engines remove nothing that a container has.
        let is_gone = back::find(&*job.engine, &mut sleeper.clone()).await?.is_none();
        if is_gone && !back::has_copy(job, sleeper).await {
            lost.extend(losses(job, sleeper).await?);
        }
    }
    lost.sort();
    lost.dedup();
    if let Some(why) = needs::pointless(&lost, &job.accepted) {
        return Err(Trouble::Refused(why));
    }
    refuse(&needs::unaccepted(lost, &job.accepted))
}

/// Creates the container again from its recipe, if all that it needs is the same as before.
pub(super) async fn create(job: &mut Job, sleeper: &Sleeper, recipe: &str) -> Result<ContainerId, Trouble> {
    let lost = losses(job, sleeper).await?;
    refuse(&needs::unaccepted(lost.clone(), &job.accepted))?;
    let engine = job.engine.clone();
    let created = job.step("create", Some(&sleeper.name), engine.create(recipe)).await;
    if created.is_err() {
        // The engine makes volumes before it finds out that it can make no container of them.
        let made = lost.iter().filter(|loss| loss.kind == Kind::Volume && loss.is.is_none());
        for volume in made {
            let _ = engine.remove_volume(&volume.was.name).await;
        }
    }
    created
}

async fn losses(job: &mut Job, sleeper: &Sleeper) -> Result<Vec<Loss>, Trouble> {
    let Some(needs) = &sleeper.needs else { return Ok(Vec::new()) };
    let engine = job.engine.clone();
    let now = job.step("look at what it needs", Some(&sleeper.name), engine.present(needs)).await?;
    let mut lost = needs.lost(&now);
    if lost.iter().any(|loss| loss.kind == Kind::Volume && loss.is.is_some())
        && let Some(taken) = needs.taken
        && let Ok(held) = holders::held(&*engine).await
    {
        let taken = taken.as_millisecond();
        let is_held = |name: &std::sync::Arc<str>| {
            held.iter().any(|it| it.runs && it.volumes.get(name).is_some_and(|since| *since <= taken))
        };
        lost.retain(|loss| loss.kind != Kind::Volume || loss.is.is_none() || !is_held(&loss.was.name));
    }
    Ok(lost)
}

fn refuse(lost: &[Loss]) -> Result<(), Trouble> {
    if lost.is_empty() { Ok(()) } else { Err(Trouble::Needs(needs::told(lost))) }
}
