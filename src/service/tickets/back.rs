//! Bringing one container back, from whatever state it is found in, by falling back as far as a cold start.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::job::Job;
use super::trouble::Trouble;
use super::ways;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Phase};
use crate::model::event::Happening;
use crate::model::method::Method;
use crate::model::particulars::Particulars;
use crate::model::route::{fallback, fallback_name, has_not_run_since, way_back};
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::{CLEAN_UP, STOP, Step, time_left};

/// How long an engine is given to clear away a half-made start before the container is created again.
const ENGINE_SETTLES: Duration = Duration::from_millis(500);

/// How long an engine may take to end a container by force, once its grace is over.
const STOP_ENDS_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A container that is back.
pub(super) struct Back {
    pub sleeper: Sleeper,
    /// Its id now: another where it was created again.
    pub id: ContainerId,
    /// By which way it came; nothing where it ran already.
    pub by: Option<Method>,
}

/// Brings a container back and gives it what was set aside. What it takes is written into the ticket.
pub(super) async fn bring(job: &mut Job, sleeper: &Sleeper) -> Result<Back, Trouble> {
    let mut at = sleeper.clone();
    let mut found = find(&*job.engine, &mut at).await?;
    if let Some(found) = &found {
        at.stop_timeout = found.stop_timeout;
    }
    if stop_ends(job, &at, found.as_ref()).await? {
        found = find(&*job.engine, &mut at).await?;
    }
    let Some(mut by) = way_back(&at, found.as_ref()) else {
        put_back(job, &at, found.as_ref()).await?;
        return Ok(Back { id: at.container.clone(), sleeper: at, by: None });
    };
    if found.is_none() && has_copy(job, &at).await {
        by = Method::Checkpoint;
    }
    let mut times = 1;
    loop {
        let trouble = match ways::of(by).wake(job, &at, found.as_ref()).await {
            Ok(id) => {
                at.container = id;
                break;
            }
            Err(trouble) if trouble.is_lost_host() => return Err(trouble),
            Err(trouble) => trouble,
        };
        found = find(&*job.engine, &mut at).await?;
        if way_back(&at, found.as_ref()).is_none() {
            // It said no, and did it all the same.
            break;
        }
        let next = match fallback(by, times) {
            // What is not there cannot be started.
            Some(Method::Stop) if found.is_none() => Method::Destroy,
            Some(next) => next,
            None if by == Method::Stop && trouble.is_beyond_start() && at.recipe.is_some() => {
                if times == 1 {
                    // An engine that has just come up may still clear away what it left.
                    tokio::time::sleep(ENGINE_SETTLES).await;
                    Method::Stop
                } else {
                    // It is lost as it is; its volumes and its recipe bring the tenant back.
                    Method::Destroy
                }
            }
            None => return Err(trouble),
        };
        if by == Method::Checkpoint && next != by {
            set_aside(job, sleeper, &mut at).await?;
        }
        job.ticket.fallbacks.push(fallback_name(by, next).to_owned());
        clear(job, &at, found.as_ref()).await?;
        times = if next == by { times + 1 } else { 1 };
        by = next;
    }
    // Coming back changes neither limits nor policy: only one that was created anew is looked at again.
    let same = found.as_ref().is_some_and(|found| found.facts.id == at.container);
    if !same {
        found = find(&*job.engine, &mut at).await?;
    }
    put_back(job, &at, found.as_ref()).await?;
    Ok(Back { id: at.container.clone(), sleeper: at, by: Some(by) })
}

