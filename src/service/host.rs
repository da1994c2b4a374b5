//! One supervised task a host: connect, list, follow events, look again now and then, and never give up.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, info, warn};

use super::Connected;
use super::clock::{Clock, jitter};
use crate::engine::error::CUT;
use crate::engine::{self, Engine, EngineError};
use crate::model::backoff;
use crate::model::container::{ContainerId, Facts};
use crate::model::event::Event;
use crate::model::fleet::EngineAbout;
use crate::model::host::HostSpec;
use crate::model::naming::Naming;
use crate::model::picture::Moment;

/// How long a way to an engine may take to open: an ssh login most of all.
const CONNECT_DEADLINE: Duration = Duration::from_secs(15);
/// How often a connected engine is asked whether it is alive.
const PING_EVERY: Duration = Duration::from_secs(5);
/// The time between two full lists: this much, and up to as much again.
const RECONCILE_EVERY: Duration = Duration::from_secs(30);
/// A second list follows the first this soon: events between the first and the opening of the stream are lost.
const RECONCILE_AFTER_CONNECT: Duration = Duration::from_secs(3);
/// How many inspects run at once on one host.
const MOST_INSPECTS: usize = 4;
/// How far back the feed begins at the first connection.
const HISTORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
/// An engine that held for so long is tried again at once when it is lost.
const STEADY: Duration = Duration::from_secs(30);

/// What a host's task tells the inventory.
pub(super) struct News {
    pub host: usize,
    pub report: Report,
}

pub(super) enum Report {
    /// What the engine is.
    About(EngineAbout),
    /// A full list, and when it was asked for.
    Listed(Vec<Facts>, Moment),
    /// One container, and when it was asked about.
    Inspected(ContainerId, Option<Facts>, Moment),
    Event(Event),
    /// What the engine remembers from before we listened.
    History(Vec<Event>),
    /// It answered a ping.
    Alive,
    Down(EngineError),
}

/// The answer to a call.
enum Answer {
    About(Result<EngineAbout, EngineError>),
    Listed(Result<Vec<Facts>, EngineError>, Moment),
    Inspected(ContainerId, Result<Option<Facts>, EngineError>, Moment),
    History(Result<Vec<Event>, EngineError>),
    Ping(Result<(), EngineError>),
}

pub(super) struct HostTask {
    pub index: usize,
    pub spec: HostSpec,
    pub naming: Arc<Naming>,
    pub news: mpsc::Sender<News>,
    pub orders: mpsc::Receiver<ContainerId>,
    pub reconcile: Arc<Notify>,
    pub connected: watch::Sender<Connected>,
    pub clock: Clock,
}

impl HostTask {
    /// Runs until the inventory is gone.
    pub async fn run(mut self) {
        let mut failures = 0;
        let mut heard: Option<Timestamp> = None;
        loop {
            let began = Instant::now();
            let error = match self.session(&mut heard).await {
                Ok(()) => return,
                Err(error) => error,
            };
            self.connected.send_replace(None);
            info!(host = %self.spec.name, %error, "host lost");
            if self.tell(Report::Down(error)).await.is_err() {
                return;
            }
            failures = if began.elapsed() > STEADY { 1 } else { failures + 1 };
            let wait = backoff::wait(failures, jitter());
            tokio::select! {
                () = sleep(wait) => {}
                () = self.reconcile.notified() => {}
            }
            // Asked of a connection that is gone.
            while self.orders.try_recv().is_ok() {}
        }
    }

    async fn tell(&self, report: Report) -> Result<(), ()> {
        self.news.send(News { host: self.index, report }).await.map_err(|_| ())
    }

