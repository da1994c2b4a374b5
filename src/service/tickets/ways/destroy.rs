//! Destroy: removed, its recipe kept. It is created again, and starts cold.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::Way;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Phase};
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::model::ticket::STOP;
use crate::service::tickets::job::Job;
use crate::service::tickets::trouble::Trouble;
use crate::service::tickets::{holders, needs};

/// How often a container is created that somebody removes before it is started.
const MOST_CREATES: u32 = 20;
/// How long a removal by somebody else may take.
const REMOVED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(super) struct Destroy;

#[async_trait]
impl Way for Destroy {
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper, _: &Particulars) -> Result<Life, Trouble> {
        if sleeper.recipe.is_none() {
            return Err(Trouble::Refused(format!("there is no recipe of {}", sleeper.name)));
        }
        let (engine, id, grace) = (job.engine.clone(), sleeper.container.clone(), job.grace(sleeper));
        job.step(STOP, Some(&sleeper.name), engine.stop(&id, grace)).await?;
        match needs::record(job, sleeper).await {
            // A prune was faster. What it needs was looked at before, and is held.
            Err(Trouble::Engine { error, .. }) if error.is_not_found() && sleeper.needs.is_some() => {}
            other => other?,
        }
        // Once it is removed, nothing but the record knows them.
        job.put(std::slice::from_ref(sleeper)).await?;
        job.step("remove", Some(&sleeper.name), engine.remove(&id)).await?;
        sleeper.memory_left = Some(0);
        Ok(sleeper.life.clone())
    }

    async fn wake(
        &self,
        job: &mut Job,
        sleeper: &Sleeper,
        found: Option<&Particulars>,
    ) -> Result<ContainerId, Trouble> {
        let Some(recipe) = &sleeper.recipe else {
            return Err(Trouble::NotReady(format!("{} is gone, and there is no recipe of it", sleeper.name)));
        };
        let (engine, name) = (job.engine.clone(), &sleeper.name);
        if found.is_some() {
            // Half removed already: its name must be free.
            job.step("remove", Some(name), engine.remove(&sleeper.container)).await?;
            // Two that write to the same volume would do more harm than none.
            engine.end_leftovers(&sleeper.container).await;
        }
        let trouble = match begin(job, sleeper, recipe).await {
            Err(trouble) if is_address_taken(&trouble) => trouble,
            other => return other,
        };
        let needs = sleeper.needs.as_ref().filter(|needs| !needs.networks.is_empty());
        if let Some(needs) = needs
            && holders::step_aside(&*engine, needs).await
        {
            if let Ok(Some(half)) = engine.particulars(name).await {
                job.step("remove", Some(name), engine.remove(&half.facts.id)).await?;
            }
            return begin(job, sleeper, recipe).await;
        }
        Err(trouble)
    }
}

fn is_address_taken(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Engine { error, .. } if error.is_address_taken())
}

/// Creates it and starts it. A prune takes containers that do not run yet: then it is created again.
async fn begin(job: &mut Job, sleeper: &Sleeper, recipe: &str) -> Result<ContainerId, Trouble> {
    let engine = job.engine.clone();
    let mut tries = 1;
    loop {
        let created = needs::create(job, sleeper, recipe).await;
        let was_created = created.is_ok();
        let begun = match created {
            Ok(id) => job.step("start", Some(&sleeper.name), engine.start(&id)).await.map(|()| id),
            Err(trouble) => Err(trouble),
        };
        let Err(Trouble::Engine { error, .. }) = &begun else { return begun };
        let may_be_removed = !error.is_lost() && (was_created || error.is_not_found() || error.is_conflict());
        if tries == MOST_CREATES || !may_be_removed || !is_free(&*engine, &sleeper.name).await {
            return begun;
        }
        tries += 1;
        sleep(LOOK_AGAIN).await;
    }
}

/// Whether no container has this name. Waits for the end of a removal.
async fn is_free(engine: &dyn Engine, name: &str) -> bool {
    let begun = Instant::now();
    loop {
        match engine.particulars(name).await {
            Ok(None) => return true,
            Ok(Some(it))
                if matches!(it.facts.phase, Phase::Removing | Phase::Dead)
                    && begun.elapsed() < REMOVED_WITHIN =>
            {
                sleep(LOOK_AGAIN).await;
            }
            _ => return false,
        }
    }
}
