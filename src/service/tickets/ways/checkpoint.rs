//! Checkpoint: its processes written to disk by CRIU and ended. It wakes where it was, with all its memory.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::{Way, set_restart_aside};
use crate::model::container::{ContainerId, Phase};
use crate::model::particulars::{Life, Particulars};
use crate::model::sleeper::Sleeper;
use crate::service::tickets::job::Job;
use crate::service::tickets::trouble::Trouble;

/// What all names of our checkpoints begin with.
pub const NAME: &str = "wakeboard-";
/// After the call an engine may still say for a moment that the container is paused.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Asked to restore right after a dump, Docker 20.10 says in every second case that something "already exists"; asked
/// again after this time it has worked in 11 of 11 (see `docs/engine-facts.md`).
const ENGINE_CLEANS_UP: Duration = Duration::from_millis(100);
const MOST_RESTORES: u32 = 5;

pub(super) struct Checkpoint;

#[async_trait]
impl Way for Checkpoint {
    async fn dump(&self, job: &mut Job, sleeper: &mut Sleeper, _: &Particulars) -> Result<Life, Trouble> {
        let (engine, id, name) = (job.engine.clone(), sleeper.container.clone(), sleeper.name.clone());
        let checkpoint = sleeper.checkpoint.clone().unwrap_or_default();
        set_restart_aside(job, sleeper).await?;
        // An engine that lists none has none to clean up; what else is wrong, the other call says.
        let make = async {
            let (made, all) = tokio::join!(engine.checkpoint(&id, &checkpoint), engine.checkpoints(&id));
            made.map(|()| all.unwrap_or_default())
        };
        let all = job.step("checkpoint", Some(&name), make).await?;
        for old in all.into_iter().filter(|old| old.starts_with(NAME) && *old != checkpoint) {
            job.step("delete an old checkpoint", Some(&name), engine.forget_checkpoint(&id, &old)).await?;
        }
        let begun = Instant::now();
        let life = loop {
            let found = engine.particulars(&id).await;
            match found.map_err(|error| Trouble::Engine { what: "look at it".into(), error })? {
                Some(found) if matches!(found.facts.phase, Phase::Exited(_)) => break found.life,
                Some(_) if begun.elapsed() < SETTLES_WITHIN => sleep(LOOK_AGAIN).await,
                Some(_) => return Err(Trouble::NotReady(format!("{name} still runs after its checkpoint"))),
                None => return Err(Trouble::NotReady(format!("{name} is gone"))),
            }
        };
        sleeper.memory_left = Some(0);
        Ok(life)
    }

    async fn wake(
        &self,
        job: &mut Job,
        sleeper: &Sleeper,
        _: Option<&Particulars>,
    ) -> Result<ContainerId, Trouble> {
        let (engine, id) = (job.engine.clone(), sleeper.container.clone());
        let checkpoint = sleeper.checkpoint.clone().unwrap_or_default();
        let restore = async {
            let mut asked = 1;
            loop {
                match engine.restore(&id, &checkpoint).await {
                    // The engine has not done with the dump yet, and will have in a moment.
                    Err(error) if error.says_already_exists() && asked < MOST_RESTORES => {
                        asked += 1;
                        sleep(ENGINE_CLEANS_UP).await;
                    }
                    other => return other,
                }
            }
        };
        job.step("restore", Some(&sleeper.name), restore).await?;
        Ok(id)
    }
}
