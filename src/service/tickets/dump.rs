//! A dump: one tenant goes to sleep, container by container, or stays awake as a whole.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::job::Job;
use super::removal::{self, Verdict};
use super::trouble::Trouble;
use super::{again, back, holders, needs, neighbours, ready, tidy, ways};
use crate::engine::own::own_container;
use crate::engine::{Engine, EngineError};
use crate::model::ability::{Ability, Cause, Fault};
use crate::model::container::{ContainerId, Facts, Phase};
use crate::model::dependencies::{broken_by, forbids};
use crate::model::method::Method;
use crate::model::needs::Needs;
use crate::model::particulars::Particulars;
use crate::model::refusal::Room;
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::{Door, Outcome};
use crate::model::tier::Tier;
use crate::model::{order, plan, refusal};

/// Puts the tenant to sleep. `containers` are all that it has.
pub(super) async fn run(
    job: &mut Job,
    containers: &[ContainerId],
    asked: Option<Method>,
    tier: Option<Tier>,
) -> Result<Outcome, Trouble> {
    // All at the same time, here and below: an engine takes a millisecond or more for each answer.
    let (ledger, engine) = (job.tools.ledger.clone(), job.engine.clone());
    let (left, awake, label) =
        tokio::join!(ledger.sleepers_of(containers), look(job, containers), label(&*engine));
    let (left, mut awake) = (left?, awake?);
    if !left.is_empty() {
        // What somebody else started has its policy and limits back before it is recorded anew.
        tidy::drop_void(job, &left).await?;
        awake = look(job, containers).await?;
    }
    if awake.iter().filter(|it| !it.facts.is_oneoff()).all(|it| it.facts.phase == Phase::Paused)
        && let Some(method) = sleeps_already(job, containers).await?
    {
        job.ticket.method = Some(method);
        return match asked {
            Some(other) if other != method => {
                Err(Trouble::Refused(format!("it is dumped already ({method})")))
            }
            _ => Ok(Outcome::Dumped),
        };
    }
    let any_runs = !awake.is_empty();
    // What somebody runs for one task is left alone.
    awake.retain(|it| !it.facts.is_oneoff());
    if awake.is_empty() {
        let reason = if any_runs { plan::ONLY_ONEOFF } else { "nothing of it runs" };
        return Err(Trouble::Refused(reason.to_owned()));
    }
    if let Some(reason) = awake.iter().find_map(|it| refusal::of_container(it, own_container())) {
        return Err(Trouble::Refused(reason));
    }
    awake = order::for_dump(awake, &job.tools.policy.order);
    let abilities = abilities(job, &label?).await?;
    let wanted = asked.map_or_else(|| job.tools.policy.methods_for(tier).to_vec(), |method| vec![method]);
    let sights = join_all(awake.iter().map(|it| sight(&*engine, it, wanted.contains(&Method::Destroy))));
    let others = neighbours::of(job, &wanted);
    let (sights, room, others) = tokio::join!(sights, room(&*engine, &wanted, &abilities), others);
    let memory = sights.iter().filter_map(|sight| sight.memory).sum();
    let is_refused = choose(&wanted, &awake, &others, &abilities, memory, room).is_err();
    let abilities = again::abilities(job, abilities, &wanted, room, is_refused).await?;
    let may = |wanted: &[Method]| choose(wanted, &awake, &others, &abilities, memory, room);
    let recipes: Vec<_> = sights.iter().map(|sight| &sight.recipe).collect();
    let Settled { method, aside, has_written } = settle(job, wanted, may, &awake, &recipes, tier).await?;
    job.ticket.method = Some(method);
    let mut sleepers = Vec::new();
    for (at, (it, sight)) in awake.iter().zip(sights).enumerate() {
        sleepers.push(Sleeper { has_written, ..sleeper(job, it, method, sight, at)? });
    }
    last_look(job, &awake).await?;
    job.check_cancelled()?;
    job.put(&sleepers).await?;
    if let Err(trouble) = holders::ensure(job, &sleepers).await {
        if !matches!(trouble, Trouble::TakenOver) {
            undo(job, &sleepers, &trouble).await?;
        }
        return Err(trouble);
    }
    let last = sleepers.len() - 1;
    for (at, found) in awake.iter().enumerate() {
        if let Err(trouble) = put_to_sleep(job, &mut sleepers[at], found).await {
            undo(job, &sleepers, &trouble).await?;
            return Err(trouble);
        }
        if at == last {
            needs::align(&mut sleepers);
            job.closing.put.clone_from(&sleepers);
        } else {
            job.put(&sleepers[at..=at]).await?;
        }
    }
    job.ticket.reason = aside;
    Ok(Outcome::Dumped)
}

