//! How each probe speaks TLS: prepared once for a run, and once for all probes that do it alike.

use std::sync::Arc;

use super::fault::fault;
use super::handshake::Prepared;
use crate::model::callmap::answer::{Fault, FaultKind};
use crate::model::callmap::map::{Ask, Callmap, HttpVersion, Trust};

/// For each layer and each of its probes; nothing where no TLS is spoken.
pub type Ways = Vec<Vec<Option<Result<Prepared, Fault>>>>;

/// Prepares them.
pub async fn ways(callmap: &Arc<Callmap>) -> Ways {
    let speaks_tls = |layer: &crate::model::callmap::map::Layer| {
        layer.probes.iter().any(|probe| way(&probe.ask).is_some())
    };
    if !callmap.layers.iter().any(speaks_tls) {
        return nothing(callmap, None);
    }
    // Reads the certificates of the system.
    let inner = callmap.clone();
    match tokio::task::spawn_blocking(move || prepare(&inner)).await {
        Ok(ways) => ways,
        Err(error) => {
            nothing(callmap, Some(&fault(FaultKind::Ours, format!("wakeboard's own fault: {error}"))))
        }
    }
}

fn nothing(callmap: &Callmap, why: Option<&Fault>) -> Ways {
    callmap.layers.iter().map(|layer| vec![why.map(|why| Err(why.clone())); layer.probes.len()]).collect()
}

fn prepare(callmap: &Callmap) -> Ways {
    let mut made: Vec<(&Trust, Option<HttpVersion>, Result<Prepared, Fault>)> = Vec::new();
    let mut layers = Vec::new();
    for layer in &callmap.layers {
        let mut ways = Vec::new();
        for probe in &layer.probes {
            let Some((trust, http)) = way(&probe.ask) else {
                ways.push(None);
                continue;
            };
            let known = made.iter().position(|(other, version, _)| *other == trust && *version == http);
            let at = known.unwrap_or_else(|| {
                made.push((trust, http, Prepared::new(trust, http)));
                made.len() - 1
            });
            ways.push(Some(made[at].2.clone()));
        }
        layers.push(ways);
    }
    layers
}

fn way(ask: &Ask) -> Option<(&Trust, Option<HttpVersion>)> {
    match ask {
        Ask::Http(ask) if ask.secure => Some((&ask.trust, Some(ask.version))),
        Ask::Tls(ask) => Some((&ask.trust, None)),
        _ => None,
    }
}
