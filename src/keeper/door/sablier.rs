//! What plugins for Sablier ask: are these tenants ready? Their proxies hand requests on once the header says so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{RawQuery, State};
use axum::response::Response;
use futures_util::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::answer::{after, json_answer, page, problem, unavailable};
use super::page::Page;
use super::query::{Query, TooLong};
use super::tally::Kind;
use super::wake::AGAIN;
use super::{Desk, limits};
use crate::keeper::wakes::Answer;
use crate::keeper::wakes::table::Entry;
use crate::model::door::Told;

/// By this the plugins know whether to hand on.
const STATUS: HeaderName = HeaderName::from_static("x-sablier-session-status");
/// A page may ask again so often.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(300);

/// A page to wait with, if that is needed at all.
pub(super) async fn dynamic(
    State(desk): State<Desk>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match desk.asked(&headers, query.as_deref()) {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    let patience = {
        let rules = desk.wakes.rules();
        rules.page_after.min(rules.wait)
    };
    let found = desk.all_awake(&asked.entries, patience).await;
    // The plugin says the token, but its page is for visitors.
    let trouble = found.iter().find_map(trouble);
    let first = asked.entries.first().map_or("", |entry| &*entry.key.1);
    let details = if asked.query.one("show_details") == Some("true") {
        let both = asked.entries.iter().zip(&found);
        both.map(|(entry, answer)| (entry.key.1.to_string(), words(entry, answer))).collect()
    } else {
        Vec::new()
    };
    let html = Page {
        name: asked.query.one("display_name").filter(|name| !name.is_empty()).unwrap_or(first),
        trouble: trouble.as_deref(),
        again: asked.again,
        details,
        theme: asked.query.one("theme"),
    };
    let is_ready = desk.tell(&found, Kind::Page);
    with_status(page(StatusCode::OK, &html), is_ready)
}

/// Waits, and says how it went.
pub(super) async fn blocking(
    State(desk): State<Desk>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match desk.asked(&headers, query.as_deref()) {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    let patience = match asked.query.duration("timeout") {
        Ok(timeout) => timeout.unwrap_or(desk.wakes.rules().wait).min(limits::LONGEST_WAIT),
        Err(wrong) => return desk.wrong(&wrong),
    };
    let found = desk.all_awake(&asked.entries, patience).await;
    let instances: Vec<_> = asked
        .entries
        .iter()
        .zip(&found)
        .map(|(entry, answer)| {
            let ready = is_ready(answer);
            let instance = json!({
                "name": entry.key.1,
                "currentReplicas": u8::from(ready),
                "desiredReplicas": 1,
                "status": if ready { "ready" } else { "not-ready" },
            });
            json!({ "instance": instance, "error": trouble(answer) })
        })
        .collect();
    let is_ready = desk.tell(&found, Kind::Later);
    let word = if is_ready { "ready" } else { "not-ready" };
    let body = json!({ "session": { "instances": instances, "status": word } });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let answer = json_answer(status, "application/json", &body);
    with_status(if is_ready { answer } else { after(answer, AGAIN) }, is_ready)
}

/// What was asked for.
struct Asked {
    query: Query,
    entries: Vec<Arc<Entry>>,
    again: Duration,
}

impl Desk {
    fn asked(&self, headers: &HeaderMap, query: Option<&str>) -> Result<Asked, Box<Response>> {
        if !self.may(headers) {
            return Err(Box::new(self.denied()));
        }
        let query = Query::read(query.unwrap_or_default()).map_err(|TooLong| {
            self.tally.add(Kind::Other);
            Box::new(problem(StatusCode::URI_TOO_LONG, "the query is too long"))
        })?;
        let wrong = |why: &str| Err(Box::new(self.wrong(why)));
        let names: Vec<&str> = query
            .all("names")
            .flat_map(|names| names.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let group = query.one("group").filter(|group| !group.is_empty());
        if names.len() > limits::NAMES {
            return wrong("so many names at once are not answered: at most 64");
        }
        let wanted = match (names.as_slice(), group) {
            ([], None) => return wrong("`names` or `group` must be said"),
            ([], Some(group)) => vec![group],
            (_, Some(_)) => return wrong("`names` and `group` are both said: one of them"),
            (names, None) => names.to_vec(),
        };
        // How long it stays awake is for the rules to say; but what is no duration is told.
        let again = query.duration("session_duration").and_then(|_| query.duration("refresh_frequency"));
        let again = match again {
            Ok(again) => again.unwrap_or(AGAIN).clamp(SOONEST, LATEST),
            Err(why) => return wrong(&why),
        };
        let (table, now) = (self.wakes.table(), Instant::now());
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        for name in wanted {
            let told = Told::read(name);
            let Some(entry) = table.find(&told.meant(), now).or_else(|| table.of_container(name)) else {
                return Err(Box::new(self.unknown()));
            };
            if !entries.iter().any(|other| other.key == entry.key) {
                entries.push(entry.clone());
            }
        }
        drop(table);
        Ok(Asked { query, entries, again })
    }

    async fn all_awake(&self, entries: &[Arc<Entry>], patience: Duration) -> Vec<Answer> {
        join_all(entries.iter().map(|entry| self.wakes.awake(entry, patience))).await
    }

    /// Counts it. Whether all of them are ready.
    fn tell(&self, found: &[Answer], otherwise: Kind) -> bool {
        let ready = found.iter().all(is_ready);
        let waited = found.iter().any(|answer| matches!(answer, Answer::Awake { waited: true, .. }));
        let full = found.iter().any(|answer| matches!(answer, Answer::Full));
        let failed = found.iter().any(|answer| matches!(answer, Answer::Failed { .. }));
        self.tally.add(match (ready, waited) {
            (true, false) => Kind::Warm,
            (true, true) => Kind::Woken,
            _ if full => Kind::Full,
            _ if failed => Kind::Failed,
            _ => otherwise,
        });
        ready
    }

    pub(super) fn wrong(&self, why: &str) -> Response {
        self.tally.add(Kind::Other);
        problem(StatusCode::BAD_REQUEST, why)
    }
}

fn is_ready(answer: &Answer) -> bool {
    matches!(answer, Answer::Awake { .. })
}

fn trouble(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Failed { ticket, .. } => Some(unavailable(*ticket)),
        Answer::Full => Some("too many wait already: try again later".to_owned()),
        Answer::Awake { .. } | Answer::OnItsWay => None,
    }
}

fn words(entry: &Entry, answer: &Answer) -> String {
    match answer {
        Answer::Awake { .. } => "awake".to_owned(),
        // How it sleeps, or how it ended, is not for visitors.
        Answer::OnItsWay => entry.tenant.state.to_string(),
        Answer::Full | Answer::Failed { .. } => trouble(answer).unwrap_or_default(),
    }
}

fn with_status(mut answer: Response, is_ready: bool) -> Response {
    let word = if is_ready { "ready" } else { "not-ready" };
    answer.headers_mut().insert(STATUS, HeaderValue::from_static(word));
    answer
}
