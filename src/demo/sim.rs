//! The simulated engine of one host: its containers and its events. No I/O and no clock: time is passed in.

mod apply;
mod checkpoint;
mod life;
mod make;
mod refuse;
mod rows;
mod sessions;
mod things;
mod update;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::act::{self, Plan, Step};
use super::chance::Chance;
use super::container::{Container, Spec};
use super::event::Events;
use super::given::Image;
use crate::config::scenario::{Act, Fault};

pub use refuse::Refusal;
pub use rows::Row;
pub use update::Update;

/// A container's place in its engine, in the order in which they were made.
pub type Key = u64;

/// What was destroyed and may come back; the oldest is forgotten first.
const GRAVES: usize = 1000;

/// A step that follows from one just done.
#[derive(Clone, Debug)]
pub struct Later {
    /// How long after it.
    pub after: Duration,
    /// To which container.
    pub key: Key,
    /// What.
    pub step: Step,
}

/// What an engine says of itself.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct About {
    pub name: String,
    pub id: String,
    pub cpus: u32,
    pub memory: u64,
    pub swap: u64,
    pub swap_limit: bool,
    pub version: String,
    pub api: String,
    pub experimental: bool,
    pub cgroup: u8,
    pub stats_delay: Duration,
    /// How often health checks make their exec events, if they do.
    pub check_every: Option<Duration>,
    /// How long a checkpoint takes for each MiB.
    pub checkpoint_time: Duration,
    /// How long to start from one takes for each MiB.
    pub restore_time: Duration,
}

/// What is left of a container that was destroyed.
#[derive(Clone, Debug)]
pub struct Grave {
    /// What it was made of.
    pub spec: Arc<Spec>,
    /// Whether a client destroyed it: then chance does not bring it back.
    pub held: bool,
}

#[derive(Debug)]
struct Slot {
    container: Container,
    /// Its row of the list, until it changes.
    row: Option<Arc<Row>>,
}

/// One engine.
#[derive(Debug)]
pub struct Engine {
    /// What it says of itself.
    pub about: About,
    /// What it tells.
    pub events: Events,
    slots: BTreeMap<Key, Slot>,
    by_name: HashMap<String, Key>,
    by_id: HashMap<Arc<str>, Key>,
    next_key: Key,
    graves: Vec<Grave>,
    /// The images that there are, by their full names.
    images: BTreeMap<String, Image>,
    things: things::Things,
    chance: Chance,
    lists: rows::Lists,
}

impl Engine {
    /// An engine without containers.
    #[must_use]
    pub fn new(about: About, seed: u64) -> Self {
        let chance = Chance::new(seed, &about.name);
        let flaws = Chance::new(seed, &format!("{} events", about.name));
        Engine {
            about,
            events: Events::new(flaws),
            slots: BTreeMap::new(),
            by_name: HashMap::new(),
            by_id: HashMap::new(),
            next_key: 1,
            graves: Vec::new(),
            images: BTreeMap::new(),
            things: things::Things::default(),
            chance,
            lists: rows::Lists::default(),
        }
    }

    /// Puts a container in, as it is, without an event.
    pub fn insert(&mut self, container: Container) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        self.by_name.insert(container.spec.name.clone(), key);
        self.by_id.insert(Arc::clone(&container.id), key);
        self.learn(&container.spec);
        self.slots.insert(key, Slot { container, row: None });
        self.lists.forget();
        key
    }

    /// The container of that name (with or without the slash), id, or beginning of an id.
    #[must_use]
    pub fn find(&self, wanted: &str) -> Option<Key> {
        let name = wanted.strip_prefix('/').unwrap_or(wanted);
        let known = self.by_id.get(wanted).or_else(|| self.by_name.get(name)).copied();
        let by_prefix = || {
            let mut fitting =
                self.by_id.iter().filter(|(id, _)| !wanted.is_empty() && id.starts_with(wanted));
            fitting.next().filter(|_| fitting.next().is_none()).map(|(_, key)| *key)
        };
        known.or_else(by_prefix)
    }

    /// The container at that place.
    #[must_use]
    pub fn container(&self, key: Key) -> Option<&Container> {
        self.slots.get(&key).map(|slot| &slot.container)
    }

    /// The container at that place, its counters brought up to date.
    pub fn look(&mut self, key: Key, now: Timestamp) -> Option<(&Container, super::usage::Look)> {
        let slot = self.slots.get_mut(&key)?;
        let runs = slot.container.phase == super::container::Phase::Running;
        let look = slot.container.usage.look(now, runs);
        Some((&slot.container, look))
    }

    /// All containers, oldest first.
    pub fn containers(&self) -> impl Iterator<Item = (Key, &Container)> {
        self.slots.iter().map(|(key, slot)| (*key, &slot.container))
    }

    /// The steps of an act, if the engine lets it be done to that container. Nothing has happened yet.
    ///
    /// # Errors
    /// Refuses as a real engine would.
    pub fn plan(&mut self, key: Key, act: Act, now: Timestamp) -> Result<Plan, Refusal> {
        let slot = self.slots.get_mut(&key).ok_or_else(|| Refusal::no_such("?"))?;
        refuse::check(act, &slot.container)?;
        let plan = act::plan(act, &slot.container, &mut self.chance);
        let lasts: Duration = plan.iter().map(|(after, _)| *after).sum();
        slot.container.engaged_until = now + lasts;
        Ok(plan)
    }

    /// A client put it to sleep or woke it: chance leaves what sleeps alone.
    pub fn hold(&mut self, key: Key, held: bool) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.container.held = held;
        }
    }

    /// What was destroyed and may come back, the latest last.
    #[must_use]
    pub fn graves(&self) -> &[Grave] {
        &self.graves
    }

    /// Takes what was destroyed under that name out, to be made anew.
    pub fn dig(&mut self, name: &str) -> Option<Arc<Spec>> {
        let at = self.graves.iter().rposition(|grave| grave.spec.name == name)?;
        Some(self.graves.remove(at).spec)
    }

    /// Lets the faults that are the engine's own (and not its server's) begin and end.
    pub fn suffer(&mut self, faults: &[Fault]) {
        self.events.drop_percent = 0;
        self.events.twice = false;
        let mut lag = Duration::ZERO;
        for fault in faults {
            match fault {
                Fault::DropEvents(percent) => self.events.drop_percent = *percent,
                Fault::DuplicateEvents => self.events.twice = true,
                Fault::StaleList(by) => lag = *by,
                _ => {}
            }
        }
        self.lists.set_lag(lag);
    }
}

#[cfg(test)]
mod tests;
