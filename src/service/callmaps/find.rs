//! Where the containers of a tenant are now: the fleet says which there are, their engines at which addresses.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::World;
use crate::callmap::plan::{Found, Sought};
use crate::engine::Engine;
use crate::model::callmap::map::{Callmap, Target, Targets};
use crate::model::container::{Facts, Phase};
use crate::model::fleet::{Fleet, Host, Link, Tenant};
use crate::model::particulars::Particulars;

/// How long engines that have not answered yet are waited for.
const AT_MOST: Duration = Duration::from_secs(8);
/// How long after the tenant has been found: another host may have one of the same name.
const MORE_OF_THAT_NAME: Duration = Duration::from_secs(1);
/// The most containers of one tenant that are looked at.
const MOST_CONTAINERS: usize = 200;

/// Whose containers a layer asks for, and where they are or why nobody knows.
struct Layer<'a> {
    sought: Sought<'a>,
    found: Result<Vec<Found>, String>,
}

/// Where the containers of all tenants of a callmap are.
pub(super) struct Tenants<'a>(Vec<Layer<'a>>);

impl Tenants<'_> {
    /// What a plan asks for.
    pub fn of(&self, sought: &Sought<'_>) -> Result<Vec<Found>, String> {
        let is_it = |layer: &&Layer<'_>| {
            let it = &layer.sought;
            (it.tenant, it.role, it.port) == (sought.tenant, sought.role, sought.port)
        };
        let layer = self.0.iter().find(is_it);
        layer.map_or_else(|| Err("nobody has looked for it".to_owned()), |layer| layer.found.clone())
    }
}

/// Whether a callmap asks a tenant's containers at all.
pub fn is_needed(callmap: &Callmap) -> bool {
    callmap.layers.iter().any(|layer| matches!(layer.targets, Targets::Tenant { .. }))
}

/// Looks for all of them at once.
pub(super) async fn find<'a>(callmap: &'a Callmap, world: &World) -> Tenants<'a> {
    let sought = callmap.layers.iter().filter_map(|layer| match &layer.targets {
        Targets::Tenant { tenant, role, port } => Some(Sought { tenant, role: role.as_deref(), port: *port }),
        Targets::OfProbes | Targets::Addresses(_) => None,
    });
    // The rest of the run must have time left.
    let until = Instant::now() + AT_MOST.min(callmap.deadline / 2);
    let layers = sought.map(|sought| async move {
        let found = find_one(&sought, world, until).await;
        Layer { sought, found }
    });
    Tenants(join_all(layers).await)
}

async fn find_one(sought: &Sought<'_>, world: &World, until: Instant) -> Result<Vec<Found>, String> {
    let (host, name) = match sought.tenant.split_once('/') {
        Some((host, name)) => (Some(host), name),
        None => (None, sought.tenant),
    };
    let fleet = settled(world, host, name, until).await;
    let tenant = the_one(&fleet, host, name)?;
    if let Some(Link::Down { reason, .. }) = fleet.host(&tenant.host).map(|host| &host.link) {
        return Err(format!("{} does not answer, where {name} is: {reason}", tenant.host));
    }
    let wanted = tenant
        .counted()
        .filter(|facts| sought.role.is_none_or(|role| facts.place.role.as_deref() == Some(role)))
        .take(MOST_CONTAINERS);
    let connected = world.hosts.iter().find(|(host, _)| *host == tenant.host);
    let engine = connected.and_then(|(_, connected)| connected.borrow().clone());
    let engine = engine.ok_or_else(|| format!("{} does not answer, where {name} is", tenant.host))?;
    let found = wanted.map(|facts| async {
        let at = timeout_at(until, at(&*engine, facts, sought.port)).await;
        let at = at.unwrap_or_else(|_| Err("its engine takes too long to say where it is".to_owned()));
        Found { name: facts.name.clone(), at }
    });
    let found = join_all(found).await;
    match sought.role {
        Some(role) if found.is_empty() => Err(format!("tenant {name} has no container of the role {role}")),
        _ => Ok(found),
    }
}

/// The fleet, once it is clear which of its hosts have the tenant; or when that has taken too long.
async fn settled(world: &World, host: Option<&str>, name: &str, until: Instant) -> Arc<Fleet> {
    let mut fleet = world.fleet.clone();
    let mut until = until;
    let mut is_found = false;
    loop {
        let now = fleet.borrow_and_update().clone();
        let concerned = |it: &&Arc<Host>| host.is_none_or(|host| *it.name == *host);
        if now.hosts.iter().filter(concerned).all(|host| host.link != Link::Connecting) {
            return now;
        }
        if !is_found && the_one(&now, host, name).is_ok() {
            is_found = true;
            until = until.min(Instant::now() + MORE_OF_THAT_NAME);
        }
        if !matches!(timeout_at(until, fleet.changed()).await, Ok(Ok(()))) {
            return now;
        }
    }
}

