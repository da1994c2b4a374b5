//! `wakeboard ps`: the tenants, as a table or as JSON.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Failure, output, settle};
use crate::config::Settings;
use crate::grammar::Ps;
use crate::model::cells::age;
use crate::model::container::{Facts, Phase, Port};
use crate::model::filter::Filter;
use crate::model::fleet::{Fleet, Tenant};
use crate::model::usage::Usage;
use crate::service::{Rules, Service, Usages, Wanted, current};

/// How long is waited for what only an inspect or two readings tell. What is not there by then is null in JSON.
const DETAILS_DEADLINE: Duration = Duration::from_secs(5);
/// `--watch` prints no more often than this.
const WATCH_EVERY: Duration = Duration::from_millis(500);

/// A tenant in JSON.
#[derive(Debug, Serialize)]
struct TenantRow<'a> {
    tenant: &'a str,
    tier: Option<&'a str>,
    state: &'a str,
    method: Option<&'a str>,
    host: &'a str,
    since: Option<Timestamp>,
    containers: Vec<ContainerRow<'a>>,
}

/// A container in JSON.
#[derive(Debug, Serialize)]
struct ContainerRow<'a> {
    name: &'a str,
    id: &'a str,
    role: Option<&'a str>,
    image: &'a str,
    state: &'a str,
    since: Option<Timestamp>,
    exit_code: Option<i64>,
    oom: bool,
    restart_count: Option<u64>,
    health: Option<&'a str>,
    ports: Option<&'a [Port]>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
}

/// Lists tenants.
///
/// # Errors
/// A filter that cannot be understood; no host that answers.
pub async fn run(ps: &Ps, settings: Settings) -> Result<(), Failure> {
    let mut filter =
        Filter::parse(&ps.filter.join(" ")).map_err(|error| Failure::Usage(error.to_string()))?;
    let rules = Rules { ledger: settings.ledger, ..Rules::default() };
    let service = Service::start(settings.hosts, settings.naming, rules);
    let mut fleet = service.fleet();
    settle::record(&service).await;
    let mut now = settle::first_answers(&mut fleet).await?;
    loop {
        if ps.json {
            now = with_details(&service, &mut filter, now).await;
            let usages = service.usages().borrow().clone();
            output::json(&rows(&mut filter, &now, &usages))?;
        } else {
            now = once_clear(&service, now).await;
            if ps.watch && output::places_text() {
                output::print(|out| write!(out, "\x1b[H\x1b[2J"))?;
            }
            output::table(&table(&mut filter, &now))?;
        }
        if !ps.watch {
            return Ok(());
        }
        sleep(WATCH_EVERY).await;
        if fleet.changed().await.is_err() {
            return Err(Failure::Failed("the service ended".to_owned()));
        }
        now = fleet.borrow_and_update().clone();
    }
}

/// Waits until no state can turn out to be another by what only an inspect tells, or for too long.
async fn once_clear(service: &Service, now: Arc<Fleet>) -> Arc<Fleet> {
    let is_clear = |fleet: &Arc<Fleet>| fleet.hosts.iter().all(|host| !host.unclear || !host.link.is_up());
    if is_clear(&now) {
        return now;
    }
    let mut fleet = service.fleet();
    let clear = timeout(DETAILS_DEADLINE, fleet.wait_for(is_clear)).await;
    if let Ok(Ok(fleet)) = clear {
        return fleet.clone();
    }
    service.fleet().borrow().clone()
}

