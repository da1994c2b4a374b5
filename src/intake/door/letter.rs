//! What a request says: a note of our own JSON, or a CloudEvent in structured or binary mode.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::model::change::Verb;
use crate::model::change::cloudevent::{MEDIA_TYPE, from_cloudevent};
use crate::model::change::said::{self, Said};

/// What the headers of an event in binary mode begin with.
const ATTRIBUTE: &str = "ce-";

/// Our own JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
    object: Option<String>,
    host: Option<String>,
    actor: Option<String>,
    verb: Option<String>,
    id: Option<String>,
    time: Option<String>,
}

/// What is said, and all that came in a line.
pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Said, String), Problem> {
    let media_type = media_type(headers)?;
    if headers.keys().any(|name| name.as_str().starts_with(ATTRIBUTE)) {
        let event = binary(headers, &media_type, body)?;
        let raw = Value::Object(event.clone()).to_string();
        return Ok((from_cloudevent(&event)?, raw));
    }
    match media_type.as_str() {
        "application/json" => note(body),
        MEDIA_TYPE => {
            let event: Map<String, Value> = json(body)?;
            let raw = Value::Object(event.clone()).to_string();
            Ok((from_cloudevent(&event)?, raw))
        }
        "application/cloudevents-batch+json" => {
            Err(unknown_type("one event a request: batches are not taken"))
        }
        _ => Err(unknown_type(&format!(
            "this takes application/json with a note, {MEDIA_TYPE}, or a CloudEvent with ce- headers"
        ))),
    }
}

fn note(body: &[u8]) -> Result<(Said, String), Problem> {
    let note: Note = json(body)?;
    if note.id.as_deref().is_some_and(str::is_empty) {
        return Err(said::Wrong::new("an id that is there is not empty").at("id").into());
    }
    let said = Said {
        verb: note.verb.as_deref().map_or(Ok(Verb::Noted), said::verb)?,
        object: note.object,
        host: note.host,
        actor: note.actor,
        time: note.time,
        key: note.id.as_deref().map(Said::key_of),
        ..Said::of(note.text)
    };
    Ok((said, String::from_utf8_lossy(body).into_owned()))
}

fn unknown_type(detail: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}

/// The media type without its parameters, of which only the charset counts.
fn media_type(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(String::new()) };
    let text = value.to_str().map_err(|_| unknown_type("content-type is no text"))?.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_owned();
    let charset = parts.find_map(|part| part.strip_prefix("charset=")).map(|value| value.trim_matches('"'));
    match charset {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(media_type),
        Some(_) => Err(unknown_type("only UTF-8 is read")),
    }
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let place = format!(" at line {line} column {column}");
        let told = error.to_string().replace(&place, "");
        let told = if error.is_data() { told } else { format!("this is no JSON: {told}") };
        let problem = Problem::new(StatusCode::BAD_REQUEST, format!("{told} (line {line}, column {column})"));
        problem.at(line, column)
    })
}

/// An event in binary mode, in the form of one in structured mode.
fn binary(headers: &HeaderMap, media_type: &str, body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let mut event = Map::new();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix(ATTRIBUTE) else { continue };
        let wrong = |why: &str| Problem::from(said::Wrong::new(why).at(name));
        let value = decoded(value.as_bytes()).ok_or_else(|| wrong("this header is no UTF-8"))?;
        if event.insert(name.to_owned(), value.into()).is_some() {
            return Err(wrong("this header stands here twice"));
        }
    }
    if event.contains_key("data") || event.contains_key("data_base64") {
        return Err(said::Wrong::new("the data of an event with ce- headers is the body").into());
    }
    if body.is_empty() {
        return Ok(event);
    }
    if media_type == MEDIA_TYPE {
        return Err(unknown_type("ce- headers and a structured event do not go together"));
    }
    let is_json = media_type == "application/json" || media_type.ends_with("+json");
    let data = match std::str::from_utf8(body) {
        _ if is_json => json(body)?,
        Ok(text) if media_type.starts_with("text/") => text.into(),
        _ => {
            let kind = if media_type.is_empty() { "data" } else { media_type };
            format!("{} bytes of {kind}", body.len()).into()
        }
    };
    event.insert("data".to_owned(), data);
    Ok(event)
}

/// A header's value as events have it: what is not printable ASCII is written as `%..` of its UTF-8.
fn decoded(value: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (byte, hex(0), hex(1)) {
            bytes.push(u8::try_from(high * 16 + low).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    // Some put quotes around.
    let text = String::from_utf8(bytes).ok()?;
    let unquoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    Some(unquoted.map_or(text.clone(), str::to_owned))
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
