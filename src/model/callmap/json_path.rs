//! Where in a JSON text something is: `$.db.state`, `$.list[0]`, `$["a name"].x`.

use serde_json::Value;

/// The most steps of a path.
const STEPS: usize = 64;

/// A path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no path (examples: $.db.state, $.list[0], $[\"a name\"])")]
pub struct BadPath(pub String);

/// A path, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(usize),
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// The text is none.
    pub fn read(text: &str) -> Result<Self, BadPath> {
        steps(text).map(JsonPath).ok_or_else(|| BadPath(text.to_owned()))
    }

    /// What is there.
    #[must_use]
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Name(name) => value.get(name),
            Step::Place(place) => value.get(place),
        })
    }
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            step = Step::Name(after[..end].to_owned());
            rest = &after[end..];
            if end == 0 {
                return None;
            }
        } else if let Some(after) = rest.strip_prefix("[\"") {
            let (name, after) = after.split_once("\"]")?;
            step = Step::Name(name.to_owned());
            rest = after;
        } else {
            let (place, after) = rest.strip_prefix('[')?.split_once(']')?;
            step = Step::Place(place.parse().ok()?);
            rest = after;
        }
        steps.push(step);
        if steps.len() > STEPS {
            return None;
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_leads_to_its_place() {
        let value = serde_json::json!({"db": {"state": "ok"}, "list": [1, {"a b": 2}]});
        let find = |path: &str| JsonPath::read(path).unwrap().find(&value).cloned();
        assert_eq!(find("$.db.state"), Some("ok".into()));
        assert_eq!(find("$.list[0]"), Some(1.into()));
        assert_eq!(find("$.list[1][\"a b\"]"), Some(2.into()));
        assert_eq!(find("$"), Some(value.clone()));
        assert_eq!(find("$.list[7]"), None);
        assert_eq!(find("$.db[0]"), None);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let long = format!("${}", ".a".repeat(65));
        for wrong in ["", "db", "$db", "$.", "$..a", "$[", "$[x]", "$[-1]", "$[\"a]", &long] {
            assert_eq!(JsonPath::read(wrong), Err(BadPath(wrong.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\$?[\\.\\[\\]\"a0-9]{0,40}") {
            let _ = JsonPath::read(&text);
        }
    }
}
