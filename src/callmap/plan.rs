//! Who is asked what: a callmap and the whereabouts of tenants become a list of single questions.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::dns::system;
use super::limits;
use crate::model::callmap::answer::{Fault, FaultKind};
use crate::model::callmap::map::{Ask, Callmap, Layer, Probe, Target, Targets};
use crate::model::callmap::tell;
use crate::model::plain::plain;

/// The questions of one run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For each layer of the callmap.
    pub layers: Vec<Planned>,
}

/// The questions of a layer.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Target by target, and for each in the order of the layer's probes.
    pub questions: Vec<Question>,
    /// Why there are none.
    pub nobody: Option<String>,
    /// The addresses of its targets; nothing where each probe names its own.
    pub addresses: Option<Vec<IpAddr>>,
}

/// One probe at one target.
#[derive(Clone, Debug)]
pub struct Question {
    /// The number of the probe within its layer.
    pub probe: usize,
    /// The number of the target within its layer.
    pub target: usize,
    /// Whom it is put to.
    pub whom: Whom,
    /// The target as it is shown.
    pub shown: Arc<str>,
}

/// Whom a question is put to.
#[derive(Clone, Debug)]
pub enum Whom {
    /// The host that the probe itself names, wherever that is.
    Named,
    /// There.
    At(Target),
    /// The first of these resolvers that answers.
    Resolvers(Arc<[SocketAddr]>),
    /// Nobody, and why.
    Nobody(Fault),
}

/// A container of a tenant, found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is; or why it cannot be asked, and so is not well: it has crashed, or it sleeps.
    pub at: Result<Target, String>,
}

/// Whose containers are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// The tenant's name; on one host where it is written `host/tenant`.
    pub tenant: &'a str,
    /// Only of this role.
    pub role: Option<&'a str>,
    /// The port within the container.
    pub port: Option<u16>,
}

/// More questions than a run takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} questions (probes times targets) are too many: {most} at most", most = limits::QUESTIONS)]
pub struct TooMany(pub usize);

impl Plan {
    /// Makes the questions. `find` knows where the containers of a tenant are, or says why nobody does.
    ///
    /// # Errors
    /// There are too many.
    pub fn new(
        callmap: &Callmap,
        find: &dyn Fn(Sought<'_>) -> Result<Vec<Found>, String>,
    ) -> Result<Self, TooMany> {
        let layers: Vec<Planned> = callmap.layers.iter().map(|layer| planned(layer, find)).collect();
        let plan = Plan { layers };
        let count = plan.count();
        if count > limits::QUESTIONS { Err(TooMany(count)) } else { Ok(plan) }
    }

    /// How many questions there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.layers.iter().map(|layer| layer.questions.len()).sum()
    }

    /// The addresses of each layer's targets.
    #[must_use]
    pub fn addresses(&self) -> Vec<Option<Vec<IpAddr>>> {
        self.layers.iter().map(|layer| layer.addresses.clone()).collect()
    }
}

fn planned(layer: &Layer, find: &dyn Fn(Sought<'_>) -> Result<Vec<Found>, String>) -> Planned {
    let found = match &layer.targets {
        Targets::OfProbes => {
            let questions = layer.probes.iter().enumerate().map(|(at, probe)| of_probe(at, probe)).collect();
            return Planned { questions, nobody: None, addresses: None };
        }
        Targets::Addresses(targets) => Ok(targets.iter().map(|target| (None, Ok(*target))).collect()),
        Targets::Tenant { tenant, role, port } => find(Sought { tenant, role: role.as_deref(), port: *port })
            .and_then(|found| {
                let found: Vec<_> = found.into_iter().map(|found| (Some(found.name), found.at)).collect();
                if found.is_empty() {
                    Err(format!("tenant {tenant} has no container to ask"))
                } else {
                    Ok(found)
                }
            }),
    };
    let found = match found {
        Ok(found) => found,
        Err(why) => {
            let nobody = Some(plain(&why).into_owned());
            return Planned { questions: Vec::new(), nobody, addresses: None };
        }
    };
    let mut questions = Vec::new();
    for (place, (name, at)) in found.iter().enumerate() {
        for (number, probe) in layer.probes.iter().enumerate() {
            // One more than is taken on is enough to be refused.
            if questions.len() > limits::QUESTIONS {
                break;
            }
            let (whom, shown) = match at {
                Ok(target) => (Whom::At(*target), shown(name.as_deref(), *target, own_port(&probe.ask))),
                Err(why) => {
                    let fault = Fault { kind: FaultKind::NotTried, text: plain(why).into_owned() };
                    (Whom::Nobody(fault), plain(name.as_deref().unwrap_or("-")).into())
                }
            };
            questions.push(Question { probe: number, target: place, whom, shown });
        }
    }
    let addresses = found.iter().filter_map(|(_, at)| at.as_ref().ok());
    let addresses = Some(addresses.map(|target| target.address).collect());
    Planned { questions, nobody: None, addresses }
}

/// A probe that names its own target.
fn of_probe(number: usize, probe: &Probe) -> Question {
    let (whom, shown) = match &probe.ask {
        Ask::Dns(ask) => match ask.resolver.map_or_else(system::resolvers, |one| Ok(vec![one])) {
            Ok(resolvers) => {
                let target = |at: &SocketAddr| Target { address: at.ip(), port: Some(at.port()) };
                let all: Vec<_> = resolvers.iter().map(|at| shown(None, target(at), 53)).collect();
                (Whom::Resolvers(resolvers.into()), all.join(", ").into())
            }
            Err(fault) => (Whom::Nobody(fault), "the system's resolver".into()),
        },
        Ask::Http(ask) => (Whom::Named, ask.host.shown().clone()),
        Ask::Tls(ask) => (Whom::Named, ask.name.shown().clone()),
        Ask::Tcp(ask) => {
            ask.host.as_ref().map_or_else(without_host, |host| (Whom::Named, host.shown().clone()))
        }
    };
    Question { probe: number, target: number, whom, shown }
}

fn without_host() -> (Whom, Arc<str>) {
    let text = "the layer has no targets, and the probe no host".to_owned();
    (Whom::Nobody(Fault { kind: FaultKind::NotTried, text }), "-".into())
}

/// The port that is asked where the target names none.
fn own_port(ask: &Ask) -> u16 {
    match ask {
        Ask::Dns(_) => 53,
        Ask::Http(ask) => ask.port,
        Ask::Tcp(ask) => ask.port,
        Ask::Tls(ask) => ask.port,
    }
}

fn shown(name: Option<&str>, target: Target, own: u16) -> Arc<str> {
    let address = match target.port {
        Some(port) if port != own => {
            format!("{}:{port}", tell::bracketed(&target.address.to_string()))
        }
        _ => target.address.to_string(),
    };
    match name {
        Some(name) => format!("{} {address}", plain(name)).into(),
        None => address.into(),
    }
}
