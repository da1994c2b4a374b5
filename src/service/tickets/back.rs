//! Bringing one container back, from whatever state it is found in, by falling back as far as a cold start.

use std::time::Duration;

use super::job::Job;
use super::trouble::Trouble;
use super::ways;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Phase};
use crate::model::method::Method;
use crate::model::particulars::Particulars;
use crate::model::route::{fallback, fallback_name, way_back};
use crate::model::sleeper::Sleeper;

/// How long an engine is given to clear away a half-made start before the container is created again.
const ENGINE_SETTLES: Duration = Duration::from_millis(500);

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

/// Stops a container that came back but does not answer, and starts it cold.
pub(super) async fn start_cold(job: &mut Job, back: &mut Back) -> Result<(), Trouble> {
    let (engine, id, grace) = (job.engine.clone(), back.id.clone(), job.tools.policy.grace);
    let name = back.sleeper.name.clone();
    if back.by == Some(Method::Checkpoint) {
        let before = back.sleeper.clone();
        set_aside(job, &before, &mut back.sleeper).await?;
    }
    job.ticket.fallbacks.push("cold start".to_owned());
    job.step("stop", Some(&name), engine.stop(&id, grace)).await?;
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
        let (engine, id) = (job.engine.clone(), at.container.clone());
        job.step("clean up", Some(&at.name), engine.stop(&id, Duration::ZERO)).await?;
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
