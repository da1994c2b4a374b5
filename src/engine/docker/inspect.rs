//! The answer to an inspect. bollard refuses it as a whole where an engine says a word that bollard does not know; Podman and later
//! Dockers do. So such words are kept aside before bollard reads the rest.

use std::ops::Deref;

use bollard::errors::Error as ApiError;
use bollard::models::ContainerInspectResponse;
use serde_json::Value;

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;

/// The answer to an inspect, with the words of the engine that bollard may not know.
#[derive(Clone, Debug, Default)]
pub struct Inspect {
    whole: ContainerInspectResponse,
    /// Where the container is in its life: `running`, `exited`, ...
    pub status: String,
    /// What its health check says; empty where there is none.
    pub health: String,
    /// The name of its restart policy.
    pub restart: String,
}

impl Deref for Inspect {
    type Target = ContainerInspectResponse;

    fn deref(&self) -> &ContainerInspectResponse {
        &self.whole
    }
}

impl Inspect {
    /// Reads an answer.
    ///
    /// # Errors
    /// No JSON, or a value of another kind than it should be.
    pub fn read(bytes: &[u8]) -> Result<Inspect, serde_json::Error> {
        let mut value: Value = serde_json::from_slice(bytes)?;
        let mut take = |pointer: &str| match value.pointer_mut(pointer).map(Value::take) {
            Some(Value::String(word)) => word,
            _ => String::new(),
        };
        let status = take("/State/Status");
        let health = take("/State/Health/Status");
        let restart = take("/HostConfig/RestartPolicy/Name");
        // Nobody here reads these, and recipes have them from the engine's own text.
        take("/HostConfig/CgroupnsMode");
        take("/HostConfig/Isolation");
        take("/HostConfig/Mounts");
        Ok(Inspect { whole: serde_json::from_value(value)?, status, health, restart })
    }

    /// All but the words that are kept aside, in bollard's words.
    #[must_use]
    pub fn into_whole(self) -> ContainerInspectResponse {
        self.whole
    }
}

impl DockerEngine {
    /// A container as it is now; nothing where there is none of that id or name.
    pub(super) async fn inspect_in_words(&self, id: &str) -> Result<Option<Inspect>, EngineError> {
        let call = Call::get(format!("/containers/{}/json", encoded(id)));
        match call.send(&self.transport, LONGEST_CALL).await {
            Ok(answer) => {
                Inspect::read(&answer).map(Some).map_err(|error| EngineError::from(ApiError::from(error)))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
