//! The picture at the start: a scenario's hosts and tenants as engines full of containers of every age and state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::act::Step;
use super::chance::Chance;
use super::container::{Container, Health, Phase, Spec};
use super::sim::{About, Engine, Key};
use crate::config::scenario::{RestartPolicy, Role, Scenario, Start, TenantGroup};
use crate::model::naming::{ROLE_LABEL, TENANT_LABEL, TIER_LABEL};
use crate::model::tier::Tier;

/// Ages are spread evenly over their orders of magnitude, from minutes to weeks.
const YOUNGEST: f64 = 12.0 * 60.0;
const OLDEST: f64 = 40.0 * 86_400.0;

/// Something that follows from how a container stands at the start.
pub type Opening = (Duration, Key, Step);

/// A container at the start, and what follows from how it stands.
type Newcomer = (Container, Option<(Duration, Step)>);

/// The engines of a scenario as they are at the start, with what follows from it.
#[must_use]
pub fn engines(scenario: &Scenario, now: Timestamp) -> Vec<(Engine, Vec<Opening>)> {
    let mut chance = Chance::new(scenario.seed, "populate");
    let mut engines = Vec::new();
    for group in &scenario.hosts {
        for name in group.all_names() {
            let about = About {
                id: Chance::new(scenario.seed, &name).hex(32),
                name,
                cpus: group.cpus,
                memory: group.memory,
                swap: group.swap,
                swap_limit: group.swap_limit,
                version: group.version.clone(),
                api: group.api.clone(),
                experimental: group.experimental,
                cgroup: group.cgroup,
                stats_delay: group.stats_delay.unwrap_or_default(),
                check_every: scenario.health_exec_every,
                checkpoint_time: group.checkpoint_time,
                restore_time: group.restore_time,
            };
            engines.push(Engine::new(about, scenario.seed));
        }
    }
    let mut crowds: Vec<Vec<Newcomer>> = engines.iter().map(|_| Vec::new()).collect();
    for group in &scenario.tenants {
        let homes: Vec<usize> = (0..engines.len())
            .filter(|host| group.hosts.is_empty() || group.hosts.contains(&engines[*host].about.name))
            .collect();
        let names = group.all_names();
        let tiers = chance.spread(group.tiers.iter().map(|(tier, share)| (*tier, *share)), names.len());
        let starts = chance.spread(group.start.iter().map(|(start, share)| (*start, *share)), names.len());
        for (number, tenant) in names.iter().enumerate() {
            let home = homes[number % homes.len()];
            let tier = tiers.get(number).copied();
            let start = starts.get(number).copied().unwrap_or(Start::Running);
            let created = age(&mut chance, YOUNGEST, OLDEST);
            for (place, role) in group.roles.iter().enumerate() {
                let Some(made) = scenario.roles.get(role) else { continue };
                let port = 20_000 + u16::try_from(crowds[home].len() % 40_000).unwrap_or(0);
                let spec = spec(group, tenant, number, role, made, tier, port);
                let start = if place == 0 { start } else { of_the_others(start) };
                crowds[home].push(container(spec, start, created, now, &mut chance));
            }
        }
    }
    let fill = |(mut engine, mut crowd): (Engine, Vec<Newcomer>)| {
        crowd.sort_by_key(|(container, _)| container.created);
        let mut openings = Vec::new();
        for (container, follows) in crowd {
            let started = container.started;
            let checked = container.phase == Phase::Running && container.health.is_some();
            let key = engine.insert(container);
            openings.extend(follows.map(|(after, step)| (after, key, step)));
            if let (Some(every), Some(started), true) = (scenario.health_exec_every, started, checked) {
                openings.push((chance.up_to(every), key, Step::Check { every, started }));
            }
        }
        (engine, openings)
    };
    engines.into_iter().zip(crowds).map(fill).collect()
}

/// What a tenant's other containers are, where the first is in trouble of its own.
fn of_the_others(start: Start) -> Start {
    match start {
        Start::Paused | Start::Stopped | Start::Created | Start::Busy => start,
        _ => Start::Running,
    }
}