    /// One connection, from opening to loss. Ends well only when nobody listens any more.
    async fn session(&mut self, heard: &mut Option<Timestamp>) -> Result<(), EngineError> {
        let engine: Arc<dyn Engine> =
            match timeout(CONNECT_DEADLINE, engine::connect(&self.spec, self.naming.clone())).await {
                Ok(engine) => Arc::from(engine?),
                Err(_) => return Err(EngineError::Silent(CONNECT_DEADLINE)),
            };
        let mut events = engine.events().await?;
        let mut calls = Calls::new(engine.clone(), self.clock);
        calls.ping();
        match *heard {
            // What was missed goes before the list: then the list finds nothing that was told already.
            Some(since) => calls.history(since),
            None => calls.list(),
        }
        let mut known = false;
        let mut asked_about = false;
        let mut next_list = Instant::now() + RECONCILE_AFTER_CONNECT.mul_f64(0.7 + 0.6 * jitter());
        let mut next_ping = Instant::now() + PING_EVERY.mul_f64(jitter());
        loop {
            let report = tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => Report::Event(event),
                    Some(Err(error)) => return Err(error),
                    None => return Err(EngineError::Unreachable(CUT.to_owned())),
                },
                Some(answer) = calls.running.next() => match calls.finish(answer)? {
                    Some(report) => report,
                    None => continue,
                },
                order = self.orders.recv() => {
                    let Some(id) = order else { return Ok(()) };
                    calls.inspect(id);
                    continue;
                }
                () = self.reconcile.notified() => {
                    calls.list();
                    continue;
                }
                () = sleep_until(next_list) => {
                    calls.list();
                    next_list = Instant::now() + RECONCILE_EVERY.mul_f64(1.0 + jitter());
                    continue;
                }
                () = sleep_until(next_ping) => {
                    calls.ping();
                    next_ping = Instant::now() + PING_EVERY;
                    continue;
                }
            };
            match &report {
                Report::Listed(..) if !known => {
                    known = true;
                    self.connected.send_replace(Some(engine.clone()));
                    info!(host = %self.spec.name, "host known");
                }
                Report::History(_) if !known => calls.list(),
                _ => {}
            }
            if known && !asked_about {
                // Only now: nothing may delay the first picture.
                asked_about = true;
                calls.about();
                if heard.is_none() {
                    let since = Timestamp::now().checked_sub(HISTORY).unwrap_or(Timestamp::UNIX_EPOCH);
                    calls.history(since);
                }
            }
            if known {
                *heard = Some(Timestamp::now());
            }
            if self.tell(report).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// The calls under way on one connection.
struct Calls {
    engine: Arc<dyn Engine>,
    clock: Clock,
    running: FuturesUnordered<BoxFuture<'static, Answer>>,
    listing: bool,
    list_again: bool,
    pinging: bool,
    inspecting: HashSet<ContainerId>,
    waiting: VecDeque<ContainerId>,
}

impl Calls {
    fn new(engine: Arc<dyn Engine>, clock: Clock) -> Self {
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

    fn list(&mut self) {
        if self.listing {
            self.list_again = true;
            return;
        }
        self.listing = true;
        let (engine, asked) = (self.engine.clone(), self.clock.now());
        self.running.push(Box::pin(async move { Answer::Listed(engine.list().await, asked) }));
    }

    fn ping(&mut self) {
        if self.pinging {
            return;
        }
        self.pinging = true;
        let engine = self.engine.clone();
        self.running.push(Box::pin(async move { Answer::Ping(engine.ping().await) }));
    }

    fn about(&mut self) {
        let engine = self.engine.clone();
        self.running.push(Box::pin(async move { Answer::About(engine.about().await) }));
    }

    fn history(&mut self, since: Timestamp) {
        let engine = self.engine.clone();
        let until = Timestamp::now();
        self.running.push(Box::pin(async move { Answer::History(engine.history(since, until).await) }));
    }

    /// Asks about one container, once at a time, a few containers at once.
    fn inspect(&mut self, id: ContainerId) {
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
    fn finish(&mut self, answer: Answer) -> Result<Option<Report>, EngineError> {
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
                        Ok(None)
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
