//! The feed: changes as people tell them, folded from the engines' raw events and from tickets, newest first and bounded.
//!
//! `docker stop` is three events (kill, die, stop) and one change; `docker restart` five; a crash loop any number; a dump
//! all that the engine tells of it. What is folded is not dropped: a change keeps its raw events, and each of them is a
//! record for the ledger.

mod rule;
mod runs;
mod tickets;
mod wording;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::change::{Act, Change, MOST_RAW, Mark, Record, Source, Verb};
use super::container::ContainerId;
use super::event::{Event, Happening};
use super::host::HostName;
use rule::{Fold, fold};
use wording::{first_reading, raw_text};

pub use runs::of_run;
pub use tickets::{Spans, of_ticket};

/// How many changes the feed keeps; the oldest go first.
pub const MOST_CHANGES: usize = 2000;
/// How many records are remembered to tell none twice: what a hundred engines remember, twice.
const MOST_TOLD: usize = 65_536;

/// A change's place in the feed: its time, then its number.
type Order = (Timestamp, u64);

fn order(change: &Change) -> Order {
    (change.time, change.seq)
}

/// The changes in the order of their times: what an engine remembers comes in later than what it tells live.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    changes: VecDeque<Arc<Change>>,
    places: HashMap<Act, Order>,
    /// The latest act of each container that may still be folded into.
    open: HashMap<(HostName, ContainerId), Act>,
    /// The number of the change that was told last.
    last: u64,
    /// The latest records: a memory and a live stream may both tell of one.
    told: HashSet<Mark>,
    told_in_order: VecDeque<Mark>,
    spans: Spans,
}

impl Feed {
    /// The changes, newest first.
    #[must_use]
    pub fn newest_first(&self) -> impl DoubleEndedIterator<Item = &Arc<Change>> + ExactSizeIterator {
        self.changes.iter().rev()
    }

