//! `/wake`: holds a request until its tenant answers, and says where. `/waiting`: tells how it stands, and holds nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::response::Response;
use http::header::HOST;
use http::{HeaderMap, StatusCode};

use super::Desk;
use super::answer::{after, awake, failed, is_browser, page, problem, unavailable};
use super::page::Page;
use super::tally::Kind;
use crate::keeper::wakes::Answer;
use crate::keeper::wakes::table::Entry;
use crate::model::door::{Meant, host_name};

/// How soon a page asks again.
pub(super) const AGAIN: Duration = Duration::from_secs(2);
/// How soon to try again where too many wait.
const FULL: Duration = Duration::from_secs(5);
/// What a proxy calls the host that its client asked for.
const FORWARDED_HOST: &str = "x-forwarded-host";

/// By the host name.
pub(super) async fn by_host(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    held(&desk, desk.of_headers(&headers), &headers).await
}

/// By the tenant's name.
pub(super) async fn by_name(
    State(desk): State<Desk>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    held(&desk, desk.named(None, &tenant), &headers).await
}

/// By the names of a container host and of the tenant.
pub(super) async fn by_both(
    State(desk): State<Desk>,
    Path((host, tenant)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    held(&desk, desk.named(Some(&host), &tenant), &headers).await
}

/// How the tenant of that host name stands.
pub(super) async fn waiting(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    told(&desk, desk.of_headers(&headers), &headers).await
}

/// How that tenant stands.
pub(super) async fn waiting_by_name(
    State(desk): State<Desk>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    told(&desk, desk.named(None, &tenant), &headers).await
}

impl Desk {
    /// Whom these headers mean: the host that is spoken to, where that is a tenant's; else the one that a proxy says.
    pub(super) fn of_headers(&self, headers: &HeaderMap) -> Option<Arc<Entry>> {
        let rules = self.wakes.rules();
        let table = self.wakes.table();
        for header in [headers.get(HOST), headers.get(FORWARDED_HOST)].into_iter().flatten() {
            if let Some(name) = host_name(header.as_bytes())
                && let Some(meant) = rules.names.of_host(&name)
            {
                return table.find(&meant, Instant::now()).cloned();
            }
        }
        None
    }

    pub(super) fn named(&self, host: Option<&str>, tenant: &str) -> Option<Arc<Entry>> {
        if !self.wakes.rules().names.path {
            return None;
        }
        self.wakes.table().find(&Meant { host, tenant, is_folded: false }, Instant::now()).cloned()
    }
}

async fn held(desk: &Desk, entry: Option<Arc<Entry>>, headers: &HeaderMap) -> Response {
    let Some(entry) = entry else { return desk.unknown() };
    if desk.ignores(headers) {
        return desk.ignored(&entry, true).await;
    }
    let is_browser = is_browser(headers);
    let patience = {
        let rules = desk.wakes.rules();
        if is_browser { rules.page_after.min(rules.wait) } else { rules.wait }
    };
    match desk.wakes.awake(&entry, patience).await {
        Answer::Awake { place, waited } => {
            desk.tally.add(if waited { Kind::Woken } else { Kind::Warm });
            awake(&place)
        }
        answer => desk.put_off(&entry, &answer, headers),
    }
}

/// What a proxy shows in place of a tenant that was not there when it asked at `/wake`.
async fn told(desk: &Desk, entry: Option<Arc<Entry>>, headers: &HeaderMap) -> Response {
    let Some(entry) = entry else { return desk.unknown() };
    if desk.ignores(headers) {
        return desk.ignored(&entry, false).await;
    }
    let answer = desk.wakes.awake(&entry, Duration::ZERO).await;
    if let Answer::Awake { waited: false, .. } = answer {
        // Perhaps the proxy has just not reached it.
        desk.wakes.doubt(&entry);
    }
    desk.put_off(&entry, &answer, headers)
}

impl Desk {
    pub(super) fn unknown(&self) -> Response {
        if !self.wakes.table().is_whole() {
            self.tally.add(Kind::Later);
            let detail = "not all tenants are known yet: ask again";
            return after(problem(StatusCode::SERVICE_UNAVAILABLE, detail), AGAIN);
        }
        self.tally.add(Kind::Unknown);
        problem(StatusCode::NOT_FOUND, "no tenant is meant by that")
    }

    /// To be tried again: as a page, or as a status that programs know.
    fn put_off(&self, entry: &Entry, answer: &Answer, headers: &HeaderMap) -> Response {
        let (name, is_browser) = (&*entry.key.1, is_browser(headers));
        let (kind, detail, trouble, again) = match answer {
            // It has just come up: at once.
            Answer::Awake { .. } => (Kind::Woken, "it is awake: ask again", None, Duration::ZERO),
            Answer::OnItsWay => (Kind::Later, "it is on its way, and takes longer than that", None, AGAIN),
            Answer::Full => {
                let why = "too many wait already: try again later";
                (Kind::Full, why, Some(why), FULL)
            }
            Answer::Failed { reason, ticket, after } => {
                let told = unavailable(*ticket);
                let reason = Some(&**reason).filter(|_| self.says_token(headers));
                self.tally.add(Kind::Failed);
                let again = (*after).max(AGAIN);
                let answer = if is_browser {
                    let trouble = reason.map_or(told.clone(), |reason| format!("{told}: {reason}"));
                    page(
                        StatusCode::SERVICE_UNAVAILABLE,
                        &Page { name, trouble: Some(&trouble), again, ..Page::default() },
                    )
                } else {
                    failed(&told, *ticket, reason)
                };
                return super::answer::after(answer, again);
            }
        };
        self.tally.add(if is_browser && trouble.is_none() { Kind::Page } else { kind });
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let answer = if is_browser {
            page(status, &Page { name, trouble, again, ..Page::default() })
        } else {
            problem(status, detail)
        };
        after(answer, again)
    }
}
