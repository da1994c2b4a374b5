//! HTTP: the URL's host as Host header and SNI, over a connection of our own to the target.

mod exchange;
mod noted;
mod redirect;
mod request;

use tokio::time::Instant;

use super::attempt::{Course, Stage};
use super::connect::connect;
use super::fault::fault;
use super::handshake::{Prepared, ready};
use super::plan::Whom;
use crate::model::callmap::answer::{Fault, FaultKind, HttpSeen, Seen, TlsSeen};
use crate::model::callmap::map::{HttpAsk, HttpVersion};
use crate::model::callmap::words::counted;
use exchange::Came;
use redirect::Next;
use request::Hop;

pub async fn ask(
    ask: &HttpAsk,
    whom: &Whom,
    tls: Option<&Result<Prepared, Fault>>,
    course: &mut Course,
) -> Result<Seen, Fault> {
    let mut hop = Hop::first(ask);
    let mut redirects = Vec::new();
    let mut stopped = None;
    loop {
        let (came, tls) =
            one(ask, &hop, whom, tls, course).await.map_err(|error| after(redirects.len(), error))?;
        if ask.redirects > 0
            && let Some(place) = came.place()
        {
            let wants_cookie = came.headers.iter().any(|(name, _)| &**name == "set-cookie");
            match redirect::next(ask, &hop, &place) {
                Next::Follow(None, path) if wants_cookie && path == hop.path.value() => {
                    stopped = Some("it leads to itself with a cookie, and probes keep no cookies".to_owned());
                }
                Next::Stop(why) => stopped = Some(why),
                Next::Follow(..) if redirects.len() >= usize::from(ask.redirects) => {
                    stopped = Some(format!(
                        "no more than {} followed",
                        counted(u64::from(ask.redirects), "redirect")
                    ));
                }
                Next::Follow(host, path) => {
                    hop = hop.to(ask, came.status, host, &path);
                    redirects.push(place);
                    continue;
                }
            }
        }
        return Ok(Seen::Http(Box::new(seen(came, redirects, stopped, tls))));
    }
}

fn seen(came: Came, redirects: Vec<String>, stopped: Option<String>, tls: Option<TlsSeen>) -> HttpSeen {
    let Came { version, status, headers, body, is_cut } = came;
    HttpSeen { version, status, headers, body, is_cut, redirects, stopped, tls }
}

/// A fault, with how many redirects were followed until then.
fn after(redirects: usize, error: Fault) -> Fault {
    if redirects == 0 {
        return error;
    }
    let text = format!("{}, after {}", error.text, counted(redirects as u64, "redirect"));
    Fault { text, ..error }
}

/// One request and its answer, over a connection of its own.
async fn one(
    ask: &HttpAsk,
    hop: &Hop,
    whom: &Whom,
    tls: Option<&Result<Prepared, Fault>>,
    course: &mut Course,
) -> Result<(Came, Option<TlsSeen>), Fault> {
    if ask.secure {
        // What it needs is large, and would be held for those that do not need it.
        return Box::pin(secure(ask, hop, whom, tls, course)).await;
    }
    let is_two = ask.version == HttpVersion::Two;
    let request = request::make(ask, hop, is_two)?;
    let stream = connect(whom, ask.host.value(), ask.port, course).await?;
    begin(course);
    let came = exchange::exchange(stream, is_two, request, course, Instant::now()).await?;
    Ok((came, None))
}

/// The same over TLS.
async fn secure(
    ask: &HttpAsk,
    hop: &Hop,
    whom: &Whom,
    tls: Option<&Result<Prepared, Fault>>,
    course: &mut Course,
) -> Result<(Came, Option<TlsSeen>), Fault> {
    let prepared = ready(tls)?;
    let stream = connect(whom, ask.host.value(), ask.port, course).await?;
    let (stream, seen) = prepared.shake_hands(hop.host.value(), stream, course).await?;
    let is_two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    if ask.version == HttpVersion::Two && !is_two {
        return Err(fault(FaultKind::Tls, "the server does not agree to HTTP/2"));
    }
    let request = request::make(ask, hop, is_two)?;
    begin(course);
    let came = exchange::exchange(stream, is_two, request, course, Instant::now()).await?;
    Ok((came, Some(seen)))
}

fn begin(course: &mut Course) {
    course.stage = Stage::Answer;
}
