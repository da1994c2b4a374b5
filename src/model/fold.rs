//! The feed: changes as people tell them, folded from the engine's raw events, newest first and bounded.
//!
//! `docker stop` is three events (kill, die, stop) and one change; `docker restart` five; a crash loop any number.
//! What is folded is not dropped: a change keeps its raw events.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::change::{Change, MOST_RAW, Verb};
use super::container::ContainerId;
use super::event::{Event, Happening};
use super::host::HostName;
use super::wording::{first_reading, raw_text};

/// How many changes the feed keeps; the oldest go first.
pub const MOST_CHANGES: usize = 2000;
/// How many events are remembered to tell none twice: twice what an engine remembers.
const MOST_TOLD: usize = 512;
/// Events of one container no further apart than this may be one act: the grace period of a stop is 10 s by default.
const ONE_ACT: SignedDuration = SignedDuration::from_secs(15);
/// Crashes no further apart than this are one crash loop: engines wait up to a minute between restarts.
const ONE_LOOP: SignedDuration = SignedDuration::from_secs(90);

/// A change's place in the feed: its time, then its number.
type Order = (Timestamp, u64);

fn order(change: &Change) -> Order {
    (change.time, change.seq)
}

/// The changes in the order of their times: what an engine remembers comes in later than what it tells live.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    changes: VecDeque<Arc<Change>>,
    /// The latest change of each container that may still be folded into.
    open: HashMap<(HostName, ContainerId), Order>,
    next: u64,
    /// The latest events, by what makes each the same: a memory and a live stream may both tell of one.
    told: VecDeque<u64>,
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
        self.next
    }

    /// Takes in one event of `host`.
    pub fn tell(&mut self, host: &HostName, event: &Event) {
        let Some((verb, detail)) = first_reading(event) else { return };
        let key = (host.clone(), event.id.clone());
        let raw: Arc<str> = raw_text(event).into();
        if self.was_told(host, event, &raw) {
            return;
        }
        let open = self.open.get(&key).copied();
        if let Some(before) = open.and_then(|order| self.take(order)) {
            match fold(&before, event, verb) {
                Fold::Into(verb, detail_of_fold) => {
                    let mut folded = Change::clone(&before);
                    folded.verb = verb;
                    folded.detail = detail_of_fold;
                    folded.time = folded.time.max(event.time);
                    folded.container = Some(event.name.clone());
                    let again = before.verb == Verb::Crashed && before.detail.as_deref() != Some("OOM");
                    if again && matches!(event.what, Happening::Died { .. }) {
                        folded.count += 1;
                    }
                    if folded.raw.len() < MOST_RAW {
                        folded.raw.push(raw);
                    }
                    self.put(folded, Some(key));
                    return;
                }
                Fold::Apart => self.put_back(before),
            }
        }
        let change = Change {
            seq: 0,
            time: event.time,
            first: event.time,
            host: host.clone(),
            actor: None,
            ticket: None,
            verb,
            tenant: Some(event.place.tenant.clone()),
            container: Some(event.name.clone()),
            id: Some(event.id.clone()),
            detail,
            count: 1,
            raw: vec![raw],
        };
        self.put(change, Some(key));
    }

    /// Adds a change that is not an engine's event: a host lost or found, a gap, a difference seen by looking.
    pub fn add(&mut self, change: Change) {
        self.put(change, None);
    }

    /// Forgets everything told so far.
    pub fn forget(&mut self) {
        self.changes.clear();
        self.open.clear();
    }

    /// Whether this very event was told before; from now on it was.
    fn was_told(&mut self, host: &HostName, event: &Event, raw: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (host, &event.id, event.time, raw).hash(&mut hasher);
        let mark = hasher.finish();
        if self.told.contains(&mark) {
            return true;
        }
        if self.told.len() == MOST_TOLD {
            self.told.pop_front();
        }
        self.told.push_back(mark);
        false
    }

    fn put(&mut self, mut change: Change, key: Option<(HostName, ContainerId)>) {
        change.seq = self.next;
        self.next += 1;
        if let Some(key) = key {
            self.open.insert(key, order(&change));
        }
        self.put_back(Arc::new(change));
        while self.changes.len() > MOST_CHANGES {
            if let Some(oldest) = self.changes.pop_front()
                && let Some(id) = &oldest.id
            {
                let key = (oldest.host.clone(), id.clone());
                if self.open.get(&key) == Some(&order(&oldest)) {
                    self.open.remove(&key);
                }
            }
        }
    }

    fn take(&mut self, place: Order) -> Option<Arc<Change>> {
        let at = self.changes.binary_search_by_key(&place, |change| order(change)).ok()?;
        self.changes.remove(at)
    }

    fn put_back(&mut self, change: Arc<Change>) {
        let at = self.changes.partition_point(|other| order(other) < order(&change));
        self.changes.insert(at, change);
    }
}

