//! One method tried on one canary, from its creation to its removal.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::patient::{self, CHECKPOINT};
use super::{Failure, Patience, Times, criu};
use crate::canary::{self, Ticks};
use crate::engine::EngineError;
use crate::engine::error::says_removed;
use crate::engine::hands::Hands;
use crate::model::container::{ContainerId, Phase};
use crate::model::diagnosis::{Step, Trouble, WITHOUT_CONNECTION};
use crate::model::method::Method;
use crate::service::clock::drawn;

/// How long the canary may take to end by itself. It does so at once.
const GRACE: Duration = Duration::from_secs(5);
/// How often a restore is tried that the engine refuses for what was before it.
const RESTORES: usize = 4;
/// How often a method is tried on canaries that somebody else removes.
const MOST_TRIALS: usize = 5;
const BETWEEN_RESTORES: Duration = Duration::from_millis(100);
/// So often it has ticked before it is dumped: it lives, and has its memory and its connection.
const SETTLED: u64 = 2;

/// Dumps and wakes new canaries by that method, and removes all that it made. What an engine leaves in its log files can
/// be read where it is `local`.
pub(super) async fn attempt(
    hands: &dyn Hands,
    method: Method,
    local: bool,
    now: Timestamp,
    patience: Patience,
) -> Result<Times, Failure> {
    let trial = || Trial {
        hands,
        patience,
        local,
        name: canary::name(method, now, drawn()),
        connected: true,
        anew: false,
        id: None,
    };
    let mut outcome = trial().settle(method).await;
    for _ in 1..MOST_TRIALS {
        match &outcome {
            // A prune took the canary, which says nothing about the method.
            Err(Failure::Trouble(trouble)) if says_removed(&trouble.words) => {
                outcome = trial().settle(method).await;
            }
            _ => break,
        }
    }
    if let Err(Failure::Trouble(trouble)) = &outcome
        && trouble.step == Step::Prepare
    {
        // The image of that name may be another wakeboard's, for another kind of machine.
        outcome = Trial { anew: true, ..trial() }.settle(method).await;
    }
    // From afar CRIU's words cannot be had. Whether it was the open connection can be found out all the same.
    if let Err(Failure::Trouble(trouble)) = &outcome
        && method == Method::Checkpoint
        && may_be_the_connection(trouble)
        && (Trial { connected: false, ..trial() }).settle(method).await.is_ok()
    {
        let words = format!("{WITHOUT_CONNECTION} ({})", trouble.words);
        return Err(Failure::new(trouble.step, words));
    }
    outcome
}

/// Whether the words leave open what CRIU did not like.
fn may_be_the_connection(trouble: &Trouble) -> bool {
    matches!(trouble.step, Step::Dump | Step::Wake)
        && trouble.words.contains("criu failed")
        && !trouble.words.contains(criu::ERROR)
}

struct Trial<'a> {
    hands: &'a dyn Hands,
    patience: Patience,
    /// The engine's files are files of this machine.
    local: bool,
    name: String,
    /// The canary holds an open connection.
    connected: bool,
    /// The image is imported even where there is one.
    anew: bool,
    /// The container that there is now.
    id: Option<ContainerId>,
}

