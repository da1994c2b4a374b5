//! The calls of `Hands`, each in a line or two; what is longer has a file of its own beside this one.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL, listening, row};
use crate::engine::hands::{Hands, NewHolder, Ran, Room};
use crate::engine::{Engine, EngineError, cgroup, podman, read_ahead};
use crate::model::backoff;
use crate::model::container::{ContainerId, Facts};
use crate::model::internal::{self, Internal};
use crate::model::needs::Needs;
use crate::model::particulars::{Limits, Particulars, Restart};
use crate::model::plain::plain;
use crate::model::recreate::Difference;
use crate::model::writable::Written;

/// How long an engine may take over a container's end beyond the grace, and over its start.
const SLACK: Duration = Duration::from_secs(20);
/// Between two looks whether a removal by somebody else is over.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// For how long a pause that failed with "unable to freeze" is retried, and the longest wait between two tries.
const FREEZE_PATIENCE: Duration = Duration::from_secs(10);
const FREEZE_AGAIN: Duration = Duration::from_secs(1);
/// How long a start may take on a machine that has much to do.
const START_DEADLINE: Duration = Duration::from_secs(60);

#[async_trait]
impl Hands for DockerEngine {
    async fn particulars(&self, id: &str) -> Result<Option<Particulars>, EngineError> {
        self.look_closely(id).await
    }

    async fn listening(&self, facts: &Facts) -> Result<Vec<u16>, EngineError> {
        Ok(if self.near { listening::ports(facts).await } else { Vec::new() })
    }

    async fn pause(&self, id: &str) -> Result<(), EngineError> {
        let begun = Instant::now();
        let mut failures = 0;
        loop {
            match self.act(Call::post(format!("/containers/{id}/pause")), LONGEST_CALL).await {
                Err(error) if error.is_unable_to_freeze() && begun.elapsed() < FREEZE_PATIENCE => {
                    failures += 1;
                    tokio::time::sleep(backoff::wait(failures, 1.0).min(FREEZE_AGAIN)).await;
                }
                other => return other,
            }
        }
    }

    async fn unpause(&self, id: &str) -> Result<(), EngineError> {
        self.act(Call::post(format!("/containers/{id}/unpause")), LONGEST_CALL).await
    }

    async fn stop(&self, id: &str, grace: Duration) -> Result<(), EngineError> {
        let call = Call::post(format!("/containers/{id}/stop?t={}", grace.as_secs()));
        done_already(self.act(call, grace.saturating_add(SLACK)).await)
    }

    async fn start(&self, id: &str) -> Result<(), EngineError> {
        done_already(self.act(Call::post(format!("/containers/{id}/start")), START_DEADLINE).await)
    }

    async fn checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError> {
        match self.libpod().await? {
            Some(libpod) => libpod.checkpoint(id, name).await,
            None => self.write_checkpoint(id, name).await,
        }
    }

    async fn restore(&self, id: &str, name: &str) -> Result<(), EngineError> {
        match self.libpod().await? {
            Some(libpod) => libpod.restore(id, name).await,
            None => self.start_from(id, name).await,
        }
    }

    async fn checkpoints(&self, id: &str) -> Result<Vec<String>, EngineError> {
        match self.libpod().await? {
            Some(libpod) => libpod.checkpoints(id).await,
            None => self.list_checkpoints(id).await,
        }
    }

    async fn forget_checkpoint(&self, id: &str, name: &str) -> Result<(), EngineError> {
        match self.libpod().await? {
            Some(libpod) => libpod.forget_checkpoint(id, name),
            None => self.delete_checkpoint(id, name).await,
        }
    }

    async fn set_restart(&self, id: &str, restart: &Restart) -> Result<(), EngineError> {
        // An update without a name changes nothing.
        let name = if restart.is_active() { restart.name.as_str() } else { "no" };
        let policy = json!({ "Name": name, "MaximumRetryCount": restart.most });
        let update = self.update(id, &json!({ "RestartPolicy": policy })).await;
        match update {
            Err(error) if error.is_not_found() && self.libpod().await?.is_some() => {
                match self.look_closely(id).await? {
                    None => Err(error),
                    Some(now) if now.restart == *restart => Ok(()),
                    Some(now) if !now.restart.is_active() && !restart.is_active() => Ok(()),
                    Some(_) => Err(podman::cannot("change what happens when a container ends")),
                }
            }
            other => other,
        }
    }

    async fn restarts_dumped(&self) -> Result<bool, EngineError> {
        Ok(self.libpod().await?.is_none())
    }

    async fn squeeze(&self, facts: &Facts, limits: Limits) -> Result<(), EngineError> {
        self.push_into_swap(facts, limits).await
    }

    fn read_ahead(&self, facts: &Facts) {
        if let Some(detail) = facts.detail.filter(|_| self.near) {
            let id = facts.id.clone();
            // Whoever ends the runtime waits for it, for a quarter of a second at most.
            tokio::task::spawn_blocking(move || read_ahead::read_ahead(detail.pid, &id));
        }
    }

