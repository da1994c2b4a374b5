//! The feed as the console shows it at once, and what of it goes on to the recorder.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::holes::Holes;
use super::recorder::{FromLedger, Told, What};
use crate::model::change::{Change, Mark, Record};
use crate::model::event::Event;
use crate::model::feed::Feed;
use crate::model::host::HostName;
use crate::model::work::Work;

/// The changes so far, newest first.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The changes, shared with the feed.
    pub newest_first: Vec<Arc<Change>>,
    /// The number that the next change will have.
    pub next_seq: u64,
    /// Changes with numbers below this are in the ledger, but for the holes; nothing where there is no ledger.
    pub recorded_to: Option<u64>,
    /// What will never be in it.
    pub holes: Arc<Holes>,
    /// Why no more can be recorded now.
    pub trouble: Option<Arc<str>>,
}

impl Changes {
    /// Whether it is in the ledger. Without a ledger there is nothing to wait for.
    #[must_use]
    pub fn has_recorded(&self, change: &Change) -> bool {
        let is_told = |to| change.seq < to && !self.holes.has(change.seq);
        change.seq == 0 || self.recorded_to.is_none_or(is_told)
    }
}

/// The feed, and the way from it into the ledger.
pub(super) struct Chronicle {
    feed: Feed,
    changed: bool,
    /// Nothing where there is no ledger.
    recorder: Option<mpsc::Sender<Told>>,
    /// What engines remember, until the ledger has said what was told of it before.
    held: Option<Vec<(HostName, Vec<Event>)>>,
    /// What the recorder could not take, since it had too much to do.
    lost: Option<Lost>,
    holes: Arc<Holes>,
    recorded_to: Option<u64>,
    trouble: Option<Arc<str>>,
    out: watch::Sender<Arc<Changes>>,
}

/// What never came into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub from: Timestamp,
    pub to: Timestamp,
    pub count: u64,
}

impl Lost {
    /// One more, that came at `time`.
    pub fn add(lost: &mut Option<Lost>, time: Timestamp, count: u64) {
        let all = lost.get_or_insert(Lost { from: time, to: time, count: 0 });
        (all.to, all.count) = (time, all.count + count);
    }
}

impl Chronicle {
    pub fn new(recorder: Option<mpsc::Sender<Told>>) -> (Self, watch::Receiver<Arc<Changes>>) {
        let (out, changes) = watch::channel(Arc::new(Changes::default()));
        let recorded_to = recorder.is_some().then_some(0);
        let held = recorder.is_some().then(Vec::new);
        let chronicle = Chronicle {
            feed: Feed::default(),
            changed: false,
            recorder,
            held,
            lost: None,
            holes: Arc::default(),
            recorded_to,
            trouble: None,
            out,
        };
        (chronicle, changes)
    }

    /// An event that came at `now`.
    pub fn event(&mut self, host: &HostName, event: Event, now: Timestamp) {
        self.feed.tell(host, &event, Some(now));
        self.changed = true;
        self.record(What::Event { host: host.clone(), event, heard: Some(now) }, now);
    }

    /// What an engine remembers.
    pub fn history(&mut self, host: &HostName, events: Vec<Event>, now: Timestamp) {
        if let Some(held) = &mut self.held {
            held.push((host.clone(), events));
            return;
        }
        for event in events {
            self.feed.tell(host, &event, None);
            self.record(What::Event { host: host.clone(), event, heard: None }, now);
        }
        self.changed = true;
    }

    /// What no engine tells: a host that is lost or back, a gap, a difference seen by looking.
    pub fn add(&mut self, change: Change, now: Timestamp) {
        let record = Record {
            mark: Mark::of(change.source, &change.act.to_string()),
            act: change.act,
            time: change.time,
            raw: change.detail.clone().unwrap_or_default().into(),
            reading: Some(change.clone()),
        };
        self.feed.add(change);
        self.changed = true;
        self.record(What::Record(Box::new(record)), now);
    }

    /// The tickets. They are in the ledger before they are here.
    pub fn work(&mut self, work: &Work, now: Timestamp) {
        for ticket in &work.tickets {
            let saved = work.sleepers.iter().filter(|it| it.ticket == ticket.id).map(|it| it.saved()).sum();
            self.feed.know(ticket, saved);
        }
        self.changed = true;
        self.record(What::Nothing, now);
    }

    /// What the ledger says.
    pub fn hear(&mut self, said: FromLedger, now: Timestamp) {
        match said {
            FromLedger::Before { changes, marks } => {
                self.changed |= !changes.is_empty();
                self.feed.remember(changes, marks);
                for (host, events) in self.held.take().into_iter().flatten() {
                    self.history(&host, events, now);
                }
            }
            FromLedger::Others(changes) => {
                self.changed = true;
                for change in changes {
                    self.feed.add(change);
                }
            }
            FromLedger::Recorded(seq, holes) => {
                Arc::make_mut(&mut self.holes).cover_all(&holes);
                // Only what somebody can see is worth a frame.
                let newly = self.recorded_to.unwrap_or(0)..seq;
                let is_seen = self.feed.newest_first().any(|change| newly.contains(&change.seq));
                self.changed |= is_seen || self.trouble.is_some();
                (self.recorded_to, self.trouble) = (Some(seq), None);
            }
            FromLedger::Trouble(reason) => {
                self.changed |= self.trouble.as_ref() != Some(&reason);
                self.trouble = Some(reason);
            }
        }
    }

    pub fn forget(&mut self) {
        self.feed.forget();
        self.changed = true;
    }

    /// Shows what is new.
    pub fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.out.send_replace(Arc::new(Changes {
                newest_first: self.feed.newest_first().cloned().collect(),
                next_seq: self.feed.next_seq(),
                recorded_to: self.recorded_to,
                holes: self.holes.clone(),
                trouble: self.trouble.clone(),
            }));
        }
    }

    /// Hands on to the recorder. It never waits: the fleet goes on whatever the ledger does.
    fn record(&mut self, what: What, arrived: Timestamp) {
        let Some(recorder) = &self.recorder else { return };
        let seq = self.feed.next_seq();
        if let Some(lost) = self.lost
            && recorder.try_send(Told { what: What::Lost(lost), arrived, seq }).is_ok()
        {
            self.lost = None;
        }
        let is_something = !matches!(what, What::Nothing);
        if recorder.try_send(Told { what, arrived, seq }).is_err() && is_something {
            Lost::add(&mut self.lost, arrived, 1);
            Arc::make_mut(&mut self.holes).cover(seq.saturating_sub(1)..seq);
        }
    }
}
