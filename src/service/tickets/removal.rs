//! What must be known before containers are removed: that each can be made again as it is, and what goes with it. All of it is
//! found out while nothing is touched yet.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use super::job::Job;
use super::trouble::Trouble;
use crate::engine::{Engine, EngineError};
use crate::model::container::Facts;
use crate::model::internal::{self, Purpose};
use crate::model::particulars::Particulars;
use crate::model::recreate;
use crate::model::ticket::Door;
use crate::model::tier::Tier;
use crate::model::writable::Writable;
use crate::service::clock::drawn;

/// So many containers of one tenant are looked at or rehearsed at once.
const AT_ONCE: usize = 4;
/// How often one container is rehearsed whose rehearsals somebody else removes.
const MOST_REHEARSALS: u32 = 20;

/// What may be done to a tenant that is to be removed.
pub(super) enum Verdict {
    /// It may be removed; what goes with it, in words.
    Remove { lost: Option<String> },
    /// It is only stopped, since this would be lost.
    Stop { lost: String },
}

/// Finds out whether these containers can be made again, and what would be lost.
///
/// # Errors
/// `Refused` where one cannot be made again as it is, with what would not be the same. The host is lost.
pub(super) async fn look(
    job: &mut Job,
    all: &[Particulars],
    recipes: &[&Result<String, EngineError>],
    tier: Option<Tier>,
) -> Result<Verdict, Trouble> {
    let (engine, tools) = (job.engine.clone(), job.tools.clone());
    // At the same time: an engine takes tens of milliseconds for each.
    let act = async {
        let ignore = &tools.policy.losses.ignore;
        let maker = tools.holder.to_string();
        let (may, lost) =
            tokio::join!(rehearse(&*engine, all, recipes, &maker), losses(&*engine, all, ignore));
        may.and(lost)
    };
    let found = job.told_step("rehearse that it can be created again", None, act).await?;
    let Some(lost) = found else { return Ok(Verdict::Remove { lost: None }) };
    let by_rule = job.ticket.door == Door::Keeper;
    match job.tools.policy.losses.of(tier) {
        Writable::Stop if by_rule => Ok(Verdict::Stop { lost }),
        Writable::Stop | Writable::Discard => Ok(Verdict::Remove { lost: Some(lost) }),
    }
}

/// Tries the recipes of all of them. Nothing of that ever runs.
async fn rehearse(
    engine: &dyn Engine,
    all: &[Particulars],
    recipes: &[&Result<String, EngineError>],
    maker: &str,
) -> Result<(), Trouble> {
    let each: Vec<_> =
        all.iter().zip(recipes).map(|(it, recipe)| rehearse_one(engine, it, recipe, maker)).collect();
    // All of them to their ends: one that is dropped in the middle would leave its rehearsal behind.
    let results: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
    results.into_iter().collect::<Result<Vec<()>, Trouble>>().map(|_| ())
}

async fn rehearse_one(
    engine: &dyn Engine,
    it: &Particulars,
    recipe: &Result<String, EngineError>,
    maker: &str,
) -> Result<(), Trouble> {
    let container = &it.facts.name;
    let refused = |error: &EngineError| {
        if error.is_lost() {
            return Trouble::NoHost(error.to_string());
        }
        Trouble::Refused(format!("{container} cannot be created again: {error}"))
    };
    let recipe = recipe.as_ref().map_err(refused)?;
    let rehearse = async || {
        let name = internal::name(Purpose::Rehearsal, Timestamp::now(), drawn());
        engine.rehearse(&it.facts.id, recipe, &name, maker).await
    };
    let mut differences = rehearse().await;
    for _ in 1..MOST_REHEARSALS {
        // A prune takes containers that do not run, and a rehearsal never runs.
        let is_removed = matches!(&differences, Err(error) if error.says_removed());
        if !is_removed || !engine.particulars(&it.facts.id).await.is_ok_and(|found| found.is_some()) {
            break;
        }
        differences = rehearse().await;
    }
    let differences = differences.map_err(|it| refused(&it))?;
    if differences.is_empty() {
        return Ok(());
    }
    let differences = recreate::told(&differences);
    Err(Trouble::Refused(format!("{container} would not come back as it is: {differences}")))
}

/// What was written outside of the mounts of these containers, in words; nothing where all of it may go.
async fn losses(
    engine: &dyn Engine,
    all: &[Particulars],
    ignore: &[String],
) -> Result<Option<String>, Trouble> {
    let each: Vec<_> = all.iter().map(|it| written(engine, &it.facts, ignore)).collect();
    let results: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
    let found = results.into_iter().collect::<Result<Vec<Option<String>>, EngineError>>();
    let found = found.map_err(|error| Trouble::NoHost(error.to_string()))?;
    let words: Vec<String> = found.into_iter().flatten().collect();
    Ok((!words.is_empty()).then(|| words.join("; ")))
}

/// `/opt/x, /opt/y and 3 more of acme-app`: what that container has written; nothing where all of it may go.
pub(in crate::service) async fn written(
    engine: &dyn Engine,
    facts: &Facts,
    ignore: &[String],
) -> Result<Option<String>, EngineError> {
    let container = &facts.name;
    match engine.written(&facts.id, ignore).await {
        Ok(written) if written.is_empty() => Ok(None),
        Ok(written) => Ok(Some(format!("{written} of {container}"))),
        Err(error) if error.is_lost() => Err(error),
        // What cannot be told may be anything.
        Err(error) => Ok(Some(format!("what {container} has written, which cannot be told: {error}"))),
    }
}
