//! The rows of a list, and of each only what is used: a list may have thousands, and bollard builds all of every row.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::facts::{bare, phase_of, shared};
use super::status::{self, Status};
use crate::model::container::{Facts, Phase};
use crate::model::internal::{self, Internal};
use crate::model::naming::{Naming, Place, is_alias};
use crate::model::setup::{Part, Setup};

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

/// Reads a whole list. A row without an id is dropped: nothing could be done with it. So are containers that wakeboard made
/// for its own work.
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
    names: OwnName<'a>,
    #[serde(borrow)]
    image: Option<Text<'a>>,
    created: Option<i64>,
    #[serde(borrow, default)]
    labels: Labels<'a>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    host_config: Option<HostConfig<'a>>,
}

/// What a list says of how a container was asked to be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig<'a> {
    #[serde(borrow)]
    network_mode: Option<Text<'a>>,
}

/// A text that is copied only where the JSON has escapes in it.
#[derive(Debug, Default, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Of the names of a container, its own: the others are aliases that links gave it.
#[derive(Debug, Default)]
struct OwnName<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for OwnName<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OwnName<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts, or null")
            }

            fn visit_unit<E>(self) -> Result<OwnName<'de>, E> {
                Ok(OwnName(None))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut texts: S) -> Result<OwnName<'de>, S::Error> {
                let mut own: Option<Text<'de>> = None;
                while let Some(name) = texts.next_element::<Text<'de>>()? {
                    if own.as_ref().is_none_or(|own| is_alias(&own.0) && !is_alias(&name.0)) {
                        own = Some(name);
                    }
                }
                Ok(OwnName(own))
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

/// A row's text for people, and what it says.
fn status<'a>(row: &'a Row<'_>) -> (&'a str, Status) {
    let text = row.status.as_ref().map_or("", |status| &*status.0);
    (text, status::read(text))
}

fn phase(row: &Row<'_>, text: &str, status: Status) -> Phase {
    let known = row.state.as_ref().and_then(|state| phase_of(&state.0, status.code));
    known.unwrap_or_else(|| phase_by_text(text, status))
}

/// Reads a list for the containers that wakeboard made for its own work.
pub fn read_internal(list: &[u8]) -> Result<Vec<Internal>, Unreadable> {
    Ok(rows(list)?.iter().filter_map(internal).collect())
}

fn internal(row: &Row<'_>) -> Option<Internal> {
    let id = row.id.as_ref().map(|id| &*id.0).filter(|id| !id.is_empty())?;
    let name = row.names.0.as_ref().map(|name| bare(&name.0))?;
    let labels = row.labels.0.iter().map(|(key, value)| (shared(&key.0), shared(&value.0))).collect();
    let label = row.labels.0.iter().find(|(key, _)| key.0 == internal::LABEL).map(|(_, value)| &*value.0);
    let (purpose, made) = internal::read(name, label)?;
    let (text, status) = status(row);
    let phase = phase(row, text, status);
    Some(Internal { id: shared(id), name: shared(name), purpose, made, phase, labels })
}

fn facts(row: &Row<'_>, naming: &Naming, now: Timestamp, words: &mut Words) -> Option<Facts> {
    let id = row.id.as_ref().map(|id| &*id.0).filter(|id| !id.is_empty())?;
    let name = row.names.0.as_ref().map_or(id, |name| bare(&name.0));
    let labels = &row.labels.0;
    let label = |key: &str| labels.iter().find(|(name, _)| name.0 == key).map(|(_, value)| &*value.0);
    if internal::read(name, label(internal::LABEL)).is_some() {
        return None;
    }
    let (text, status) = status(row);
    let phase = phase(row, text, status);
    let since = match (phase, status.age) {
        (Phase::Created | Phase::Unclear, _) | (_, None) => {
            row.created.and_then(|at| Timestamp::from_second(at).ok())
        }
        (_, Some(age)) => SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok()),
    };
    let named = naming.place(name, label);
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
        ports: None,
        setup: setup(row),
        at_work: false,
        asleep: None,
    })
}

