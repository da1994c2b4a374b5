//! The `filters` of the API: JSON of lists (or, from old clients, of objects) of wanted values.

use std::collections::BTreeMap;

use serde_json::Value;

use super::container::Container;
use super::event::Event;
use super::sim::Refusal;

/// What a client wants to see: every named thing must fit one of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// Reads the parameter; an empty one wants everything.
    ///
    /// # Errors
    /// Refuses what is no such JSON, and names that are not in `known`.
    pub fn read(text: Option<&str>, known: &[&str]) -> Result<Filters, Refusal> {
        let wrong = |what: String| Refusal::new(400, what);
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Filters::default()) };
        let parsed: BTreeMap<String, Value> =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let mut filters = BTreeMap::new();
        for (name, wanted) in parsed {
            if !known.contains(&name.as_str()) {
                return Err(wrong(format!("invalid filter '{name}'")));
            }
            let values: Option<Vec<String>> = match wanted {
                Value::Array(values) => {
                    values.into_iter().map(|value| value.as_str().map(str::to_owned)).collect()
                }
                Value::Object(values) => Some(values.into_iter().map(|(value, _)| value).collect()),
                _ => None,
            };
            filters.insert(name.clone(), values.ok_or_else(|| wrong(format!("invalid filter '{name}'")))?);
        }
        Ok(Filters(filters))
    }

    /// Whether everything is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// Whether the filter names this, so that it is not only running containers that are wanted.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|values| !values.is_empty())
    }

    /// Whether the container is wanted.
    #[must_use]
    pub fn want(&self, container: &Container) -> bool {
        let spec = &container.spec;
        self.0.iter().all(|(name, values)| {
            values.is_empty()
                || match name.as_str() {
                    // Labels are the exception: every one of them must be there.
                    "label" => values.iter().all(|wanted| has_label(container, wanted)),
                    "status" => values.iter().any(|wanted| wanted == container.phase.as_str()),
                    "name" => values.iter().any(|wanted| spec.name.contains(wanted.trim_start_matches('/'))),
                    "id" => values.iter().any(|wanted| container.id.starts_with(wanted.as_str())),
                    "ancestor" => values.iter().any(|wanted| *wanted == spec.image),
                    "health" => {
                        let health = container.health.map_or("none", super::container::Health::as_str);
                        values.iter().any(|wanted| wanted == health)
                    }
                    "exited" => values.iter().any(|wanted| *wanted == container.exit_code.to_string()),
                    _ => true,
                }
        })
    }

    /// Whether the event is wanted.
    #[must_use]
    pub fn want_event(&self, event: &Event) -> bool {
        let spec = &event.spec;
        self.0.iter().all(|(name, values)| {
            let one = |fits: &dyn Fn(&str) -> bool| values.iter().any(|wanted| fits(wanted));
            values.is_empty()
                || match name.as_str() {
                    "type" => one(&|wanted| wanted == "container"),
                    // "exec_start" fits "exec_start: /bin/sh", "health_status" fits "health_status: healthy".
                    "event" => one(&|wanted| {
                        event.action == wanted
                            || event.action.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(':'))
                    }),
                    "container" => one(&|wanted| wanted == spec.name || event.container.starts_with(wanted)),
                    "image" => {
                        one(&|wanted| wanted == spec.image || spec.image.starts_with(&format!("{wanted}:")))
                    }
                    "label" => values.iter().all(|wanted| fits_label(&spec.labels, wanted)),
                    "scope" => one(&|wanted| wanted == "local"),
                    _ => true,
                }
        })
    }
}

/// What lists of containers can be filtered by.
pub const OF_CONTAINERS: &[&str] = &["label", "status", "name", "id", "ancestor", "health", "exited"];
/// What events can be filtered by.
pub const OF_EVENTS: &[&str] = &["type", "event", "container", "image", "label", "scope"];

fn has_label(container: &Container, wanted: &str) -> bool {
    fits_label(&container.spec.labels, wanted)
}

fn fits_label(labels: &BTreeMap<String, String>, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|has| has == value),
        None => labels.contains_key(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_unknown_names_refused() {
        let new = Filters::read(Some(r#"{"status":["paused","exited"]}"#), OF_CONTAINERS).unwrap();
        let old = Filters::read(Some(r#"{"status":{"paused":true,"exited":true}}"#), OF_CONTAINERS).unwrap();
        assert_eq!(new.0["status"].len(), 2);
        assert_eq!(old.0["status"].len(), 2);
        assert!(Filters::read(None, OF_CONTAINERS).unwrap().is_empty());
        for wrong in ["[]", "{", r#"{"colour":["red"]}"#, r#"{"status":3}"#, r#"{"status":[3]}"#] {
            assert_eq!(Filters::read(Some(wrong), OF_CONTAINERS).unwrap_err().status, 400, "{wrong}");
        }
    }
}
