//! What a container has written outside of its mounts, as its engine tells it.

use std::time::Duration;

use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use bollard::errors::Error as ApiError;

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::model::writable::{Kind, Written, lost};

/// How long an engine may take to tell: some compare all files of the image.
const DEADLINE: Duration = Duration::from_secs(30);
/// So much of the answer is read: some forty thousand paths.
const MOST_BYTES: usize = 4 << 20;
/// How many of them are looked at.
const MOST_CHANGES: usize = 50_000;

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Path", default)]
    path: String,
    #[serde(rename = "Kind", default)]
    kind: i64,
}

impl DockerEngine {
    pub(super) async fn look_at_writable(&self, id: &str, ignore: &[String]) -> Result<Written, EngineError> {
        let inspect: Value = Call::get(format!("/containers/{}/json", encoded(id)))
            .read(&self.transport, LONGEST_CALL)
            .await?;
        let told = tokio::time::timeout(DEADLINE, self.changes(id)).await;
        let late = || EngineError::Unable(format!("the engine takes longer than {} s", DEADLINE.as_secs()));
        let (bytes, is_cut) = told.map_err(|_| late())??;
        let (changes, is_whole) = read(&bytes);
        if !is_whole && !is_cut {
            return Err(EngineError::Unable("the engine's answer cannot be read".to_owned()));
        }
        let kind = |kind| match kind {
            1 => Kind::Added,
            2 => Kind::Deleted,
            _ => Kind::Modified,
        };
        let changes = changes.into_iter().map(|change| (change.path, kind(change.kind)));
        Ok(lost(changes, &mounts(&inspect), ignore, !is_whole))
    }

    /// The answer, and whether it was cut: a container may have changed millions of files.
    async fn changes(&self, id: &str) -> Result<(Vec<u8>, bool), EngineError> {
        let call = Call::get(format!("/containers/{}/changes", encoded(id)));
        let mut answer = call.stream(&self.transport).await?;
        let mut bytes = Vec::new();
        while let Some(frame) = answer.frame().await {
            let frame = frame.map_err(ApiError::from)?;
            bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if bytes.len() > MOST_BYTES {
                return Ok((bytes, true));
            }
        }
        Ok((bytes, false))
    }
}

/// The changes up to where the text ends, and whether that is all of it.
fn read(text: &[u8]) -> (Vec<Change>, bool) {
    struct Into<'a>(&'a mut Vec<Change>);

    impl<'de> DeserializeSeed<'de> for Into<'_> {
        type Value = bool;

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
            from.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Into<'_> {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("changes, or null")
        }

        // Go's word for an empty list.
        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(true)
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut changes: S) -> Result<bool, S::Error> {
            while let Some(change) = changes.next_element()? {
                if self.0.len() == MOST_CHANGES {
                    while changes.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                    return Ok(false);
                }
                self.0.push(change);
            }
            Ok(true)
        }
    }

    let mut changes = Vec::new();
    let mut from = serde_json::Deserializer::from_slice(text);
    let is_whole = Into(&mut changes).deserialize(&mut from).unwrap_or(false);
    (changes, is_whole)
}

/// Where something is mounted.
fn mounts(inspect: &Value) -> Vec<String> {
    let list = |value: &Value, key: &str| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|mount| mount[key].as_str()).map(str::to_owned).collect()
    };
    let mut places = list(&inspect["Mounts"], "Destination");
    places.extend(list(&inspect["HostConfig"]["Mounts"], "Target"));
    places.extend(inspect["HostConfig"]["Tmpfs"].as_object().into_iter().flat_map(|it| it.keys().cloned()));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_read_as_far_as_they_came() {
        let text = br#"[{"Path":"/a","Kind":1},{"Path":"/b","Kind":2},{"Path":"/c"#;
        let paths = |text: &[u8]| {
            let (changes, is_whole) = read(text);
            (changes.into_iter().map(|it| it.path).collect::<Vec<_>>(), is_whole)
        };
        assert_eq!(paths(text), (vec!["/a".to_owned(), "/b".to_owned()], false));
        assert_eq!(paths(b"null"), (vec![], true));
        assert_eq!(paths(b"[]"), (vec![], true));
        assert_eq!(paths(b"[{}]"), (vec![String::new()], true));
        assert_eq!(paths(b"garbage"), (vec![], false));
        let many = format!("[{}]", vec![r#"{"Path":"/a","Kind":1}"#; MOST_CHANGES + 1].join(","));
        assert_eq!((read(many.as_bytes()).0.len(), read(many.as_bytes()).1), (MOST_CHANGES, false));
    }

    #[test]
    fn all_that_is_mounted_is_known() {
        let inspect = json!({
            "Mounts": [{"Destination": "/data"}],
            "HostConfig": {"Mounts": [{"Target": "/m/"}], "Tmpfs": {"/t/": ""}}
        });
        assert_eq!(mounts(&inspect), ["/data", "/m/", "/t/"]);
        assert_eq!(mounts(&json!({})), Vec::<String>::new());
    }
}