/// Refuses what a rule has asked for where somebody uses the tenant now: the rule went by readings that are seconds old, or minutes, and
/// the ticket may have waited in line. Whoever calls it off meanwhile need not wait.
async fn last_look(job: &mut Job, awake: &[Particulars]) -> Result<(), Trouble> {
    if job.ticket.door != Door::Keeper {
        return Ok(());
    }
    let (look, engine, asked) = (job.tools.last_look.clone(), job.engine.clone(), job.ticket.asked);
    let key = (job.ticket.host.clone(), job.ticket.tenant.clone());
    let (deeper, mut cancelled) = (job.asleep_since.is_some(), job.cancelled.clone());
    let facts: Vec<&Facts> = awake.iter().map(|it| &it.facts).collect();
    let see = async {
        let refusal = tokio::select! {
            refusal = look.refusal(&*engine, &key, &facts, asked, deeper) => refusal,
            Ok(_) = cancelled.wait_for(|is| *is) => None,
        };
        refusal.map_or(Ok(()), |why| Err(Trouble::Refused(why)))
    };
    job.told_step("see whether it is in use", None, see).await
}

/// How a tenant is dumped.
struct Settled {
    method: Method,
    /// What else is to be known of it, in words.
    aside: Option<String>,
    /// It is not removed for what it has written.
    has_written: bool,
}

/// The method by which it is dumped, and what else is to be known of that. Where containers cannot be removed, what comes after
/// `destroy` in the order is taken.
async fn settle(
    job: &mut Job,
    mut wanted: Vec<Method>,
    may: impl Fn(&[Method]) -> Result<Method, Trouble>,
    awake: &[Particulars],
    recipes: &[&Result<String, EngineError>],
    tier: Option<Tier>,
) -> Result<Settled, Trouble> {
    let mut reasons = Vec::new();
    loop {
        let method = match may(&wanted) {
            Ok(method) => method,
            Err(Trouble::Refused(reason)) => {
                reasons.push(reason);
                return Err(Trouble::Refused(reasons.join("; ")));
            }
            Err(trouble) => return Err(trouble),
        };
        if method != Method::Destroy {
            return Ok(Settled { method, aside: None, has_written: false });
        }
        match removal::look(job, awake, recipes, tier).await {
            Ok(Verdict::Remove { lost }) => {
                let aside = lost.map(|lost| format!("with it went {lost}"));
                return Ok(Settled { method, aside, has_written: false });
            }
            Ok(Verdict::Stop { lost }) => {
                let method = may(&[Method::Stop])?;
                let aside = Some(format!("not destroyed, which would lose {lost}"));
                return Ok(Settled { method, aside, has_written: true });
            }
            Err(Trouble::Refused(reason)) => {
                reasons.push(format!("{method}: {reason}"));
                let next = wanted.iter().position(|it| *it == method).map_or(wanted.len(), |at| at + 1);
                wanted.drain(..next);
                if wanted.is_empty() {
                    return Err(Trouble::Refused(reasons.join("; ")));
                }
            }
            Err(trouble) => return Err(trouble),
        }
    }
}

/// By which method the tenant sleeps, if it does.
async fn sleeps_already(job: &Job, containers: &[ContainerId]) -> Result<Option<Method>, Trouble> {
    let sleepers = job.tools.ledger.sleepers_of(containers).await?;
    Ok(sleepers.iter().find(|sleeper| sleeper.stage == Stage::Asleep).map(|sleeper| sleeper.method))
}