    async fn restore_limits(&self, id: &str, limits: Limits) -> Result<(), EngineError> {
        self.put_limits_back(id, limits).await
    }

    async fn recipe(&self, id: &str) -> Result<String, EngineError> {
        self.write_recipe(id).await
    }

    async fn create(&self, recipe: &str) -> Result<ContainerId, EngineError> {
        self.follow_recipe(recipe).await
    }

    async fn rehearse(
        &self,
        id: &str,
        recipe: &str,
        name: &str,
        maker: &str,
    ) -> Result<Vec<Difference>, EngineError> {
        self.rehearse_recipe(id, recipe, name, maker).await
    }

    async fn written(&self, id: &str, ignore: &[String]) -> Result<Written, EngineError> {
        self.look_at_writable(id, ignore).await
    }

    async fn internal(&self) -> Result<Vec<Internal>, EngineError> {
        let filters = json!({ "label": [internal::LABEL] }).to_string();
        let call = Call::get(format!("/containers/json?all=1&filters={}", encoded(&filters)));
        let answer = call.send(&self.transport, LONGEST_CALL).await?;
        row::read_internal(&answer).map_err(|error| EngineError::Garbage(plain(&error.why).into_owned()))
    }

    async fn needs(&self, id: &str) -> Result<Needs, EngineError> {
        self.needs_of(id).await
    }

    async fn present(&self, wanted: &Needs) -> Result<Needs, EngineError> {
        self.present_of(wanted).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.delete_volume(name).await
    }

    async fn hold(&self, holder: &NewHolder) -> Result<ContainerId, EngineError> {
        self.make_holder(holder).await
    }

    async fn holdable(&self, wanted: &Needs) -> Result<Needs, EngineError> {
        self.holdable_of(wanted).await
    }

    async fn join(&self, id: &str, network: &str, taken: &BTreeSet<Ipv4Addr>) -> Result<(), EngineError> {
        self.join_network(id, network, taken).await
    }

    async fn leave(&self, id: &str, network: &str) -> Result<(), EngineError> {
        let call = Call::post(format!("/networks/{}/disconnect", encoded(network)));
        match self.act(call.json(&json!({ "Container": id, "Force": true })), LONGEST_CALL).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }

    async fn let_go(&self, id: &str) -> Result<(), EngineError> {
        // Without `v`: an engine would take volumes along that nobody named.
        match self.act(Call::delete(format!("/containers/{}?force=1", encoded(id))), START_DEADLINE).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }

    async fn end_leftovers(&self, id: &str) {
        if self.near {
            let id = id.to_owned();
            let ended = tokio::task::spawn_blocking(move || cgroup::end_all(&id)).await;
            if let Ok(count @ 1..) = ended {
                tracing::warn!(count, "ended processes of a container that is removed");
            }
        }
    }

    async fn remove(&self, id: &str) -> Result<(), EngineError> {
        // Without `v`: the volumes that nobody named stay too, and the recipe has their names.
        let begun = Instant::now();
        loop {
            match self.act(Call::delete(format!("/containers/{id}")), START_DEADLINE).await {
                Err(error) if error.is_not_found() => return Ok(()),
                // Somebody else removes it, as a prune does: that has an end.
                Err(EngineError::Refused { status: 409, message })
                    if message.contains("already in progress") && begun.elapsed() < SLACK =>
                {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                other => return other,
            }
        }
    }

    async fn memory(&self, facts: &Facts) -> Result<Option<u64>, EngineError> {
        Ok(self.counters(facts).await?.map(|counters| counters.memory_bytes))
    }

    async fn room(&self) -> Result<Room, EngineError> {
        self.look_for_room().await
    }

    async fn import_image(&self, name: &str, tar: Vec<u8>) -> Result<(), EngineError> {
        self.make_image(name, tar).await
    }

    async fn has_image(&self, name: &str) -> Result<bool, EngineError> {
        Ok(self.image_id(name).await?.is_some())
    }

    async fn exec(&self, id: &str, words: &[String], within: Duration) -> Result<Ran, EngineError> {
        self.run_within(id, words, within).await
    }

    async fn exec_ended(&self, exec: &str) -> Result<Option<i64>, EngineError> {
        self.ended(exec).await
    }

    async fn read_file(&self, id: &str, path: &str) -> Result<Vec<u8>, EngineError> {
        self.fetch_file(id, path).await
    }
}

impl DockerEngine {
    /// Has something done whose answer says nothing more.
    pub(super) async fn act(&self, call: Call, deadline: Duration) -> Result<(), EngineError> {
        call.send(&self.transport, deadline).await.map(|_| ())
    }

    /// Changes a container's settings.
    pub(super) async fn update(&self, id: &str, settings: &serde_json::Value) -> Result<(), EngineError> {
        self.act(Call::post(format!("/containers/{}/update", encoded(id))).json(settings), LONGEST_CALL).await
    }
}

fn done_already(result: Result<(), EngineError>) -> Result<(), EngineError> {
    match result {
        Err(error) if error.is_already() => Ok(()),
        other => other,
    }
}
