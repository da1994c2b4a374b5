//! Where a container of this engine may be reached from this program, of all that an inspect says of its networks and ports.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bollard::models::{ContainerInspectResponse, EndpointSettings};

use super::DockerEngine;
use super::particulars::tcp;
use crate::engine::EngineError;
use crate::engine::nearness::{is_on_link, listener, users_at};
use crate::engine::own::own_container;
use crate::model::reach::{HERE, Network, network, published_at};

/// How long the name of the engine's machine may take to become an address.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(2);
/// The most addresses of one machine.
const MOST_ADDRESSES: usize = 8;
/// How often a container whose network is another's is followed.
const MOST_OWNERS: usize = 3;
/// After how long an engine is looked at again of which nothing was known.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// What is known of the network of an engine, and when it was found out.
pub(super) type Known = (Network, Instant);

/// Where a container may be reached.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub addresses: Vec<IpAddr>,
    pub published: Vec<(u16, SocketAddr)>,
    pub unreached: Option<String>,
}

impl DockerEngine {
    /// Where that container may be reached. One that shares the network of another is where that one is.
    pub(super) async fn reach(&self, inspect: &ContainerInspectResponse) -> Result<Reach, EngineError> {
        let mut owner = None;
        for _ in 0..MOST_OWNERS {
            let now = owner.as_ref().unwrap_or(inspect);
            let Some(id) = mode(now).strip_prefix("container:") else { break };
            match self.inspect_whole(id).await? {
                Some(found) => owner = Some(found),
                None => return Ok(Reach::default()),
            }
        }
        let of = owner.as_ref().unwrap_or(inspect);
        Ok(if self.near { self.reach_here(of).await } else { self.reach_afar(of).await })
    }

    /// Of an engine behind a socket of this machine.
    async fn reach_here(&self, of: &ContainerInspectResponse) -> Reach {
        let network = self.whose_network().await;
        let is_host = mode(of) == "host";
        let addresses = match &network {
            Network::Ours if is_host => HERE.to_vec(),
            Network::Ours => addresses(of, |_| true),
            Network::Shared(ids) => {
                addresses(of, |it| it.network_id.as_ref().is_some_and(|id| ids.contains(id)))
            }
            // A simulated engine's containers are on this machine's loopback.
            Network::Apart(_) | Network::Unknown => {
                addresses(of, |_| true).into_iter().filter(IpAddr::is_loopback).collect()
            }
        };
        let mut published = published(of, &HERE);
        match &network {
            Network::Apart(None) => published.clear(),
            Network::Apart(Some(user)) => {
                published.retain(|(_, at)| {
                    let users = users_at(at.port());
                    !users.is_empty() && users.iter().all(|other| other == user)
                });
            }
            Network::Ours | Network::Shared(_) | Network::Unknown => {}
        }
        Reach { addresses, published, unreached: network.reason().map(str::to_owned) }
    }

    /// Of an engine on another machine.
    async fn reach_afar(&self, of: &ContainerInspectResponse) -> Reach {
        match self.machine_addresses().await {
            Ok(machine) if mode(of) == "host" => {
                Reach { addresses: machine, published: Vec::new(), unreached: None }
            }
            Ok(machine) => {
                Reach { addresses: Vec::new(), published: published(of, &machine), unreached: None }
            }
            Err(why) => Reach { unreached: Some(why), ..Reach::default() },
        }
    }

    /// Whose network this engine puts its containers into. Found out once; where nothing tells, again after a while.
    async fn whose_network(&self) -> Network {
        let known = self.network.lock().await.clone();
        if let Some((network, since)) = known
            && (network != Network::Unknown || since.elapsed() < LOOK_AGAIN)
        {
            return network;
        }
        let seen = match self.transport.socket() {
            Some(socket) => listener(socket).await,
            None => None,
        };
        let mut found = network(seen.as_ref());
        if found == Network::Unknown
            && let Some(own) = own_container()
            && let Ok(Some(own)) = self.inspect_whole(own).await
        {
            // The engine knows the container that this program runs in.
            found = network_of_own(&own);
        }
        *self.network.lock().await = Some((found.clone(), Instant::now()));
        found
    }

