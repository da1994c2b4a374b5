//! A connection to the target of a probe: there, or wherever the name that it was given leads.

use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::attempt::{Course, Stage};
use super::fault::{fault, of_io};
use super::limits;
use super::plan::Whom;
use crate::model::callmap::answer::{Fault, FaultKind};

/// The system looks names up in threads that cannot be stopped: only so many at once.
static LOOKUPS: Semaphore = Semaphore::const_new(limits::LOOKUPS);

/// Connects to the target, or to the host where there is none.
pub async fn connect(whom: &Whom, host: &str, port: u16, course: &mut Course) -> Result<TcpStream, Fault> {
    let peer = match whom {
        Whom::At(target) => SocketAddr::new(target.address, target.port.unwrap_or(port)),
        Whom::Named => look_up(host, port, course).await?,
        Whom::Nobody(fault) => return Err(fault.clone()),
        Whom::Resolvers(_) => {
            return Err(fault(FaultKind::NotTried, "resolvers answer only questions about names"));
        }
    };
    to(peer, course).await
}

/// Connects to an address.
pub async fn to(peer: SocketAddr, course: &mut Course) -> Result<TcpStream, Fault> {
    course.peer = Some(peer);
    course.stage = Stage::Connect;
    let began = Instant::now();
    let stream = TcpStream::connect(peer).await.map_err(|error| of_io(&error, "while connecting"))?;
    add(&mut course.phases.connect, began);
    // Small writes must not wait for each other. Where that cannot be said, they do.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Adds the time since `began` to a phase: an attempt with redirects has more than one of each.
pub fn add(phase: &mut Option<std::time::Duration>, began: Instant) {
    *phase = Some(phase.unwrap_or_default() + began.elapsed());
}

/// The first address of the host.
async fn look_up(host: &str, port: u16, course: &mut Course) -> Result<SocketAddr, Fault> {
    let bare = bare(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    course.stage = Stage::Lookup;
    let began = Instant::now();
    let nowhere = |why: String| fault(FaultKind::Name, format!("the name leads nowhere: {why}"));
    let _turn = LOOKUPS.acquire().await.map_err(|error| nowhere(error.to_string()))?;
    let mut found = lookup_host((bare, port)).await.map_err(|error| nowhere(words(&error)))?;
    add(&mut course.phases.dns, began);
    found.next().ok_or_else(|| nowhere("it has no address".to_owned()))
}

/// A host without the brackets of an IPv6 address.
pub fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// The system's words without the function that they come from.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_lowercase()
}