/// Waits for the end of a stop that this ticket began and nobody saw end: the engine goes on with it, and would end a container
/// that has just been taken for one that runs. Returns whether there was one.
pub(super) async fn stop_ends(
    job: &mut Job,
    at: &Sleeper,
    found: Option<&Particulars>,
) -> Result<bool, Trouble> {
    let Some(found) = found.filter(|found| may_be_stopping(at, found)) else { return Ok(false) };
    let began = match job.ticket.stop_under_way(&at.name) {
        Some(began) => began,
        None if is_first_stop(job, at) => match told_to_end(&*job.engine, found, at.since).await {
            Some(began) => began,
            None => return Ok(false),
        },
        None => return Ok(false),
    };
    let left = time_left(began, Timestamp::now(), job.grace(at) + STOP_ENDS_WITHIN);
    if left.is_zero() {
        return Ok(false);
    }
    let (engine, id, at) = (job.engine.clone(), found.facts.id.clone(), at.clone());
    let name = at.name.clone();
    let over = async {
        let until = Instant::now() + left;
        while engine.particulars(&id).await?.is_some_and(|now| may_be_stopping(&at, &now))
            && Instant::now() < until
        {
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    };
    job.step("wait for the end of a stop that was begun", Some(&name), over).await?;
    Ok(true)
}

/// Whether the container could be in the middle of a stop that was begun for its sleep.
fn may_be_stopping(at: &Sleeper, found: &Particulars) -> bool {
    let runs = matches!(found.facts.phase, Phase::Running | Phase::Stopping);
    // One that was started since is in another life, which nobody ends.
    runs && (at.stage != Stage::Going || has_not_run_since(at, found))
}

/// Whether the dump was about to stop it: its step may have been cut off before it was written down.
fn is_first_stop(job: &Job, at: &Sleeper) -> bool {
    let stopped = |step: &Step| step.what == STOP && step.container.as_ref() == Some(&at.name);
    at.stage == Stage::Going
        && matches!(at.method, Method::Stop | Method::Destroy)
        && !job.ticket.steps.iter().any(stopped)
}

/// When the engine last told a container to end, since that moment; nothing where it remembers no such thing.
async fn told_to_end(engine: &dyn Engine, found: &Particulars, since: Timestamp) -> Option<Timestamp> {
    let past = engine.history(since, Timestamp::now()).await.ok()?;
    let kills = past.into_iter().filter(|event| event.id == found.facts.id);
    kills.filter(|event| matches!(event.what, Happening::Killed { .. })).map(|event| event.time).last()
}

/// Stops a container that came back but does not answer, and starts it cold.
pub(super) async fn start_cold(job: &mut Job, back: &mut Back) -> Result<(), Trouble> {
    let (engine, id, grace) = (job.engine.clone(), back.id.clone(), job.grace(&back.sleeper));
    let name = back.sleeper.name.clone();
    if back.by == Some(Method::Checkpoint) {
        let before = back.sleeper.clone();
        set_aside(job, &before, &mut back.sleeper).await?;
    }
    job.ticket.fallbacks.push("cold start".to_owned());
    job.step(STOP, Some(&name), engine.stop(&id, grace)).await?;
    job.step("start", Some(&name), engine.start(&id)).await?;
    back.by = Some(Method::Stop);
    Ok(())
}

/// Looks for the container by its id, then by its name: it may have been created again.
pub(super) async fn find(engine: &dyn Engine, at: &mut Sleeper) -> Result<Option<Particulars>, Trouble> {
    let trouble = |error| Trouble::Engine { what: "look at it".to_owned(), error };
    if let Some(found) = engine.particulars(&at.container).await.map_err(trouble)? {
        return Ok(Some(found));
    }
    let found = engine.particulars(&at.name).await.map_err(trouble)?;
    if let Some(found) = &found {
        at.container = found.facts.id.clone();
    }
    Ok(found)
}

/// Whether the engine has given out a copy of the checkpoint, from which even a removed container comes back.
pub(super) async fn has_copy(job: &Job, at: &Sleeper) -> bool {
    let usable = at.checkpoint.as_ref().filter(|name| !at.set_aside.contains(name));
    let Some(name) = usable else { return false };
    job.engine.has_checkpoint(&at.container, name).await.unwrap_or(false)
}

/// A checkpoint that failed is never offered again. That is written down before anything else is tried.
async fn set_aside(job: &mut Job, sleeper: &Sleeper, at: &mut Sleeper) -> Result<(), Trouble> {
    let Some(checkpoint) = at.checkpoint.clone() else { return Ok(()) };
    at.set_aside.push(checkpoint.clone());
    let written = Sleeper { set_aside: at.set_aside.clone(), ..sleeper.clone() };
    job.put(&[written]).await?;
    let nothing_else = std::future::ready(Ok(()));
    job.told_step(&format!("set checkpoint {checkpoint} aside"), Some(&at.name), nothing_else).await
}

/// Before something else is tried: what a failed attempt may have left half running ends.
async fn clear(job: &mut Job, at: &Sleeper, found: Option<&Particulars>) -> Result<(), Trouble> {
    let half_running = found.is_some_and(|found| {
        matches!(found.facts.phase, Phase::Paused | Phase::Running | Phase::Restarting | Phase::Stopping)
    });
    if half_running {
        // Nobody knows how much of it still works: what does is given its time to end.
        let (engine, id, grace) = (job.engine.clone(), at.container.clone(), job.grace(at));
        job.step(CLEAN_UP, Some(&at.name), engine.stop(&id, grace)).await?;
    }
    Ok(())
}

/// Gives a container what was set aside for its sleep, where it is not so already.
pub(super) async fn put_back(
    job: &mut Job,
    at: &Sleeper,
    found: Option<&Particulars>,
) -> Result<(), Trouble> {
    let Some(found) = found else { return Ok(()) };
    let (engine, id) = (job.engine.clone(), at.container.clone());
    if found.limits != at.limits {
        job.step("put its memory limits back", Some(&at.name), engine.restore_limits(&id, at.limits)).await?;
    }
    if at.restart.is_active() && found.restart != at.restart {
        job.step("put its restart policy back", Some(&at.name), engine.set_restart(&id, &at.restart)).await?;
    }
    Ok(())
}
