//! The picture of one host: what its containers are, held right against events that are late, doubled or lost.
//!
//! Three kinds of news come in. An *event* says what happened and is drawn at once. An *inspect* of one container is
//! always true at the moment it is asked. A *list* is cheap for many, but lags: right after an event it still shows
//! what was before (in 198 of 200 trials; right again 8 ms later at most, see `docs/engine-facts.md`). So a list is
//! believed only where no event came near it, and where one did, that container is inspected instead.

mod telling;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::container::{ContainerId, Facts, Health, Phase};
use super::event::{Event, Happening};
use telling::tell;

/// A moment on the process's own steady clock, since its start. Never compared with an engine's clock.
pub type Moment = Duration;

/// How long after an event a list is not believed about its container: 30 times the longest lag measured.
pub const LIST_LAG: Duration = Duration::from_millis(250);

/// So many containers are inspected after a list to learn how they were set up.
const MOST_LEARNT: usize = 64;
/// But not after the first lists: whoever has just begun has more urgent questions.
const LISTS_BEFORE: u32 = 2;

/// What one piece of news did to the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Something that can be seen is different now.
    pub changed: bool,
    /// The news does not tell all: inspect that container.
    pub inspect: bool,
}

/// What a full list did to the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Something that can be seen is different now.
    pub changed: bool,
    /// Containers about which the list cannot be believed: inspect them.
    pub inspect: Vec<ContainerId>,
    /// Containers of which it is not known how they were set up: to be inspected when there is time.
    pub unlearnt: Vec<ContainerId>,
    /// What had changed without an event telling of it.
    pub observed: Vec<Observed>,
}

/// A difference that no event told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What was believed before; nothing where the container is new.
    pub before: Option<Arc<Facts>>,
    /// What is so now; nothing where it is gone.
    pub after: Option<Arc<Facts>>,
}

#[derive(Clone, Debug)]
struct Entry {
    facts: Arc<Facts>,
    /// When its last event came in.
    touched: Option<Moment>,
    /// The engine's own time of its last event.
    told: Option<jiff::Timestamp>,
    /// Events may have been missed since it was last looked at closely.
    unsure: bool,
}

/// All containers of one host, by whole id.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    entries: BTreeMap<ContainerId, Entry>,
    /// Containers that an event said are gone, until no list can show them any more.
    gone: BTreeMap<ContainerId, Moment>,
    /// Containers of which an inspect must tell what is not known yet.
    awaited: BTreeSet<ContainerId>,
    /// How many lists have been taken in, up to a few.
    lists: u32,
}

impl Picture {
    /// The containers, by id.
    #[must_use]
    pub fn containers(&self) -> impl ExactSizeIterator<Item = &Arc<Facts>> {
        self.entries.values().map(|entry| &entry.facts)
    }

