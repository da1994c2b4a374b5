//! The one owner of the fleet and the feed: takes in the hosts' news, publishes snapshots.

mod known;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::chronicle::Chronicle;
use super::clock::Clock;
use super::host::{News, Report};
use super::recorder::{FromLedger, Told};
use super::start::MOST_NEWS;
use super::{Changes, Line};
use crate::model::change::{Change, Verb};
use crate::model::feed::of_host;
use crate::model::fleet::{Fleet, Link};
use crate::model::overlay::Overlay;
use crate::model::picture::Observed;
use crate::model::work::Work;
use known::Known;

/// Snapshots are at least this far apart while news keep coming; the first of a burst goes out at once.
const PUBLISH_EVERY: Duration = Duration::from_millis(10);
/// Making snapshots takes one part of so many of the time at most: where thousands of containers change each second, each
/// snapshot is made anew nearly as a whole.
const PUBLISH_SHARE: u32 = 10;
/// But nobody waits for longer than this.
const PUBLISH_AT_LEAST_EVERY: Duration = Duration::from_millis(100);
/// The same while some hosts have not answered yet: the whole first picture goes before parts of it.
const PARTIAL_EVERY: Duration = Duration::from_millis(50);
/// A cut shorter than this loses no event that a person would miss, and is not told.
const SHORT_CUT: SignedDuration = SignedDuration::from_millis(200);

/// Where the inventory hears from.
pub(super) struct Sources {
    /// The hosts.
    pub news: mpsc::Receiver<News>,
    /// Tickets and sleepers.
    pub work: watch::Receiver<Arc<Work>>,
    /// The record of changes; silent where there is none.
    pub ledger: mpsc::Receiver<FromLedger>,
}

pub(super) struct Inventory {
    clock: Clock,
    hosts: Vec<Known>,
    chronicle: Chronicle,
    /// Snapshots of hosts were made anew and not published yet.
    fleet_changed: bool,
    /// The first picture of all hosts, or of all work, is complete: commands wait for it.
    urgent: bool,
    /// The turn of the work that is laid over the hosts.
    turn: u64,
    fleet_out: watch::Sender<Arc<Fleet>>,
}

impl Inventory {
    pub fn new(
        lines: Vec<Line>,
        clock: Clock,
        recorder: Option<mpsc::Sender<Told>>,
    ) -> (Self, watch::Receiver<Arc<Fleet>>, watch::Receiver<Arc<Changes>>) {
        let hosts: Vec<Known> = lines.into_iter().map(Known::new).collect();
        let fleet = Fleet { hosts: hosts.iter().map(|host| host.shown.clone()).collect(), turn: 0 };
        let (fleet_out, fleet) = watch::channel(Arc::new(fleet));
        let (chronicle, changes) = Chronicle::new(recorder);
        let inventory =
            Inventory { clock, hosts, chronicle, fleet_changed: false, urgent: false, turn: 0, fleet_out };
        (inventory, fleet, changes)
    }

    /// Runs until the hosts' tasks are gone.
    pub async fn run(mut self, mut from: Sources, forget: Arc<Notify>) {
        let mut published = Instant::now();
        let mut took = Duration::ZERO;
        loop {
            tokio::select! {
                first = from.news.recv() => {
                    let Some(first) = first else { return };
                    self.take(first);
                }
                Ok(()) = from.work.changed() => {
                    let now = from.work.borrow_and_update().clone();
                    self.overlay(&now);
                }
                Some(said) = from.ledger.recv() => self.chronicle.hear(said, Timestamp::now()),
                () = forget.notified() => self.chronicle.forget(),
            }
            // The rest of a burst joins in, up to a bound, until the next snapshot is due.
            for _ in 0..MOST_NEWS {
                let due = published + self.pause(took);
                match from.news.try_recv() {
                    Ok(more) => self.take(more),
                    Err(_) if Instant::now() >= due => break,
                    Err(_) => match timeout_at(due, from.news.recv()).await {
                        Ok(Some(more)) => self.take(more),
                        Ok(None) => return,
                        Err(_) => break,
                    },
                }
            }
            let begun = Instant::now();
            self.publish();
            published = Instant::now();
            took = published - begun;
        }
    }

    /// Takes in what tickets and sleepers say.
    fn overlay(&mut self, work: &Work) {
        if self.turn == work.turn {
            return;
        }
        self.urgent |= self.turn == 0;
        self.turn = work.turn;
        self.chronicle.work(work, Timestamp::now());
        self.fleet_changed = true;
        let mut overlays = Overlay::by_host(work);
        for host in &mut self.hosts {
            let overlay = overlays.remove(&host.line.spec.name).unwrap_or_default();
            if host.overlay != overlay {
                host.overlay = overlay;
                host.dirty = true;
            }
        }
    }

    /// The least time between two snapshots, the last of which took so long to make.
    fn pause(&self, took: Duration) -> Duration {
        if self.urgent {
            Duration::ZERO
        } else if self.is_partial() {
            PARTIAL_EVERY
        } else {
            (took * PUBLISH_SHARE).clamp(PUBLISH_EVERY, PUBLISH_AT_LEAST_EVERY)
        }
    }

