//! A connection to the target of a probe: there, or wherever the name that it was given leads.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::attempt::{Course, Stage};
use super::fault::{fault, of_io};
use super::limits;
use super::plan::Whom;
use crate::model::callmap::answer::{Fault, FaultKind};
use crate::model::callmap::words::lasting;

/// The system looks names up in threads that cannot be stopped: only so many at once.
static LOOKUPS: Semaphore = Semaphore::const_new(limits::LOOKUPS);

/// A name may have many addresses: no more than these are tried.
const MOST_ADDRESSES: usize = 16;
/// How long one address is waited for before the next one is tried beside it, as RFC 8305 recommends.
const NEXT_AFTER: Duration = Duration::from_millis(250);

/// Connects to the target, or to the host where there is none.
pub async fn connect(whom: &Whom, host: &str, port: u16, course: &mut Course) -> Result<TcpStream, Fault> {
    let peers = match whom {
        Whom::At(target) => vec![SocketAddr::new(target.address, target.port.unwrap_or(port))],
        Whom::Named => look_up(host, port, course).await?,
        Whom::Nobody(fault) => return Err(fault.clone()),
        Whom::Resolvers(_) => {
            return Err(fault(FaultKind::NotTried, "resolvers answer only questions about names"));
        }
    };
    any_of(&peers, course).await
}

/// Connects to an address.
pub async fn to(peer: SocketAddr, course: &mut Course) -> Result<TcpStream, Fault> {
    any_of(&[peer], course).await
}

/// Connects to the first of these addresses that answers. The next one is tried as soon as one has failed, or beside one that
/// keeps silent. Addresses that had not answered by then are kept in `course`.
async fn any_of(peers: &[SocketAddr], course: &mut Course) -> Result<TcpStream, Fault> {
    course.peer = peers.first().copied();
    course.stage = Stage::Connect;
    course.missed.clear();
    let began = Instant::now();
    let mut waiting = peers.iter().copied();
    let mut tried: Vec<(SocketAddr, Instant)> = Vec::new();
    let mut faults: Vec<(IpAddr, Fault)> = Vec::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        if let Some(peer) = waiting.next() {
            tried.push((peer, Instant::now()));
            under_way.push(async move { (peer, TcpStream::connect(peer).await) });
        }
        let ended = match timeout(NEXT_AFTER, under_way.next()).await {
            // Silence: the next one beside it, or nothing but to wait on.
            Err(_) if waiting.len() > 0 => continue,
            Err(_) => under_way.next().await,
            Ok(ended) => ended,
        };
        match ended {
            Some((peer, Ok(stream))) => {
                add(&mut course.phases.connect, began);
                course.peer = Some(peer);
                let silent = |(other, since): &(SocketAddr, Instant)| {
                    let is_silent = *other != peer && faults.iter().all(|(at, _)| *at != other.ip());
                    is_silent.then(|| (other.ip(), format!("no answer within {}", lasting(since.elapsed()))))
                };
                let silent: Vec<_> = tried.iter().filter_map(silent).collect();
                course.missed =
                    faults.into_iter().map(|(at, fault)| (at, fault.text)).chain(silent).collect();
                // Small writes must not wait for each other. Where that cannot be said, they do.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Some((peer, Err(error))) => faults.push((peer.ip(), of_io(&error, "while connecting"))),
            None => return Err(all_failed(faults)),
        }
    }
}

/// Why none of the addresses answered: with each address, where there are several.
fn all_failed(faults: Vec<(IpAddr, Fault)>) -> Fault {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for (at, fault) in &faults {
        match told.iter_mut().find(|(text, _)| *text == fault.text) {
            Some((_, places)) => places.push(at.to_string()),
            None => told.push((fault.text.clone(), vec![at.to_string()])),
        }
    }
    let is_one = faults.len() == 1;
    let Some((_, first)) = faults.into_iter().next() else {
        return fault(FaultKind::Name, "the name leads nowhere: it has no address");
    };
    if is_one {
        return first;
    }
    let told: Vec<String> =
        told.into_iter().map(|(text, places)| format!("{text} at {}", places.join(" and "))).collect();
    fault(first.kind, told.join("; "))
}

