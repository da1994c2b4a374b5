//! All engines of a scenario and what is still to happen to them, in the order of its time.

mod script;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot, watch};

use super::act::{Plan, Step};
use super::chance::Chance;
use super::populate;
use super::sim::{Engine, Key, Later, Refusal};
use crate::config::scenario::{Act, Call, CallFault, Fault, Scenario};

/// One simulated host.
#[derive(Debug)]
pub struct Host {
    /// Its short name.
    pub name: Arc<str>,
    engine: Mutex<Engine>,
    /// What is wrong with it at the moment.
    pub faults: watch::Sender<Vec<Fault>>,
    /// The calls that are still to go wrong, each with how many times.
    calls: Mutex<Vec<(CallFault, u32)>>,
}

impl Host {
    /// Its engine, to look at or to change; never held across an await.
    pub fn engine(&self) -> MutexGuard<'_, Engine> {
        lock(&self.engine)
    }

    /// Makes these faults, and no others, be what is wrong.
    pub fn suffer(&self, faults: Vec<Fault>) {
        self.engine().suffer(&faults);
        let mut calls = lock(&self.calls);
        calls.retain(|(call, _)| faults.contains(&Fault::Call(*call)));
        for fault in &faults {
            if let Fault::Call(call) = fault
                && !calls.iter().any(|(known, _)| known == call)
            {
                calls.push((*call, call.times));
            }
        }
        drop(calls);
        self.faults.send_replace(faults);
    }
}

impl Host {
    /// Lets a fault of calls begin anew, however many there were.
    pub fn forget(&self, fault: Fault) {
        lock(&self.calls).retain(|(call, _)| Fault::Call(*call) != fault);
    }

    /// What goes wrong with a call that has just come.
    pub fn strike(&self, call: Call) -> Option<CallFault> {
        let mut calls = lock(&self.calls);
        let (fault, left) = calls
            .iter_mut()
            .find(|(fault, left)| *left > 0 && (fault.of == Call::Any || fault.of == call))?;
        *left -= 1;
        Some(*fault)
    }
}

/// All hosts, and the future.
#[derive(Debug)]
pub struct World {
    /// The hosts, in the order of the scenario.
    pub hosts: Vec<Arc<Host>>,
    /// Told when something was put before what was next.
    pub changed: Notify,
    scenario: Scenario,
    future: Mutex<Future>,
}

#[derive(Debug)]
struct Future {
    /// What happens when; the number keeps what is due at once in its order.
    queue: BTreeMap<(Timestamp, u64), Job>,
    serial: u64,
    chance: Chance,
    tempo: f64,
}

#[derive(Debug)]
enum Job {
    /// Steps of one container, the first of them now.
    Steps {
        host: usize,
        key: Key,
        steps: VecDeque<(Duration, Step)>,
        done: Option<oneshot::Sender<()>>,
    },
    /// A line of the scenario.
    Line(usize),
    /// An act for one container, decided a moment ago.
    Act {
        host: usize,
        key: Key,
        act: Act,
    },
    /// One random event, and the next.
    Random,
    FaultBegins(usize),
    FaultEnds(usize),
}

impl World {
    /// The scenario at its start, which is `now`.
    #[must_use]
    pub fn new(scenario: &Scenario, now: Timestamp) -> Self {
        let mut future = Future {
            queue: BTreeMap::new(),
            serial: 0,
            chance: Chance::new(scenario.seed, "world"),
            tempo: scenario.time_scale,
        };
        let mut hosts = Vec::new();
        for (host, (mut engine, openings)) in populate::engines(scenario, now).into_iter().enumerate() {
            for (after, key, step) in openings {
                future.later(now, host, Later { after, key, step });
            }
            // Rendered now, so that whoever measures the first list measures the asking.
            engine.list(now);
            let name = engine.about.name.as_str().into();
            let faults = watch::Sender::new(Vec::new());
            hosts.push(Arc::new(Host { name, engine: Mutex::new(engine), faults, calls: Mutex::default() }));
        }
        let world =
            World { hosts, changed: Notify::new(), scenario: scenario.clone(), future: Mutex::new(future) };
        world.open(now);
        world
    }

