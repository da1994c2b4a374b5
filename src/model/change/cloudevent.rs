//! Changes as CloudEvents 1.0 (JSON), and CloudEvents of others as what they say of a change.
//!
//! What goes out has the act as `id` and the source as `source`: told twice, it is the same event to whoever takes it in. What
//! comes in is a note, whatever its type claims: only what was seen or done by us has another source.

use serde_json::{Map, Value, json};

use super::said::{Said, Wrong};
use super::{Change, Verb};
use crate::model::plain::plain;

/// The media type of an event in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// What the types of our events begin with: `wakeboard.change.dumped`.
pub const TYPE: &str = "wakeboard.change.";
/// What the sources of our events begin with: `/wakeboard/engine`.
pub const SOURCE: &str = "/wakeboard/";

/// The most characters of an attribute's name: longer ones are nobody's.
const LONGEST_NAME: usize = 64;
/// The keys of an event's data whose text says most, the best first.
const TELLING: [&str; 6] = ["text", "message", "summary", "title", "description", "name"];

/// A change as a CloudEvent.
#[must_use]
pub fn to_cloudevent(change: &Change) -> Value {
    let mut event = json!({
        "specversion": "1.0",
        "id": change.act.to_string(),
        "source": format!("{SOURCE}{}", change.source.as_str()),
        "type": format!("{TYPE}{}", change.verb),
        "time": change.time.to_string(),
        "datacontenttype": "application/json",
        // Its keys are words and its values texts, numbers and lists of them: nothing that JSON cannot say.
        "data": serde_json::to_value(change).unwrap_or_default(),
    });
    // An attribute that is there may not be empty, nor hold control characters.
    let object = change.object();
    if !object.is_empty() {
        event["subject"] = plain(&object).into();
    }
    event
}

/// What an event says of a change. In binary mode the headers are put into the same form before.
///
/// # Errors
/// What the event lacks, or has that no event may have.
pub fn from_cloudevent(event: &Map<String, Value>) -> Result<Said, Wrong> {
    for (name, value) in event {
        check_attribute(name, value)?;
    }
    let wanted = |name: &str| {
        let missing = || Wrong::new(format!("the event has no `{name}`")).at(name);
        text(event, name)?.ok_or_else(missing)
    };
    let version = wanted("specversion")?;
    if version != "1.0" {
        return Err(
            Wrong::new(format!("this is CloudEvents {version:?}: only 1.0 is known")).at("specversion")
        );
    }
    let (id, source, kind) = (wanted("id")?, wanted("source")?, wanted("type")?);
    if event.contains_key("data") && event.contains_key("data_base64") {
        return Err(Wrong::new("`data` and `data_base64` do not go together".to_owned()).at("data_base64"));
    }
    let told = match (event.get("data"), event.get("data_base64")) {
        (Some(data), _) => telling(data),
        (None, Some(Value::String(data))) => {
            let what = text(event, "datacontenttype")?.unwrap_or_else(|| "data".to_owned());
            Some(format!("{} bytes of {what}", data.trim_end_matches('=').len() * 3 / 4))
        }
        (None, _) => None,
    };
    let text_of = |told: String| format!("{kind}: {told}");
    Ok(Said {
        text: told.map_or_else(|| kind.clone(), text_of),
        is_cut: true,
        verb: Verb::Noted,
        object: text(event, "subject")?,
        actor: text(event, "actor")?.or(text(event, "authid")?),
        time: text(event, "time")?,
        cause: Some(source.clone()),
        host: None,
        // The two of them together are what makes an event the same.
        key: Some(format!("cloudevent\0{source}\0{id}")),
    })
}