    /// One container.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Facts>> {
        self.entries.get(id).map(|entry| &entry.facts)
    }

    /// Whether a container's state may turn out to be another once it is inspected.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// An inspect failed: what it was to tell stays unknown until something new is heard of the container.
    pub fn give_up(&mut self, id: &str) {
        self.awaited.remove(id);
    }

    /// The event stream was cut: from here on, what a list leaves open is asked again.
    pub fn distrust(&mut self) {
        for entry in self.entries.values_mut() {
            entry.unsure = true;
        }
    }

    /// Takes in an event that came at `now`.
    pub fn apply_event(&mut self, event: &Event, now: Moment) -> Outcome {
        let outcome = self.hear(event, now);
        if outcome.inspect {
            self.awaited.insert(event.id.clone());
        } else if event.what == Happening::Removed {
            self.awaited.remove(&event.id);
        }
        outcome
    }

    fn hear(&mut self, event: &Event, now: Moment) -> Outcome {
        if event.what == Happening::Updated {
            // A restart policy tells a job that is done from a container that somebody stopped.
            let ended = |entry: &Entry| matches!(entry.facts.phase, Phase::Exited(_));
            let inspect = self.entries.get(&event.id).is_some_and(ended);
            return Outcome { changed: false, inspect };
        }
        if !event.what.moves_the_picture() {
            return Outcome::default();
        }
        if event.what == Happening::Removed {
            self.gone.insert(event.id.clone(), now);
            return Outcome { changed: self.entries.remove(&event.id).is_some(), inspect: false };
        }
        if self.gone.contains_key(&event.id) {
            // A late echo: an id is never used twice.
            return Outcome::default();
        }
        let Some(entry) = self.entries.get_mut(&event.id) else {
            return self.meet(event, now);
        };
        if entry.told.is_some_and(|told| event.time <= told) {
            // Doubled or out of order. It may still be news, so the engine is asked.
            entry.touched = Some(now);
            return Outcome { changed: false, inspect: true };
        }
        entry.touched = Some(now);
        entry.told = Some(event.time);
        let mut facts = Facts::clone(&entry.facts);
        let inspect = tell(&mut facts, event);
        let changed = facts != *entry.facts;
        if changed {
            entry.facts = Arc::new(facts);
        }
        Outcome { changed, inspect }
    }

    /// A container that nobody told of before.
    fn meet(&mut self, event: &Event, now: Moment) -> Outcome {
        let mut facts = Facts {
            id: event.id.clone(),
            name: event.name.clone(),
            image: event.image.clone(),
            place: event.place.clone(),
            phase: Phase::Created,
            health: Health::Unknown,
            oom: false,
            since: Some(event.time),
            detail: None,
            ports: None,
            setup: None,
            at_work: false,
            asleep: None,
        };
        tell(&mut facts, event);
        let inspect = event.what != Happening::Created;
        let entry =
            Entry { facts: Arc::new(facts), touched: Some(now), told: Some(event.time), unsure: false };
        self.entries.insert(event.id.clone(), entry);
        Outcome { changed: true, inspect }
    }

    /// Takes in the answer to an inspect that was asked at `asked`; `None` says that there is no such container.
    pub fn apply_inspect(&mut self, id: &ContainerId, answer: Option<Facts>, asked: Moment) -> Outcome {
        let outcome = self.learn(id, answer, asked);
        if !outcome.inspect {
            self.awaited.remove(id);
        }
        outcome
    }

    fn learn(&mut self, id: &ContainerId, answer: Option<Facts>, asked: Moment) -> Outcome {
        if self.entries.get(id).is_some_and(|entry| entry.touched.is_some_and(|touched| touched > asked)) {
            // Something happened while the answer was under way.
            return Outcome { changed: false, inspect: true };
        }
        match answer {
            None => Outcome { changed: self.entries.remove(id).is_some(), inspect: false },
            Some(_) if self.gone.contains_key(id) => Outcome::default(),
            Some(mut facts) => {
                if let Some(entry) = self.entries.get(id) {
                    // Right after the exit Docker 20.10 may not know yet what its own event said.
                    let same_end = !entry.unsure && entry.facts.phase == facts.phase;
                    facts.oom |= same_end && entry.facts.oom;
                    // An inspect knows starts and ends only; pauses and turns of health have their times from events.
                    if entry.told.is_some() && entry.facts.phase == facts.phase && entry.facts.since.is_some()
                    {
                        facts.since = entry.facts.since;
                    }
                }
                let changed = self.put(facts);
                if let Some(entry) = self.entries.get_mut(id) {
                    entry.unsure = false;
                }
                Outcome { changed, inspect: false }
            }
        }
    }

    /// Takes in a full list that was asked for at `asked`.
    pub fn apply_list(&mut self, list: Vec<Facts>, asked: Moment) -> Reconciled {
        let mut result = self.reconcile(list, asked);
        if self.lists >= LISTS_BEFORE {
            let is_unlearnt = |entry: &&Entry| !entry.facts.setup.as_ref().is_some_and(|it| it.is_whole);
            let unlearnt = self.entries.values().filter(is_unlearnt).map(|entry| entry.facts.id.clone());
            result.unlearnt = unlearnt.take(MOST_LEARNT).collect();
        } else {
            self.lists += 1;
        }
        let there = |id: &ContainerId| self.entries.contains_key(id) || result.inspect.contains(id);
        self.awaited.retain(there);
        self.awaited.extend(result.inspect.iter().cloned());
        result
    }

    fn reconcile(&mut self, list: Vec<Facts>, asked: Moment) -> Reconciled {
        if self.entries.is_empty() && self.gone.is_empty() {
            return self.begin(list);
        }
        let mut result = Reconciled::default();
        let listed: BTreeSet<ContainerId> = list.iter().map(|facts| facts.id.clone()).collect();
        let known: Vec<ContainerId> = self.entries.keys().cloned().collect();
        self.gone.retain(|_, when| *when + LIST_LAG >= asked);
        let with_others = with_others(&list);

        for mut facts in list {
            if self.gone.contains_key(&facts.id) {
                continue;
            }
            let before = self.entries.get(&facts.id);
            if before.is_some_and(|entry| near(entry, asked)) {
                result.inspect.push(facts.id);
                continue;
            }
            if facts.phase == Phase::Unclear {
                result.inspect.push(facts.id);
                continue;
            }
            let unsure = before.is_none_or(|entry| entry.unsure);
            let before = before.map(|entry| entry.facts.clone());
            if let Some(setup) = before.as_ref().and_then(|before| before.setup.as_ref()) {
                // It never changes, and a list tells a part of it.
                facts.setup = Some(setup.clone());
            }
            // After a cut it may be another run of the same container.
            if let Some(before) = before.as_ref().filter(|_| !unsure) {
                keep_what_a_list_omits(before, &mut facts);
            }
            let is_awaited = self.awaited.contains(&facts.id);
            if is_awaited || needs_a_closer_look(&facts, unsure, &with_others) {
                result.inspect.push(facts.id.clone());
            }
            let id = facts.id.clone();
            if self.put(facts) {
                result.changed = true;
                let after = self.get(&id).cloned();
                if before.as_ref().is_none_or(|before| differs(before, after.as_deref())) {
                    if before.is_some() && !unsure && !result.inspect.contains(&id) {
                        result.inspect.push(id);
                    }
                    result.observed.push(Observed { before, after });
                }
            }
        }
        let missing: Vec<ContainerId> = known.into_iter().filter(|id| !listed.contains(id)).collect();
        for id in missing {
            if self.entries.get(&id).is_some_and(|entry| near(entry, asked)) {
                result.inspect.push(id);
            } else if let Some(entry) = self.entries.remove(&id) {
                result.changed = true;
                result.observed.push(Observed { before: Some(entry.facts), after: None });
            }
        }
        result
    }

    /// Takes in the first list of many: all in it is new, and nothing can be missing.
    fn begin(&mut self, list: Vec<Facts>) -> Reconciled {
        let with_others = with_others(&list);
        let unclear =
            |facts: &&Facts| facts.phase == Phase::Unclear || needs_a_closer_look(facts, true, &with_others);
        let inspect = list.iter().filter(unclear).map(|facts| facts.id.clone()).collect();
        drop(with_others);
        let list = list.into_iter().filter(|facts| facts.phase != Phase::Unclear);
        let entry = |facts: Facts| Entry { facts: Arc::new(facts), touched: None, told: None, unsure: false };
        // Sorted and filled in one go.
        self.entries = list.map(|facts| (facts.id.clone(), entry(facts))).collect();
        let new = |facts: &Arc<Facts>| Observed { before: None, after: Some(facts.clone()) };
        let observed: Vec<Observed> = self.containers().map(new).collect();
        Reconciled { changed: !observed.is_empty(), inspect, unlearnt: Vec::new(), observed }
    }

    fn put(&mut self, facts: Facts) -> bool {
        match self.entries.get_mut(&facts.id) {
            Some(entry) if *entry.facts == facts => false,
            Some(entry) => {
                entry.facts = Arc::new(facts);
                true
            }
            None => {
                let id = facts.id.clone();
                self.entries
                    .insert(id, Entry { facts: Arc::new(facts), touched: None, told: None, unsure: false });
                true
            }
        }
    }
}

