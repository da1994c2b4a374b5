//! Which request gets which answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response};
use jiff::Timestamp;

use super::answer::{self, Body};
use super::request::Asked;
use super::{Shared, flaw, stream};
use crate::config::scenario::{Act, Fault, Garbage};
use crate::demo::act::Step;
use crate::demo::container::Phase;
use crate::demo::filters::{Filters, OF_CONTAINERS, OF_EVENTS};
use crate::demo::json;
use crate::demo::sim::{Key, Refusal};

const JSON: &str = "application/json";

/// What is answered: a whole body, or one that goes on.
enum Answer {
    Whole(u16, Bytes),
    Text(&'static str),
    Stream(Body),
}

/// Answers one request, with whatever is wrong with its host.
pub(super) async fn answer(
    request: Request<Incoming>,
    host: usize,
    shared: Arc<Shared>,
) -> Result<Response<Body>, Infallible> {
    let mut watched = shared.world.hosts[host].faults.subscribe();
    // The sender lives as long as `shared`, so this ends only when the fault does.
    let _ = watched.wait_for(|faults| !faults.contains(&Fault::Hung)).await;
    let faults = watched.borrow().clone();
    let reply = |status, body| answer::with(status, JSON, body, &shared, host);
    for fault in &faults {
        match fault {
            Fault::Slow(by) => tokio::time::sleep(*by).await,
            Fault::Status(status) => {
                let (_, body) = answer::refusal(&Refusal::new(*status, "simulated fault".to_owned()));
                return Ok(reply(*status, answer::whole(body)));
            }
            Fault::Garbage(Garbage::Endless) => return Ok(reply(200, flaw::endless())),
            Fault::Garbage(_) => {
                return Ok(reply(200, answer::whole(Bytes::from_static(flaw::BROKEN_JSON))));
            }
            _ => {}
        }
    }
    let asked = Asked::read(request.uri());
    let answered = route(request.method(), &asked, host, &shared).await;
    let answered = answered.unwrap_or_else(|refusal| {
        let (status, body) = answer::refusal(&refusal);
        Answer::Whole(status, body)
    });
    Ok(match answered {
        Answer::Stream(body) => reply(200, body),
        Answer::Whole(status, body) if faults.contains(&Fault::Cut) => reply(status, flaw::cut(&body)),
        Answer::Whole(status, body) if body.is_empty() => {
            answer::with(status, "", answer::whole(body), &shared, host)
        }
        Answer::Whole(status, body) => reply(status, answer::whole(body)),
        Answer::Text(text) => {
            let body = answer::whole(Bytes::from_static(text.as_bytes()));
            answer::with(200, "text/plain; charset=utf-8", body, &shared, host)
        }
    })
}

async fn route(method: &Method, asked: &Asked, host: usize, shared: &Arc<Shared>) -> Result<Answer, Refusal> {
    check_version(asked, host, shared)?;
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let value = |value: serde_json::Value| {
        let (status, body) = answer::value(&value);
        Ok(Answer::Whole(status, body))
    };
    let engine = || shared.world.hosts[host].engine();
    let now = shared.clock.now();
    match (method.as_str(), path.as_slice()) {
        ("GET" | "HEAD", ["_ping"]) => Ok(Answer::Text("OK")),
        ("GET", ["version"]) => value(json::version(&engine())),
        ("GET", ["info"]) => value(json::info(&engine(), now)),
        ("GET", ["events"]) => events(asked, host, shared),
        ("GET", ["containers", "json"]) => list(asked, host, shared),
        ("GET", ["containers", id, "json"]) => {
            let engine = engine();
            let found = engine.find(id).and_then(|key| engine.container(key));
            value(json::inspect(found.ok_or_else(|| Refusal::no_such(id))?))
        }
        ("GET", ["containers", id, "stats"]) => {
            let found = engine().find(id);
            stats(asked, found.ok_or_else(|| Refusal::no_such(id))?, host, shared).await
        }
        ("POST", ["containers", id, "rename"]) => {
            let name = asked.get("name").unwrap_or_default().trim_start_matches('/');
            if name.is_empty() {
                return Err(Refusal::new(400, "Neither old nor new names may be empty".to_owned()));
            }
            if engine().find(name).is_some() {
                return Err(Refusal::new(
                    409,
                    format!("Conflict. The container name \"/{name}\" is already in use"),
                ));
            }
            shared.world.step(host, id, &Step::Rename(name.to_owned()), now)?;
            Ok(Answer::Whole(204, Bytes::new()))
        }
        ("POST", ["containers", id, verb]) => {
            let act = match *verb {
                "start" => Act::Start,
                "stop" => Act::Stop,
                "pause" => Act::Pause,
                "unpause" => Act::Unpause,
                "kill" => Act::Kill,
                "restart" => Act::Restart,
                _ => return Err(no_page()),
            };
            act_on(host, id, act, shared).await
        }
        ("DELETE", ["containers", id]) => {
            refuse_removal(asked, host, id, shared)?;
            act_on(host, id, Act::Destroy, shared).await
        }
        _ => Err(no_page()),
    }
}

fn no_page() -> Refusal {
    Refusal::new(404, "page not found".to_owned())
}

fn check_version(asked: &Asked, host: usize, shared: &Shared) -> Result<(), Refusal> {
    let Some((major, minor)) = asked.version else { return Ok(()) };
    let engine = shared.world.hosts[host].engine();
    let most = engine.about.api.split_once('.');
    let most = most.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    if most.is_some_and(|most: (u32, u32)| (major, minor) > most) {
        return Err(Refusal::new(
            400,
            format!(
                "client version {major}.{minor} is too new. Maximum supported API version is {}",
                engine.about.api
            ),
        ));
    }
    Ok(())
}

fn list(asked: &Asked, host: usize, shared: &Shared) -> Result<Answer, Refusal> {
    let filters = Filters::read(asked.get("filters"), OF_CONTAINERS)?;
    let now = shared.clock.now();
    let mut engine = shared.world.hosts[host].engine();
    // A filter for states is one for all of them, whatever `all` says.
    let all = asked.is("all") || filters.names("status") || filters.names("exited");
    let body = if all && filters.is_empty() {
        engine.list(now)
    } else {
        let shown = |phase: Phase| all || phase.is_up() || phase == Phase::Restarting;
        engine.list_where(now, |container| shown(container.phase) && filters.want(container))
    };
    Ok(Answer::Whole(200, body))
}

fn events(asked: &Asked, host: usize, shared: &Arc<Shared>) -> Result<Answer, Refusal> {
    let filters = Filters::read(asked.get("filters"), OF_EVENTS)?;
    let since = moment(asked.get("since"))?;
    let until = moment(asked.get("until"))?;
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Refusal::new(400, "`since` time cannot be after `until` time".to_owned()));
    }
    // Docker tells what it kept also where only the end is given.
    let since = since.or_else(|| until.map(|_| Timestamp::UNIX_EPOCH));
    Ok(Answer::Stream(stream::events(shared, host, filters, since, until)))
}

