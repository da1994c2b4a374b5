//! Images that need no registry: made of a tar archive of a root folder.

use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::model::plain::plain;

/// How long an engine may take over an image of some megabytes.
const DEADLINE: Duration = Duration::from_secs(120);

impl DockerEngine {
    pub(super) async fn make_image(&self, name: &str, tar: Vec<u8>) -> Result<(), EngineError> {
        // Podman 4.3 does not see a `tag` of its own; both take it within `repo`.
        let call = Call::post(format!("/images/create?fromSrc=-&repo={}", encoded(name))).tar(tar);
        let answer = call.send(&self.transport, DEADLINE).await?;
        match complaint(&answer) {
            Some(message) => Err(EngineError::Refused { status: 200, message: plain(&message).into_owned() }),
            None => Ok(()),
        }
    }

    /// The id of an image; nothing where there is none of that name.
    pub(super) async fn image_id(&self, name: &str) -> Result<Option<String>, EngineError> {
        let call = Call::get(format!("/images/{}/json", encoded(name)));
        match call.read::<Image>(&self.transport, LONGEST_CALL).await {
            Ok(image) => Ok(Some(image.id)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The id of the image of that name, if this layer is all that it is made of.
    pub(super) async fn image_of_layer(
        &self,
        name: &str,
        layer: &str,
    ) -> Result<Option<String>, EngineError> {
        let call = Call::get(format!("/images/{}/json", encoded(name)));
        match call.read::<Image>(&self.transport, LONGEST_CALL).await {
            Ok(image) => Ok((image.root.layers == [layer]).then_some(image.id)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// How engines name the layer that they make of this archive: by its digest.
pub(super) fn layer_of(archive: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(archive))
}

/// What went wrong after the engine had begun to answer: it stands in one of the lines of a good answer.
fn complaint(answer: &[u8]) -> Option<String> {
    answer
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Progress>(line).ok())
        .find_map(|progress| progress.error)
}

#[derive(Deserialize)]
struct Progress {
    error: Option<String>,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "Id")]
    id: String,
    #[serde(default, rename = "RootFS")]
    root: Root,
}

#[derive(Default, Deserialize)]
struct Root {
    #[serde(default, rename = "Layers")]
    layers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_may_follow_a_good_status() {
        assert_eq!(complaint(b"{\"status\":\"sha256:1\"}\r\n"), None);
        assert_eq!(
            complaint(b"{\"status\":\"x\"}\r\n{\"error\":\"bad tar\"}\r\n"),
            Some("bad tar".to_owned())
        );
        assert_eq!(complaint(b"garbage"), None);
    }
}