fn spec(
    group: &TenantGroup,
    tenant: &str,
    number: usize,
    role: &str,
    made: &Role,
    tier: Option<Tier>,
    port: u16,
) -> Spec {
    let ascii = tenant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let slug = match group.slugs.get(tenant) {
        Some(slug) => slug.clone(),
        None if ascii => tenant.to_owned(),
        None => format!("tenant-{}", number + 1),
    };
    let mut labels: BTreeMap<String, String> = made
        .labels
        .iter()
        .map(|(key, value)| (key.clone(), value.replace("{tenant}", tenant).replace("{role}", role)))
        .collect();
    if group.labelled {
        labels.insert(TENANT_LABEL.to_owned(), tenant.to_owned());
        labels.insert(ROLE_LABEL.to_owned(), role.to_owned());
        if let Some(tier) = tier {
            labels.insert(TIER_LABEL.to_owned(), tier.to_string());
        }
    }
    Spec {
        name: format!("{slug}-{role}"),
        tenant: tenant.into(),
        role: role.into(),
        tier: tier.map_or("", Tier::as_str),
        image: made.image.clone(),
        memory: made.memory,
        health: made.health,
        ready: made.ready,
        restart: made.restart,
        stop_exit: made.stop_exit,
        port: made.port.map(|private| (private, port)),
        volume: made.volume.clone(),
        labels: Arc::new(labels),
        given: None,
    }
}

fn container(
    mut spec: Spec,
    start: Start,
    created: Duration,
    now: Timestamp,
    chance: &mut Chance,
) -> Newcomer {
    if start == Start::Restarting && spec.restart == RestartPolicy::No {
        spec.restart = RestartPolicy::Always;
    }
    let (memory, health) = (spec.memory, spec.health);
    let id = chance.hex(64);
    let mut it = Container::new(Arc::new(spec), id, now - created, chance.unit());
    // A little later than its tenant's others, so that the list has an order.
    it.created += chance.millis(0, 9000);
    if start == Start::Created {
        return (it, None);
    }
    let up_for = age(chance, YOUNGEST / 6.0, created.as_secs_f64());
    let ended = age(chance, 40.0, up_for.as_secs_f64().min(86_400.0));
    it.started = Some(now - up_for);
    it.health = health.then_some(Health::Healthy);
    it.phase = Phase::Running;
    let mut follows = None;
    let exit = |it: &mut Container, phase, code| {
        (it.phase, it.finished, it.exit_code) = (phase, Some(now - ended), code);
    };
    match start {
        Start::Running | Start::Created => {}
        Start::Busy => it.usage.busy_until(now + chance.millis(20_000, 120_000)),
        Start::Starting => {
            it.started = Some(now - chance.millis(500, 4000));
            if health {
                it.health = Some(Health::Starting);
                follows = Some((chance.millis(4000, 15_000), Step::Health(Health::Healthy)));
            }
        }
        Start::Unhealthy => it.health = health.then_some(Health::Unhealthy),
        Start::Paused => it.phase = Phase::Paused,
        Start::Stopped => {
            let code = it.spec.stop_exit;
            exit(&mut it, Phase::Exited, code);
        }
        Start::Crashed => {
            let code = [1, 2, 127, 134, 139][chance.below(5)];
            exit(&mut it, Phase::Exited, code);
        }
        Start::Oom => {
            exit(&mut it, Phase::Exited, 137);
            it.oom = true;
        }
        Start::Restarting => {
            exit(&mut it, Phase::Restarting, 1);
            it.finished = Some(now - chance.millis(1000, 9000));
            (it.restarts, it.streak, it.loops_left) = (7, 7, 3);
            follows = Some((chance.millis(3000, 12_000), Step::StartAgain));
        }
    }
    if memory > 0 || it.phase.is_up() {
        let started = it.started.unwrap_or(now);
        it.usage.settle(started, now);
    }
    (it, follows)
}

/// A span between two numbers of seconds, each order of magnitude as likely as the other.
fn age(chance: &mut Chance, low: f64, high: f64) -> Duration {
    let high = high.max(low);
    Duration::from_secs_f64((low.ln() + (high.ln() - low.ln()) * chance.unit()).exp())
}

#[cfg(test)]
pub(crate) fn sample_spec(name: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        tenant: "acme".into(),
        role: "app".into(),
        tier: "vip",
        image: "shop/app:1.0.0".to_owned(),
        memory: 256 << 20,
        health: true,
        ready: None,
        restart: RestartPolicy::No,
        stop_exit: 143,
        port: Some((8080, 20_000)),
        volume: None,
        labels: Arc::new(BTreeMap::from([(TENANT_LABEL.to_owned(), "acme".to_owned())])),
        given: None,
    }
}
