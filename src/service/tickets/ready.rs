//! Waiting until a woken container answers, and finding out beforehand where it does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::trouble::Trouble;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Health, Phase};
use crate::model::method::Method;
use crate::model::particulars::Particulars;
use crate::model::policy::Ready;
use crate::model::readiness::{self, Need};

/// How long a container of a host nearby may take to accept a connection while it is awake.
const OPEN_WITHIN: Duration = Duration::from_millis(100);
/// How long one attempt to be answered may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// A proxy of the engine takes every connection, and drops those that lead nowhere: one that lasts so long is real.
const HOLDS: Duration = Duration::from_millis(30);
/// Attempts begin this close together, and get further apart.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// More ports than this are not tried.
const MOST_PORTS: usize = 16;
/// The first line of an answer is no longer than this.
const STATUS_LINE: usize = 64;

/// What is waited for: a container, how it came back, and what must be seen of it.
pub(super) type Awaited = (ContainerId, Arc<str>, Option<Method>, Need);

/// The ports at which a container takes connections now.
pub(super) async fn open_ports(engine: &dyn Engine, it: &Particulars) -> Vec<u16> {
    // What cannot be seen from here may be declared.
    let mut ports = engine.listening(&it.facts).await.unwrap_or_default();
    ports.extend(&it.ports);
    ports.sort_unstable();
    ports.dedup();
    let tried = ports.iter().take(MOST_PORTS).map(|port| async move {
        let open = timeout(OPEN_WITHIN, takes_connections(it, *port)).await.unwrap_or(false);
        open.then_some(*port)
    });
    join_all(tried).await.into_iter().flatten().collect()
}

/// Waits until all of them are as they must be.
pub(super) async fn wait(engine: &dyn Engine, all: &[Awaited], deadline: Instant) -> Result<(), Trouble> {
    let mut pause = FIRST_PAUSE;
    let mut waiting: Vec<&Awaited> = all.iter().collect();
    loop {
        let mut left = Vec::new();
        let mut answered = false;
        for awaited in waiting {
            if check(engine, awaited).await? {
                answered |= matches!(awaited.3, Need::Answer(_));
            } else {
                left.push(awaited);
            }
        }
        // Where the operator said where the tenant answers, any of its containers may be the one that does.
        left.retain(|awaited| !(answered && matches!(awaited.3, Need::Answer(_))));
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let names: Vec<&str> = left.iter().map(|(_, name, ..)| &**name).collect();
            return Err(Trouble::NotReady(format!("{} does not answer", names.join(", "))));
        }
        waiting = left;
        sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
    }
}

/// Whether one of them is as it must be by now.
async fn check(engine: &dyn Engine, (id, name, by, need): &Awaited) -> Result<bool, Trouble> {
    let trouble = |error| Trouble::Engine { what: "look at it".to_owned(), error };
    let Some(it) = engine.particulars(id).await.map_err(trouble)? else {
        return Err(Trouble::NotReady(format!("{name} is gone")));
    };
    match it.facts.phase {
        Phase::Running => {}
        Phase::Exited(code) => {
            let code = code.map_or_else(String::new, |code| format!(" with {code}"));
            return Err(Trouble::NotReady(format!("{name} ended{code} as soon as it was awake")));
        }
        _ => return Ok(false),
    }
    // Only now is it known whether it has a health check.
    let need = match need {
        Need::Answer(_) => need.clone(),
        Need::Ports(ports) => readiness::need(None, *by, it.facts.health, ports),
        Need::Health | Need::Runs => readiness::need(None, *by, it.facts.health, &[]),
    };
    Ok(match &need {
        Need::Runs => true,
        Need::Health => it.facts.health == Health::Healthy,
        Need::Ports(ports) => first(ports.iter().map(|port| takes_connections(&it, *port))).await,
        Need::Answer(Ready::Port(port)) => attempt(takes_connections(&it, *port)).await,
        Need::Answer(Ready::Http { port, path }) => attempt(answers(&it, *port, path)).await,
    })
}

async fn first(tried: impl Iterator<Item = impl Future<Output = bool>>) -> bool {
    let tried = tried.take(MOST_PORTS).map(|one| attempt(one));
    join_all(tried).await.into_iter().any(|open| open)
}

async fn attempt(tried: impl Future<Output = bool>) -> bool {
    timeout(ATTEMPT, tried).await.unwrap_or(false)
}

/// A connection to a port of a container: straight, where its network can be reached from here, else by way of the
/// engine's machine.
async fn connect(it: &Particulars, port: u16) -> Option<(TcpStream, bool)> {
    for address in &it.addresses {
        if let Ok(stream) = TcpStream::connect(SocketAddr::new(*address, port)).await {
            return Some((stream, true));
        }
    }
    if !it.addresses.is_empty() {
        return None;
    }
    let (_, published) = it.published.iter().find(|(inner, _)| *inner == port)?;
    Some((TcpStream::connect(published).await.ok()?, false))
}

async fn takes_connections(it: &Particulars, port: u16) -> bool {
    let Some((mut stream, straight)) = connect(it, port).await else { return false };
    if straight {
        return true;
    }
    let mut byte = [0];
    // Silence is what is hoped for; the end of the stream, or an error, says that nobody is behind it.
    match timeout(HOLDS, stream.read(&mut byte)).await {
        Err(_) | Ok(Ok(1)) => true,
        Ok(_) => false,
    }
}

/// Whether a GET is answered with a status below 400.
async fn answers(it: &Particulars, port: u16, path: &str) -> bool {
    let Some((mut stream, _)) = connect(it, port).await else { return false };
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: wakeboard\r\n\r\n", it.facts.place.tenant);
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut head = Vec::new();
    if stream.take(STATUS_LINE as u64).read_to_end(&mut head).await.is_err() && head.is_empty() {
        return false;
    }
    status(&head).is_some_and(|status| status < 400)
}

/// The status in the first line of an HTTP answer.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next().filter(|word| word.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"HTTP/1.1 200 OK\r\nServer: x", Some(200))]
    #[case(b"HTTP/1.0 503 Busy\r\n", Some(503))]
    #[case(b"HTTP/1.1 20", Some(20))]
    #[case(b"SSH-2.0-OpenSSH\r\n", None)]
    #[case(b"", None)]
    fn the_first_line_tells(#[case] head: &[u8], #[case] expected: Option<u16>) {
        assert_eq!(status(head), expected);
    }
}