/// Waits until what a list leaves out is known of every tenant that passes, or for too long.
async fn with_details(service: &Service, filter: &mut Filter, now: Arc<Fleet>) -> Arc<Fleet> {
    let mut rows = Vec::new();
    for tenant in now.tenants().filter(|tenant| filter.passes(tenant)) {
        rows.extend(tenant.containers.iter().map(|facts| (tenant.host.clone(), facts.id.clone())));
    }
    service.want(Wanted { rows: rows.clone(), hurry: true });
    let deadline = Instant::now() + DETAILS_DEADLINE;
    let (mut fleet, mut usages) = (service.fleet(), service.usages());
    loop {
        let now = fleet.borrow_and_update().clone();
        let whole = {
            let usages = usages.borrow_and_update();
            now.tenants()
                .filter(|tenant| filter.passes(tenant))
                .all(|tenant| tenant.containers.iter().all(|facts| is_whole(tenant, facts, &usages)))
        };
        if whole {
            return now;
        }
        let change = async {
            tokio::select! {
                result = fleet.changed() => result,
                result = usages.changed() => result,
            }
        };
        if !matches!(timeout_at(deadline, change).await, Ok(Ok(()))) {
            return service.fleet().borrow().clone();
        }
    }
}

fn is_whole(tenant: &Tenant, facts: &Facts, usages: &Usages) -> bool {
    if tenant.state != tenant.known || facts.phase == Phase::Gone {
        // Its host does not answer, or it was removed for its sleep: no more will be known.
        return true;
    }
    let running = matches!(facts.phase, Phase::Running | Phase::Paused);
    // Where nothing at all could be read, no more will come.
    let is_read = |usage: &Usage| usage.cpu_percent.is_some() || *usage == Usage::default();
    facts.detail.is_some()
        && (!running
            || usages
                .get(&(tenant.host.clone(), facts.id.clone()))
                .is_some_and(|trend| is_read(&trend.usage)))
}

fn rows<'a>(filter: &mut Filter, fleet: &'a Fleet, usages: &Usages) -> Vec<TenantRow<'a>> {
    let container = |tenant: &Tenant, facts: &'a Arc<Facts>| {
        let usage = current(tenant, facts, usages).map(|trend| trend.usage);
        ContainerRow {
            name: &facts.name,
            id: &facts.id,
            role: facts.place.role.as_deref(),
            image: &facts.image,
            state: facts.state().as_str(),
            since: facts.since,
            exit_code: facts.exit_code(),
            oom: facts.oom,
            restart_count: facts.detail.map(|detail| detail.restarts),
            ports: facts.ports.as_deref(),
            health: facts.health.word(),
            cpu_percent: usage
                .and_then(|usage| usage.cpu_percent)
                .map(|percent| (percent * 100.0).round() / 100.0),
            memory_bytes: usage.and_then(|usage| usage.memory_bytes),
            memory_limit_bytes: facts.detail.and_then(|detail| detail.memory_limit),
        }
    };
    fleet
        .tenants()
        .filter(|tenant| filter.passes(tenant))
        .map(|tenant| TenantRow {
            tenant: &tenant.name,
            tier: tenant.tier.map(crate::model::tier::Tier::as_str),
            state: tenant.state.as_str(),
            method: tenant.method.map(crate::model::method::Method::as_str),
            host: &tenant.host,
            since: tenant.since,
            containers: tenant.containers.iter().map(|facts| container(tenant, facts)).collect(),
        })
        .collect()
}

fn table(filter: &mut Filter, fleet: &Fleet) -> Vec<Vec<String>> {
    let names = ["TENANT", "TIER", "STATE", "HOST", "SINCE", "CONTAINERS"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    let now = Timestamp::now();
    for tenant in fleet.tenants().filter(|tenant| filter.passes(tenant)) {
        let state = match &tenant.reason {
            Some(reason) => format!("{} {} ({reason})", tenant.state.kind().sign(), tenant.state_words()),
            None => format!("{} {}", tenant.state.kind().sign(), tenant.state_words()),
        };
        let containers: Vec<&str> = tenant.containers.iter().map(|facts| &*facts.name).collect();
        rows.push(vec![
            tenant.name.to_string(),
            tenant.tier.map_or("–", crate::model::tier::Tier::as_str).to_owned(),
            state,
            tenant.host.to_string(),
            tenant.since.map_or("–".to_owned(), |since| age(now.duration_since(since).as_secs())),
            containers.join(" "),
        ]);
    }
    rows
}