/// The tenant of that name, if there is one alone.
fn the_one<'a>(fleet: &'a Fleet, host: Option<&str>, name: &str) -> Result<&'a Arc<Tenant>, String> {
    if fleet.hosts.is_empty() {
        return Err(format!("there is no host to look for tenant {name} on: name hosts in the config"));
    }
    if let Some(host) = host
        && fleet.host(host).is_none()
    {
        return Err(format!("there is no host {host} in the config"));
    }
    let all = fleet.tenants();
    let found: Vec<_> =
        all.filter(|it| *it.name == *name && host.is_none_or(|host| *it.host == *host)).collect();
    match &*found {
        [one] => Ok(one),
        [] => {
            let mut silent = fleet.hosts.iter().filter(|it| host.is_none_or(|host| *it.name == *host));
            let silent = silent.find_map(|host| match &host.link {
                Link::Up => None,
                Link::Connecting => Some(format!("; {} has not answered yet", host.name)),
                Link::Down { reason, .. } => Some(format!("; {} does not answer: {reason}", host.name)),
            });
            Err(format!("there is no tenant {name}{}", silent.unwrap_or_default()))
        }
        several => {
            let names: Vec<String> = several.iter().map(|it| format!("{}/{name}", it.host)).collect();
            Err(format!("several hosts have a tenant {name}: write {}", names.join(" or ")))
        }
    }
}

/// Where a container can be asked now.
async fn at(engine: &dyn Engine, facts: &Facts, port: Option<u16>) -> Result<Target, String> {
    if let Some(method) = facts.asleep {
        return Err(format!("it sleeps (dumped {method})"));
    }
    if facts.phase != Phase::Running {
        let reason = facts.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
        return Err(format!("it is {}{reason}", facts.state()));
    }
    match engine.particulars(&facts.id).await {
        Ok(Some(it)) => way(&it, port),
        Ok(None) => Err("it is gone".to_owned()),
        Err(error) => Err(format!("where it is cannot be asked: {error}")),
    }
}

/// Straight to it, where its network can be reached from here; else by a port of its machine that leads to it.
pub(in crate::service) fn way(it: &Particulars, port: Option<u16>) -> Result<Target, String> {
    if let Some(address) = it.addresses.first() {
        return Ok(Target { address: *address, port });
    }
    let mut led = it.published.iter().filter(|(inner, _)| port.is_none_or(|port| *inner == port));
    match (led.next(), port) {
        (Some((_, outside)), Some(_)) => Ok(Target { address: outside.ip(), port: Some(outside.port()) }),
        (Some((inner, outside)), None) if led.all(|(other, _)| other == inner) => {
            Ok(Target { address: outside.ip(), port: Some(outside.port()) })
        }
        (Some(_), None) => {
            Err("it has several published ports: say which one is meant, as `port` of `targets`".to_owned())
        }
        (None, Some(port)) => {
            Err(format!("its network is not reached from here, and port {port} is not published"))
        }
        (None, None) => Err("its network is not reached from here, and it publishes no port".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use rstest::rstest;

    use crate::model::container::tests::facts;
    use crate::model::particulars::{Life, Limits, Restart};

    fn container(addresses: &[&str], published: &[(u16, &str)]) -> Particulars {
        Particulars {
            facts: facts("a", Phase::Running),
            life: Life::default(),
            restart: Restart::default(),
            limits: Limits::default(),
            sessions: Vec::new(),
            removed_at_end: false,
            stop_timeout: None,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            ports: Vec::new(),
            published: published.iter().map(|(inner, at)| (*inner, at.parse().unwrap())).collect(),
            service: None,
            depends_on: Vec::new(),
        }
    }

    #[rstest]
    #[case::straight(&["172.17.0.2"], &[(8080, "10.0.0.5:32768")], Some(8080), "172.17.0.2 8080")]
    #[case::straight_at_the_probes_port(&["172.17.0.2"], &[], None, "172.17.0.2 -")]
    #[case::led(&[], &[(80, "10.0.0.5:80"), (8080, "10.0.0.5:32768")], Some(8080), "10.0.0.5 32768")]
    #[case::the_only_one(&[], &[(8080, "10.0.0.5:32768"), (8080, "[2001:db8::5]:32768")], None, "10.0.0.5 32768")]
    #[case::which(&[], &[(80, "10.0.0.5:80"), (8080, "10.0.0.5:32768")], None, "it has several published ports")]
    #[case::another(&[], &[(80, "10.0.0.5:80")], Some(8080), "its network is not reached from here, and port 8080")]
    #[case::none(&[], &[], None, "its network is not reached from here, and it publishes no port")]
    fn the_way_to_a_container(
        #[case] addresses: &[&str],
        #[case] published: &[(u16, &str)],
        #[case] port: Option<u16>,
        #[case] told: &str,
    ) {
        let text = match way(&container(addresses, published), port) {
            Ok(Target { address, port }) => {
                format!("{address} {}", port.map_or("-".to_owned(), |port| port.to_string()))
            }
            Err(why) => why,
        };
        assert!(text.starts_with(told), "{text}");
    }
}