enum Fold {
    Into(Verb, Option<String>),
    Apart,
}

/// Whether `event`, which alone would read `verb`, belongs to the act that `before` tells of.
fn fold(before: &Change, event: &Event, verb: Verb) -> Fold {
    let apart = event.time.duration_since(before.time);
    let exit = match &event.what {
        Happening::Died { code: Some(code) } if *code != 0 => Some(format!("exit {code}")),
        _ => None,
    };
    let detail = before.detail.clone();
    if apart <= ONE_ACT {
        match (before.verb, verb) {
            (Verb::Created, Verb::Started) => return Fold::Into(Verb::Started, detail),
            // A container that is stopped gets TERM, and KILL when its time is over.
            (Verb::Signalled, Verb::Signalled) => return Fold::Into(Verb::Signalled, first_detail(event)),
            (Verb::Signalled, Verb::Ended | Verb::Crashed) => {
                return Fold::Into(Verb::Killed, exit.or(detail));
            }
            (Verb::Killed | Verb::Ended | Verb::Crashed, Verb::Stopped) => {
                // That a stop began with TERM goes without saying.
                return Fold::Into(Verb::Stopped, detail.filter(|text| text.starts_with("exit")));
            }
            // Podman tells of a stop before or without a kill.
            (Verb::Stopped, Verb::Ended | Verb::Crashed) => {
                return Fold::Into(Verb::Stopped, exit.or(detail));
            }
            // Only the engine's own `restart` says that a stop and a start were one act.
            (Verb::Started, Verb::Restarted) if is_stop_and_start(before) => {
                return Fold::Into(Verb::Restarted, None);
            }
            (Verb::Stopped, Verb::Started) if apart <= SignedDuration::from_secs(2) => {
                return Fold::Into(Verb::Started, None);
            }
            (Verb::Crashed, Verb::Crashed | Verb::Ended) if detail.as_deref() == Some("OOM") => {
                return Fold::Into(Verb::Crashed, Some(format!("OOM, {}", exit.unwrap_or_default())));
            }
            (Verb::Killed | Verb::Stopped | Verb::Ended | Verb::Created, Verb::Removed) => {
                return Fold::Into(Verb::Removed, None);
            }
            _ => {}
        }
    }
    if apart <= ONE_LOOP && before.verb == Verb::Crashed && matches!(verb, Verb::Started | Verb::Crashed) {
        return Fold::Into(Verb::Crashed, exit.or(detail));
    }
    Fold::Apart
}

fn first_detail(event: &Event) -> Option<String> {
    first_reading(event).and_then(|(_, detail)| detail)
}

/// Whether a `started` was folded from a stop and a start in a row, as a restart makes them.
fn is_stop_and_start(before: &Change) -> bool {
    before.raw.iter().any(|raw| raw.starts_with("died"))
}

/// A change about a host as a whole.
#[must_use]
pub fn of_host(host: &HostName, time: Timestamp, verb: Verb, detail: Option<String>) -> Change {
    Change {
        seq: 0,
        time,
        first: time,
        host: host.clone(),
        actor: None,
        ticket: None,
        verb,
        tenant: None,
        container: None,
        id: None,
        detail,
        count: 1,
        raw: Vec::new(),
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
