//! One request and its answer.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::pace::Pace;
use super::problem::{Problem, answer};
use super::{letter, limits};
use crate::intake::{IsTenant, NotKept, Tell, made_up_key};
use crate::listen::connections::{Activity, Busy};
use crate::model::token::Token;

/// Where notes are put.
const PATH: &str = "/notes";

/// What all connections share.
pub struct Counter {
    pub tell: Tell,
    pub is_tenant: IsTenant,
    pace: Mutex<Pace>,
    strangers: Mutex<Pace>,
}

impl Counter {
    pub fn new(tell: Tell, is_tenant: IsTenant) -> Self {
        let now = Instant::now();
        let pace = Mutex::new(Pace::new(limits::BURST, limits::RATE, now));
        let strangers = Mutex::new(Pace::new(limits::STRANGERS, limits::STRANGERS / 10, now));
        Counter { tell, is_tenant, pace, strangers }
    }

    /// Answers any request. With a token, only those who say it are heard.
    pub async fn hear(
        self: Arc<Self>,
        request: Request<Incoming>,
        visit: Visit,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let admitted = self.admit(&parts.method, parts.uri.path(), &parts.headers, visit.token.as_ref());
        let answered = match admitted.and_then(|()| visit.begin()) {
            Ok(_busy) => self.take(&parts.headers, body).await,
            Err(problem) => {
                // Where its end is not known to be near, what comes is not waited for.
                let is_short = !declares_more(&parts.headers) && !awaits_leave(&parts.headers);
                if is_short {
                    drained(body, limits::BODY).await;
                } else {
                    drop(body);
                }
                Err(problem.last())
            }
        };
        Ok(answered.unwrap_or_else(Problem::answer))
    }

    /// Whether it is looked at what a request says.
    fn admit(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        token: Option<&Token>,
    ) -> Result<(), Problem> {
        let slow_down = |wait| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many at once: try again later").after(wait)
        };
        if token.is_some_and(|token| !said_token(headers).is_some_and(|said| token.is(said))) {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            return Err(strangers.take(Instant::now()).map_or_else(slow_down, |()| Problem::stranger()));
        }
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()).map_err(slow_down)?;
        if path != PATH {
            return Err(Problem::new(StatusCode::NOT_FOUND, format!("there is only {PATH}")));
        }
        if method != Method::POST {
            let detail = "notes are put here by POST; `wakeboard changes` tells them";
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).only("POST"));
        }
        Ok(())
    }

    async fn take(&self, headers: &HeaderMap, body: Incoming) -> Result<Response<Full<Bytes>>, Problem> {
        let body = whole(headers, body).await?;
        // Nothing of the request outlives this block but the record.
        let record = {
            let (said, raw) = letter::read(headers, &body)?;
            said.record(&raw, &made_up_key(), |name| (self.is_tenant)(name), Timestamp::now())?
        };
        drop(body);
        let act = record.act;
        let failed = |why: &str| {
            let detail = format!("it could not be written down, try again later: {why}");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).after(limits::HEADERS_WITHIN)
        };
        match timeout(limits::KEPT_WITHIN, (self.tell)(vec![record])).await {
            Ok(Ok(())) => {
                let body = json!({ "change": act.to_string() });
                Ok(answer(StatusCode::ACCEPTED, "application/json", &body))
            }
            Ok(Err(NotKept::Conflict)) => {
                let detail =
                    "a note with this id and another content was kept before: give this one an id of its own";
                Err(Problem::new(StatusCode::CONFLICT, detail))
            }
            Ok(Err(NotKept::Failed(why))) => Err(failed(&why)),
            Err(_) => Err(failed("the ledger takes too long")),
        }
    }
}

/// One connection, as its requests see it.
#[derive(Clone)]
pub struct Visit {
    /// What must be said first, where anything must.
    pub token: Option<Token>,
    pub activity: Activity,
    /// Room for requests of all connections.
    pub at_once: Arc<Semaphore>,
}

impl Visit {
    /// Begins a request that was admitted. Only then its connection keeps its place: one that says nothing, or no token, is
    /// closed where another needs the room.
    fn begin(&self) -> Result<(Busy, OwnedSemaphorePermit), Problem> {
        let Ok(permit) = self.at_once.clone().try_acquire_owned() else {
            let detail = "too many notes at once: try again later";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).after(limits::HEADERS_WITHIN));
        };
        Ok((self.activity.begin(), permit))
    }
}

fn said_token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

fn declares_more(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    length.is_some_and(|length| length > limits::BODY as u64)
}

/// Whether the body comes only after we have asked for it.
fn awaits_leave(headers: &HeaderMap) -> bool {
    headers.contains_key(EXPECT)
}

/// The whole body.
async fn whole(headers: &HeaderMap, mut body: Incoming) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail = format!("the body is larger than {} KiB; put a link into the note", limits::BODY / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).last()
    };
    if declares_more(headers) {
        if !awaits_leave(headers) {
            drained(body, limits::DRAINED).await;
        }
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let read = async {
        while let Some(frame) = body.frame().await {
            let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "the body broke off").last();
            let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
            if bytes.len() + data.len() > limits::BODY {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(())
    };
    match timeout(limits::BODY_WITHIN, read).await {
        Ok(Ok(())) => Ok(bytes),
        Ok(Err(problem)) => {
            drained(body, limits::DRAINED).await;
            Err(problem)
        }
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long").last()),
    }
}

/// Reads a body away: to close on unread bytes would cut the connection before its sender has read the answer.
async fn drained(mut body: Incoming, most: usize) {
    let mut seen = 0;
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > most {
                return;
            }
        }
    };
    let _ = timeout(limits::DRAINED_WITHIN, read).await;
}