    /// Lets everything happen that is due by `now`; says when something is due next.
    pub fn run_until(&self, now: Timestamp) -> Option<Timestamp> {
        let mut future = lock(&self.future);
        loop {
            let entry = future.queue.first_entry()?;
            let due = entry.key().0;
            if due > now {
                return Some(due);
            }
            let job = entry.remove();
            self.happen(&mut future, due, job);
        }
    }

    /// Does `act` to the container of that name or id. Its first step is done on return; the receiver hears when the
    /// last one is.
    ///
    /// # Errors
    /// Refuses what a real engine would refuse.
    pub fn act(
        &self,
        host: usize,
        container: &str,
        act: Act,
        now: Timestamp,
    ) -> Result<oneshot::Receiver<()>, Refusal> {
        if act != Act::Create {
            return self.begin(host, container, now, |engine, key| engine.plan(key, act, now));
        }
        let (sender, receiver) = oneshot::channel();
        let mut future = lock(&self.future);
        let mut engine = self.hosts[host].engine();
        if let Some(key) = engine.find(container) {
            return engine.plan(key, act, now).map(|_| receiver);
        }
        let spec = engine.dig(container).ok_or_else(|| Refusal::no_such(container))?;
        drop(engine);
        future.steps(now, host, 0, vec![(Duration::ZERO, Step::Create(spec))], Some(sender));
        drop(future);
        self.run_until(now);
        self.changed.notify_one();
        Ok(receiver)
    }

    /// Lets a plan for the container of that name or id begin, as [`World::act`] does.
    ///
    /// # Errors
    /// There is no such container, or `plan` refuses.
    pub fn begin(
        &self,
        host: usize,
        container: &str,
        now: Timestamp,
        plan: impl FnOnce(&mut Engine, Key) -> Result<Plan, Refusal>,
    ) -> Result<oneshot::Receiver<()>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let mut future = lock(&self.future);
        let mut engine = self.hosts[host].engine();
        let key = engine.find(container).ok_or_else(|| Refusal::no_such(container))?;
        let plan = plan(&mut engine, key)?;
        drop(engine);
        future.steps(now, host, key, plan, Some(sender));
        drop(future);
        self.run_until(now);
        self.changed.notify_one();
        Ok(receiver)
    }

    /// Changes an engine at once, and lets follow what follows from that.
    ///
    /// # Errors
    /// What `change` refuses.
    pub fn change(
        &self,
        host: usize,
        now: Timestamp,
        change: impl FnOnce(&mut Engine) -> Result<Vec<Later>, Refusal>,
    ) -> Result<(), Refusal> {
        let mut future = lock(&self.future);
        let laters = change(&mut self.hosts[host].engine())?;
        for later in laters {
            future.later(now, host, later);
        }
        drop(future);
        self.changed.notify_one();
        Ok(())
    }

    /// Does one step to the container of that name or id, at once.
    ///
    /// # Errors
    /// Says where there is no such container.
    pub fn step(&self, host: usize, container: &str, step: &Step, now: Timestamp) -> Result<(), Refusal> {
        self.change(host, now, |engine| {
            let key = engine.find(container).ok_or_else(|| Refusal::no_such(container))?;
            Ok(engine.apply(now, key, step))
        })
    }

    /// All events that were told so far, by all engines.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.hosts.iter().map(|host| host.engine().events.told()).sum()
    }
}

impl Future {
    /// Puts a job into the future, the scenario's tempo applied.
    fn put(&mut self, now: Timestamp, after: Duration, job: Job) {
        let due = now + after.div_f64(self.tempo);
        self.serial += 1;
        self.queue.insert((due, self.serial), job);
    }

    fn later(&mut self, now: Timestamp, host: usize, later: Later) {
        self.steps(now, host, later.key, vec![(later.after, later.step)], None);
    }

    fn steps(
        &mut self,
        now: Timestamp,
        host: usize,
        key: Key,
        plan: Vec<(Duration, Step)>,
        done: Option<oneshot::Sender<()>>,
    ) {
        let after = plan.first().map_or(Duration::ZERO, |(after, _)| *after);
        self.put(now, after, Job::Steps { host, key, steps: plan.into(), done });
    }
}

/// A lock whose holder panicked is still a lock: a simulation may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
