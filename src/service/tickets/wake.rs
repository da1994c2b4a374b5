//! A wake: a tenant comes back, in the other order than it went, and counts as back when it answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::back::{self, Back};
use super::job::Job;
use super::needs;
use super::ready;
use super::tidy;
use super::trouble::Trouble;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Facts, Health, Phase};
use crate::model::counting::counted;
use crate::model::method::Method;
use crate::model::particulars::Particulars;
use crate::model::setup::Use;
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::{Outcome, Step};
use crate::model::{dependencies, order, readiness, route};

/// How often a wake begins anew because its host was lost in the middle.
const MOST_LOSSES: u32 = 3;
/// An engine that was just started looks after its containers first.
const ENGINE_SETTLES: Duration = Duration::from_millis(500);

/// How a ticket calls a wake that was not the one that was hoped for.
const COLD: &str = "cold start";
const ANEW: &str = "created again";

/// Brings the tenant back. `sleepers` are the records of those that sleep, `containers` all that it has.
pub(super) async fn run(
    job: &mut Job,
    mut sleepers: Vec<Sleeper>,
    containers: &[ContainerId],
    timeout: Duration,
) -> Result<Outcome, Trouble> {
    let deadline = Instant::now() + timeout;
    let lost = tidy::drop_lost(job, &mut sleepers).await?;
    let is_known = |id: &ContainerId| sleepers.iter().any(|sleeper| sleeper.container == *id);
    let unknown: Vec<ContainerId> = containers.iter().filter(|id| !is_known(id)).cloned().collect();
    if !unknown.is_empty() {
        let alone = sleepers.is_empty();
        sleepers.extend(lying_down(job, &unknown, alone).await?);
    }
    if sleepers.is_empty() && !lost.is_empty() {
        let names = lost.join(", ");
        return Err(Trouble::NotReady(format!("{names}: removed by somebody, and there is no recipe of it")));
    }
    if sleepers.is_empty() {
        // It is where it was asked to be; perhaps a ticket that was left open has just brought it there.
        return Ok(Outcome::Woken);
    }
    // Where somebody else had a hand in it, its containers did not go to sleep in one order.
    let is_one_dump = sleepers.iter().all(|sleeper| sleeper.ticket == sleepers[0].ticket);
    let rank = |sleeper: &Sleeper| {
        let role = sleeper.role.as_deref().filter(|_| !is_one_dump);
        order::rank(role, &job.tools.policy.order)
    };
    sleepers.sort_by_key(|sleeper| (rank(sleeper), sleeper.order));
    sleepers = needed_first(job, sleepers).await;
    if let Some(reason) = lacks(job, &sleepers).await {
        return Err(Trouble::Refused(reason));
    }
    job.ticket.method = sleepers.first().map(|sleeper| sleeper.method);
    // Before it is written that they wake: one that lacks something sleeps on, and nobody tries it again by itself.
    match needs::check(job, &sleepers).await {
        // It is waited for below, and each container is looked at again before it is made.
        Err(trouble) if trouble.is_lost_host() => {}
        other => other?,
    }
    for sleeper in &mut sleepers {
        sleeper.stage = Stage::Waking;
        sleeper.since = Timestamp::now();
    }
    let engine = job.engine.clone();
    let restores = sleepers.iter().any(|sleeper| sleeper.checkpoint.is_some());
    let ask = async {
        // A restore needs to know which engine this is: it is asked meanwhile, and remembered.
        if restores {
            let _ = engine.restarts_dumped().await;
        }
    };
    let (written, ()) = tokio::join!(job.put(&sleepers), ask);
    written?;
    let mut losses = 0;
    loop {
        match wake(job, &sleepers, deadline).await {
            Ok(()) => break,
            Err(trouble) if trouble.is_lost_host() && losses < MOST_LOSSES => {
                losses += 1;
                job.ticket.fallbacks.push("again after the host was lost".to_owned());
                job.wait_for_host().await?;
                sleep(ENGINE_SETTLES).await;
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(Outcome::Woken)
}

/// What those that start would use of containers which do not come with them, and the user's name.
fn uses_of_others(job: &Job, sleepers: &[Sleeper]) -> Vec<(Arc<str>, Use)> {
    let starts = |facts: &Facts| {
        let is_it = |it: &Sleeper| it.container == facts.id && it.method != Method::Freeze;
        sleepers.iter().any(is_it)
    };
    let comes_along =
        |used: &Use| sleepers.iter().any(|it| dependencies::is_of(used, &it.container, &it.name));
    let mut found = Vec::new();
    for facts in job.host.iter().flat_map(|host| &host.tenants).flat_map(|tenant| &tenant.containers) {
        if starts(facts) {
            let joined = dependencies::joined(facts).filter(|used| !comes_along(used));
            found.extend(joined.map(|used| (facts.name.clone(), used.clone())));
        }
    }
    found
}

/// Why one of them cannot start: it uses something of a container that is down and does not come with them.
async fn lacks(job: &Job, sleepers: &[Sleeper]) -> Option<String> {
    for (name, used) in uses_of_others(job, sleepers) {
        // What cannot be asked now may be up.
        let owner = job.engine.inspect(&used.of).await.ok()?;
        let what = format!("{name} uses the {} of", used.part.noun());
        match owner {
            Some(owner) if matches!(owner.phase, Phase::Running | Phase::Paused) => {}
            Some(owner) => {
                let (name, tenant, state) = (&owner.name, &owner.place.tenant, owner.state());
                return Some(format!("{what} {name} (tenant {tenant}), which is {state}: wake that first"));
            }
            None => return Some(format!("{what} a container that is gone ({})", short(&used.of))),
        }
    }
    None
}

/// An id as people write it.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Puts sleepers into the order of waking: the other way than they were dumped, and each after those that it needs.
async fn needed_first(job: &Job, sleepers: Vec<Sleeper>) -> Vec<Sleeper> {
    // What is thawed needs nothing of others.
    let matters = sleepers.len() > 1 && sleepers.iter().any(|it| it.method != Method::Freeze);
    let mut known: HashMap<ContainerId, Facts> = HashMap::new();
    if matters {
        let found = join_all(sleepers.iter().map(|it| job.engine.inspect(&it.container))).await;
        // Whoever cannot be asked now is asked again when its turn comes.
        let found = found.into_iter().filter_map(|answer| answer.ok().flatten());
        known.extend(found.map(|facts| (facts.id.clone(), facts)));
    }
    let needs = |one: &Sleeper, other: &Sleeper| {
        let both = known.get(&one.container).zip(known.get(&other.container));
        both.is_some_and(|(one, other)| dependencies::needs(one, other))
    };
    let mut ordered = dependencies::needing_first(sleepers, needs);
    ordered.reverse();
    ordered
}

/// Brings all containers back, and waits until they answer.
async fn wake(job: &mut Job, sleepers: &[Sleeper], deadline: Instant) -> Result<(), Trouble> {
    let mut all = Vec::new();
    for (at, sleeper) in sleepers.iter().enumerate() {
        let mut back = back::bring(job, sleeper).await?;
        // One that starts cold needs what it depends on to be ready, not only started.
        if at + 1 < sleepers.len() && back.by.is_some_and(|by| !by.keeps_memory()) {
            wait(job, std::slice::from_mut(&mut back), deadline, false).await?;
        }
        all.push(back);
    }
    // The containers run on, and can never start from their checkpoints again.
    let used = tokio::spawn(forget_checkpoints(job.engine.clone(), sleepers.to_vec()));
    let result = wait(job, &mut all, deadline, true).await;
    let ways: Vec<_> = all.iter().map(|back| (back.sleeper.method, back.by)).collect();
    job.ticket.method = route::came_back(&ways);
    let is_said = job.ticket.fallbacks.iter().any(|fallback| fallback == COLD || fallback == ANEW);
    if let Some(by) = job.ticket.method.filter(|by| !by.keeps_memory() && !is_said)
        && ways.iter().any(|(slept, _)| slept.keeps_memory())
    {
        job.ticket.fallbacks.push(if by == Method::Destroy { ANEW } else { COLD }.to_owned());
    }
    job.ticket.steps.extend(used.await.unwrap_or_default());
    // Once they run, they are awake, whether they answer or not.
    let runs = !matches!(&result, Err(trouble) if trouble.is_lost_host());
    if runs {
        job.closing.drop = sleepers.iter().map(|sleeper| sleeper.container.clone()).collect();
    }
    result
}

/// Waits until containers that came back answer. One that was restored and does not is started cold: its memory was
/// worth a try, the tenant is worth more.
pub(super) async fn wait(
    job: &mut Job,
    all: &mut [Back],
    deadline: Instant,
    whole: bool,
) -> Result<(), Trouble> {
    let configured = job.tools.policy.ready_of(&job.ticket.tenant).filter(|_| whole).cloned();
    let mut retried = false;
    loop {
        let restored = all.iter().any(|back| back.by == Some(Method::Checkpoint));
        let now = Instant::now();
        let until =
            if restored && !retried { now + deadline.saturating_duration_since(now) / 2 } else { deadline };
        let needs: Vec<_> = all
            .iter()
            .map(|back| {
                let need =
                    readiness::need(configured.as_ref(), back.by, Health::Unknown, &back.sleeper.ports);
                (back.id.clone(), back.sleeper.name.clone(), back.by, need)
            })
            .collect();
        let (engine, mut cancelled) = (job.engine.clone(), job.cancelled.clone());
        let answer = async {
            tokio::select! {
                result = ready::wait(&*engine, &needs, until) => result,
                Ok(_) = cancelled.wait_for(|it| *it) => Err(Trouble::Cancelled),
            }
        };
        match job.told_step("wait for an answer", None, answer).await {
            Err(Trouble::NotReady(_)) if restored && !retried => retried = true,
            other => return other,
        }
        for back in all.iter_mut().filter(|back| back.by == Some(Method::Checkpoint)) {
            back::start_cold(job, back).await?;
        }
    }
}

/// What lies down without our doing: stopped, crashed or paused by somebody else. It can be woken as well, as far as it counts.
/// Beside sleepers, where it is not `alone`, that is only what is meant to run.
async fn lying_down(job: &mut Job, containers: &[ContainerId], alone: bool) -> Result<Vec<Sleeper>, Trouble> {
    let engine = job.engine.clone();
    let look = async {
        let all = join_all(containers.iter().map(|id| engine.particulars(id))).await;
        all.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let mut found: Vec<Particulars> =
        job.step("look at it", None, look).await?.into_iter().flatten().collect();
    if alone {
        let facts: Vec<Arc<Facts>> = found.iter().map(|it| Arc::new(it.facts.clone())).collect();
        let counts: Vec<&ContainerId> = counted(&facts).map(|facts| &facts.id).collect();
        found.retain(|it| counts.contains(&&it.facts.id));
    } else {
        found.retain(is_meant_to_run);
    }
    let ordered = order::for_dump(found, &job.tools.policy.order);
    let mut sleepers = Vec::new();
    for (at, it) in ordered.iter().enumerate() {
        if let Some(sleeper) = Sleeper::found_lying(it, &job.ticket, at, Timestamp::now()) {
            sleepers.push(sleeper);
        }
    }
    Ok(sleepers)
}

/// Whether a container that lies down is to be up whenever its tenant is. One that set the tenant up once has ended for good, and
/// one that was never started waits for somebody.
fn is_meant_to_run(it: &Particulars) -> bool {
    let is_kept = it.restart.is_active() && !it.facts.is_done() && it.facts.phase != Phase::Created;
    !it.facts.is_oneoff() && (is_kept || it.facts.phase == Phase::Paused)
}

/// Deletes checkpoints that were used, and says which steps that took. What stays is deleted before the next checkpoint
/// of the container.
async fn forget_checkpoints(engine: Arc<dyn Engine>, sleepers: Vec<Sleeper>) -> Vec<Step> {
    let mut steps = Vec::new();
    for sleeper in sleepers {
        let Some(checkpoint) = &sleeper.checkpoint else { continue };
        let began = Timestamp::now();
        let done = engine.forget_checkpoint(&sleeper.container, checkpoint).await;
        steps.push(Step {
            what: "delete the checkpoint".to_owned(),
            container: Some(sleeper.name),
            began,
            ended: Some(Timestamp::now()),
            error: done.err().map(|error| error.to_string()),
        });
    }
    steps
}
