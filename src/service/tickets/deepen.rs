//! Deeper: a tenant that sleeps is woken, to its end, and dumped again by a deeper method, within one ticket and one claim
//! of its containers. Each of the two has its own record in its own turn, so whatever cuts it off finds a tenant that is
//! asleep as before, awake, or on a way that recovery knows.

use futures_util::future::join_all;

use super::job::Job;
use super::removal::{self, Verdict};
use super::trouble::Trouble;
use super::{again, back, dump, neighbours, tidy, wake};
use crate::model::ability::Ability;
use crate::model::container::{ContainerId, Phase};
use crate::model::keeper::rules::Ask;
use crate::model::method::Method;
use crate::model::particulars::Particulars;
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::{Door, Outcome};
use crate::model::tier::Tier;
use crate::model::void::is_void;
use crate::service::hooks::may_sleep;

/// Puts the tenant to sleep by that method, whether it sleeps or not. `containers` are all that it has.
pub(super) async fn run(
    job: &mut Job,
    containers: &[ContainerId],
    method: Method,
    tier: Option<Tier>,
) -> Result<Outcome, Trouble> {
    let sleepers = job.tools.ledger.sleepers_of(containers).await?;
    if sleepers.is_empty() {
        return dump::run(job, containers, Some(method), tier).await;
    }
    if sleepers.iter().all(|sleeper| sleeper.method >= method && sleeper.stage == Stage::Asleep) {
        // Somebody has just done it.
        job.ticket.method = sleepers.first().map(|sleeper| sleeper.method);
        return Ok(Outcome::Dumped);
    }
    may(job, containers, &sleepers, (method, tier)).await?;
    job.check_cancelled()?;
    let since = sleepers.iter().map(|sleeper| sleeper.since).max();
    let slept = sleepers.iter().map(|sleeper| sleeper.method).min();
    wake::run(job, sleepers, containers, job.tools.policy.timeout).await?;
    job.close_now().await?;
    // Whoever calls it off now wants it awake, and so it is.
    job.check_cancelled()?;
    job.asleep_since = since;
    if let (Some(why), Some(slept)) = (vetoed(job, containers).await?, slept) {
        // It goes on sleeping as it did.
        dump::run(job, containers, Some(slept), tier).await?;
        job.close_now().await?;
        return Err(Trouble::Refused(why));
    }
    dump::run(job, containers, Some(method), tier).await
}

/// Why the hook does not let a rule put it deeper, where that is a program: in a container that slept it could not be asked before.
async fn vetoed(job: &mut Job, containers: &[ContainerId]) -> Result<Option<String>, Trouble> {
    if job.ticket.door != Door::Keeper {
        return Ok(None);
    }
    let Some(hook) = job.tools.last_look.hook() else { return Ok(None) };
    let Ask::Exec(words) = &hook.ask else { return Ok(None) };
    let engine = job.engine.clone();
    let ask = async {
        let found = join_all(containers.iter().map(|id| engine.particulars(id))).await;
        let found = found.into_iter().collect::<Result<Vec<_>, _>>();
        let trouble = |error| Trouble::Engine { what: "look at it".to_owned(), error };
        let runs = |it: &Particulars| it.facts.phase == Phase::Running;
        let running: Vec<ContainerId> =
            found.map_err(trouble)?.into_iter().flatten().filter(runs).map(|it| it.facts.id).collect();
        Ok(may_sleep(&*engine, &running, words, hook.timeout).await.0)
    };
    Ok(match job.told_step("ask the hook", None, ask).await? {
        Ok(true) => None,
        Ok(false) => Some("the hook says that it must not be put to sleep".to_owned()),
        Err(why) => Some(format!("the hook gave no answer: {why}")),
    })
}

/// Whether its end can be reached, as far as can be told before: nobody is woken in vain.
async fn may(
    job: &mut Job,
    containers: &[ContainerId],
    sleepers: &[Sleeper],
    (method, tier): (Method, Option<Tier>),
) -> Result<(), Trouble> {
    for sleeper in sleepers {
        let found = back::find(&*job.engine, &mut sleeper.clone()).await?;
        if is_void(sleeper, found.as_ref()) {
            tidy::drop_void(job, sleepers).await?;
            return Err(Trouble::Refused("somebody else has started it".to_owned()));
        }
    }
    let label = dump::label(&*job.engine).await?;
    let abilities = dump::abilities(job, &label).await?;
    let engine = job.engine.clone();
    let look = async {
        let all = join_all(containers.iter().map(|id| engine.particulars(id))).await;
        all.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let found: Vec<Particulars> = job.step("look at it", None, look).await?.into_iter().flatten().collect();
    let memory = sleepers.iter().filter_map(|sleeper| sleeper.memory_before).sum();
    let room = dump::room(&*engine, &[method], &abilities).await;
    let others = neighbours::of(job, &[method]).await;
    let choose = |abilities: &[Ability]| dump::choose(&[method], &found, &others, abilities, memory, room);
    let is_refused = choose(&abilities).is_err();
    choose(&again::abilities(job, abilities, &[method], room, is_refused).await?)?;
    if method != Method::Destroy {
        return Ok(());
    }
    let recipes = join_all(found.iter().map(|it| engine.recipe(&it.facts.id))).await;
    let recipes: Vec<_> = recipes.iter().collect();
    match removal::look(job, &found, &recipes, tier).await? {
        // It would be woken to be stopped, and is as good as that already.
        Verdict::Stop { lost } if sleepers.iter().all(|sleeper| sleeper.method >= Method::Stop) => {
            Err(Trouble::Refused(format!("destroy would lose {lost}; it stays as it is")))
        }
        _ => Ok(()),
    }
}
