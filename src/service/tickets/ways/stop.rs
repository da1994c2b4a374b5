//! Stop: ended within its grace period. It starts cold.

use async_trait::async_trait;

use super::{Way, life_of, set_restart_aside};
use crate::model::container::ContainerId;
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::model::ticket::STOP;
use crate::service::tickets::job::Job;
use crate::service::tickets::trouble::Trouble;

pub(super) struct Stop;

#[async_trait]
impl Way for Stop {
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper, _: &Particulars) -> Result<Life, Trouble> {
        set_restart_aside(job, sleeper).await?;
        let (engine, id, grace) = (job.engine.clone(), sleeper.container.clone(), job.grace(sleeper));
        job.step(STOP, Some(&sleeper.name), engine.stop(&id, grace)).await?;
        sleeper.memory_left = Some(0);
        life_of(job, sleeper).await
    }

    async fn wake(
        &self,
        job: &mut Job,
        sleeper: &Sleeper,
        _: Option<&Particulars>,
    ) -> Result<ContainerId, Trouble> {
        let (engine, id) = (job.engine.clone(), sleeper.container.clone());
        job.step("start", Some(&sleeper.name), engine.start(&id)).await?;
        Ok(id)
    }
}