/// What runs of the tenant.
async fn look(job: &mut Job, containers: &[ContainerId]) -> Result<Vec<Particulars>, Trouble> {
    let engine = job.engine.clone();
    let look = async {
        let all = join_all(containers.iter().map(|id| engine.particulars(id))).await;
        all.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let all = job.step("look at it", None, look).await?;
    let runs =
        |it: &Particulars| matches!(it.facts.phase, Phase::Running | Phase::Paused | Phase::Restarting);
    Ok(all.into_iter().flatten().filter(runs).collect())
}

/// What is seen of a container right before it is put to sleep, for its record.
struct Sight {
    memory: Option<u64>,
    ports: Vec<u16>,
    recipe: Result<String, EngineError>,
    /// Nothing where it is not asked for.
    needs: Result<Option<Needs>, EngineError>,
}

async fn sight(engine: &dyn Engine, it: &Particulars, may_go: bool) -> Sight {
    let needs = async {
        // As far as it is held meanwhile; once it has ended, it is looked at again.
        if may_go { engine.needs(&it.facts.id).await.map(Some) } else { Ok(None) }
    };
    let (memory, ports, recipe, needs) = tokio::join!(
        engine.memory(&it.facts),
        ready::open_ports(engine, it),
        engine.recipe(&it.facts.id),
        needs
    );
    // What a host does not tell is not known; its dump does not depend on it.
    Sight { memory: memory.ok().flatten(), ports, recipe, needs }
}

/// The room for sleepers, where one of these methods needs any, or is in want of it by what is remembered.
pub(super) async fn room(engine: &dyn Engine, wanted: &[Method], abilities: &[Ability]) -> Room {
    let is_full = |it: &Ability| it.fault.as_ref().and_then(Fault::cause) == Some(Cause::Disk);
    let needs_room = wanted.iter().any(|method| {
        matches!(method, Method::Freeze | Method::Checkpoint)
            || abilities.iter().any(|it| it.method == *method && is_full(it))
    });
    if needs_room { engine.room().await.unwrap_or_default() } else { Room::default() }
}

/// The first method that the host can do and that breaks nothing here.
pub(super) fn choose(
    wanted: &[Method],
    awake: &[Particulars],
    others: &[Arc<Facts>],
    abilities: &[Ability],
    memory: u64,
    room: Room,
) -> Result<Method, Trouble> {
    let going: Vec<&Facts> = awake.iter().map(|it| &it.facts).collect();
    let now = Timestamp::now();
    let mut reasons = Vec::new();
    for &method in wanted {
        let refused = abilities
            .iter()
            .find(|it| it.method == method)
            .and_then(|it| it.refusal(now))
            .or_else(|| going.iter().find_map(|it| forbids(it, method)))
            .or_else(|| broken_by(&going, method, others.iter().map(|it| &**it)))
            .or_else(|| refusal::of_room(method, memory, room));
        match refused {
            None => return Ok(method),
            Some(reason) => reasons.push((method, reason)),
        }
    }
    Err(Trouble::Refused(refusal::of_all(&reasons)))
}

/// Which engine it is: what was found out of another version says nothing.
pub(super) async fn label(engine: &dyn Engine) -> Result<String, Trouble> {
    engine.label().await.map_err(|error| Trouble::Engine { what: "ask what it is".to_owned(), error })
}

/// What this host can do. Where nobody knows yet, its canary finds out, before any tenant is touched.
pub(super) async fn abilities(job: &mut Job, label: &str) -> Result<Vec<Ability>, Trouble> {
    let found = again::remembered(job, label).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let canary = job.canary.clone();
    let _one_at_a_time = canary.lock().await;
    // Whoever was first has found out meanwhile.
    let found = again::remembered(job, label).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    again::examine(job, "find out what the host can do", &Method::ALL).await
}

/// The record of a container that is about to be put to sleep.
fn sleeper(job: &Job, it: &Particulars, method: Method, sight: Sight, at: usize) -> Result<Sleeper, Trouble> {
    let recipe = match sight.recipe {
        Ok(recipe) => Some(recipe),
        Err(error) if method == Method::Destroy => {
            return Err(Trouble::Engine { what: "read its recipe".to_owned(), error });
        }
        // It only helps if somebody removes the container meanwhile.
        Err(_) => None,
    };
    let needs = match sight.needs {
        Ok(needs) => needs,
        // Nothing could be held for it.
        Err(error) if method == Method::Destroy => {
            return Err(Trouble::Engine { what: "look at what it needs".to_owned(), error });
        }
        Err(_) => None,
    };
    let place = &it.facts.place;
    Ok(Sleeper {
        container: it.facts.id.clone(),
        name: it.facts.name.clone(),
        image: it.facts.image.clone(),
        host: job.ticket.host.clone(),
        tenant: job.ticket.tenant.clone(),
        role: place.role.clone(),
        tier: place.tier,
        method,
        stage: Stage::Going,
        since: Timestamp::now(),
        ticket: job.ticket.id,
        order: u32::try_from(at).unwrap_or(u32::MAX),
        life: it.life.clone(),
        restart: it.restart.clone(),
        limits: it.limits,
        stop_timeout: it.stop_timeout,
        has_written: false,
        checkpoint: (method == Method::Checkpoint).then(|| ways::checkpoint_name(job.ticket.id)),
        set_aside: Vec::new(),
        ports: sight.ports,
        recipe,
        needs,
        memory_before: sight.memory,
        memory_left: None,
    })
}

async fn put_to_sleep(job: &mut Job, sleeper: &mut Sleeper, found: &Particulars) -> Result<(), Trouble> {
    job.check_cancelled()?;
    let life = ways::of(sleeper.method).dump(job, sleeper, found).await?;
    needs::try_record(job, sleeper).await;
    sleeper.falls_asleep(life, job.asleep_since.unwrap_or_else(Timestamp::now));
    Ok(())
}

/// Brings back what sleeps or is on its way: a tenant that could not be dumped as a whole stays awake as a whole.
async fn undo(job: &mut Job, sleepers: &[Sleeper], trouble: &Trouble) -> Result<(), Trouble> {
    if trouble.is_lost_host() {
        job.wait_for_host().await?;
        // An engine that starts looks after its containers first.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for sleeper in sleepers.iter().rev() {
        back::bring(job, sleeper).await?;
        if let Some(checkpoint) = &sleeper.checkpoint {
            let _ = job.engine.forget_checkpoint(&sleeper.container, checkpoint).await;
        }
    }
    job.drop_sleepers(sleepers).await?;
    Ok(())
}