/// Whether an event came too near to a list asked for at `asked` for the list to be believed.
fn near(entry: &Entry, asked: Moment) -> bool {
    entry.touched.is_some_and(|touched| touched + LIST_LAG >= asked)
}

/// Whether a list's word leaves open what the container's state is, or its tenant's.
fn needs_a_closer_look(facts: &Facts, unsure: bool, with_others: &BTreeSet<Arc<str>>) -> bool {
    match facts.phase {
        // 137 is what a kill leaves, and what the kernel leaves when memory runs out; only an inspect tells them apart.
        Phase::Exited(Some(137) | None) => unsure,
        // A job that is done, or a container that somebody stopped? That matters only beside others.
        Phase::Exited(Some(0)) => facts.detail.is_none() && with_others.contains(&facts.place.tenant),
        _ => false,
    }
}

/// The tenants in a list that have a container which ended with 0 beside others.
fn with_others(list: &[Facts]) -> BTreeSet<Arc<str>> {
    let mut found: HashMap<&Arc<str>, (usize, bool)> = HashMap::new();
    if list.iter().any(|facts| facts.phase == Phase::Exited(Some(0))) {
        for facts in list {
            let (all, ended) = found.entry(&facts.place.tenant).or_default();
            *all += 1;
            *ended |= facts.phase == Phase::Exited(Some(0));
        }
    }
    let several = found.into_iter().filter(|(_, (all, ended))| *all > 1 && *ended);
    several.map(|(tenant, _)| tenant.clone()).collect()
}

/// Whether the state as people see it differs, and not only a rounded time.
fn differs(before: &Facts, after: Option<&Facts>) -> bool {
    after.is_none_or(|after| {
        (before.phase, before.state(), &before.name) != (after.phase, after.state(), &after.name)
    })
}

/// A list says less than an inspect did: what it leaves out is kept while the container's phase is the same.
fn keep_what_a_list_omits(before: &Facts, listed: &mut Facts) {
    if listed.phase != before.phase {
        return;
    }
    listed.since = before.since;
    listed.detail = before.detail;
    listed.ports.clone_from(&before.ports);
    listed.oom = before.oom;
    if listed.health == Health::Unknown {
        listed.health = before.health;
    }
}

#[cfg(test)]
mod tests;
