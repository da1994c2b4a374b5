//! Docker's checkpoints: an experimental feature, whose start needs a query that bollard does not know.

use serde::Deserialize;
use serde_json::json;

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::engine::hands::CHECKPOINT_DEADLINE;
use crate::model::plain::plain;

/// How many checkpoints of one container are told of.
const MOST: usize = 256;

impl DockerEngine {
    pub(super) async fn write_checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError> {
        // Without a folder of its own: Docker cannot restore from one.
        let call = Call::post(format!("/containers/{id}/checkpoints"))
            .json(&json!({ "CheckpointID": name, "Exit": true }));
        self.act(call, CHECKPOINT_DEADLINE).await?;
        self.set_pages_aside(id, name).await;
        Ok(())
    }

    pub(super) async fn start_from(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let start = || {
            let call = Call::post(format!("/containers/{id}/start?checkpoint={}", encoded(name)));
            self.act(call, CHECKPOINT_DEADLINE)
        };
        match start().await {
            Err(error) if !error.is_lost() && !error.says_already_exists() => {
                // The engine may be one that cannot read the pages where they are.
                if self.put_pages_back(id, name).await { start().await } else { Err(error) }
            }
            other => other,
        }
    }

    pub(super) async fn list_checkpoints(&self, id: &str) -> Result<Vec<String>, EngineError> {
        // Where there are none the answer is `null`.
        let list: Option<Vec<Checkpoint>> =
            Call::get(format!("/containers/{id}/checkpoints")).read(&self.transport, LONGEST_CALL).await?;
        let names = list.unwrap_or_default().into_iter().take(MOST);
        Ok(names.map(|checkpoint| plain(&checkpoint.name).into_owned()).collect())
    }

    pub(super) async fn delete_checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError> {
        if let Some(checkpoint) = self.checkpoint_here(id, name).await {
            self.forget_leftovers(id, &checkpoint).await;
        }
        let call = Call::delete(format!("/containers/{id}/checkpoints/{}", encoded(name)));
        match self.act(call, LONGEST_CALL).await {
            Err(error) if !is_gone(&error) => return Err(error),
            _ => self.forget_pages(id, name).await,
        }
        Ok(())
    }
}

/// Docker says of a checkpoint that is not there "500 does not exist".
fn is_gone(error: &EngineError) -> bool {
    error.is_not_found()
        || matches!(error, EngineError::Refused { message, .. } if message.contains("does not exist"))
}

#[derive(Deserialize)]
struct Checkpoint {
    #[serde(rename = "Name")]
    name: String,
}
