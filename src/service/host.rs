//! One supervised task a host: connect, list, follow events, look again now and then, and never give up.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, info};

use super::Connected;
use super::calls::Calls;
use super::clock::{Clock, jitter};
use crate::canary::is_canary;
use crate::engine::{self, Engine, EngineError, EventStream};
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
/// The stream opens this long after the first list is asked for: with many hosts it would delay their pictures.
const STREAM_AFTER: Duration = Duration::from_millis(100);
/// The same for a short command: what the engine remembers has it asked about containers while it should work.
const STREAM_AFTER_WORK: Duration = Duration::from_secs(2);
/// It begins with what happened this much before that list. What is told twice is known by its time. An engine whose clock is
/// behind ours by more than this leaves a hole between list and stream.
const OVERLAP: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);
/// A second list follows the first this soon, for the engines whose streams do have that hole.
const RECONCILE_AFTER_CONNECT: Duration = Duration::from_secs(1);
/// What does not belong to the first picture is asked this much later: with many hosts it would delay the others' pictures.
const AFTER_FIRST_PICTURE: Duration = Duration::from_millis(150);
/// How far back the feed begins at the first connection.
const HISTORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
/// A stream that lasted for so long before it ended is opened again at once. One that ends sooner, again and again, is opened
/// at ever longer distances, up to this.
const STEADY_STREAM: Duration = Duration::from_secs(5);
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
    /// One container that could not be inspected.
    Uninspected(ContainerId),
    Event(Event),
    /// What the engine remembers from before we listened.
    History(Vec<Event>),
    /// It answered a ping.
    Alive,
    Down(EngineError),
}

impl Report {
    /// The same without the doctor's canaries: they are no tenants, and come and go within seconds. Nothing where that
    /// was all.
    pub fn without_canaries(self) -> Option<Report> {
        let is_tenants = |event: &Event| !is_canary(&event.name, &event.image);
        match self {
            Report::Listed(mut list, asked) => {
                list.retain(|facts| !is_canary(&facts.name, &facts.image));
                Some(Report::Listed(list, asked))
            }
            Report::History(mut events) => {
                events.retain(is_tenants);
                Some(Report::History(events))
            }
            Report::Event(event) => is_tenants(&event).then_some(Report::Event(event)),
            other => Some(other),
        }
    }
}

pub(super) struct HostTask {
    pub index: usize,
    pub spec: HostSpec,
    pub naming: Arc<Naming>,
    pub options: engine::Options,
    pub news: mpsc::Sender<News>,
    pub orders: mpsc::Receiver<ContainerId>,
    pub reconcile: Arc<Notify>,
    pub connected: watch::Sender<Connected>,
    pub clock: Clock,
    /// Whether nobody looks on: what is only for people is not asked.
    pub brief: bool,
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

    async fn connect(&self) -> Result<Box<dyn Engine>, EngineError> {
        engine::connect_with(&self.spec, self.naming.clone(), self.options.clone()).await
    }

    async fn tell(&self, report: Report) -> Result<(), ()> {
        self.news.send(News { host: self.index, report }).await.map_err(|_| ())
    }

