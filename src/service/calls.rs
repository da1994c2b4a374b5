//! The calls under way on one connection to an engine: one list and one ping at a time, a few inspects, none twice.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tracing::{debug, warn};

use super::clock::Clock;
use super::host::Report;
use crate::engine::{Engine, EngineError};
use crate::model::container::{ContainerId, Facts};
use crate::model::event::Event;
use crate::model::fleet::EngineAbout;
use crate::model::picture::Moment;

/// How many inspects run at once on one host.
const MOST_INSPECTS: usize = 4;

/// The answer to a call.
pub(super) enum Answer {
    About(Result<EngineAbout, EngineError>),
    Listed(Result<Vec<Facts>, EngineError>, Moment),
    Inspected(ContainerId, Result<Option<Facts>, EngineError>, Moment),
    History(Result<Vec<Event>, EngineError>),
    Ping(Result<(), EngineError>),
}

/// The calls under way on one connection.
pub(super) struct Calls {
    engine: Arc<dyn Engine>,
    clock: Clock,
    pub running: FuturesUnordered<BoxFuture<'static, Answer>>,
    listing: bool,
    list_again: bool,
    pinging: bool,
    inspecting: HashSet<ContainerId>,
    waiting: VecDeque<ContainerId>,
}

impl Calls {
    pub fn new(engine: Arc<dyn Engine>, clock: Clock) -> Self {
        Calls {
            engine,
            clock,
            running: FuturesUnordered::new(),
            listing: false,
            list_again: false,
            pinging: false,
            inspecting: HashSet::new(),
            waiting: VecDeque::new(),
        }
    }

    pub fn list(&mut self) {
        if self.listing {
            self.list_again = true;
            return;
        }
        self.listing = true;
        let (engine, asked) = (self.engine.clone(), self.clock.now());
        self.running.push(Box::pin(async move { Answer::Listed(engine.list().await, asked) }));
    }

    pub fn ping(&mut self) {
        if self.pinging {
            return;
        }
        self.pinging = true;
        let engine = self.engine.clone();
        self.running.push(Box::pin(async move { Answer::Ping(engine.ping().await) }));
    }

    pub fn about(&mut self) {
        let engine = self.engine.clone();
        self.running.push(Box::pin(async move { Answer::About(engine.about().await) }));
    }

    pub fn history(&mut self, since: Timestamp, until: Timestamp) {
        let engine = self.engine.clone();
        self.running.push(Box::pin(async move { Answer::History(engine.history(since, until).await) }));
    }

    /// Asks about one container, once at a time, a few containers at once.
    pub fn inspect(&mut self, id: ContainerId) {
        if self.inspecting.contains(&id) || self.inspecting.len() >= MOST_INSPECTS {
            if !self.waiting.contains(&id) {
                self.waiting.push_back(id);
            }
            return;
        }
        self.inspecting.insert(id.clone());
        let (engine, asked) = (self.engine.clone(), self.clock.now());
        self.running.push(Box::pin(async move {
            let answer = engine.inspect(&id).await;
            Answer::Inspected(id, answer, asked)
        }));
    }

    /// Takes in an answer. A connection that does not answer a list or a ping is lost.
    pub fn finish(&mut self, answer: Answer) -> Result<Option<Report>, EngineError> {
        match answer {
            Answer::Listed(list, asked) => {
                self.listing = false;
                if std::mem::take(&mut self.list_again) {
                    self.list();
                }
                Ok(Some(Report::Listed(list?, asked)))
            }
            Answer::Ping(result) => {
                self.pinging = false;
                result.map(|()| Some(Report::Alive))
            }
            Answer::Inspected(id, answer, asked) => {
                self.inspecting.remove(&id);
                if let Some(next) = self.waiting.pop_front() {
                    self.inspect(next);
                }
                match answer {
                    Ok(answer) => Ok(Some(Report::Inspected(id, answer, asked))),
                    Err(error) => {
                        // The next list comes soon, and a dead engine is found out by its ping.
                        debug!(%id, %error, "inspect failed");
                        Ok(Some(Report::Uninspected(id)))
                    }
                }
            }
            Answer::History(Ok(events)) => Ok(Some(Report::History(events))),
            Answer::History(Err(error)) => {
                warn!(%error, "the engine does not tell what was before");
                Ok(Some(Report::History(Vec::new())))
            }
            Answer::About(Ok(about)) => Ok(Some(Report::About(about))),
            Answer::About(Err(error)) => {
                warn!(%error, "the engine does not tell what it is");
                Ok(None)
            }
        }
    }
}