    /// The addresses of the engine's machine.
    async fn machine_addresses(&self) -> Result<Vec<IpAddr>, String> {
        let Some(machine) = &self.machine else { return Ok(HERE.to_vec()) };
        let machine = machine.as_ref().map_err(Clone::clone)?;
        let nowhere = || format!("the address of its machine is not known: {machine} leads nowhere");
        let found: Vec<IpAddr> = if let Ok(address) = machine.parse() {
            vec![address]
        } else {
            // The port is of no use here, but the call wants one.
            let looked = tokio::net::lookup_host((machine.as_str(), 0));
            let found = tokio::time::timeout(LOOKUP_DEADLINE, looked).await;
            let found = found.map_err(|_| nowhere())?.map_err(|_| nowhere())?;
            let mut all: Vec<IpAddr> = Vec::new();
            for address in found.map(|it| it.ip()).take(MOST_ADDRESSES) {
                if !all.contains(&address) {
                    all.push(address);
                }
            }
            all
        };
        if found.is_empty() {
            return Err(nowhere());
        }
        // A login at this machine's own loopback may end in a virtual machine, whose ports are not open here.
        if self.is_tunnelled() && found.iter().all(IpAddr::is_loopback) {
            let is_here = self.info().await.is_ok_and(super::room::Info::is_of_this_machine);
            if !is_here {
                return Err(format!("its machine is behind {machine}, and is not this one"));
            }
        }
        Ok(found)
    }
}

fn mode(inspect: &ContainerInspectResponse) -> &str {
    inspect.host_config.as_ref().and_then(|config| config.network_mode.as_deref()).unwrap_or_default()
}

/// Whose network an engine uses that knows the container which this program runs in.
fn network_of_own(own: &ContainerInspectResponse) -> Network {
    if mode(own) == "host" {
        return Network::Ours;
    }
    let ids: Vec<String> =
        endpoints(own).filter_map(|it| it.network_id.clone()).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() { Network::Unknown } else { Network::Shared(ids) }
}

fn endpoints(inspect: &ContainerInspectResponse) -> impl Iterator<Item = &EndpointSettings> {
    let networks = inspect.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    networks.into_iter().flat_map(std::collections::HashMap::values)
}

/// Its addresses in those of its networks that this machine is in as well. What a router would lead to may be somebody else.
fn addresses(
    inspect: &ContainerInspectResponse,
    is_wanted: impl Fn(&EndpointSettings) -> bool,
) -> Vec<IpAddr> {
    let of = |address: Option<&String>, prefix: Option<i64>| {
        let address: IpAddr = address?.parse().ok()?;
        let prefix = prefix.and_then(|prefix| u8::try_from(prefix).ok()).filter(|prefix| *prefix > 0);
        prefix.is_none_or(|prefix| is_on_link(address, prefix)).then_some(address)
    };
    let mut found: Vec<IpAddr> = endpoints(inspect)
        .filter(|it| is_wanted(it))
        .flat_map(|it| {
            [
                of(it.ip_address.as_ref(), it.ip_prefix_len),
                of(it.global_ipv6_address.as_ref(), it.global_ipv6_prefix_len),
            ]
        })
        .flatten()
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Ports of the engine's machine that lead into the container: the present ones while it runs, else those that it was
/// created with, as far as they are fixed.
fn published(inspect: &ContainerInspectResponse, machine: &[IpAddr]) -> Vec<(u16, SocketAddr)> {
    let now = inspect.network_settings.as_ref().and_then(|settings| settings.ports.as_ref());
    let now = now.filter(|ports| ports.values().any(Option::is_some));
    let bound = inspect.host_config.as_ref().and_then(|config| config.port_bindings.as_ref());
    let mut found = Vec::new();
    for (port, bindings) in now.or(bound).into_iter().flatten() {
        let Some(port) = tcp(port) else { continue };
        for binding in bindings.iter().flatten() {
            let outside: Option<u16> = binding.host_port.as_deref().and_then(|port| port.parse().ok());
            let Some(outside) = outside.filter(|port| *port != 0) else { continue };
            let places = published_at(binding.host_ip.as_deref().unwrap_or_default(), machine);
            found.extend(places.into_iter().map(|address| (port, SocketAddr::new(address, outside))));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
