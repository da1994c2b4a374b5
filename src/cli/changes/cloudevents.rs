//! Changes as `CloudEvents` 1.0, in their JSON format.

use serde_json::Value;

use crate::model::change::{Change, to_cloudevent};

/// The event of a change. Its id has the time too: whoever follows is told anew of an act that goes on, and must not take
/// that for the event that it has.
pub fn event(change: &Change) -> Value {
    let mut event = to_cloudevent(change);
    event["id"] = format!("{}-{}", change.act, change.time.as_nanosecond()).into();
    event
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::change::{Act, Source, Verb};

    #[test]
    fn an_event_has_what_the_standard_asks_for() {
        let time = Timestamp::from_millisecond(1_700_000_000_250).unwrap();
        let change = Change {
            host: Some("web-1".into()),
            tenant: Some("ac\u{1b}me".into()),
            ticket: "bf711bf".parse().ok(),
            ..Change::new(Source::Ticket, Act::from_number(1), time, Verb::Dumped)
        };
        let event = event(&change);
        for (name, expected) in [
            ("specversion", "1.0"),
            ("type", "wakeboard.change.dumped"),
            ("source", "/wakeboard/ticket"),
            ("id", "0000000000000001-1700000000250000000"),
            ("subject", "ac␛me"),
            ("time", "2023-11-14T22:13:20.25Z"),
            ("datacontenttype", "application/json"),
        ] {
            assert_eq!(event[name], expected, "{name}");
        }
        assert_eq!(event["data"]["ticket"], "bf711bf");
    }
}
