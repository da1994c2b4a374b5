//! Freeze: paused, its memory pushed into swap. It wakes within milliseconds.

use async_trait::async_trait;

use super::{Way, life_of, set_restart_aside};
use crate::model::container::ContainerId;
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::service::tickets::job::Job;
use crate::service::tickets::trouble::Trouble;

pub(super) struct Freeze;

#[async_trait]
impl Way for Freeze {
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper, found: &Particulars) -> Result<Life, Trouble> {
        set_restart_aside(job, sleeper).await?;
        let (engine, id, name) = (job.engine.clone(), sleeper.container.clone(), sleeper.name.clone());
        job.step("pause", Some(&name), engine.pause(&id)).await?;
        let squeeze = async {
            engine.squeeze(&found.facts, sleeper.limits).await?;
            engine.memory(&found.facts).await
        };
        match job.step("push its memory into swap", Some(&name), squeeze).await {
            Ok(left) => sleeper.memory_left = left,
            // From afar that is known only now. Nothing has changed but the pause, which is undone.
            Err(Trouble::Engine { error, .. }) if error.is_no_swap() => {
                return Err(Trouble::Refused(error.to_string()));
            }
            Err(trouble) => return Err(trouble),
        }
        // A pause ends no life, but somebody may have restarted it since it was looked at.
        life_of(job, sleeper).await
    }

    async fn wake(
        &self,
        job: &mut Job,
        sleeper: &Sleeper,
        found: Option<&Particulars>,
    ) -> Result<ContainerId, Trouble> {
        let (engine, id) = (job.engine.clone(), sleeper.container.clone());
        if let Some(found) = found {
            engine.read_ahead(&found.facts);
        }
        job.step("unpause", Some(&sleeper.name), engine.unpause(&id)).await?;
        Ok(id)
    }
}
