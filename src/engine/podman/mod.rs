//! What Podman does differently: checkpoints go over libpod's own API. A container has one at most, in place and without
//! a name; a copy of it can be taken out, and is enough to bring back a container that was removed.

mod export;

use std::path::PathBuf;

use bollard::errors::Error as ApiError;
use serde::Deserialize;

use self::export::Exports;
use super::EngineError;
use super::docker::LONGEST_CALL;
use super::docker::call::Call;
use super::docker::transport::Transport;
use super::hands::{CHECKPOINT_DEADLINE, IN_PLACE};

/// Podman 4.0 and later know this; newer ones still answer it.
const CONTAINERS: &str = "/v4.0.0/libpod/containers";
/// Open connections and locks on files go along.
const WITH: &str = "tcpEstablished=true&fileLocks=true";

/// One Podman, spoken to in its own words.
pub struct Libpod {
    transport: Transport,
    exports: Option<Exports>,
}

impl Libpod {
    /// Speaks over that transport, and keeps copies of checkpoints in that folder.
    #[must_use]
    pub fn new(transport: Transport, exports: Option<PathBuf>) -> Self {
        Libpod { transport, exports: exports.map(Exports::new) }
    }

    /// Writes its processes to disk, and ends them; a copy goes into the folder.
    ///
    /// # Errors
    /// The engine's; a copy that could not be had is none, since the checkpoint in place is what a wake needs.
    pub async fn checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let Some(exports) = &self.exports else {
            let call = Call::post(format!("{CONTAINERS}/{id}/checkpoint?{WITH}"));
            return call.send(&self.transport, CHECKPOINT_DEADLINE).await.map(|_| ());
        };
        let file = exports.begin(id, name)?;
        let call = Call::post(format!("{CONTAINERS}/{id}/checkpoint?{WITH}&export=true"));
        let saved = call.save(&self.transport, CHECKPOINT_DEADLINE, file.path()).await;
        match saved.and_then(|()| file.keep()) {
            Ok(()) => Ok(()),
            Err(error @ EngineError::Refused { .. }) => Err(error),
            Err(error) => {
                if !self.state(id).await?.is_some_and(|state| state.is_checkpointed()) {
                    return Err(error);
                }
                tracing::warn!(id, name, %error, "no copy of the checkpoint");
                Ok(())
            }
        }
    }

    /// Starts it from its checkpoint in place; from the copy where the container is gone.
    ///
    /// # Errors
    /// The engine's; that there is neither container nor copy.
    pub async fn restore(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let call = if self.state(id).await?.is_some() {
            Call::post(format!("{CONTAINERS}/{id}/restore?{WITH}"))
        } else {
            let gone = || EngineError::Refused {
                status: 404,
                message: "the container is gone, and there is no copy of its checkpoint".to_owned(),
            };
            let file = self.exports.as_ref().and_then(|exports| exports.find(id, name)).ok_or_else(gone)?;
            Call::post(format!("{CONTAINERS}/{id}/restore?{WITH}&import=true")).tar_file(&file).await?
        };
        call.send(&self.transport, CHECKPOINT_DEADLINE).await.map(|_| ())
    }

    /// The names of the copies of its checkpoint; `IN_PLACE` where there is no copy.
    ///
    /// # Errors
    /// The engine's.
    pub async fn checkpoints(&self, id: &str) -> Result<Vec<String>, EngineError> {
        let state = self.state(id).await?;
        // Once it has run again, what is in the folder is of a life that is over.
        if state.as_ref().is_some_and(|state| !state.is_checkpointed()) {
            return Ok(Vec::new());
        }
        let copies = self.exports.as_ref().map(|exports| exports.names(id)).unwrap_or_default();
        if copies.is_empty() && state.is_some() {
            return Ok(vec![IN_PLACE.to_owned()]);
        }
        Ok(copies)
    }

    /// Deletes the copy. What is in place goes with the next restore, or with the container.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget_checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError> {
        self.exports.as_ref().map_or(Ok(()), |exports| exports.remove(id, name))
    }

    async fn state(&self, id: &str) -> Result<Option<State>, EngineError> {
        let call = Call::get(format!("{CONTAINERS}/{id}/json"));
        match call.send(&self.transport, LONGEST_CALL).await {
            Ok(answer) => {
                let inspect: Inspect = serde_json::from_slice(&answer).map_err(ApiError::from)?;
                Ok(Some(inspect.state))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[derive(Deserialize)]
struct Inspect {
    #[serde(rename = "State")]
    state: State,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "Checkpointed", default)]
    checkpointed: Option<bool>,
}

impl State {
    /// Podman leaves the word out where it is not so.
    fn is_checkpointed(&self) -> bool {
        self.checkpointed == Some(true)
    }
}

/// What Podman 4.3 cannot do, for want of an update call.
#[must_use]
pub fn cannot(what: &str) -> EngineError {
    EngineError::Unable(format!("this Podman cannot {what}: it has no call to update a container"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumped_container_says_so_itself() {
        let read = |text: &str| serde_json::from_str::<Inspect>(text).unwrap().state.is_checkpointed();
        assert!(read(r#"{"State": {"Status": "exited", "Checkpointed": true, "ExitCode": 0}}"#));
        assert!(!read(r#"{"State": {"Status": "exited", "ExitCode": 0}}"#));
    }
}