/// Attributes have simple names and simple values; data may be anything.
fn check_attribute(name: &str, value: &Value) -> Result<(), Wrong> {
    if ["data", "data_base64"].contains(&name) {
        return Ok(());
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
        let message = format!("`{}` is no name of an attribute: a-z and 0-9 are", plain(name));
        return Err(Wrong::new(message).at(name));
    }
    match value {
        Value::String(text) if text.is_empty() => Err(Wrong::new("this is empty".to_owned()).at(name)),
        Value::Array(_) | Value::Object(_) => {
            Err(Wrong::new("an attribute is a text, a number or a truth value".to_owned()).at(name))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn text(event: &Map<String, Value>, name: &str) -> Result<Option<String>, Wrong> {
    match event.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Wrong::new("this is no text".to_owned()).at(name)),
    }
}

/// What the data says: itself where it is a text, else the text in it that says most, else all of it as JSON.
fn telling(data: &Value) -> Option<String> {
    match data {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => {
            let found = TELLING.iter().find_map(|key| map.get(*key)?.as_str());
            found.map(str::to_owned).or_else(|| Some(data.to_string()))
        }
        other => Some(other.to_string()),
    }
    .filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::{Act, Source};
    use jiff::Timestamp;
    use rstest::rstest;

    fn read(event: Value) -> Result<Said, Wrong> {
        let Value::Object(event) = event else { panic!("no object") };
        from_cloudevent(&event)
    }

    fn change() -> Change {
        Change {
            host: Some("web-1".into()),
            tenant: Some("acme".into()),
            detail: Some("freeze 0.31s".to_owned()),
            ..Change::new(
                Source::Ticket,
                Act::from_number(10),
                Timestamp::from_second(1_800_000_000).unwrap(),
                Verb::Dumped,
            )
        }
    }

    #[test]
    fn a_change_goes_out_with_all_that_events_must_have() {
        let event = to_cloudevent(&change());
        assert_eq!(
            event,
            json!({
                "specversion": "1.0",
                "id": "000000000000000a",
                "source": "/wakeboard/ticket",
                "type": "wakeboard.change.dumped",
                "time": "2027-01-15T08:00:00Z",
                "subject": "acme",
                "datacontenttype": "application/json",
                "data": {
                    "act": "000000000000000a",
                    "source": "ticket",
                    "time": "2027-01-15T08:00:00Z",
                    "first": "2027-01-15T08:00:00Z",
                    "host": "web-1",
                    "confidence": "unknown",
                    "verb": "dumped",
                    "tenant": "acme",
                    "detail": "freeze 0.31s",
                    "count": 1,
                },
            })
        );
        let back: Change = serde_json::from_value(event["data"].clone()).unwrap();
        assert_eq!(back, change());
    }

    #[test]
    fn what_went_out_can_come_in_elsewhere_as_a_note() {
        let said = read(to_cloudevent(&change())).unwrap();
        assert_eq!((said.verb, said.object.as_deref()), (Verb::Noted, Some("acme")));
        assert!(said.text.starts_with("wakeboard.change.dumped: "), "{}", said.text);
        assert_eq!(said.cause.as_deref(), Some("/wakeboard/ticket"));
        assert_eq!(said.key.as_deref(), Some("cloudevent\0/wakeboard/ticket\u{0}000000000000000a"));
    }

    #[test]
    fn a_change_about_nothing_has_no_subject() {
        let event = to_cloudevent(&Change { tenant: None, host: None, ..change() });
        assert!(event.get("subject").is_none());
        let event = to_cloudevent(&Change { tenant: Some("a\u{1b}b".into()), ..change() });
        assert_eq!(event["subject"], "a␛b");
    }

    #[rstest]
    #[case(json!({}), "t")]
    #[case(json!({"data": "done"}), "t: done")]
    #[case(json!({"data": {"name": "n", "text": "1.4.2 is out"}}), "t: 1.4.2 is out")]
    #[case(json!({"data": {"text": 4}}), "t: {\"text\":4}")]
    #[case(json!({"data": [1, 2]}), "t: [1,2]")]
    #[case(json!({"data": null}), "t")]
    #[case(json!({"data_base64": "AAAA", "datacontenttype": "image/png"}), "t: 3 bytes of image/png")]
    fn its_data_says_what_happened(#[case] more: Value, #[case] text: &str) {
        let mut event = json!({"specversion": "1.0", "id": "1", "source": "/ci", "type": "t"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(read(event).unwrap().text, text);
    }

    #[rstest]
    #[case(json!({}), "no `specversion`")]
    #[case(json!({"specversion": "0.3", "id": "1", "source": "s", "type": "t"}), "only 1.0")]
    #[case(json!({"specversion": 1.0, "id": "1", "source": "s", "type": "t"}), "no text")]
    #[case(json!({"specversion": "1.0", "source": "s", "type": "t"}), "no `id`")]
    #[case(json!({"specversion": "1.0", "id": "", "source": "s", "type": "t"}), "empty")]
    #[case(json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "My-Key": 1}), "a-z and 0-9")]
    #[case(json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "x": [1]}), "an attribute is")]
    #[case(json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": 1, "data_base64": ""}), "together")]
    fn what_is_no_event_is_refused(#[case] event: Value, #[case] told: &str) {
        let wrong = read(event).unwrap_err();
        assert!(wrong.message.contains(told), "{wrong:?}");
    }
}
