//! The ways back: how a sleeper is brought back from whatever state its container is found in.

use super::container::Phase;
use super::method::Method;
use super::particulars::Particulars;
use super::sleeper::{Sleeper, Stage};

/// By which method's wake a container can be brought back now: `freeze` lets it go on, `checkpoint` restores it, `stop`
/// starts it cold, `destroy` creates it again. Nothing where it runs already.
///
/// It does not matter by which method it was put to sleep, or how far that got: what is found counts. A checkpoint is
/// used only if the container has not run since it was made.
#[must_use]
pub fn way_back(sleeper: &Sleeper, found: Option<&Particulars>) -> Option<Method> {
    let Some(found) = found else { return Some(Method::Destroy) };
    match found.facts.phase {
        Phase::Running | Phase::Restarting => None,
        Phase::Paused => Some(Method::Freeze),
        Phase::Created | Phase::Exited(_) | Phase::Stopping => {
            let usable = sleeper.method == Method::Checkpoint
                && sleeper.checkpoint.as_ref().is_some_and(|name| !sleeper.set_aside.contains(name))
                && has_not_run_since(sleeper, found);
            Some(if usable { Method::Checkpoint } else { Method::Stop })
        }
        Phase::Removing | Phase::Dead | Phase::Gone | Phase::Unclear => Some(Method::Destroy),
    }
}

/// Whether the container is in the very life that was put to sleep. A freeze ends no life; where the engine was started anew it
/// has ended all the same, and nobody has woken it.
#[must_use]
pub fn has_not_run_since(sleeper: &Sleeper, found: &Particulars) -> bool {
    match sleeper.stage {
        _ if sleeper.method == Method::Freeze => sleeper.life.started == found.life.started,
        // Its end was not written down: the life is known by its beginning alone.
        Stage::Going => sleeper.life.started == found.life.started,
        Stage::Asleep | Stage::Waking => sleeper.life == found.life,
    }
}

/// What is tried after the wake by `tried` failed, `times` times so far. A checkpoint is tried twice: an engine that
/// still cleans up after the dump fails the first time (see `docs/engine-facts.md`).
#[must_use]
pub fn fallback(tried: Method, times: u32) -> Option<Method> {
    match (tried, times) {
        (Method::Checkpoint, 1) => Some(Method::Checkpoint),
        (Method::Checkpoint | Method::Freeze, _) => Some(Method::Stop),
        (Method::Stop | Method::Destroy, _) => None,
    }
}

/// By which way a tenant came back, of its containers' records: the method that each was put to sleep by and the way that it came,
/// nothing where it ran already. Where one that kept its memory had to begin anew, that is told, and not what was hoped for.
#[must_use]
pub fn came_back(containers: &[(Method, Option<Method>)]) -> Option<Method> {
    let began_anew =
        containers.iter().find_map(|(slept, by)| by.filter(|by| slept.keeps_memory() && !by.keeps_memory()));
    began_anew.or_else(|| containers.iter().find_map(|(_, by)| *by))
}

/// How a fallback is called in a ticket.
#[must_use]
pub fn fallback_name(tried: Method, next: Method) -> &'static str {
    match (tried, next) {
        (Method::Checkpoint, Method::Checkpoint) => "checkpoint again",
        (Method::Stop, Method::Stop) => "started again",
        (Method::Stop, Method::Destroy) => "created again",
        _ => "cold start",
    }
}

/// Whether a container sleeps just as its record means it to: then a dump that was cut off is done.
#[must_use]
pub fn sleeps_as_meant(sleeper: &Sleeper, found: Option<&Particulars>, has_checkpoint: bool) -> bool {
    let Some(found) = found else { return sleeper.method == Method::Destroy };
    let same_life = has_not_run_since(sleeper, found);
    let ended = matches!(found.facts.phase, Phase::Exited(_));
    match sleeper.method {
        // Whether its memory is in swap does not matter for its safety; that its limits are as they were does.
        Method::Freeze => found.facts.phase == Phase::Paused && same_life && found.limits == sleeper.limits,
        Method::Checkpoint => ended && same_life && has_checkpoint,
        Method::Stop => ended && same_life,
        Method::Destroy => false,
    }
}

#[cfg(test)]
#[path = "route_tests.rs"]
pub(super) mod tests;
