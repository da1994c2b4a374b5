//! Changes as `CloudEvents` 1.0, in their JSON format.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::row::text;
use crate::model::change::Change;
use crate::model::plain::plain;
use crate::model::ticket::TicketId;

/// One event.
#[derive(Debug, Serialize)]
pub struct CloudEvent<'a> {
    specversion: &'static str,
    /// The change and its time: one that is told anew, with more in it, is another event.
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    time: Timestamp,
    datacontenttype: &'static str,
    data: Data<'a>,
}

/// What the event's own attributes do not say.
#[derive(Debug, Serialize)]
struct Data<'a> {
    change: String,
    first: Timestamp,
    actor: Option<&'a str>,
    confidence: &'static str,
    verb: &'static str,
    host: Option<&'a str>,
    tenant: Option<&'a str>,
    container: Option<&'a str>,
    container_id: Option<&'a str>,
    ticket: Option<TicketId>,
    before: &'a Option<Arc<str>>,
    after: &'a Option<Arc<str>>,
    text: Option<String>,
    count: u32,
}

impl<'a> CloudEvent<'a> {
    pub fn of(change: &'a Change) -> Self {
        let host = change.host.as_deref().map(|host| format!("/{}", in_uri(host))).unwrap_or_default();
        CloudEvent {
            specversion: "1.0",
            id: format!("{}-{}", change.act, change.time.as_nanosecond()),
            source: format!("/wakeboard/{}{host}", change.source.as_str()),
            kind: format!("wakeboard.change.{}", change.verb),
            // Attributes may have no control characters; data may.
            subject: plain(&change.object()).into_owned(),
            time: change.time,
            datacontenttype: "application/json",
            data: Data {
                change: change.act.to_string(),
                first: change.first,
                actor: change.actor.as_deref(),
                confidence: change.confidence.as_str(),
                verb: change.verb.as_str(),
                host: change.host.as_deref(),
                tenant: change.tenant.as_deref(),
                container: change.container.as_deref(),
                container_id: change.id.as_deref(),
                ticket: change.ticket,
                before: &change.before,
                after: &change.after,
                text: text(change),
                count: change.count,
            },
        }
    }
}

/// As a segment of a path.
fn in_uri(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        // Writing to a String cannot fail.
        let _ = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                write!(out, "{}", char::from(byte))
            }
            _ => write!(out, "%{byte:02X}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::{Act, Source, Verb};

    #[test]
    fn an_event_has_what_the_standard_asks_for() {
        let time = Timestamp::from_millisecond(1_700_000_000_250).unwrap();
        let change = Change {
            host: Some("web 1/ü".into()),
            tenant: Some("ac\u{1b}me".into()),
            ticket: "bf711bf".parse().ok(),
            ..Change::new(Source::Ticket, Act::from_number(1), time, Verb::Dumped)
        };
        let event = serde_json::to_value(CloudEvent::of(&change)).unwrap();
        for (name, expected) in [
            ("specversion", "1.0"),
            ("type", "wakeboard.change.dumped"),
            ("source", "/wakeboard/ticket/web%201%2F%C3%BC"),
            ("id", "0000000000000001-1700000000250000000"),
            ("subject", "ac␛me"),
            ("time", "2023-11-14T22:13:20.25Z"),
            ("datacontenttype", "application/json"),
        ] {
            assert_eq!(event[name], expected, "{name}");
        }
        assert_eq!(event["data"]["tenant"], "ac\u{1b}me");
        assert_eq!(event["data"]["ticket"], "bf711bf");
        // A subject must not be empty.
        let bare = Change::new(Source::Note, Act::from_number(1), time, Verb::Noted);
        let event = serde_json::to_value(CloudEvent::of(&bare)).unwrap();
        assert!(event.get("subject").is_none());
        assert_eq!(event["source"], "/wakeboard/note");
    }
}
