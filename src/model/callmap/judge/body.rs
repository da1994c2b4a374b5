//! Bodies of HTTP answers.

use serde_json::Value;

use super::http::header;
use super::is_like;
use crate::model::callmap::answer::HttpSeen;
use crate::model::callmap::json_path::JsonPath;
use crate::model::callmap::map::{HttpExpect, Matcher, Secrets};
use crate::model::callmap::words::{quoted, size};

/// What speaks against the body.
pub fn look(expect: &HttpExpect, seen: &HttpSeen, secrets: &Secrets) -> Vec<String> {
    if expect.body.is_empty() && expect.json.is_empty() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&seen.body);
    let mut faults: Vec<String> =
        expect.body.iter().filter_map(|wanted| matcher(wanted, seen, &text, secrets)).collect();
    if !expect.json.is_empty() {
        faults.extend(json(expect, seen, secrets));
    }
    if !faults.is_empty()
        && let Some(way) = header(seen, "content-encoding").find(|way| !way.eq_ignore_ascii_case("identity"))
    {
        let way = quoted(secrets, &way);
        faults
            .push(format!("the body came compressed ({way}), which was not asked for, and is not unpacked"));
    }
    faults
}

fn matcher(wanted: &Matcher, seen: &HttpSeen, text: &str, secrets: &Secrets) -> Option<String> {
    // Of a body that was cut off, the whole is not known.
    if is_like(wanted, text) && !(seen.is_cut && matches!(wanted, Matcher::Is(_))) {
        return None;
    }
    let body = if seen.is_cut {
        format!("the first {} of the body", size(seen.body.len()))
    } else if seen.body.is_empty() {
        "the body, which is empty,".to_owned()
    } else {
        "the body".to_owned()
    };
    Some(match wanted {
        Matcher::Contains(part) => format!("{body} does not have {}", quoted(secrets, part.shown())),
        Matcher::Matches(pattern) => format!("{body} does not match {}", quoted(secrets, pattern.as_str())),
        Matcher::Is(whole) if seen.is_cut => {
            format!(
                "the body is longer than {}, wanted {}",
                size(seen.body.len()),
                quoted(secrets, whole.shown())
            )
        }
        Matcher::Is(whole) => {
            format!("the body is {}, wanted {}", quoted(secrets, text), quoted(secrets, whole.shown()))
        }
    })
}

fn json(expect: &HttpExpect, seen: &HttpSeen, secrets: &Secrets) -> Vec<String> {
    if seen.is_cut {
        return vec![format!(
            "the body is longer than {}, too long to be read as JSON",
            size(seen.body.len())
        )];
    }
    let Ok(whole) = serde_json::from_slice::<Value>(&seen.body) else {
        return vec![format!(
            "the body is no JSON: {}",
            quoted(secrets, &String::from_utf8_lossy(&seen.body))
        )];
    };
    let mut faults = Vec::new();
    for (path, wanted) in &expect.json {
        let Ok(read) = JsonPath::read(path) else {
            faults.push(format!("{path} is no path"));
            continue;
        };
        match read.find(&whole) {
            None => faults.push(format!("the body's JSON has no {path}")),
            Some(found) if are_alike(found, wanted) => {}
            Some(found) => {
                let (found, wanted) = (shown(found, secrets), shown(wanted, secrets));
                faults.push(format!("{path} is {found}, wanted {wanted}"));
            }
        }
    }
    faults
}

/// Whether two values are the same; 1 and 1.0 are.
fn are_alike(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(a), Some(b)) if one.as_i64().is_none() || other.as_i64().is_none() => a.total_cmp(&b).is_eq(),
        _ => one == other,
    }
}

fn shown(value: &Value, secrets: &Secrets) -> String {
    match value {
        Value::String(text) => quoted(secrets, text),
        // Large ones are cut like any quotation.
        other => quoted(secrets, &other.to_string()).trim_matches('"').to_owned(),
    }
}
