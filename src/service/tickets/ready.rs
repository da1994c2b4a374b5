//! Waiting until a woken container answers, and finding out beforehand where it does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use super::trouble::Trouble;
use crate::engine::Engine;
use crate::model::callmap::words::lasting;
use crate::model::container::{ContainerId, Health, Phase};
use crate::model::method::Method;
use crate::model::particulars::Particulars;
use crate::model::policy::Ready;
use crate::model::reach::{Candidate, candidates, no_way};
use crate::model::readiness::{self, Need};
use crate::service::reach;

/// How long a container of a host nearby may take to accept a connection while it is awake.
const OPEN_WITHIN: Duration = Duration::from_millis(100);
/// A container of which nothing else is known must stay up for so long after a cold start: one that cannot start usually ends
/// within a second.
const STAYS: Duration = Duration::from_millis(1500);
/// Attempts begin this close together, and get further apart.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// More ports than this are not tried.
const MOST_PORTS: usize = 16;
const MOST_CANDIDATES: usize = 64;
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
        let open = timeout(OPEN_WITHIN, takes_connections(it, *port)).await;
        matches!(open, Ok(Ok(()))).then_some(*port)
    });
    join_all(tried).await.into_iter().flatten().collect()
}

/// One that is waited for, and what was seen of it so far.
struct Watched<'a> {
    awaited: &'a Awaited,
    /// The life that it was last seen in, and since when.
    life: Option<(Option<Timestamp>, Instant)>,
    restarts: u32,
    /// Why it is not ready yet.
    lacks: String,
}

/// Waits until all of them are as they must be.
pub(super) async fn wait(engine: &dyn Engine, all: &[Awaited], deadline: Instant) -> Result<(), Trouble> {
    let mut pause = FIRST_PAUSE;
    let watched = |awaited| Watched { awaited, life: None, restarts: 0, lacks: String::new() };
    let mut waiting: Vec<Watched<'_>> = all.iter().map(watched).collect();
    loop {
        let mut left = Vec::new();
        let mut answered = false;
        for mut one in waiting {
            if check(engine, &mut one).await? {
                answered |= matches!(one.awaited.3, Need::Answer(_));
            } else {
                left.push(one);
            }
        }
        // Where the operator said where the tenant answers, any of its containers may be the one that does.
        left.retain(|one| !(answered && matches!(one.awaited.3, Need::Answer(_))));
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Trouble::NotReady(does_not_answer(&left)));
        }
        waiting = left;
        sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
    }
}

/// `a, b does not answer: why`.
fn does_not_answer(left: &[Watched<'_>]) -> String {
    let names: Vec<&str> = left.iter().map(|one| &*one.awaited.1).collect();
    let mut lacks: Vec<&str> = left.iter().map(|one| &*one.lacks).filter(|why| !why.is_empty()).collect();
    lacks.dedup();
    let why = if lacks.is_empty() { String::new() } else { format!(": {}", lacks.join("; ")) };
    format!("{} does not answer{why}", names.join(", "))
}

/// Whether one of them is as it must be by now.
async fn check(engine: &dyn Engine, watched: &mut Watched<'_>) -> Result<bool, Trouble> {
    let (id, name, by, need) = watched.awaited;
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
        phase => {
            watched.lacks = if phase == Phase::Restarting {
                "it is restarted again and again".to_owned()
            } else {
                String::new()
            };
            return Ok(false);
        }
    }
    let up = watched.has_been_up(&it);
    // Only now is it known whether it has a health check.
    let need = match need {
        Need::Answer(_) => need.clone(),
        Need::Ports(ports) | Need::HealthOrPorts(ports) => readiness::need(None, *by, it.facts.health, ports),
        Need::Health | Need::Runs => readiness::need(None, *by, it.facts.health, &[]),
    };
    let is_healthy = it.facts.health == Health::Healthy;
    let answer = match &need {
        // One that kept its memory goes on. One that began anew may end at once: then its engine, or nobody, starts it again.
        Need::Runs => {
            let goes_on = by.is_some_and(Method::keeps_memory) || up >= STAYS;
            if goes_on { Ok(()) } else { Err(String::new()) }
        }
        Need::Health | Need::HealthOrPorts(_) if is_healthy => Ok(()),
        Need::Health => Err(of_health(&it)),
        Need::HealthOrPorts(_) if up < readiness::health_goes_first(it.checked_every) => Err(of_health(&it)),
        Need::HealthOrPorts(ports) | Need::Ports(ports) => any_port(&it, ports).await,
        Need::Answer(Ready::Port(port)) => takes_connections(&it, *port).await,
        Need::Answer(Ready::Http { port, path }) => answers(&it, *port, path).await,
    };
    watched.lacks = match (&answer, watched.restarts) {
        (Ok(()), _) => return Ok(true),
        (Err(why), 0) => why.clone(),
        (Err(_), times) => format!("it ended and was started again, {times} times so far"),
    };
    Ok(false)
}

impl Watched<'_> {
    /// How long it has been up, as far as it was looked at.
    fn has_been_up(&mut self, it: &Particulars) -> Duration {
        let now = Instant::now();
        match self.life {
            Some((started, since)) if started == it.life.started => now.duration_since(since),
            before => {
                self.restarts += u32::from(before.is_some());
                self.life = Some((it.life.started, now));
                Duration::ZERO
            }
        }
    }
}

/// Why it is not healthy, and when that may change.
fn of_health(it: &Particulars) -> String {
    let every = it.checked_every.map(|every| format!(", which runs every {}", lasting(every)));
    format!("its health check{} has not passed", every.unwrap_or_default())
}

async fn any_port(it: &Particulars, ports: &[u16]) -> Result<(), String> {
    let all: Vec<Candidate> =
        ports.iter().take(MOST_PORTS).flat_map(|port| candidates(it, *port)).take(MOST_CANDIDATES).collect();
    reach::answering(&all).await.map(|_| ())
}

async fn takes_connections(it: &Particulars, port: u16) -> Result<(), String> {
    let all = candidates(it, port);
    if all.is_empty() {
        return Err(no_way(it, Some(port)));
    }
    reach::answering(&all).await.map(|_| ())
}

/// Whether a GET is answered with a status below 400.
async fn answers(it: &Particulars, port: u16, path: &str) -> Result<(), String> {
    let all = candidates(it, port);
    if all.is_empty() {
        return Err(no_way(it, Some(port)));
    }
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: wakeboard\r\n\r\n", it.facts.place.tenant);
    let request = &request;
    reach::first(&all, |one| async move {
        let mut stream = reach::connect(one.at).await?;
        stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut head = Vec::new();
        let read = stream.take(STATUS_LINE as u64).read_to_end(&mut head).await;
        match (status(&head), read) {
            (Some(status), _) if status < 400 => Ok(()),
            (Some(status), _) => Err(format!("status {status}")),
            (None, Err(error)) => Err(error.to_string()),
            (None, Ok(_)) => Err("no answer over HTTP".to_owned()),
        }
    })
    .await
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
