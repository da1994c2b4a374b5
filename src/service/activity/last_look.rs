//! The last look at a tenant right before a rule's dump touches it: whether somebody has begun to use it since the last regular turn.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::engine::Engine;
use crate::model::container::Facts;
use crate::model::keeper::last_look::{self, SECOND_READING, THIRD_READING, Verdict};
use crate::model::keeper::measured::{Reading, Readings};
use crate::model::keeper::rules::{Hook, Idle};
use crate::model::keeper::{Answer, Measure, Measures, Rules};
use crate::model::work::TenantKey;
use crate::service::clock::Clock;
use crate::service::requests::Requests;

/// How long the task that knows the last regular readings may take to tell them.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// How long one reading of all containers may take: an engine elsewhere takes two seconds for its samples.
const READ_WITHIN: Duration = Duration::from_secs(15);
/// A request that came so shortly before the dump was asked for had not been taken in by then.
const NOT_TAKEN_IN: Duration = Duration::from_secs(2);
/// How many questions and reports may wait.
pub(super) const MOST_WAITING: usize = 64;

/// What the last look asks of those who measure, and tells them.
pub(super) enum Word {
    /// What was read of a tenant in the last regular turn, if it was read in two at least.
    Last { key: TenantKey, reply: oneshot::Sender<Option<Readings>> },
    /// The hook has said something of it.
    Answer { key: TenantKey, answer: Answer },
    /// It is in use now.
    Used { key: TenantKey, measures: Measures },
}

/// The way to a last look.
#[derive(Clone)]
pub(in crate::service) struct LastLook {
    pub(super) rules: watch::Receiver<Option<Arc<Rules>>>,
    pub(super) requests: Arc<Requests>,
    pub(super) words: mpsc::Sender<Word>,
    pub(super) clock: Clock,
}

/// One look.
struct Look<'a> {
    by: &'a LastLook,
    engine: &'a dyn Engine,
    key: &'a TenantKey,
    containers: &'a [&'a Facts],
    idle: Idle,
}

impl LastLook {
    /// Why a tenant must not be put to sleep now, of which these containers run: somebody uses it, or it cannot be seen whether anybody
    /// does. A use counts as one from then on. `asked` is when its dump was asked for. One that was woken only to sleep deeper has
    /// just worked on our behalf: of it only requests and connections count.
    pub async fn refusal(
        &self,
        engine: &dyn Engine,
        key: &TenantKey,
        containers: &[&Facts],
        asked: Timestamp,
        deeper: bool,
    ) -> Option<String> {
        // Who measures nothing puts nobody to sleep by rule.
        let idle = self.rules.borrow().as_ref()?.idle;
        let look = Look { by: self, engine, key, containers, idle };
        let used = match look.go(deeper).await {
            Ok(used) => used,
            Err(why) => return Some(why),
        };
        let mut used = used;
        let since = asked.checked_sub(NOT_TAKEN_IN).unwrap_or(asked);
        if self.requests.last(key).is_some_and(|last| last > since) {
            let request: Measures = [Measure::Request].into_iter().collect();
            used = used.iter().chain(request.iter()).collect();
        }
        if used.is_empty() {
            return None;
        }
        let word = Word::Used { key: key.clone(), measures: used };
        // Whoever measures may be gone: then the whole service is.
        let _ = timeout(TOLD_WITHIN, self.words.send(word)).await;
        Some(format!("{}: {}", last_look::IN_USE, last_look::in_words(used)))
    }

    /// Who is asked before a tenant is put to sleep by rule.
    pub fn hook(&self) -> Option<Hook> {
        self.rules.borrow().as_ref()?.veto.clone()
    }

    async fn last(&self, key: &TenantKey) -> Option<Readings> {
        let (reply, told) = oneshot::channel();
        let ask = async {
            self.words.send(Word::Last { key: key.clone(), reply }).await.ok()?;
            told.await.ok()?
        };
        timeout(TOLD_WITHIN, ask).await.ok()?
    }
}

impl Look<'_> {
    /// What is in use.
    async fn go(&self, deeper: bool) -> Result<Measures, String> {
        let connections: Measures = [Measure::Connections].into_iter().collect();
        let regular = self.by.last(self.key).await;
        let first = self.read().await?;
        let begun = last_look::first(regular.as_ref().unwrap_or(&Readings::new()), &first, &self.idle);
        if deeper {
            let used = last_look::seen(&Readings::new(), &first, &self.idle).used;
            return Ok(used.iter().filter(|measure| connections.has(*measure)).collect());
        }
        if let Verdict::Used(used) = begun {
            return Ok(used);
        }
        sleep(SECOND_READING).await;
        let second = self.read().await?;
        let is_known = regular.is_some() && begun == Verdict::Quiet;
        match last_look::second(&first, &second, &self.idle, is_known) {
            Verdict::Used(used) => return Ok(used),
            Verdict::Quiet => return self.known(&first, &second).map(|()| Measures::NONE),
            Verdict::Unsure => {}
        }
        sleep(THIRD_READING.saturating_sub(SECOND_READING)).await;
        let third = self.read().await?;
        self.known(&first, &third)?;
        Ok(last_look::seen(&first, &third, &self.idle).used)
    }

    /// That all is known that must be.
    fn known(&self, before: &Readings, after: &Readings) -> Result<(), String> {
        let missing = last_look::seen(before, after, &self.idle).missing;
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("whether it is in use cannot be seen now: {}", last_look::in_words(missing)))
    }

    async fn read(&self) -> Result<Readings, String> {
        let counts_connections = self.idle.connections.is_some();
        let each = self.containers.iter().map(|facts| async move {
            let tally = self.engine.tally(facts).await.map_err(|error| error.to_string())?;
            let at = self.by.clock.now();
            let Some(tally) = tally else { return Ok(None) };
            let connections = if counts_connections && tally.sockets.is_some() {
                self.engine.connections(facts).await.map_err(|error| error.to_string())?
            } else {
                None
            };
            Ok(Some((facts.id.clone(), Reading { at, tally, connections })))
        });
        let all = timeout(READ_WITHIN, join_all(each)).await.map_err(|_| "no answer in time".to_owned());
        let all: Result<Vec<_>, String> = all.and_then(|all| all.into_iter().collect());
        let all = all.map_err(|why| format!("whether it is in use cannot be seen now: {why}"))?;
        Ok(all.into_iter().flatten().collect())
    }
}