/// A moment as clients write it: seconds, and nanoseconds behind a dot.
fn moment(text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let (seconds, nanos) = text.split_once('.').unwrap_or((text, "0"));
    let read = || {
        let nanos: i32 = format!("{nanos:0<9}").get(..9)?.parse().ok()?;
        Timestamp::new(seconds.parse().ok()?, nanos).ok()
    };
    let wrong = || Refusal::new(400, format!("invalid timestamp: {text:?}"));
    read().or_else(|| text.parse().ok()).map(Some).ok_or_else(wrong)
}

async fn stats(asked: &Asked, key: Key, host: usize, shared: &Arc<Shared>) -> Result<Answer, Refusal> {
    // Docker streams unless it is told not to.
    if asked.get("stream").is_none() || asked.is("stream") {
        return Ok(Answer::Stream(stream::stats(shared, host, key)));
    }
    let delay = shared.world.hosts[host].engine().about.stats_delay;
    if delay > Duration::ZERO {
        tokio::time::sleep(delay.div_f64(shared.tempo)).await;
    }
    let look = |before| stream::stats_once(shared, host, key, before).ok_or_else(|| Refusal::no_such("?"));
    let (mut body, seen) = look(None)?;
    if !asked.is("one-shot") {
        // Without it, an engine looks twice, so that the client can tell the processor's use from one answer.
        tokio::time::sleep(Duration::from_secs(1)).await;
        (body, _) = look(Some(seen))?;
    }
    Ok(Answer::Whole(200, body))
}

/// Does an act and answers when it is done, as an engine does.
async fn act_on(host: usize, id: &str, act: Act, shared: &Shared) -> Result<Answer, Refusal> {
    let done = shared.world.act(host, id, act, shared.clock.now())?;
    // Whether the last step still fitted is nothing that an engine says either.
    let _ = done.await;
    Ok(Answer::Whole(204, Bytes::new()))
}

fn refuse_removal(asked: &Asked, host: usize, id: &str, shared: &Shared) -> Result<(), Refusal> {
    let engine = shared.world.hosts[host].engine();
    let found = engine.find(id).and_then(|key| engine.container(key));
    let container = found.ok_or_else(|| Refusal::no_such(id))?;
    if asked.is("force") || !(container.phase.is_up() || container.phase == Phase::Restarting) {
        return Ok(());
    }
    Err(Refusal::new(
        409,
        format!(
            "You cannot remove a {} container {}. Stop the container before attempting removal or force remove",
            container.phase.as_str(),
            container.id
        ),
    ))
}
