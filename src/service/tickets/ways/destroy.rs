//! Destroy: removed, its recipe kept. It is created again, and starts cold.

use async_trait::async_trait;

use super::Way;
use crate::model::container::ContainerId;
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::model::ticket::STOP;
use crate::service::tickets::job::Job;
use crate::service::tickets::trouble::Trouble;
use crate::service::tickets::{holders, needs};

/// How often a container is created that somebody removes before it is started.
const MOST_CREATES: u32 = 5;

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
        let mut begun = begin(job, sleeper, recipe).await;
        for _ in 1..MOST_CREATES {
            let is_gone = matches!(&begun, Err(Trouble::Engine { error, .. }) if error.is_not_found());
            if !is_gone || engine.particulars(name).await.is_ok_and(|found| found.is_some()) {
                break;
            }
            // A prune takes containers that do not run yet.
            begun = begin(job, sleeper, recipe).await;
        }
        let trouble = match begun {
            Err(trouble) if !trouble.is_lost_host() && !matches!(trouble, Trouble::Needs(_)) => trouble,
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

async fn begin(job: &mut Job, sleeper: &Sleeper, recipe: &str) -> Result<ContainerId, Trouble> {
    let id = needs::create(job, sleeper, recipe).await?;
    let engine = job.engine.clone();
    job.step("start", Some(&sleeper.name), engine.start(&id)).await?;
    Ok(id)
}
