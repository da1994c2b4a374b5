//! Where a container may be reached from this program: one rule for the wake door, for readiness and for callmaps.
//!
//! An address is a candidate only where the network that it belongs to is known to be the one that this program is in. Addresses
//! of private networks are the same on many machines: an address of another engine's network may be another tenant's here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::particulars::Particulars;

/// More candidates than these are not tried.
const MOST: usize = 32;
/// This machine, as it reaches itself.
pub const HERE: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// One address at which a port of a container may take connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The address and the port to connect to.
    pub at: SocketAddr,
    /// Whether a process of the container itself takes the connection. A published port may be a proxy's, which takes connections
    /// that lead nowhere.
    pub straight: bool,
}

/// Whose network an engine behind a socket of this machine puts its containers into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// The one that this program is in.
    Ours,
    /// That of the container that this program runs in: of these networks, by id, both are members.
    Shared(Vec<String>),
    /// Another one: the engine runs in a network namespace or in a machine of its own. Ports that it publishes lead to it only where
    /// this user has opened them here; nothing where the engine is root's.
    Apart(Option<u32>),
    /// Nothing tells.
    Unknown,
}

/// What is seen of the process that listens at an engine's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its user.
    pub user: u32,
    /// For each engine that it is or has started: whether that is in this program's network, as far as that can be seen.
    pub engines: Vec<Option<bool>>,
}

/// Whose network the engine behind that listener uses. A service of a user has networks of its own, wherever it runs itself.
#[must_use]
pub fn network(listener: Option<&Listener>) -> Network {
    let Some(Listener { user, engines }) = listener else { return Network::Unknown };
    let user = Some(*user).filter(|user| *user != 0);
    if user.is_some() || engines.contains(&Some(false)) {
        return Network::Apart(user);
    }
    let is_ours = !engines.is_empty() && engines.iter().all(|engine| *engine == Some(true));
    if is_ours { Network::Ours } else { Network::Unknown }
}

impl Network {
    /// Why addresses of its containers are not used, where they are not.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Network::Ours | Network::Shared(_) => None,
            Network::Apart(_) => Some("its engine's network is not this machine's"),
            Network::Unknown => {
                Some("whether its engine's network is this machine's cannot be seen from here")
            }
        }
    }
}

/// The addresses of `machine` at which a port is open that is published at `bound`. `0.0.0.0` and `::` are all addresses of their
/// own family alone: in the other one the same port may be another container's.
#[must_use]
pub fn published_at(bound: &str, machine: &[IpAddr]) -> Vec<IpAddr> {
    let Ok(address) = bound.parse::<IpAddr>() else {
        return if bound.is_empty() { machine.to_vec() } else { Vec::new() };
    };
    if address.is_unspecified() {
        return machine.iter().copied().filter(|it| it.is_ipv4() == address.is_ipv4()).collect();
    }
    // Another machine's loopback is not ours.
    let is_ours = machine.iter().any(IpAddr::is_loopback);
    if address.is_loopback() && !is_ours { Vec::new() } else { vec![address] }
}

/// Whether an address is in the network of `prefix` bits that `source` is in.
#[must_use]
pub fn is_in_network_of(address: IpAddr, source: IpAddr, prefix: u8) -> bool {
    match (address, source) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let shift = 32 - u32::from(prefix.min(32));
            one.to_bits().checked_shr(shift).unwrap_or(0) == other.to_bits().checked_shr(shift).unwrap_or(0)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let shift = 128 - u32::from(prefix.min(128));
            one.to_bits().checked_shr(shift).unwrap_or(0) == other.to_bits().checked_shr(shift).unwrap_or(0)
        }
        _ => false,
    }
}

/// All addresses at which that port of a container may take connections.
#[must_use]
pub fn candidates(it: &Particulars, port: u16) -> Vec<Candidate> {
    let own =
        it.addresses.iter().map(|address| Candidate { at: SocketAddr::new(*address, port), straight: true });
    let led = it.published.iter().filter(|(inner, _)| *inner == port);
    let led = led.map(|(_, at)| Candidate { at: *at, straight: false });
    let mut all: Vec<Candidate> = Vec::new();
    for one in own.chain(led) {
        if !all.iter().any(|other| other.at == one.at) {
            all.push(one);
        }
    }
    all.truncate(MOST);
    all
}

/// Why there is no candidate for that port, or for any where none is named.
#[must_use]
pub fn no_way(it: &Particulars, port: Option<u16>) -> String {
    let why = it.unreached.as_deref().unwrap_or("its network is not reached from here");
    match port {
        Some(port) => format!("{why}, and port {port} is not published"),
        None => format!("{why}, and it publishes no port"),
    }
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