impl Trial<'_> {
    async fn settle(mut self, method: Method) -> Result<Times, Failure> {
        let outcome = match self.run(method).await {
            // The log goes with the container.
            Err(Failure::Trouble(trouble)) if self.local => {
                Err(Failure::Trouble(criu::with_its_words(trouble).await))
            }
            other => other,
        };
        self.clean_up().await;
        outcome
    }

    async fn run(&mut self, method: Method) -> Result<Times, Failure> {
        let recipe = canary::recipe(&self.name, self.connected);
        let ready = self.within(Step::Prepare, patient::create(self.hands, &recipe, self.anew)).await?;
        let id = self.id.insert(ready).clone();
        self.call(Step::Prepare, self.hands.start(&id)).await?;
        let settled = |ticks: &Ticks| Ok(ticks.count >= SETTLED);
        let before = patient::watch(self.hands, &id, (Step::Prepare, self.patience.life), settled).await?;
        match method {
            Method::Freeze => self.freeze(&id, &before).await,
            Method::Checkpoint => self.checkpoint(&id, &before).await,
            Method::Stop => self.stop(&id, &before).await,
            Method::Destroy => self.destroy(&id, &before).await,
        }
    }

    async fn freeze(&self, id: &str, before: &Ticks) -> Result<Times, Failure> {
        let known = patient::particulars(self.hands, id, Step::Dump).await?;
        let memory = self.call(Step::Dump, self.hands.memory(&known.facts)).await?;
        let began = Instant::now();
        self.call(Step::Dump, self.hands.pause(id)).await?;
        self.call(Step::Dump, self.hands.squeeze(&known.facts, known.limits)).await?;
        let dump = began.elapsed();
        let asleep = patient::particulars(self.hands, id, Step::Asleep).await?;
        if asleep.facts.phase != Phase::Paused {
            return Err(Failure::new(Step::Asleep, "it is not paused"));
        }
        let left = self.call(Step::Asleep, self.hands.memory(&asleep.facts)).await?;
        if let (Some(memory), Some(left)) = (memory, left)
            && left > memory / 2
        {
            let words = format!("its memory stayed where it was: {left} of {memory} bytes");
            return Err(Failure::new(Step::Asleep, words));
        }
        if asleep.limits != known.limits {
            return Err(Failure::new(Step::Asleep, "its memory limits are others now"));
        }
        let began = Instant::now();
        self.call(Step::Wake, self.hands.unpause(id)).await?;
        let wake = began.elapsed();
        self.went_on(id, before).await?;
        Ok(Times { dump, wake })
    }

    async fn checkpoint(&self, id: &str, before: &Ticks) -> Result<Times, Failure> {
        let began = Instant::now();
        self.call(Step::Dump, self.hands.checkpoint(id, CHECKPOINT)).await?;
        let dump = began.elapsed();
        self.is_down(id).await?;
        let names = self.call(Step::Asleep, self.hands.checkpoints(id)).await?;
        // Podman gives its checkpoints no names of ours.
        if names.is_empty() {
            return Err(Failure::new(Step::Asleep, "the engine knows nothing of its checkpoint"));
        }
        let began = Instant::now();
        self.within(Step::Wake, self.restore(id)).await?;
        let wake = began.elapsed();
        self.went_on(id, before).await?;
        Ok(Times { dump, wake })
    }

    /// Starts it from its checkpoint. Docker 20.10 says at times that it exists already, when it was just made.
    async fn restore(&self, id: &str) -> Result<(), Failure> {
        for _ in 1..RESTORES {
            match self.hands.restore(id, CHECKPOINT).await {
                Err(error) if error.says_already_exists() => sleep(BETWEEN_RESTORES).await,
                other => return other.map_err(|error| Failure::of(Step::Wake, error)),
            }
        }
        self.hands.restore(id, CHECKPOINT).await.map_err(|error| Failure::of(Step::Wake, error))
    }

    async fn stop(&self, id: &str, before: &Ticks) -> Result<Times, Failure> {
        let began = Instant::now();
        self.call(Step::Dump, self.hands.stop(id, GRACE)).await?;
        let dump = began.elapsed();
        self.is_down(id).await?;
        let began = Instant::now();
        self.call(Step::Wake, self.hands.start(id)).await?;
        let wake = began.elapsed();
        self.began_anew(id, before).await?;
        Ok(Times { dump, wake })
    }

    async fn destroy(&mut self, id: &str, before: &Ticks) -> Result<Times, Failure> {
        let began = Instant::now();
        let recipe = self.call(Step::Dump, self.hands.recipe(id)).await?;
        self.call(Step::Dump, self.hands.stop(id, GRACE)).await?;
        self.call(Step::Dump, self.hands.remove(id)).await?;
        let dump = began.elapsed();
        if patient::phase(self.hands, id, Step::Asleep).await?.is_some() {
            return Err(Failure::new(Step::Asleep, "its container is still there"));
        }
        self.id = None;
        let began = Instant::now();
        let created = self.call(Step::Wake, self.hands.create(&recipe)).await?;
        let id = self.id.insert(created).clone();
        self.call(Step::Wake, self.hands.start(&id)).await?;
        let wake = began.elapsed();
        let again = patient::particulars(self.hands, &id, Step::Awake).await?;
        if *again.facts.name != *self.name {
            return Err(Failure::new(Step::Awake, "its container has another name now"));
        }
        self.began_anew(&id, before).await?;
        Ok(Times { dump, wake })
    }

    async fn is_down(&self, id: &str) -> Result<(), Failure> {
        match patient::phase(self.hands, id, Step::Asleep).await? {
            Some(Phase::Exited(_)) => Ok(()),
            _ => Err(Failure::new(Step::Asleep, "its container has not ended")),
        }
    }

    /// Its memory was kept, and it goes on from there.
    async fn went_on(&self, id: &str, before: &Ticks) -> Result<(), Failure> {
        self.awake(id, |ticks| {
            if ticks.life == before.life {
                Ok(ticks.count > before.count)
            } else {
                Err("it started cold: what it held in memory is lost")
            }
        })
        .await
    }

    /// It started cold, as it should.
    async fn began_anew(&self, id: &str, before: &Ticks) -> Result<(), Failure> {
        // Until the new life has begun, the file tells of the old one.
        self.awake(id, |ticks| Ok(ticks.life != before.life && ticks.count > 0)).await
    }

    async fn awake(
        &self,
        id: &str,
        wanted: impl Fn(&Ticks) -> Result<bool, &'static str> + Send,
    ) -> Result<(), Failure> {
        patient::watch(self.hands, id, (Step::Awake, self.patience.life), wanted).await.map(|_| ())
    }

    async fn call<T>(
        &self,
        step: Step,
        call: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, Failure> {
        self.within(step, async { call.await.map_err(|error| Failure::of(step, error)) }).await
    }

    async fn within<T>(
        &self,
        step: Step,
        doing: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match timeout(self.patience.step, doing).await {
            Ok(result) => result,
            Err(_) => Err(Failure::of(step, EngineError::Silent(self.patience.step))),
        }
    }

    async fn clean_up(self) {
        let Some(id) = &self.id else { return };
        match timeout(self.patience.cleaning, patient::remove(self.hands, id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(name = self.name, %error, "a canary could not be removed"),
            Err(_) => warn!(name = self.name, "the engine takes too long to remove a canary"),
        }
    }
}
