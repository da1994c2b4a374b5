//! What can be asked of one container.

use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use super::Shared;
use super::answer;
use super::request::Asked;
use super::route::{Answer, no_page};
use super::stream;
use crate::config::scenario::Act;
use crate::demo::act::Step;
use crate::demo::container::Phase;
use crate::demo::given::Given;
use crate::demo::sim::{Engine, Key, Refusal, Update};
use crate::demo::{json as written, tar};

/// The container that a request is about, and whom it asks.
pub(super) struct One<'a> {
    pub(super) id: &'a str,
    pub(super) host: usize,
    pub(super) shared: &'a std::sync::Arc<Shared>,
    pub(super) asked: &'a Asked,
}

/// `POST /containers/create`
pub(super) fn create(asked: &Asked, body: &Bytes, host: usize, shared: &Shared) -> Result<Answer, Refusal> {
    let given = Given::read(body)?;
    let mut engine = shared.world.hosts[host].engine();
    let id = engine.make(shared.clock.now(), asked.get("name"), given)?;
    let (_, body) = answer::value(&json!({ "Id": &*id, "Warnings": [] }));
    Ok(Answer::Whole(201, body))
}

impl One<'_> {
    /// Answers what comes after `/containers/{id}`.
    pub(super) async fn answer(
        self,
        method: &Method,
        rest: &[&str],
        body: &Bytes,
    ) -> Result<Answer, Refusal> {
        let now = self.shared.clock.now();
        match (method.as_str(), rest) {
            ("GET", ["json"]) => {
                let engine = self.engine();
                let key = self.key(&engine)?;
                let found = engine.container(key).ok_or_else(|| Refusal::no_such(self.id))?;
                Ok(answer::json(&written::inspect(found)))
            }
            ("GET", ["changes"]) => {
                let engine = self.engine();
                let found = engine.container(self.key(&engine)?).ok_or_else(|| Refusal::no_such(self.id))?;
                Ok(answer::json(&written::changes(found)))
            }
            ("GET", ["stats"]) => self.stats().await,
            ("GET", ["archive"]) => self.archive(now),
            ("GET", ["checkpoints"]) => {
                self.experimental()?;
                let engine = self.engine();
                let names = engine.checkpoints(self.key(&engine)?);
                let rows: Vec<_> = names.iter().map(|name| json!({ "Name": name })).collect();
                // Go's word for an empty list.
                Ok(answer::json(&if rows.is_empty() { json!(null) } else { json!(rows) }))
            }
            ("POST", ["checkpoints"]) => self.checkpoint(body).await,
            ("DELETE", ["checkpoints", name]) => {
                self.experimental()?;
                let mut engine = self.engine();
                let key = self.key(&engine)?;
                engine.forget_checkpoint(key, name)?;
                Ok(Answer::Whole(204, Bytes::new()))
            }
            ("POST", ["rename"]) => self.rename(now),
            ("POST", ["update"]) => {
                let update: Update =
                    serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))?;
                self.shared.world.change(self.host, now, |engine| {
                    let key = self.key(engine)?;
                    engine.update(now, key, &update)
                })?;
                Ok(answer::json(&json!({ "Warnings": null })))
            }
            ("POST", ["start"]) => match self.asked.get("checkpoint").filter(|name| !name.is_empty()) {
                Some(name) => self.restore(name).await,
                None => self.act(Act::Start).await,
            },
            ("POST", [verb]) => {
                let act = match *verb {
                    "stop" => Act::Stop,
                    "pause" => Act::Pause,
                    "unpause" => Act::Unpause,
                    "kill" => Act::Kill,
                    "restart" => Act::Restart,
                    _ => return Err(no_page()),
                };
                self.act(act).await
            }
            ("DELETE", []) => {
                self.refuse_removal()?;
                self.act(Act::Destroy).await
            }
            _ => Err(no_page()),
        }
    }

    fn engine(&self) -> std::sync::MutexGuard<'_, Engine> {
        self.shared.world.hosts[self.host].engine()
    }

    fn key(&self, engine: &Engine) -> Result<Key, Refusal> {
        engine.find(self.id).ok_or_else(|| Refusal::no_such(self.id))
    }

    /// Does an act and answers when it is done, as an engine does.
    async fn act(&self, act: Act) -> Result<Answer, Refusal> {
        let now = self.shared.clock.now();
        let asleep = matches!(act, Act::Pause | Act::Stop | Act::Kill | Act::Destroy);
        let done = self.shared.world.begin(self.host, self.id, now, |engine, key| {
            let plan = engine.plan(key, act, now)?;
            engine.hold(key, asleep);
            Ok(plan)
        })?;
        self.done(done).await;
        Ok(Answer::Whole(204, Bytes::new()))
    }

    /// Waits for the end of a plan. It goes on without us where the client goes, as in a real engine.
    async fn done(&self, done: oneshot::Receiver<()>) {
        // Whether the last step still fitted is nothing that an engine says either.
        let _ = done.await;
    }

    async fn checkpoint(&self, body: &Bytes) -> Result<Answer, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wanted {
            #[serde(rename = "CheckpointID")]
            name: String,
            #[serde(default)]
            exit: bool,
        }
        self.experimental()?;
        let wanted: Wanted =
            serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))?;
        let now = self.shared.clock.now();
        let mut found = 0;
        let done = self.shared.world.begin(self.host, self.id, now, |engine, key| {
            found = key;
            let plan = engine.plan_checkpoint(key, &wanted.name, wanted.exit, now)?;
            engine.hold(key, wanted.exit);
            Ok(plan)
        })?;
        self.done(done).await;
        let made = self.engine().checkpoints(found).contains(&wanted.name);
        if made {
            return Ok(Answer::Whole(201, Bytes::new()));
        }
        let message = format!(
            "Cannot checkpoint container {}: runc did not terminate successfully: criu failed: type NOTIFY errno 0 \
             log file: criu-dump.log: unknown",
            self.id
        );
        Err(Refusal::new(500, message))
    }

    async fn restore(&self, name: &str) -> Result<Answer, Refusal> {
        if !self.engine().about.experimental {
            return Err(Refusal::new(400, "checkpoint is only supported in experimental mode".to_owned()));
        }
        let now = self.shared.clock.now();
        let mut found = 0;
        let done = self.shared.world.begin(self.host, self.id, now, |engine, key| {
            found = key;
            engine.plan_restore(key, name, now)
        })?;
        self.done(done).await;
        let engine = self.engine();
        let container = engine.container(found).ok_or_else(|| Refusal::no_such(self.id))?;
        let error = container.rare.as_ref().map(|rare| rare.error.clone()).unwrap_or_default();
        if error.is_empty() {
            return Ok(Answer::Whole(204, Bytes::new()));
        }
        Err(Refusal::new(500, error))
    }

    fn experimental(&self) -> Result<(), Refusal> {
        if self.engine().about.experimental {
            return Ok(());
        }
        let message = "This experimental feature is disabled by default. Start the Docker daemon in experimental \
                       mode in order to enable it.";
        Err(Refusal::new(501, message.to_owned()))
    }

    fn rename(&self, now: Timestamp) -> Result<Answer, Refusal> {
        let name = self.asked.get("name").unwrap_or_default().trim_start_matches('/');
        if name.is_empty() {
            return Err(Refusal::new(400, "Neither old nor new names may be empty".to_owned()));
        }
        let engine = self.engine();
        if let Some(taken) = engine.find(name).and_then(|key| engine.container(key)) {
            return Err(Refusal::name_taken(name, &taken.id));
        }
        drop(engine);
        self.shared.world.step(self.host, self.id, &Step::Rename(name.to_owned()), now)?;
        Ok(Answer::Whole(204, Bytes::new()))
    }

    /// The one file that a simulated container has: what a canary counts.
    fn archive(&self, now: Timestamp) -> Result<Answer, Refusal> {
        let path = self.asked.get("path").unwrap_or_default();
        let engine = self.engine();
        let container = engine.container(self.key(&engine)?);
        let ticks = container.and_then(|it| it.rare.as_ref()).and_then(|rare| rare.ticks);
        let Some(ticks) = ticks.filter(|_| path.trim_start_matches('/') == "ticks") else {
            let message = format!("Could not find the file {path} in container {}", self.id);
            return Err(Refusal::new(404, message));
        };
        let archive = tar::of_one("ticks", ticks.file(now).as_bytes(), now);
        Ok(Answer::Typed("application/x-tar", Bytes::from(archive)))
    }

    async fn stats(&self) -> Result<Answer, Refusal> {
        let (host, shared) = (self.host, self.shared);
        let key = self.key(&self.engine())?;
        // Docker streams unless it is told not to.
        if self.asked.get("stream").is_none() || self.asked.is("stream") {
            return Ok(Answer::Stream(stream::stats(shared, host, key)));
        }
        let delay = self.engine().about.stats_delay;
        if delay > Duration::ZERO {
            tokio::time::sleep(delay.div_f64(shared.tempo)).await;
        }
        let look =
            |before| stream::stats_once(shared, host, key, before).ok_or_else(|| Refusal::no_such("?"));
        let (mut body, seen) = look(None)?;
        if !self.asked.is("one-shot") {
            // Without it, an engine looks twice, so that the client can tell the processor's use from one answer.
            tokio::time::sleep(Duration::from_secs(1)).await;
            (body, _) = look(Some(seen))?;
        }
        Ok(Answer::Whole(200, body))
    }

    fn refuse_removal(&self) -> Result<(), Refusal> {
        let engine = self.engine();
        let found = engine.container(self.key(&engine)?);
        let container = found.ok_or_else(|| Refusal::no_such(self.id))?;
        let first = match container.phase {
            _ if self.asked.is("force") => return Ok(()),
            Phase::Created | Phase::Exited => return Ok(()),
            Phase::Paused => "Unpause and then stop",
            Phase::Running | Phase::Restarting => "Stop",
        };
        let message = format!(
            "You cannot remove a {} container {}. {first} the container before attempting removal or force remove",
            container.phase.as_str(),
            container.id
        );
        Err(Refusal::new(409, message))
    }
}
