//! The rows of a list, and of each only what is used: a list may have thousands, and bollard builds all of every row.

use std::borrow::Cow;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::facts::{bare, place, shared};
use super::status;
use crate::model::container::{Facts, Phase};
use crate::model::naming::Naming;

/// One row of a list, borrowed from the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Row<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    names: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    image: Option<Text<'a>>,
    created: Option<i64>,
    #[serde(borrow)]
    labels: Option<Labels<'a>>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

/// A text that is copied only where the JSON has escapes in it.
#[derive(Debug, Default, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Labels in the order of the answer: they are few, and looked up once.
#[derive(Debug, Default)]
struct Labels<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Labels<'de>, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Labels(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// One row of a list. A row without an id is dropped: nothing could be done with it.
pub fn facts(row: &Row<'_>, naming: &Naming, now: Timestamp) -> Option<Facts> {
    let id = row.id.as_ref().map(|id| &*id.0).filter(|id| !id.is_empty())?;
    let name = row.names.as_ref().and_then(|names| names.first()).map_or(id, |name| bare(&name.0));
    let status = status::read(row.status.as_ref().map_or("", |status| &status.0));
    let phase = match row.state.as_ref().map(|state| &*state.0) {
        Some("running") => Phase::Running,
        Some("paused") => Phase::Paused,
        Some("restarting") => Phase::Restarting,
        Some("removing") => Phase::Removing,
        Some("stopping") => Phase::Stopping,
        Some("dead") => Phase::Dead,
        Some("exited") => Phase::Exited(status.code),
        // `created`; and no engine that we know says anything else.
        _ => Phase::Created,
    };
    let since = match (phase, status.age) {
        (Phase::Created, _) | (_, None) => row.created.and_then(|at| Timestamp::from_second(at).ok()),
        (_, Some(age)) => SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok()),
    };
    let labels = row.labels.as_ref().map_or(&[][..], |labels| &labels.0);
    Some(Facts {
        name: shared(name),
        image: shared(row.image.as_ref().map_or("", |image| &image.0)),
        place: place(naming, name, |key| {
            labels.iter().find(|(name, _)| name.0 == key).map(|(_, value)| &*value.0)
        }),
        id: shared(id),
        phase,
        health: status.health,
        oom: false,
        since,
        detail: None,
        asleep: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_can() {
        let text = r#"[
            {"Id": "a1", "Names": ["/acme-app"], "Image": "shop:4", "Created": 60, "State": "exited", "Status": "Exited (3) 2 hours ago",
             "Labels": {"wakeboard.tenant": "ac\u006de"}, "NetworkSettings": {"Networks": {"bridge": null}}, "Mounts": [{"RW": true}]},
            {"Id": "b2", "Names": null, "Labels": null, "State": "what will be", "Created": 60},
            {"Names": ["/nobody"]}
        ]"#;
        let rows: Vec<Row> = serde_json::from_str(text).unwrap();
        let now = Timestamp::from_second(10_000).unwrap();
        let facts: Vec<Facts> = rows.iter().filter_map(|row| facts(row, &Naming::default(), now)).collect();
        assert_eq!(facts.len(), 2);
        assert_eq!((&*facts[0].name, &*facts[0].place.tenant), ("acme-app", "acme"));
        assert_eq!(facts[0].phase, Phase::Exited(Some(3)));
        assert_eq!(facts[0].since, Timestamp::from_second(2800).ok());
        assert_eq!((&*facts[1].name, facts[1].phase), ("b2", Phase::Created));
        assert_eq!(facts[1].since, Timestamp::from_second(60).ok());
    }
}
