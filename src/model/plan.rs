//! What an order will do to each tenant, as far as the snapshot tells: told before it is done.
//!
//! What only the host can tell (an open session, room for the memory) is asked by whoever does it.

use std::collections::HashSet;
use std::sync::Arc;

use super::ability::Fault;
use super::container::{Facts, Phase};
use super::dependencies::{broken_by, forbids};
use super::fleet::{Fleet, Host, Link, Tenant};
use super::method::Method;
use super::order::for_dump;
use super::policy::Policy;
use super::refusal;
use super::sleeper::{Sleeper, Stage};
use super::state::State;
use super::ticket::Task;
use super::tier::Tier;
use super::work::{Order, Plan, Work};

/// Why nothing is done.
type Refusal = String;

/// Why a tenant is not dumped of which only such containers run.
pub const ONLY_ONEOFF: &str = "nothing of it runs but what `compose run` has started";

/// One plan for each tenant of the order, in its order; a tenant that is named twice has one.
#[must_use]
pub fn plans(order: &Order, fleet: &Fleet, work: &Work, policy: &Policy) -> Vec<Plan> {
    let mut seen = HashSet::new();
    order
        .tenants
        .iter()
        .filter(|key| seen.insert(*key))
        .map(|(host, tenant)| {
            let (containers, method, refusal) = match one(order, host, tenant, fleet, work, policy) {
                Ok((containers, method)) => (containers, Some(method), None),
                Err(refusal) => (Vec::new(), None, Some(refusal)),
            };
            Plan { host: host.clone(), tenant: tenant.clone(), containers, method, refusal }
        })
        .collect()
}

/// The containers by name, in order, and the method.
type Doable = (Vec<Arc<str>>, Method);

fn one(
    order: &Order,
    host: &str,
    name: &str,
    fleet: &Fleet,
    work: &Work,
    policy: &Policy,
) -> Result<Doable, Refusal> {
    if policy.read_only {
        return Err("read-only: nothing may be changed".to_owned());
    }
    let about = fleet.host(host).ok_or_else(|| format!("there is no host {host}"))?;
    let tenant = about.tenants.iter().find(|tenant| &*tenant.name == name).map(|tenant| &**tenant);
    let sleepers = work.sleepers_of(host, name);
    if tenant.is_none() && sleepers.is_empty() {
        return Err(format!("there is no tenant {name} on {host}"));
    }
    if let Some(ticket) = work.ticket_of(host, name) {
        return Err(format!("ticket {} ({}) of {} is under way", ticket.id, ticket.task, ticket.actor));
    }
    match &about.link {
        Link::Up => {}
        Link::Connecting => return Err(format!("{host} has not answered yet")),
        Link::Down { reason, .. } => return Err(format!("{host} does not answer: {reason}")),
    }
    match order.task {
        Task::Dump => dump(order, about, tenant, &sleepers, work, policy),
        Task::Wake => wake(tenant, &sleepers),
    }
}

fn dump(
    order: &Order,
    host: &Host,
    tenant: Option<&Tenant>,
    sleepers: &[&Arc<Sleeper>],
    work: &Work,
    policy: &Policy,
) -> Result<Doable, Refusal> {
    let mut running: Vec<&Arc<Facts>> =
        tenant.into_iter().flat_map(|it| &it.containers).filter(|it| it.phase == Phase::Running).collect();
    let any_runs = !running.is_empty();
    // What somebody runs for one task is left alone.
    running.retain(|facts| !facts.is_oneoff());
    if running.is_empty() {
        return Err(if any_runs { ONLY_ONEOFF.to_owned() } else { why_nothing_runs(tenant, sleepers) });
    }
    let tier = tenant.and_then(|tenant| tenant.tier);
    if tier == Some(Tier::Vip) && !order.force {
        return Err("tier vip: only by force".to_owned());
    }
    let going: Vec<&Facts> = running.iter().map(|facts| &***facts).collect();
    let method = method(order.method, tier, host, work, policy, &going)?;
    let ordered = for_dump(running, &policy.order);
    Ok((ordered.into_iter().map(|facts| facts.name.clone()).collect(), method))
}

fn why_nothing_runs(tenant: Option<&Tenant>, sleepers: &[&Arc<Sleeper>]) -> Refusal {
    if let Some(asleep) = sleepers.iter().find(|sleeper| sleeper.stage == Stage::Asleep) {
        return format!("is dumped already ({})", asleep.method);
    }
    match tenant.map(|tenant| tenant.state) {
        None | Some(State::Absent) => "has no container".to_owned(),
        Some(state) => format!("nothing of it runs: it is {state}"),
    }
}

/// The method that was asked for, else the first of the tier's that is not known to be broken on the host and breaks nothing there.
fn method(
    asked: Option<Method>,
    tier: Option<Tier>,
    host: &Host,
    work: &Work,
    policy: &Policy,
    going: &[&Facts],
) -> Result<Method, Refusal> {
    let harm = |method: Method| {
        let others = || host.tenants.iter().flat_map(|tenant| &tenant.containers).map(|facts| &**facts);
        let own = going.iter().find_map(|facts| forbids(facts, method));
        own.or_else(|| broken_by(going, method, others()))
    };
    let engine = host.engine.as_ref().map(|engine| engine.label());
    let fault = |method: Method| {
        let ability = work.ability(&host.name, engine.as_deref()?, method)?;
        ability.fault.as_ref()
    };
    if let Some(asked) = asked {
        return match fault(asked) {
            None => harm(asked).map_or(Ok(asked), Err),
            Some(fault) => Err(format!("{asked} does not work on {}: {}", host.name, told(fault))),
        };
    }
    let wanted = policy.methods_for(tier);
    let mut reasons = Vec::new();
    let mut harms = false;
    for method in wanted {
        let why = match (fault(*method), harm(*method)) {
            (None, None) => return Ok(*method),
            (Some(fault), _) => told(fault),
            (None, Some(harm)) => {
                harms = true;
                harm
            }
        };
        reasons.push((*method, why));
    }
    match refusal::of_all(&reasons) {
        _ if reasons.is_empty() => Err("the config allows no method for its tier".to_owned()),
        why if harms => Err(why),
        why => Err(format!("no method works on {}: {why}", host.name)),
    }
}

fn told(fault: &Fault) -> String {
    match &fault.mend {
        Some(mend) => format!("{} (mend: {mend})", fault.reason),
        None => fault.reason.clone(),
    }
}

fn wake(tenant: Option<&Tenant>, sleepers: &[&Arc<Sleeper>]) -> Result<Doable, Refusal> {
    let Some(first) = sleepers.first() else {
        return lying_down(tenant);
    };
    let containers = sleepers.iter().rev().map(|sleeper| sleeper.name.clone()).collect();
    Ok((containers, first.method))
}

/// What lies down without our doing, stopped, crashed or paused by somebody else, can be woken as well.
fn lying_down(tenant: Option<&Tenant>) -> Result<Doable, Refusal> {
    let Some(tenant) = tenant.filter(|tenant| tenant.state != State::Absent) else {
        return Err("has no container, and no record of a dump".to_owned());
    };
    let lies = |facts: &&Arc<Facts>| matches!(facts.phase, Phase::Paused | Phase::Exited(_) | Phase::Created);
    let down: Vec<&Arc<Facts>> = tenant.counted().filter(lies).collect();
    if down.is_empty() {
        return Err(format!("is {}: nothing of it lies down", tenant.state));
    }
    let method =
        if down.iter().all(|facts| facts.phase == Phase::Paused) { Method::Freeze } else { Method::Stop };
    Ok((down.iter().map(|facts| facts.name.clone()).collect(), method))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