    /// Whether some hosts have not answered yet.
    fn is_partial(&self) -> bool {
        self.hosts.iter().any(|host| host.link == Link::Connecting)
    }

    fn take(&mut self, News { host: index, report }: News) {
        let Some(report) = report.without_canaries() else { return };
        let now = self.clock.now();
        let time = Timestamp::now();
        let host = &mut self.hosts[index];
        let name = host.line.spec.name.clone();
        if let Report::Down(error) = report {
            let reason: Arc<str> = error.to_string().into();
            match &host.link {
                Link::Down { since, reason: before } if *before != reason => {
                    host.link = Link::Down { since: *since, reason };
                    host.dirty = true;
                }
                Link::Down { .. } => {}
                Link::Up | Link::Connecting => {
                    host.picture.distrust();
                    host.heard_before_loss = host.heard;
                    // What is shown from now on is as old as its last word.
                    let since = host.heard.unwrap_or(time);
                    host.link = Link::Down { since, reason: reason.clone() };
                    host.dirty = true;
                    self.tell(of_host(&name, time, Verb::Lost, Some(reason.to_string())));
                }
            }
            return;
        }
        host.heard = Some(time);
        match report {
            Report::Down(_) | Report::Alive => {}
            Report::About(about) => {
                host.engine = Some(Arc::new(about));
                host.dirty = true;
            }
            Report::Event(event) => {
                let outcome = host.picture.apply_event(&event, now);
                host.dirty |= outcome.changed;
                if outcome.inspect {
                    host.ask(event.id.clone());
                }
                self.chronicle.event(&name, event, time);
            }
            Report::History(events) => {
                let back = host.listed;
                host.dirty |= !std::mem::replace(&mut host.remembered, true);
                for event in events.iter().filter(|_| back) {
                    let outcome = host.picture.apply_event(event, now);
                    host.dirty |= outcome.changed;
                }
                self.chronicle.history(&name, events, time);
            }
            Report::Uninspected(id) => {
                host.picture.give_up(&id);
                host.dirty |= host.shown.unclear != host.picture.is_unclear();
            }
            Report::Inspected(id, answer, asked) => {
                let outcome = host.picture.apply_inspect(&id, answer, asked);
                host.dirty |= outcome.changed || host.shown.unclear != host.picture.is_unclear();
                if outcome.inspect {
                    host.ask(id);
                }
            }
            Report::Listed(list, asked) => {
                let first = !std::mem::replace(&mut host.listed, true);
                let result = host.picture.apply_list(list, asked);
                host.dirty |= result.changed;
                for id in result.inspect {
                    host.ask(id);
                }
                for id in result.unlearnt {
                    // The next list brings those that find no place.
                    let _ = host.line.orders.try_send(id);
                }
                let was = std::mem::replace(&mut host.link, Link::Up);
                if was != Link::Up {
                    host.dirty = true;
                    if let Link::Down { .. } = was {
                        self.tell_return(index, time);
                    }
                }
                if first {
                    // While the other hosts' answers are still under way there is time for this.
                    self.hosts[index].redraw();
                    self.fleet_changed = true;
                    self.urgent |= !self.is_partial();
                } else {
                    for observed in result.observed {
                        self.tell_observed(index, time, &observed);
                    }
                }
            }
        }
    }

    fn tell(&mut self, change: Change) {
        self.chronicle.add(change, Timestamp::now());
    }

    /// A lost host answers again: says so, and from when to when events may be missing.
    fn tell_return(&mut self, index: usize, now: Timestamp) {
        let name = self.hosts[index].line.spec.name.clone();
        self.tell(of_host(&name, now, Verb::Connected, None));
        let Some(heard) = self.hosts[index].heard_before_loss else { return };
        if now.duration_since(heard) > SHORT_CUT {
            let zone = jiff::tz::TimeZone::system();
            let clock = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
            let detail = format!("events may be missing {} to {}", clock(heard), clock(now));
            self.tell(of_host(&name, now, Verb::Gap, Some(detail)));
        }
    }

    /// A list found what no event had told.
    fn tell_observed(&mut self, index: usize, time: Timestamp, observed: &Observed) {
        let Some(facts) = observed.after.as_ref().or(observed.before.as_ref()) else { return };
        let name = &self.hosts[index].line.spec.name;
        let detail = match &observed.after {
            Some(after) => format!("now {}", after.state()),
            None => "gone".to_owned(),
        };
        let change = Change {
            tenant: Some(facts.place.tenant.clone()),
            container: Some(facts.name.clone()),
            id: Some(facts.id.clone()),
            ..of_host(name, time, Verb::Observed, Some(detail))
        };
        self.tell(change);
    }

    fn publish(&mut self) {
        self.urgent = false;
        // The changes first: whoever sees in the fleet that a host's memory is in must find it among them.
        self.chronicle.publish();
        if self.hosts.iter().any(|host| host.dirty) {
            for host in self.hosts.iter_mut().filter(|host| host.dirty) {
                host.redraw();
            }
            self.fleet_changed = true;
        }
        if std::mem::take(&mut self.fleet_changed) {
            let hosts = self.hosts.iter().map(|host| host.shown.clone()).collect();
            self.fleet_out.send_replace(Arc::new(Fleet { hosts, turn: self.turn }));
        }
    }
}
