//! A change as a row of JSON or CSV.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::change::{Act, Change};
use crate::model::ticket::TicketId;

/// A change in JSON.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    pub id: Act,
    pub time: Timestamp,
    pub source: &'static str,
    pub actor: Option<&'a str>,
    pub confidence: &'static str,
    pub verb: &'static str,
    pub object: String,
    pub host: Option<&'a str>,
    pub tenant: Option<&'a str>,
    pub container: Option<&'a str>,
    pub ticket: Option<TicketId>,
    pub text: Option<String>,
    pub count: u32,
}

impl<'a> Row<'a> {
    pub fn of(change: &'a Change) -> Self {
        Row {
            id: change.act,
            time: change.time,
            source: change.source.as_str(),
            actor: change.actor.as_deref(),
            confidence: change.confidence.as_str(),
            verb: change.verb.as_str(),
            object: change.object(),
            host: change.host.as_deref(),
            tenant: change.tenant.as_deref(),
            container: change.container.as_deref(),
            ticket: change.ticket,
            text: text(change),
            count: change.count,
        }
    }
}

/// What more is said of a change, with its cause in brackets.
pub fn text(change: &Change) -> Option<String> {
    match (&change.detail, &change.cause) {
        (Some(detail), Some(cause)) => Some(format!("{detail} ({cause})")),
        (Some(detail), None) => Some(detail.clone()),
        (None, Some(cause)) => Some(format!("({cause})")),
        (None, None) => None,
    }
}
