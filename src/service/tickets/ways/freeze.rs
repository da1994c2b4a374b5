//! Freeze: paused, its memory pushed into swap. It wakes within milliseconds.

use async_trait::async_trait;

use super::{Way, set_restart_aside};
use crate::model::container::ContainerId;
use crate::model::particulars::Particulars;
use crate::model::sleeper::Sleeper;
use crate::service::tickets::job::Job;
use crate::service::tickets::trouble::Trouble;

pub(super) struct Freeze;

#[async_trait]
impl Way for Freeze {
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper) -> Result<(), Trouble> {
        set_restart_aside(job, sleeper).await?;
        let (engine, id, name) = (job.engine.clone(), sleeper.container.clone(), sleeper.name.clone());
        job.step("pause", Some(&name), engine.pause(&id)).await?;
        let squeeze = async {
            let facts = engine.particulars(&id).await?.map(|found| found.facts);
            let facts = facts.ok_or_else(|| crate::engine::EngineError::gone(&name))?;
            engine.squeeze(&facts, sleeper.limits).await?;
            engine.memory(&facts).await
        };
        sleeper.memory_left = job.step("push its memory into swap", Some(&name), squeeze).await?;
        Ok(())
    }

    async fn wake(
        &self,
        job: &mut Job,
        sleeper: &Sleeper,
        _: Option<&Particulars>,
    ) -> Result<ContainerId, Trouble> {
        let (engine, id) = (job.engine.clone(), sleeper.container.clone());
        job.step("unpause", Some(&sleeper.name), engine.unpause(&id)).await?;
        Ok(id)
    }
}
