//! Destroy: removed, its recipe kept. It is created again, and starts cold.

use async_trait::async_trait;

use super::Way;
use crate::model::container::ContainerId;
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::model::ticket::STOP;
use crate::service::tickets::job::Job;
use crate::service::tickets::needs;
use crate::service::tickets::trouble::Trouble;

pub(super) struct Destroy;

#[async_trait]
impl Way for Destroy {
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper, _: &Particulars) -> Result<Life, Trouble> {
        if sleeper.recipe.is_none() {
            return Err(Trouble::Refused(format!("there is no recipe of {}", sleeper.name)));
        }
        let (engine, id, grace) = (job.engine.clone(), sleeper.container.clone(), job.grace(sleeper));
        job.step(STOP, Some(&sleeper.name), engine.stop(&id, grace)).await?;
        needs::record(job, sleeper).await?;
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
        let id = needs::create(job, sleeper, recipe).await?;
        job.step("start", Some(name), engine.start(&id)).await?;
        Ok(id)
    }
}
