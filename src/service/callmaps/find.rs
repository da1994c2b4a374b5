//! Where the containers of a tenant are now: the fleet says which there are, their engines at which addresses.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout, timeout_at};

use super::World;
use crate::callmap::plan::{Found, Sought};
use crate::engine::Engine;
use crate::model::callmap::map::{Callmap, Target, Targets};
use crate::model::container::{Facts, Phase};
use crate::model::fleet::{Fleet, Host, Link, Tenant};
use crate::model::particulars::Particulars;
use crate::model::reach::{Candidate, candidates, no_way};
use crate::service::reach;

/// How long engines that have not answered yet are waited for.
const AT_MOST: Duration = Duration::from_secs(8);
/// How long after the tenant has been found: another host may have one of the same name.
const MORE_OF_THAT_NAME: Duration = Duration::from_secs(1);
/// How long the addresses of one container are tried.
const AT_MOST_TRIED: Duration = Duration::from_secs(1);
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
        Ok(Some(it)) => way(&it, port).await,
        Ok(None) => Err("it is gone".to_owned()),
        Err(error) => Err(format!("where it is cannot be asked: {error}")),
    }
}

/// Where it takes connections at that port, of all places where it may. One that takes none is asked at the first, so that the
/// probe tells what is wrong.
async fn way(it: &Particulars, port: Option<u16>) -> Result<Target, String> {
    let wanted = match port {
        Some(port) => candidates(it, port),
        // Which port is asked is for the probe to say: an address is sought at which it takes connections at all.
        None => it.ports.iter().flat_map(|port| candidates(it, *port)).filter(|one| one.straight).collect(),
    };
    let of = |one: &Candidate| Target { address: one.at.ip(), port: port.map(|_| one.at.port()) };
    let is_clear = wanted.windows(2).all(|pair| of(&pair[0]) == of(&pair[1]));
    if !is_clear && let Ok(Ok(found)) = timeout(AT_MOST_TRIED, reach::answering(&wanted)).await {
        return Ok(of(&found));
    }
    if let Some(one) = wanted.first() {
        return Ok(of(one));
    }
    if port.is_none()
        && let Some(address) = it.addresses.first()
    {
        return Ok(Target { address: *address, port: None });
    }
    let (None, Some((inner, outside))) = (port, it.published.first()) else { return Err(no_way(it, port)) };
    if it.published.iter().any(|(other, _)| other != inner) {
        return Err(
            "it has several published ports: say which one is meant, as `port` of `targets`".to_owned()
        );
    }
    Ok(Target { address: outside.ip(), port: Some(outside.port()) })
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
            stop_timeout: None,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            ports: Vec::new(),
            published: published.iter().map(|(inner, at)| (*inner, at.parse().unwrap())).collect(),
            unreached: None,
            checked_every: None,
        }
    }

    #[rstest]
    #[case::straight(&["127.217.0.2"], &[(8080, "127.217.0.5:9")], Some(8080), "127.217.0.2 8080")]
    #[case::straight_at_the_probes_port(&["172.17.0.2"], &[], None, "172.17.0.2 -")]
    #[case::led(&[], &[(80, "10.0.0.5:80"), (8080, "10.0.0.5:32768")], Some(8080), "10.0.0.5 32768")]
    #[case::the_only_one(&[], &[(8080, "10.0.0.5:32768"), (8080, "[2001:db8::5]:32768")], None, "10.0.0.5 32768")]
    #[case::which(&[], &[(80, "10.0.0.5:80"), (8080, "10.0.0.5:32768")], None, "it has several published ports")]
    #[case::another(&[], &[(80, "10.0.0.5:80")], Some(8080), "its network is not reached from here, and port 8080")]
    #[case::none(&[], &[], None, "its network is not reached from here, and it publishes no port")]
    #[tokio::test]
    async fn the_way_to_a_container(
        #[case] addresses: &[&str],
        #[case] published: &[(u16, &str)],
        #[case] port: Option<u16>,
        #[case] told: &str,
    ) {
        let text = match way(&container(addresses, published), port).await {
            Ok(Target { address, port }) => {
                format!("{address} {}", port.map_or("-".to_owned(), |port| port.to_string()))
            }
            Err(why) => why,
        };
        assert!(text.starts_with(told), "{text}");
    }

    #[tokio::test]
    async fn of_several_addresses_the_one_that_answers_is_asked() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut it = container(&["127.0.0.2", "127.0.0.1"], &[]);
        let expected = Target { address: "127.0.0.1".parse().unwrap(), port: Some(port) };
        assert_eq!(way(&it, Some(port)).await, Ok(expected));
        it.ports = vec![port];
        assert_eq!(way(&it, None).await, Ok(Target { port: None, ..expected }));
    }
}