/// What a row says of how its container was set up; nothing where that is nothing special.
fn setup(row: &Row<'_>) -> Option<Arc<Setup>> {
    let labels = &row.labels.0;
    let label = |key: &str| labels.iter().find(|(name, _)| name.0 == key).map(|(_, value)| &*value.0);
    let mut setup = Setup::of_labels(label);
    let mode = row.host_config.as_ref().and_then(|config| config.network_mode.as_ref());
    setup.add_mode(Part::Network, mode.map_or("", |mode| &*mode.0));
    (setup != Setup::default()).then(|| Arc::new(setup))
}

/// Where a container is in its life by the text for people, where the engine's word for it is not known.
fn phase_by_text(text: &str, status: Status) -> Phase {
    if text.starts_with("Up") {
        if text.contains("(Paused)") { Phase::Paused } else { Phase::Running }
    } else if text.starts_with("Exited (") {
        Phase::Exited(status.code)
    } else if text.starts_with("Restarting (") {
        Phase::Restarting
    } else if text == "Created" {
        Phase::Created
    } else {
        Phase::Unclear
    }
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
        assert_eq!((&*facts[1].name, facts[1].phase), ("b2", Phase::Unclear));
        assert_eq!(facts[1].since, Timestamp::from_second(60).ok());
    }

    #[test]
    fn our_own_containers_are_in_no_list_but_theirs() {
        let row = |name: &str, label: &str| {
            let labels = format!(r#"{{"wakeboard.canary": "{label}", "wakeboard.maker": "x"}}"#);
            format!(
                r#"{{"Id": "a", "Names": ["/{name}"], "Image": "shop:4", "State": "created", "Labels": {labels}}}"#
            )
        };
        let ours = "wakeboard-canary-rehearsal-1700000000-0123456789abcdef";
        let list = format!("[{}, {}]", row(ours, "rehearsal"), row("acme-app", "rehearsal"));
        let facts = read(list.as_bytes(), &Naming::default(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(facts.iter().map(|facts| &*facts.name).collect::<Vec<_>>(), ["acme-app"]);
        let internal = read_internal(list.as_bytes()).unwrap();
        assert_eq!((internal.len(), &*internal[0].name, internal[0].phase), (1, ours, Phase::Created));
        assert_eq!(internal[0].labels.get("wakeboard.maker").map(|it| &**it), Some("x"));
    }

    #[test]
    fn neither_aliases_nor_unknown_words_make_it_another_container() {
        let text = r#"[
            {"Id": "a1", "Names": ["/acme-app/db", "/acme-db"], "State": "stopped", "Status": "Exited (3) 2 hours ago"},
            {"Id": "b2", "Names": ["/acme-app"], "State": "what will be", "Status": "Up 2 hours (Paused)",
             "HostConfig": {"NetworkMode": "container:a1"}},
            {"Id": "c3", "Names": ["/0123456789ab_acme-web"], "State": "initialized", "Status": "",
             "Labels": {"com.docker.compose.project": "acme", "com.docker.compose.oneoff": "True"}, "HostConfig": null},
            {"Id": "d4", "Names": ["/acme-x"], "State": "running", "Status": "Up 2 hours (health: reflecting)"}
        ]"#;
        let facts = read(text.as_bytes(), &Naming::default(), Timestamp::UNIX_EPOCH).unwrap();
        let told: Vec<_> = facts.iter().map(|it| (&*it.name, &*it.place.tenant, it.phase)).collect();
        let expected = [
            ("acme-db", "acme-db", Phase::Exited(Some(3))),
            ("acme-app", "acme-app", Phase::Paused),
            ("0123456789ab_acme-web", "acme", Phase::Created),
            ("acme-x", "acme-x", Phase::Running),
        ];
        assert_eq!(told, expected);
        assert_eq!(facts[0].setup, None);
        assert_eq!(&*facts[1].setup.as_ref().unwrap().uses[0].of, "a1");
        assert!(facts[2].is_oneoff());
        assert_eq!(facts[3].health, crate::model::container::Health::Unknown);
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