/// Adds the time since `began` to a phase: an attempt with redirects has more than one of each.
pub fn add(phase: &mut Option<Duration>, began: Instant) {
    *phase = Some(phase.unwrap_or_default() + began.elapsed());
}

/// The addresses of the host, those of both families in turn.
async fn look_up(host: &str, port: u16, course: &mut Course) -> Result<Vec<SocketAddr>, Fault> {
    let bare = bare(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    course.stage = Stage::Lookup;
    let began = Instant::now();
    let nowhere = |why: String| fault(FaultKind::Name, format!("the name leads nowhere: {why}"));
    let _turn = LOOKUPS.acquire().await.map_err(|error| nowhere(error.to_string()))?;
    let found = lookup_host((bare, port)).await.map_err(|error| nowhere(words(&error)))?;
    add(&mut course.phases.dns, began);
    let found = in_turn(found.collect());
    if found.is_empty() { Err(nowhere("it has no address".to_owned())) } else { Ok(found) }
}

/// Addresses in the system's order, but of both families in turn: a family that leads nowhere costs one pause, not one for
/// each of its addresses.
fn in_turn(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_six = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| it.is_ipv6() == first_is_six);
    let longest = first.len().max(second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut mixed: Vec<SocketAddr> = Vec::new();
    for _ in 0..longest {
        for next in [first.next(), second.next()].into_iter().flatten() {
            if !mixed.contains(&next) {
                mixed.push(next);
            }
        }
    }
    mixed.truncate(MOST_ADDRESSES);
    mixed
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::net::TcpListener;

    use crate::callmap::attempt::Course;

    /// A port of 127.0.0.1 at which nobody listens on `::1`.
    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    fn at(address: &str, port: u16) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), port)
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_hide_one_that_answers() {
        let (_listener, port) = listener().await;
        let mut course = Course::new();
        let peers = [at("127.0.0.2", port), at("127.0.0.1", port)];
        any_of(&peers, &mut course).await.unwrap();
        assert_eq!(course.peer, Some(peers[1]));
        let expected = (peers[0].ip(), "connection refused".to_owned());
        assert_eq!(course.missed, [expected]);
    }

    #[tokio::test]
    async fn an_address_that_keeps_silent_does_not_hide_one_that_answers() {
        // Of a queue that is full the kernel answers none.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(at("127.0.0.3", 0)).unwrap();
        let full = socket.listen(1).unwrap();
        let silent = full.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(100), TcpStream::connect(silent)).await {
            queued.push(stream);
        }
        let (_listener, port) = listener().await;
        let mut course = Course::new();
        let began = Instant::now();
        any_of(&[silent, at("127.0.0.1", port)], &mut course).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert!(course.missed[0].1.starts_with("no answer within "), "{:?}", course.missed);
    }

    #[tokio::test]
    async fn what_each_of_several_said_is_told() {
        let (listener, port) = listener().await;
        drop(listener);
        let peers = [at("127.0.0.2", port), at("127.0.0.1", port)];
        let fault = any_of(&peers, &mut Course::new()).await.unwrap_err();
        assert_eq!(fault.text, "connection refused at 127.0.0.2 and 127.0.0.1");
        assert_eq!(fault.kind, FaultKind::Refused);
        let fault = any_of(&peers[..1], &mut Course::new()).await.unwrap_err();
        assert_eq!(fault.text, "connection refused");
    }

    #[rstest]
    #[case(&["[::1]:1", "[::2]:1", "127.0.0.1:1"], &["[::1]:1", "127.0.0.1:1", "[::2]:1"])]
    #[case(&["127.0.0.1:1", "127.0.0.2:1"], &["127.0.0.1:1", "127.0.0.2:1"])]
    #[case(&["127.0.0.1:1", "127.0.0.1:1"], &["127.0.0.1:1"])]
    #[case(&[], &[])]
    fn families_take_turns(#[case] found: &[&str], #[case] expected: &[&str]) {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        assert_eq!(in_turn(read(found)), read(expected));
    }
}
