//! Which request gets which answer.

use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response};
use jiff::Timestamp;

use super::answer::{self, Body};
use super::request::Asked;
use super::{Shared, call, containers, flaw, images, stream};
use crate::config::scenario::{Fault, Garbage, How};
use crate::demo::container::Phase;
use crate::demo::filters::{Filters, OF_CONTAINERS, OF_EVENTS};
use crate::demo::json;
use crate::demo::sim::Refusal;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// The largest body that is taken: the archive of a small image.
const LARGEST: usize = 64 << 20;

/// What is answered: a whole body, or one that goes on.
pub(super) enum Answer {
    /// JSON, or nothing.
    Whole(u16, Bytes),
    /// Something else, by its type.
    Typed(&'static str, Bytes),
    Stream(Body),
}

/// Answers one request, with whatever is wrong with its host.
pub(super) async fn answer(
    request: Request<Incoming>,
    host: usize,
    shared: Arc<Shared>,
) -> io::Result<Response<Body>> {
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
    let struck = shared.world.hosts[host].strike(call::kind(request.method(), &asked));
    if let Some(struck) = struck {
        if let Some(refused) = call::undone(struck) {
            let (status, body) = answer::refusal(&refused);
            return Ok(reply(status, answer::whole(body)));
        }
        if struck.how == How::Hang {
            call::over(struck, &shared, host).await;
            return Err(flaw::broken());
        }
    }
    let (head, body) = request.into_parts();
    // Read whole before anything is done: a client that goes in the middle of its question asked nothing.
    let body = Limited::new(body, LARGEST).collect().await.map_err(io::Error::other)?.to_bytes();
    let answered = route(&head.method, &asked, &body, host, &shared).await;
    match struck.map(|struck| (struck.how, struck)) {
        Some((How::Lost, _)) => return Err(flaw::broken()),
        Some((How::Mute, struck)) => call::over(struck, &shared, host).await,
        _ => {}
    }
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
        Answer::Typed(kind, body) => answer::with(200, kind, answer::whole(body), &shared, host),
    })
}

async fn route(
    method: &Method,
    asked: &Asked,
    body: &Bytes,
    host: usize,
    shared: &Arc<Shared>,
) -> Result<Answer, Refusal> {
    check_version(asked, host, shared)?;
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let engine = || shared.world.hosts[host].engine();
    match (method.as_str(), path.as_slice()) {
        ("GET" | "HEAD", ["_ping"]) => Ok(Answer::Typed(TEXT, Bytes::from_static(b"OK"))),
        ("GET", ["version"]) => Ok(answer::json(&json::version(&engine()))),
        ("GET", ["info"]) => Ok(answer::json(&json::info(&engine(), shared.clock.now()))),
        ("GET", ["events"]) => events(asked, host, shared),
        ("GET", ["containers", "json"]) => list(asked, host, shared),
        ("POST", ["containers", "create"]) => containers::create(asked, body, host, shared),
        (_, ["containers", id, rest @ ..]) => {
            containers::One { id, host, shared, asked }.answer(method, rest, body).await
        }
        ("POST", ["images", "create"]) => images::import(asked, body, host, shared),
        // Names of images have slashes of their own.
        ("GET", ["images", name @ .., "json"]) if !name.is_empty() => {
            images::inspect(&name.join("/"), host, shared)
        }
        ("DELETE", ["images", name @ ..]) if !name.is_empty() => {
            engine().remove_image(&name.join("/")).map(|()| answer::json(&serde_json::json!([])))
        }
        ("GET" | "DELETE", ["volumes" | "networks", _]) => things(method, &path, &mut engine()),
        ("GET", ["exec", id, "json"]) => images::session(id, host, shared),
        _ => Err(no_page()),
    }
}

/// `/volumes/{name}` and `/networks/{name}`, to be looked at and removed.
fn things(method: &Method, path: &[&str], engine: &mut crate::demo::sim::Engine) -> Result<Answer, Refusal> {
    let none = |what: &str| Refusal::new(404, format!("no such {what}"));
    match (method.as_str(), path) {
        ("GET", ["volumes", name]) => {
            let made = engine.volume(name).ok_or_else(|| none("volume"))?;
            let body = serde_json::json!({ "Name": name, "Driver": "local", "CreatedAt": made.to_string() });
            Ok(answer::json(&body))
        }
        ("GET", ["networks", key]) => {
            let id = engine.network(key).ok_or_else(|| none("network"))?;
            Ok(answer::json(&serde_json::json!({ "Id": id })))
        }
        ("DELETE", ["volumes", name]) => {
            engine.remove_volume(name).map(|()| Answer::Whole(204, Bytes::new()))
        }
        ("DELETE", ["networks", name]) => {
            engine.remove_network(name).map(|()| Answer::Whole(204, Bytes::new()))
        }
        _ => Err(no_page()),
    }
}

pub(super) fn no_page() -> Refusal {
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
