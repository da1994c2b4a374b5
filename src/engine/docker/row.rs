//! The rows of a list, and of each only what is used: a list may have thousands, and bollard builds all of every row.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::facts::{bare, shared};
use super::status;
use crate::model::container::{Facts, Phase};
use crate::model::naming::{Naming, Place};

/// With more brackets than this a list is read by the slower of two readers: the faster one follows values within values as
/// deep as they go, and whoever answers decides how deep that is. Some 300 containers have so many.
const MOST_BRACKETS: usize = 4096;
/// So many bytes are counted in a byte.
const COUNTED_AT_ONCE: usize = 192;

/// Why a list cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// It ends too early.
    pub is_short: bool,
    /// In words.
    pub why: String,
}

/// Reads a whole list. A row without an id is dropped: nothing could be done with it.
pub fn read(list: &[u8], naming: &Naming, now: Timestamp) -> Result<Vec<Facts>, Unreadable> {
    let rows = rows(list)?;
    let mut words = Words::default();
    Ok(rows.iter().filter_map(|row| facts(row, naming, now, &mut words)).collect())
}

fn rows(list: &[u8]) -> Result<Vec<Row<'_>>, Unreadable> {
    // Nothing is deeper than there are brackets. Counted in bytes, many of them fit into a register.
    let count = |bytes: &[u8]| -> u8 { bytes.iter().map(|byte| u8::from(matches!(byte, b'[' | b'{'))).sum() };
    let brackets: usize = list.chunks(COUNTED_AT_ONCE).map(|bytes| usize::from(count(bytes))).sum();
    if brackets > MOST_BRACKETS {
        return serde_json::from_slice(list)
            .map_err(|error| Unreadable { is_short: error.is_eof(), why: error.to_string() });
    }
    sonic_rs::from_slice(list).map_err(|error| {
        // The lines after the first show where in the answer.
        let why = error.to_string().lines().next().unwrap_or_default().to_owned();
        Unreadable { is_short: error.is_eof(), why }
    })
}

/// The texts of a list that many rows have in common, each kept once.
#[derive(Default)]
struct Words {
    /// Images and roles.
    few: Vec<Arc<str>>,
    /// The last row's tenant: its containers are often made together.
    tenant: Option<Arc<str>>,
}

impl Words {
    /// More than so many are not looked through.
    const MOST: usize = 16;

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.few.iter().find(|known| ***known == *text) {
            return known.clone();
        }
        let word = shared(text);
        if self.few.len() < Self::MOST {
            self.few.push(word.clone());
        }
        word
    }

    fn tenant(&mut self, text: &str) -> Arc<str> {
        match &self.tenant {
            Some(last) if **last == *text => last.clone(),
            _ => self.tenant.insert(shared(text)).clone(),
        }
    }
}

/// One row of a list, borrowed from the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    names: First<'a>,
    #[serde(borrow)]
    image: Option<Text<'a>>,
    created: Option<i64>,
    #[serde(borrow, default)]
    labels: Labels<'a>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

/// A text that is copied only where the JSON has escapes in it.
#[derive(Debug, Default, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The first of several texts.
#[derive(Debug, Default)]
struct First<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts, or null")
            }

            fn visit_unit<E>(self) -> Result<First<'de>, E> {
                Ok(First(None))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut texts: S) -> Result<First<'de>, S::Error> {
                let first = texts.next_element()?;
                while texts.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

/// Labels in the order of the answer: they are few, and looked up once.
#[derive(Debug, Default)]
struct Labels<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels, or null")
            }

            fn visit_unit<E>(self) -> Result<Labels<'de>, E> {
                Ok(Labels::default())
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Labels<'de>, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Labels(pairs))
            }
        }
        deserializer.deserialize_any(Pairs)
    }
}

fn facts(row: &Row<'_>, naming: &Naming, now: Timestamp, words: &mut Words) -> Option<Facts> {
    let id = row.id.as_ref().map(|id| &*id.0).filter(|id| !id.is_empty())?;
    let name = row.names.0.as_ref().map_or(id, |name| bare(&name.0));
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
    let labels = &row.labels.0;
    let named =
        naming.place(name, |key| labels.iter().find(|(name, _)| name.0 == key).map(|(_, value)| &*value.0));
    Some(Facts {
        name: shared(name),
        image: words.share(row.image.as_ref().map_or("", |image| &image.0)),
        place: Place {
            tenant: words.tenant(named.tenant),
            role: named.role.map(|role| words.share(role)),
            tier: named.tier,
        },
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
        let now = Timestamp::from_second(10_000).unwrap();
        let facts = read(text.as_bytes(), &Naming::default(), now).unwrap();
        assert_eq!(facts.len(), 2);
        assert_eq!((&*facts[0].name, &*facts[0].place.tenant), ("acme-app", "acme"));
        assert_eq!(facts[0].phase, Phase::Exited(Some(3)));
        assert_eq!(facts[0].since, Timestamp::from_second(2800).ok());
        assert_eq!((&*facts[1].name, facts[1].phase), ("b2", Phase::Created));
        assert_eq!(facts[1].since, Timestamp::from_second(60).ok());
    }

    #[test]
    fn what_rows_have_in_common_is_kept_once_and_harmless() {
        let row = |id: &str| {
            let labels = r#"{"wakeboard.tenant": "acme", "wakeboard.role": "a\u001bb"}"#;
            format!(r#"{{"Id": "{id}", "Names": ["/{id}"], "Image": "shop:4", "Labels": {labels}}}"#)
        };
        let text = format!("[{}, {}]", row("a1"), row("b2"));
        let facts = read(text.as_bytes(), &Naming::default(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(Arc::ptr_eq(&facts[0].image, &facts[1].image));
        assert!(Arc::ptr_eq(&facts[0].place.tenant, &facts[1].place.tenant));
        assert!(facts.iter().all(|facts| facts.place.role.as_deref() == Some("a␛b")));
    }

    #[test]
    fn both_readers_read_the_same_and_neither_follows_without_end() {
        let nested =
            |deep: usize| format!(r#"{{"Id": "a1", "Ports": {}{}}}"#, "[".repeat(deep), "]".repeat(deep));
        let all = |list: &str| read(list.as_bytes(), &Naming::default(), Timestamp::UNIX_EPOCH);
        let few = all(&format!("[{}]", nested(3))).unwrap();
        let many = all(&format!("[{}]", vec![nested(3); MOST_BRACKETS].join(","))).unwrap();
        assert_eq!((few.len(), many.len()), (1, MOST_BRACKETS));
        assert_eq!(few[0], many[MOST_BRACKETS - 1]);
        // As deep as the faster reader ever goes, and deeper than any stack.
        let _ = all(&format!("[{}]", nested(MOST_BRACKETS - 2)));
        assert_eq!(all(&format!("[{}]", nested(1 << 20))).unwrap()[0], few[0]);
        assert!(all(&"[".repeat(1 << 20)).is_err());
    }

    #[test]
    fn a_list_that_is_none_is_refused() {
        for text in ["", "[", "{}", "[{}] []", r#"[{"Id": 1}]"#, r#"[{"Id": "a", "Names": [7]}]"#] {
            assert!(read(text.as_bytes(), &Naming::default(), Timestamp::UNIX_EPOCH).is_err(), "{text}");
        }
        assert!(read(b"[{\"Id\": \"\xff\"}]", &Naming::default(), Timestamp::UNIX_EPOCH).is_err());
        assert!(read(b"[]", &Naming::default(), Timestamp::UNIX_EPOCH).unwrap().is_empty());
    }
}