    /// How many changes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The number that the next change will have.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.last + 1
    }

    /// Takes in one event of `host`, which was heard live at `heard` by our own clock; nothing where an engine remembers it.
    /// Gives the record of it, unless it was told before or says nothing.
    pub fn tell(&mut self, host: &HostName, event: &Event, heard: Option<Timestamp>) -> Option<Record> {
        let (verb, detail) = first_reading(event)?;
        let raw: Arc<str> = raw_text(event).into();
        let mark = Mark::of(Source::Engine, &key(host, event));
        if !self.is_new(mark) {
            return None;
        }
        let record = |act, reading: Option<&Change>| {
            Some(Record { mark, act, time: event.time, raw: raw.clone(), reading: reading.cloned() })
        };
        if let Some(act) = self.spans.act_of(host, event, heard) {
            self.join(act, raw.clone());
            return record(act, None);
        }
        let container = (host.clone(), event.id.clone());
        let open = self.open.get(&container).copied();
        if let Some(before) = open.and_then(|act| self.take(act)) {
            if let Fold::Into(verb, detail) = fold(&before, event, verb) {
                let again = before.verb == Verb::Crashed && before.detail.as_deref() != Some("OOM");
                let mut folded = Change::clone(&before);
                folded.verb = verb;
                folded.detail = detail;
                folded.time = folded.time.max(event.time);
                folded.container = Some(event.name.clone());
                folded.count += u32::from(again && matches!(event.what, Happening::Died { .. }));
                keep_raw(&mut folded, raw.clone());
                let record = record(folded.act, Some(&folded));
                self.put(folded);
                return record;
            }
            self.put_back(before);
        }
        let act = Act::begun_by(mark);
        let change = Change {
            host: Some(host.clone()),
            tenant: Some(event.place.tenant.clone()),
            container: Some(event.name.clone()),
            id: Some(event.id.clone()),
            cause: event.project.as_ref().map(|project| format!("compose {project}").into()),
            detail,
            raw: vec![raw.clone()],
            ..Change::new(Source::Engine, act, event.time, verb)
        };
        let record = record(act, Some(&change));
        self.open.insert(container, act);
        self.put(change);
        record
    }

    /// Adds a change that is not an engine's event: a host lost or found, a gap, a difference seen by looking, a note. One
    /// that is there already is told anew, and keeps its raw events.
    pub fn add(&mut self, mut change: Change) {
        if let Some(before) = self.take(change.act) {
            change.first = change.first.min(before.first);
            if change.raw.is_empty() {
                change.raw.clone_from(&before.raw);
            }
        }
        self.put(change);
    }

    /// Takes in what the ledger keeps from before: changes with their raw events, and the marks of their records.
    pub fn remember(&mut self, changes: Vec<Change>, marks: impl IntoIterator<Item = Mark>) {
        for mark in marks {
            self.is_new(mark);
        }
        for change in changes {
            if self.places.contains_key(&change.act) {
                continue;
            }
            if let (Source::Engine, Some(host), Some(id)) = (change.source, &change.host, &change.id) {
                let container = (host.clone(), id.clone());
                let open = self.open.get(&container).and_then(|act| self.places.get(act));
                if open.is_none_or(|(time, _)| *time <= change.time) {
                    self.open.insert(container, change.act);
                }
            }
            self.put(change);
        }
    }

    /// Forgets everything told so far.
    pub fn forget(&mut self) {
        self.changes.clear();
        self.places.clear();
        self.open.clear();
    }

    /// Whether this record was never told before; from now on it was.
    fn is_new(&mut self, mark: Mark) -> bool {
        if !self.told.insert(mark) {
            return false;
        }
        self.told_in_order.push_back(mark);
        if self.told_in_order.len() > MOST_TOLD
            && let Some(oldest) = self.told_in_order.pop_front()
        {
            self.told.remove(&oldest);
        }
        true
    }

    /// A part more of an act that it says nothing new about.
    fn join(&mut self, act: Act, raw: Arc<str>) {
        if let Some(before) = self.take(act) {
            let mut joined = Change::clone(&before);
            keep_raw(&mut joined, raw);
            self.put(joined);
        }
    }

    fn put(&mut self, mut change: Change) {
        self.last += 1;
        change.seq = self.last;
        self.put_back(Arc::new(change));
        while self.changes.len() > MOST_CHANGES {
            let Some(oldest) = self.changes.pop_front() else { break };
            self.places.remove(&oldest.act);
            if let (Some(host), Some(id)) = (&oldest.host, &oldest.id) {
                let container = (host.clone(), id.clone());
                if self.open.get(&container) == Some(&oldest.act) {
                    self.open.remove(&container);
                }
            }
        }
    }

    fn take(&mut self, act: Act) -> Option<Arc<Change>> {
        let place = self.places.remove(&act)?;
        let at = self.changes.binary_search_by_key(&place, |change| order(change)).ok()?;
        self.changes.remove(at)
    }

    fn put_back(&mut self, change: Arc<Change>) {
        self.places.insert(change.act, order(&change));
        let at = self.changes.partition_point(|other| order(other) < order(&change));
        self.changes.insert(at, change);
    }
}

/// What makes an event the same, whoever tells it and however often.
fn key(host: &HostName, event: &Event) -> String {
    format!("{host}/{}/{}/{:?}", event.id, event.time.as_nanosecond(), event.what)
}

fn keep_raw(change: &mut Change, raw: Arc<str>) {
    if change.raw.len() < MOST_RAW {
        change.raw.push(raw);
    }
}

/// A change about a host as a whole.
#[must_use]
pub fn of_host(host: &HostName, time: Timestamp, verb: Verb, detail: Option<String>) -> Change {
    let act = Record::act_of(Source::Host, &format!("{host}/{verb}/{}", time.as_nanosecond()));
    Change { host: Some(host.clone()), detail, ..Change::new(Source::Host, act, time, verb) }
}

#[cfg(test)]
mod tests;
