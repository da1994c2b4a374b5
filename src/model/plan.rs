//! What an order will do to each tenant, as far as the snapshot tells: told before it is done.
//!
//! What only the host can tell (an open session, room for the memory) is asked by whoever does it.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::ability::{Fault, Seen};
use super::container::{Facts, Phase};
use super::dependencies::{broken_by, forbids};
use super::fleet::{Fleet, Host, Link, Tenant};
use super::method::Method;
use super::order::for_dump;
use super::policy::Policy;
use super::refusal;
use super::sleeper::{Sleeper, Stage};
use super::state::State;
use super::ticket::{Door, Task};
use super::tier::Tier;
use super::work::{Order, Plan, Work};

/// Why nothing is done.
type Refusal = String;

/// Why a tenant is not dumped of which only such containers run.
pub const ONLY_ONEOFF: &str = "nothing of it runs but what `compose run` has started";

/// One plan for each tenant of the order, in its order; a tenant that is named twice has one.
#[must_use]
pub fn plans(order: &Order, fleet: &Fleet, work: &Work, policy: &Policy, now: Timestamp) -> Vec<Plan> {
    let mut seen = HashSet::new();
    order
        .tenants
        .iter()
        .filter(|key| seen.insert(*key))
        .map(|(host, tenant)| {
            let (host, tenant) = (host.clone(), tenant.clone());
            match one(order, &host, &tenant, fleet, work, policy, now) {
                Ok((containers, Way { method, doubt })) => {
                    Plan { host, tenant, containers, method: Some(method), doubt, refusal: None }
                }
                Err(why) => {
                    let containers = Vec::new();
                    Plan { host, tenant, containers, method: None, doubt: None, refusal: Some(why) }
                }
            }
        })
        .collect()
}

/// The containers by name, in order, and the method.
type Doable = (Vec<Arc<str>>, Way);

/// The method, and what speaks against it.
struct Way {
    method: Method,
    doubt: Option<String>,
}

impl From<Method> for Way {
    fn from(method: Method) -> Self {
        Way { method, doubt: None }
    }
}

fn one(
    order: &Order,
    host: &str,
    name: &str,
    fleet: &Fleet,
    work: &Work,
    policy: &Policy,
    now: Timestamp,
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
        Task::Dump => dump(order, about, tenant, &sleepers, work, policy, now),
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
    now: Timestamp,
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
    let way = way(order, policy.methods_for(tier), host, work, &going, now)?;
    let ordered = for_dump(running, &policy.order);
    Ok((ordered.into_iter().map(|facts| facts.name.clone()).collect(), way))
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

/// The method that was asked for, else the first of these that is not known to be broken on the host and breaks nothing there. For a
/// person the host tries anew what is known to be broken, where nothing else will do.
fn way(
    order: &Order,
    wanted: &[Method],
    host: &Host,
    work: &Work,
    going: &[&Facts],
    now: Timestamp,
) -> Result<Way, Refusal> {
    let harm = |method: Method| {
        let others = || host.tenants.iter().flat_map(|tenant| &tenant.containers).map(|facts| &**facts);
        let own = going.iter().find_map(|facts| forbids(facts, method));
        own.or_else(|| broken_by(going, method, others()))
    };
    let engine = host.engine.as_ref().map(|engine| engine.label());
    // How much room there is, only the host can tell.
    let experimental = host.engine.as_ref().map(|engine| engine.experimental);
    let seen = Seen { experimental, ..Seen::default() };
    let fault = |method: Method| {
        let ability = work.ability(&host.name, engine.as_deref()?, method)?;
        ability.refuses(seen).map(|fault| told(fault, &ability.found(now)))
    };
    let is_tried = matches!(order.door, Door::Shell | Door::Console);
    let doubted = |method: Method, fault: &str| {
        let doubt = format!("{method} did not work on {}, and is tried anew: {fault}", host.name);
        Way { method, doubt: Some(doubt) }
    };
    if let Some(asked) = order.method {
        return match (fault(asked), harm(asked)) {
            (None, None) => Ok(asked.into()),
            (Some(fault), None) if is_tried => Ok(doubted(asked, &fault)),
            (None, Some(harm)) => Err(harm),
            (Some(_), Some(harm)) if is_tried => Err(harm),
            (Some(fault), _) => Err(format!("{asked} does not work on {}: {fault}", host.name)),
        };
    }
    let mut reasons = Vec::new();
    let mut harms = false;
    let mut tried = None;
    for method in wanted {
        let why = match (fault(*method), harm(*method)) {
            (None, None) => return Ok((*method).into()),
            (Some(fault), None) if is_tried => {
                tried = tried.or_else(|| Some(doubted(*method, &fault)));
                fault
            }
            (Some(fault), _) => fault,
            (None, Some(harm)) => {
                harms = true;
                harm
            }
        };
        reasons.push((*method, why));
    }
    if let Some(way) = tried {
        return Ok(way);
    }
    match refusal::of_all(&reasons) {
        _ if reasons.is_empty() => Err("the config allows no method for its tier".to_owned()),
        why if harms => Err(why),
        why => Err(format!("no method works on {}: {why}", host.name)),
    }
}

fn told(fault: &Fault, found: &str) -> String {
    match &fault.mend {
        Some(mend) => format!("{} (mend: {mend}; {found})", fault.reason),
        None => format!("{} ({found})", fault.reason),
    }
}

fn wake(tenant: Option<&Tenant>, sleepers: &[&Arc<Sleeper>]) -> Result<Doable, Refusal> {
    let Some(first) = sleepers.first() else {
        return lying_down(tenant);
    };
    let containers = sleepers.iter().rev().map(|sleeper| sleeper.name.clone()).collect();
    Ok((containers, first.method.into()))
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
    Ok((down.iter().map(|facts| facts.name.clone()).collect(), method.into()))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
