//! What was cut off: a ticket whose process was killed, or whose host was lost, is finished or undone here.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::job::Job;
use super::trouble::Trouble;
use super::{back, leftovers, tidy, wake, ways};
use crate::model::container::Phase;
use crate::model::method::Method;
use crate::model::route::{has_not_run_since, sleeps_as_meant};
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::{Door, Outcome, TAKE_OVER, Task};

/// How long an engine may go on writing a checkpoint that nobody waits for any more.
const CHECKPOINT_ENDS_WITHIN: Duration = Duration::from_secs(600);
/// The time between the call and the first sign of it on the container.
const CHECKPOINT_BEGINS_WITHIN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Finishes what sleeps as it was meant to, and undoes the rest: then the tenant is awake, as before.
pub(super) async fn run(job: &mut Job, mut sleepers: Vec<Sleeper>) -> Result<Outcome, Trouble> {
    job.told_step(TAKE_OVER, None, std::future::ready(Ok(()))).await?;
    sleepers.sort_by_key(|sleeper| sleeper.order);
    if job.ticket.task == Task::Dump {
        leftovers::sweep(job.engine.clone()).await;
    }
    tidy::drop_lost(job, &mut sleepers).await?;
    // One of our own that was to tidy wakes nobody.
    let is_tidying = job.ticket.door == Door::Own && job.ticket.task == Task::Wake;
    if is_tidying && !sleepers.is_empty() && sleepers.iter().all(|sleeper| sleeper.stage == Stage::Asleep) {
        return tidy::run(job, &sleepers).await;
    }
    if job.ticket.task == Task::Dump {
        let mut meant = !sleepers.is_empty();
        for sleeper in &sleepers {
            meant &= sleeper.stage == Stage::Asleep || is_done(job, sleeper).await?;
        }
        if meant {
            for sleeper in sleepers.iter_mut().filter(|sleeper| sleeper.stage != Stage::Asleep) {
                let life = ways::life_of(job, sleeper).await?;
                sleeper.falls_asleep(life, Timestamp::now());
                job.put(std::slice::from_ref(sleeper)).await?;
            }
            return Ok(Outcome::Dumped);
        }
    }
    let mut all = Vec::new();
    for sleeper in sleepers.iter().rev() {
        all.push(back::bring(job, sleeper).await?);
        if let Some(checkpoint) = &sleeper.checkpoint {
            // Half made, or used up: what stays is deleted before the next one.
            let _ = job.engine.forget_checkpoint(&sleeper.container, checkpoint).await;
        }
    }
    // A wake is over when the tenant answers, whoever brings it to its end.
    let answered = if job.ticket.task == Task::Wake && !all.is_empty() {
        let deadline = Instant::now() + job.tools.policy.timeout;
        wake::wait(job, &mut all, deadline, true).await
    } else {
        Ok(())
    };
    if answered.as_ref().is_err_and(Trouble::is_lost_host) {
        return answered.map(|()| Outcome::Woken);
    }
    job.drop_sleepers(&sleepers).await?;
    answered?;
    match job.ticket.task {
        Task::Wake => Ok(Outcome::Woken),
        Task::Dump => {
            Err(Trouble::NotReady("it was cut off in the middle; the tenant was woken again".to_owned()))
        }
    }
}

/// Whether a container sleeps as meant. An engine that is still stopping it, or writing its checkpoint, is waited for.
async fn is_done(job: &mut Job, sleeper: &Sleeper) -> Result<bool, Trouble> {
    let trouble = |error| Trouble::Engine { what: "look at it".to_owned(), error };
    let found = job.engine.particulars(&sleeper.container).await.map_err(trouble)?;
    let mut at = sleeper.clone();
    at.stop_timeout = found.as_ref().and_then(|found| found.stop_timeout).or(at.stop_timeout);
    back::stop_ends(job, &at, found.as_ref()).await?;
    let begun = Instant::now();
    loop {
        let found = job.engine.particulars(&sleeper.container).await.map_err(trouble)?;
        let patience = match found.as_ref().map(|found| found.facts.phase) {
            Some(Phase::Paused) => CHECKPOINT_ENDS_WITHIN,
            _ => CHECKPOINT_BEGINS_WITHIN,
        };
        let may_be_under_way = sleeper.method == Method::Checkpoint
            && found.as_ref().is_some_and(|found| {
                has_not_run_since(sleeper, found)
                    && matches!(found.facts.phase, Phase::Paused | Phase::Running)
            });
        if may_be_under_way && begun.elapsed() < patience {
            sleep(LOOK_AGAIN).await;
            continue;
        }
        let has_checkpoint = match &sleeper.checkpoint {
            Some(name) => job.engine.has_checkpoint(&sleeper.container, name).await.unwrap_or(false),
            None => false,
        };
        return Ok(sleeps_as_meant(sleeper, found.as_ref(), has_checkpoint));
    }
}
