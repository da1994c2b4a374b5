//! `/status`: how a tenant stands, for monitors. It neither wakes nor counts as use.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::Desk;
use super::answer::json_answer;
use super::tally::Kind;
use crate::keeper::wakes::table::{Entry, is_awake};
use crate::model::state::State as TenantState;

/// Of the tenant of that host name.
pub(super) async fn by_host(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    told(&desk, desk.of_headers(&headers))
}

/// Of that tenant.
pub(super) async fn by_name(State(desk): State<Desk>, Path(tenant): Path<String>) -> Response {
    told(&desk, desk.named(None, &tenant))
}

/// Of that tenant on that container host.
pub(super) async fn by_both(
    State(desk): State<Desk>,
    Path((host, tenant)): Path<(String, String)>,
) -> Response {
    told(&desk, desk.named(Some(&host), &tenant))
}

fn told(desk: &Desk, entry: Option<Arc<Entry>>) -> Response {
    let Some(entry) = entry else { return desk.unknown() };
    desk.tally.add(Kind::Other);
    let tenant = &entry.tenant;
    let body = json!({ "tenant": entry.key.1, "state": word(tenant.state), "since": tenant.since });
    json_answer(StatusCode::OK, "application/json", &body)
}

/// How a tenant stands, in one of four words: no more is said to those who have no token.
fn word(state: TenantState) -> &'static str {
    match state {
        state if is_awake(state) => "awake",
        TenantState::Dumped | TenantState::Dumping => "asleep",
        TenantState::Waking | TenantState::Starting => "waking",
        _ => "down",
    }
}
