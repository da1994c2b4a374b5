//! The scenario's own lines: when they come, whom they are for, and what chance adds to them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Future, Job, World};
use crate::config::scenario::{Act, Line, RestartPolicy};
use crate::demo::act::{self, Step};
use crate::demo::container::{Container, Health, Phase};
use crate::demo::sim::Key;

impl World {
    /// Puts the scenario's lines into the future.
    pub(super) fn open(&self, now: Timestamp) {
        let mut future = super::lock(&self.future);
        for (number, line) in self.scenario.acts.iter().enumerate() {
            let first = line.at.or(line.every).unwrap_or_default();
            let wait = first + future.chance.up_to(line.jitter.unwrap_or_default());
            future.put(now, wait, Job::Line(number));
        }
        for (number, line) in self.scenario.faults.iter().enumerate() {
            let first = line.at.or(line.every).unwrap_or_default();
            let wait = first + future.chance.up_to(line.jitter.unwrap_or_default());
            future.put(now, wait, Job::FaultBegins(number));
        }
        if self.scenario.events_per_second > 0.0 {
            future.put(now, Duration::ZERO, Job::Random);
        }
        drop(future);
        self.run_until(now);
    }

    pub(super) fn happen(&self, future: &mut Future, now: Timestamp, job: Job) {
        match job {
            Job::Steps { host, key, mut steps, done } => {
                if let Some((_, step)) = steps.pop_front() {
                    let laters = self.hosts[host].engine().apply(now, key, &step);
                    for later in laters {
                        future.later(now, host, later);
                    }
                }
                if let Some((after, _)) = steps.front() {
                    let after = *after;
                    future.put(now, after, Job::Steps { host, key, steps, done });
                } else if let Some(done) = done {
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
            }
            Job::Act { host, key, act } => {
                let mut engine = self.hosts[host].engine();
                // Decided a moment ago: by now it may sleep, or do something else.
                let still = |it: &Container| is_free(it, now) && act::suits(act, it);
                let plan = if engine.container(key).is_some_and(still) {
                    engine.plan(key, act, now).ok()
                } else {
                    None
                };
                drop(engine);
                if let Some(plan) = plan {
                    future.steps(now, host, key, plan, None);
                }
            }
            Job::Line(number) => {
                let line = &self.scenario.acts[number];
                if let Some(every) = line.every {
                    let wait = every + future.chance.up_to(line.jitter.unwrap_or_default());
                    future.put(now, wait, Job::Line(number));
                }
                for _ in 0..line.to.count.unwrap_or(1) {
                    self.pick(future, now, line);
                }
            }
            Job::Random => self.random(future, now),
            Job::FaultBegins(number) => self.fault(future, now, number, true),
            Job::FaultEnds(number) => self.fault(future, now, number, false),
        }
    }

    fn fault(&self, future: &mut Future, now: Timestamp, number: usize, begins: bool) {
        let line = &self.scenario.faults[number];
        let Some(host) = self.hosts.iter().find(|host| *host.name == *line.host) else { return };
        let mut faults = host.faults.borrow().clone();
        faults.retain(|fault| *fault != line.fault);
        if begins {
            faults.push(line.fault);
            host.forget(line.fault);
            if let Some(lasts) = line.lasts {
                future.put(now, lasts, Job::FaultEnds(number));
            }
            if let Some(every) = line.every {
                let wait = every + future.chance.up_to(line.jitter.unwrap_or_default());
                future.put(now, wait, Job::FaultBegins(number));
            }
        }
        host.suffer(faults);
    }

    /// Picks whom a line is for, and lets the act begin.
    fn pick(&self, future: &mut Future, now: Timestamp, line: &Line) {
        if line.act == Act::Create {
            self.recreate(future, now, line);
            return;
        }
        let wanted = &line.to;
        let fits = |container: &Container| {
            let spec = &container.spec;
            wanted.tenant.as_deref().is_none_or(|tenant| tenant == &*spec.tenant)
                && wanted.container.as_deref().is_none_or(|name| name == spec.name)
                && wanted.role.as_deref().is_none_or(|role| role == &*spec.role)
                && wanted.tier.is_none_or(|tier| tier.as_str() == spec.tier)
        };
        let free = |container: &Container| is_free(container, now) && act::suits(line.act, container);
        let first = future.chance.below(self.hosts.len());
        for offset in 0..self.hosts.len() {
            let host = (first + offset) % self.hosts.len();
            if wanted.host.as_deref().is_some_and(|name| name != &*self.hosts[host].name) {
                continue;
            }
            let engine = self.hosts[host].engine();
            let fitting: Vec<(Key, &Container)> =
                engine.containers().filter(|(_, it)| fits(it) && free(it)).collect();
            let Some((key, chosen)) = fitting.get(future.chance.below(fitting.len())) else { continue };
            let whole = wanted.whole.unwrap_or_else(|| act::is_whole(line.act));
            let keys: Vec<Key> = if whole {
                let tenant = &chosen.spec.tenant;
                fitting.iter().filter(|(_, it)| it.spec.tenant == *tenant).map(|(key, _)| *key).collect()
            } else {
                vec![*key]
            };
            drop(engine);
            let mut wait = Duration::ZERO;
            for key in keys {
                future.put(now, wait, Job::Act { host, key, act: line.act });
                wait += future.chance.millis(60, 350);
            }
            return;
        }
    }

    /// Makes a tenant anew that was destroyed before.
    fn recreate(&self, future: &mut Future, now: Timestamp, line: &Line) {
        let first = future.chance.below(self.hosts.len());
        for offset in 0..self.hosts.len() {
            let host = (first + offset) % self.hosts.len();
            if line.to.host.as_deref().is_some_and(|name| name != &*self.hosts[host].name) {
                continue;
            }
            let mut engine = self.hosts[host].engine();
            let wanted = line.to.tenant.as_deref();
            let known = engine
                .graves()
                .iter()
                .find(|grave| !grave.held && wanted.is_none_or(|name| name == &*grave.spec.tenant));
            let Some(tenant) = known.map(|grave| Arc::clone(&grave.spec.tenant)) else { continue };
            let names: Vec<String> = engine
                .graves()
                .iter()
                .filter(|grave| !grave.held && grave.spec.tenant == tenant)
                .map(|grave| grave.spec.name.clone())
                .collect();
            let specs: Vec<_> = names.iter().filter_map(|name| engine.dig(name)).collect();
            drop(engine);
            let mut wait = Duration::ZERO;
            for spec in specs {
                future.steps(now, host, 0, vec![(wait, Step::Create(spec))], None);
                wait += future.chance.millis(200, 700);
            }
            return;
        }
    }

    /// One random act, and the next one after as long as its events take at the rate wanted.
    fn random(&self, future: &mut Future, now: Timestamp) {
        let host = future.chance.below(self.hosts.len());
        let mut events = 0;
        let mut engine = self.hosts[host].engine();
        let free: Vec<(Key, &Container)> = engine.containers().filter(|(_, it)| is_free(it, now)).collect();
        let chosen = free
            .get(future.chance.below(free.len()))
            .and_then(|(key, container)| Some((*key, any_act(container, future.chance.below(10))?)));
        if let Some((key, act)) = chosen
            && let Ok(plan) = engine.plan(key, act, now)
        {
            events = engine.container(key).map_or(0, |container| count(&plan, container));
            drop(engine);
            future.steps(now, host, key, plan, None);
        }
        let wait = f64::from(events.max(1)) / self.scenario.events_per_second;
        // With nobody to act on, it looks again after a while instead of at once.
        let wait = if events == 0 { wait.max(0.001) } else { wait };
        future.put(now, Duration::from_secs_f64(wait), Job::Random);
    }
}

/// Whether chance may do something to it: nobody is at it, and no client has put it to sleep.
fn is_free(container: &Container, now: Timestamp) -> bool {
    container.engaged_until <= now && !container.held
}

/// What may happen next to a container like this; `dice` is below 10.
fn any_act(container: &Container, dice: usize) -> Option<Act> {
    Some(match (container.phase, container.health) {
        (Phase::Running, Some(Health::Unhealthy)) => Act::Healthy,
        (Phase::Running, Some(Health::Healthy)) if dice < 3 => Act::Unhealthy,
        (Phase::Running, _) => match dice {
            0..6 => Act::Pause,
            6..8 => Act::Stop,
            8 => Act::Restart,
            _ => Act::Crash(1),
        },
        (Phase::Paused, _) => Act::Unpause,
        (Phase::Exited | Phase::Created, _) => Act::Start,
        (Phase::Restarting, _) => return None,
    })
}

/// How many events a plan will tell, those that follow from it included.
fn count(plan: &[(Duration, Step)], container: &Container) -> u32 {
    let health = u32::from(container.spec.health);
    let events = |step: &Step| match step {
        Step::Start => 1 + health,
        Step::Die { by_itself: true, .. } if container.spec.restart != RestartPolicy::No => 2 + health,
        Step::Busy(_) | Step::Loop(_) | Step::StartAgain | Step::Answer => 0,
        _ => 1,
    };
    plan.iter().map(|(_, step)| events(step)).sum()
}