    /// One connection, from opening to loss. Ends well only when nobody listens any more.
    async fn session(&mut self, heard: &mut Option<Timestamp>) -> Result<(), EngineError> {
        let engine: Arc<dyn Engine> = match timeout(CONNECT_DEADLINE, self.connect()).await {
            Ok(engine) => Arc::from(engine?),
            Err(_) => return Err(EngineError::Silent(CONNECT_DEADLINE)),
        };
        let first = heard.is_none();
        let opening = Timestamp::now().checked_sub(OVERLAP).unwrap_or(Timestamp::UNIX_EPOCH);
        let after = if self.brief { STREAM_AFTER_WORK } else { STREAM_AFTER };
        let mut opened = Instant::now() + after;
        let mut events = later(engine.clone(), opening, opened);
        // By the engine's own clock, where it has told of anything.
        let mut last_event = opening;
        let mut short_streams = 0;
        let mut calls = Calls::new(engine.clone(), self.clock);
        match *heard {
            // What was missed goes before the list: then the list finds nothing that was told already.
            Some(since) => calls.history(since, Timestamp::now()),
            None => calls.list(),
        }
        let mut known = false;
        // When to ask what does not belong to the picture, and up to when events are history then.
        let mut ask_more: Option<(Instant, Timestamp)> = None;
        let mut next_list = Instant::now() + RECONCILE_EVERY;
        // The list says as well that it is alive, unless it takes long.
        let mut next_ping = Instant::now() + AFTER_FIRST_PICTURE.mul_f64(1.0 + jitter());
        loop {
            let report = tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => {
                        last_event = last_event.max(event.time);
                        Report::Event(event)
                    }
                    Some(Err(error)) if !is_end_of_stream(&error) => return Err(error),
                    // A proxy between us and the engine may end what is idle: only a ping tells whether the host is lost.
                    end => {
                        let now = Instant::now();
                        let is_short = now.saturating_duration_since(opened) < STEADY_STREAM;
                        short_streams = if is_short { short_streams + 1 } else { 0 };
                        debug!(host = %self.spec.name, ?end, short_streams, "event stream ended");
                        let wait = match short_streams {
                            0 => Duration::ZERO,
                            more => backoff::wait(more, jitter()).min(STEADY_STREAM),
                        };
                        opened = now + wait;
                        events = later(engine.clone(), last_event, opened);
                        calls.ping();
                        // An engine that was started anew remembers nothing of before.
                        next_list = next_list.min(opened + RECONCILE_AFTER_CONNECT);
                        continue;
                    }
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
                // One for all that is due: there are many hosts, and each timer is set anew with each turn.
                () = sleep_until(next_due(next_list, next_ping, ask_more)) => {
                    let now = Instant::now();
                    if now >= next_list {
                        calls.list();
                        next_list = now + RECONCILE_EVERY.mul_f64(1.0 + jitter());
                    }
                    if now >= next_ping {
                        calls.ping();
                        next_ping = now + PING_EVERY;
                    }
                    if let Some((_, until)) = ask_more.take_if(|(when, _)| now >= *when) {
                        calls.about();
                        if first {
                            calls.history(until.checked_sub(HISTORY).unwrap_or(Timestamp::UNIX_EPOCH), until);
                        }
                    }
                    continue;
                }
            };
            match &report {
                Report::Listed(..) if !known => {
                    known = true;
                    next_list = Instant::now() + RECONCILE_AFTER_CONNECT.mul_f64(0.7 + 0.6 * jitter());
                    ask_more =
                        (!self.brief).then(|| (Instant::now() + AFTER_FIRST_PICTURE, Timestamp::now()));
                    self.connected.send_replace(Some(engine.clone()));
                    self.say_known(first);
                }
                Report::History(_) if !known => calls.list(),
                _ => {}
            }
            if known {
                *heard = Some(Timestamp::now());
            }
            if self.tell(report).await.is_err() {
                return Ok(());
            }
        }
    }

    /// With many hosts, lines of the log take as long as reading their lists.
    fn say_known(&self, first: bool) {
        if first {
            debug!(host = %self.spec.name, "host known");
        } else {
            info!(host = %self.spec.name, "host known again");
        }
    }
}

/// The engine's events since `since`, once it is `when`.
fn later(engine: Arc<dyn Engine>, since: Timestamp, when: Instant) -> EventStream {
    let open = async move {
        sleep_until(when).await;
        engine.events(since).await
    };
    stream::once(open).try_flatten().boxed()
}

/// Whether an error of the event stream says only that the stream ended: it was cut, or a proxy in between gave it up.
fn is_end_of_stream(error: &EngineError) -> bool {
    match error {
        EngineError::Unreachable(_) | EngineError::Silent(_) => true,
        EngineError::Refused { status, .. } => matches!(status, 502..=504),
        _ => false,
    }
}

/// The next moment at which something is due.
fn next_due(list: Instant, ping: Instant, more: Option<(Instant, Timestamp)>) -> Instant {
    let first = list.min(ping);
    more.map_or(first, |(when, _)| first.min(when))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::{IMAGE, name};
    use crate::model::container::Phase;
    use crate::model::container::tests::facts;
    use crate::model::event::Happening;
    use crate::model::method::Method;

    fn event(facts: &Facts) -> Event {
        Event {
            time: Timestamp::UNIX_EPOCH,
            id: facts.id.clone(),
            name: facts.name.clone(),
            image: facts.image.clone(),
            place: facts.place.clone(),
            project: None,
            what: Happening::Started,
        }
    }

    #[test]
    fn canaries_are_no_news() {
        let tenant = facts("a", Phase::Running);
        let name = name(Method::Freeze, Timestamp::UNIX_EPOCH, 1).into();
        let canary = Facts { name, image: IMAGE.into(), ..facts("b", Phase::Running) };

        assert!(Report::Event(event(&canary)).without_canaries().is_none());
        assert!(Report::Event(event(&tenant)).without_canaries().is_some());
        let listed = Report::Listed(vec![tenant.clone(), canary.clone()], Duration::ZERO);
        let Some(Report::Listed(list, _)) = listed.without_canaries() else { panic!("the list is gone") };
        assert_eq!(list, vec![tenant.clone()]);
        let history = Report::History(vec![event(&canary), event(&tenant)]);
        let Some(Report::History(events)) = history.without_canaries() else { panic!("the past is gone") };
        assert_eq!(events, [event(&tenant)]);
    }
}
