//! `/healthz`: whether this keeper can do its work, for whoever starts it anew, or sends it no requests, if not. One that stands by is
//! well: its door wakes tenants as the other's does.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::Desk;
use super::answer::json_answer;
use crate::model::plain::plain;
use crate::model::work::Record;

/// Well where the ledger is open and can be written, some host answers, and this keeper has the lease or another one does.
pub(super) async fn health(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let is_told_more = desk.says_token(&headers);
    let service = desk.wakes.service();
    let fleet = service.fleet().borrow().clone();
    let record = service.work().borrow().record.clone();
    let up = fleet.hosts.iter().filter(|host| host.link.is_up()).count();
    let mut troubles = Vec::new();
    let ledger = match &record {
        Record::Open => "open",
        Record::Opening => {
            troubles.push("the ledger is not open yet".to_owned());
            "opening"
        }
        Record::Missing(why) => {
            // Where it is, and what its database says, is not for everybody.
            let why = if is_told_more { format!(": {}", plain(why)) } else { String::new() };
            troubles.push(format!("the ledger cannot be used{why}"));
            "missing"
        }
    };
    if up == 0 {
        troubles.push(format!("none of {} hosts answers", fleet.hosts.len()));
    }
    let standing = desk.wakes.standing();
    if let Some(why) = standing.fault.as_deref().filter(|_| record == Record::Open) {
        let why = if is_told_more { format!(": {}", plain(why)) } else { String::new() };
        troubles.push(format!("the ledger cannot be written{why}"));
    }
    if !standing.dry_run && !standing.active && standing.holder.is_empty() {
        troubles.push("no keeper is known to have the lease".to_owned());
    }
    let keeper = match (standing.dry_run, standing.active) {
        (true, _) => "dry-run",
        (false, true) => "active",
        (false, false) => "standby",
    };
    let is_well = troubles.is_empty();
    let body = json!({
        "status": if is_well { "ok" } else { "failing" },
        "troubles": troubles,
        "ledger": ledger,
        "hosts": fleet.hosts.len(),
        "hosts_up": up,
        "keeper": keeper,
        "version": env!("CARGO_PKG_VERSION"),
    });
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json_answer(status, "application/json", &body)
}
