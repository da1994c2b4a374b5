//! Steps applied: what they change, what they tell, and what follows from them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Engine, GRAVES, Key, Later};
use crate::config::scenario::RestartPolicy;
use crate::demo::act::Step;
use crate::demo::container::{Container, Health, Phase, Spec};
use crate::demo::event::Events;

/// A container that ran so long is no longer in a crash loop.
const LASTED: Duration = Duration::from_secs(10);
/// The longest wait of a restart policy.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Engine {
    /// Does one step, at once. A step that no longer fits (its container is gone, or does something else by now) is
    /// nothing: whoever acts asks first, and what was planned may be overtaken.
    pub fn apply(&mut self, now: Timestamp, key: Key, step: &Step) -> Vec<Later> {
        self.remember_rows(now);
        match step {
            Step::Create(spec) => return self.create(now, spec),
            Step::Destroy { keep } => {
                self.destroy(now, key, *keep);
                return Vec::new();
            }
            Step::Rename(name) => {
                self.rename(now, key, name);
                return Vec::new();
            }
            _ => {}
        }
        let check_every = self.about.check_every;
        let Some(slot) = self.slots.get_mut(&key) else { return Vec::new() };
        let container = &mut slot.container;
        let mut later = Vec::new();
        let waits = container.phase == Phase::Restarting;
        let mut follow = |after, step| later.push(Later { after, key, step });
        let up = container.phase.is_up();
        let told: Option<(&str, Vec<(&str, String)>)> = match step {
            Step::Signal(signal) if up => Some(("kill", vec![("signal", signal.to_string())])),
            Step::Oom if up => Some(("oom", Vec::new())),
            Step::Die { code, oom, by_itself } if up => {
                if let Some(wait) = die(container, now, *code, *oom, *by_itself) {
                    follow(wait, Step::StartAgain);
                }
                Some(("die", vec![("exitCode", code.to_string())]))
            }
            Step::Stopped => {
                // One that waits for its restart has no process to end: it just stays down.
                if waits {
                    container.phase = Phase::Exited;
                }
                Some(("stop", Vec::new()))
            }
            Step::Start | Step::StartAgain if !up && (waits || matches!(step, Step::Start)) => {
                start(container, now);
                if container.loops_left > 0 {
                    container.loops_left -= 1;
                    let die = Step::Die { code: container.exit_code.max(1), oom: false, by_itself: true };
                    follow(self.chance.millis(300, 1200), die);
                } else if container.health.is_some() {
                    follow(self.chance.millis(2000, 6000), Step::Health(Health::Healthy));
                }
                if let Some(every) = check_every.filter(|_| container.health.is_some()) {
                    follow(every, Step::Check { every, started: now });
                }
                Some(("start", Vec::new()))
            }
            Step::Restarted => Some(("restart", Vec::new())),
            Step::Pause if container.phase == Phase::Running => {
                container.usage.look(now, true);
                container.phase = Phase::Paused;
                Some(("pause", Vec::new()))
            }
            Step::Unpause if container.phase == Phase::Paused => {
                container.usage.look(now, false);
                container.phase = Phase::Running;
                Some(("unpause", Vec::new()))
            }
            Step::Health(health)
                if container.phase == Phase::Running
                    && container.health.is_some_and(|before| before != *health) =>
            {
                container.health = Some(*health);
                let action = match health {
                    Health::Starting => "health_status: starting",
                    Health::Healthy => "health_status: healthy",
                    Health::Unhealthy => "health_status: unhealthy",
                };
                Some((action, Vec::new()))
            }
            Step::Busy(lasts) => {
                container.usage.look(now, container.phase == Phase::Running);
                container.usage.busy_until(now + *lasts);
                None
            }
            Step::Loop(times) => {
                container.loops_left = *times;
                // The first waits of a real loop are too short to be seen.
                container.streak = 3;
                None
            }
            Step::Check { every, started } if up && container.started == Some(*started) => {
                follow(*every, step.clone());
                health_check(&mut self.events, now, container, self.chance.hex(64));
                None
            }
            _ => None,
        };
        if let Some((action, more)) = told {
            self.events.tell(now, container, action.to_owned(), &more);
            self.changed(key);
        }
        later
    }

    fn create(&mut self, now: Timestamp, spec: &Arc<Spec>) -> Vec<Later> {
        if self.by_name.contains_key(&spec.name) {
            return Vec::new();
        }
        let container = Container::new(Arc::clone(spec), self.chance.hex(64), now, self.chance.unit());
        self.events.tell(now, &container, "create".to_owned(), &[]);
        let key = self.insert(container);
        vec![Later { after: self.chance.millis(100, 400), key, step: Step::Start }]
    }

    fn destroy(&mut self, now: Timestamp, key: Key, keep: bool) {
        let Some(slot) = self.slots.remove(&key) else { return };
        let container = slot.container;
        self.by_id.remove(&container.id);
        self.by_name.remove(&container.spec.name);
        self.lists.forget();
        self.events.tell(now, &container, "destroy".to_owned(), &[]);
        if keep {
            if self.graves.len() == GRAVES {
                self.graves.remove(0);
            }
            self.graves.push(container.spec);
        }
    }

    fn rename(&mut self, now: Timestamp, key: Key, name: &str) {
        if self.by_name.contains_key(name) {
            return;
        }
        let Some(slot) = self.slots.get_mut(&key) else { return };
        let old = slot.container.spec.name.clone();
        let spec = Spec { name: name.to_owned(), ..(*slot.container.spec).clone() };
        slot.container.spec = Arc::new(spec);
        self.by_name.remove(&old);
        self.by_name.insert(name.to_owned(), key);
        self.events.tell(now, &slot.container, "rename".to_owned(), &[("oldName", format!("/{old}"))]);
        self.changed(key);
    }
}

/// One run of a health check, as the engine tells it: an exec from its making to its end.
fn health_check(events: &mut Events, now: Timestamp, container: &Container, exec: String) {
    let failed = container.health == Some(Health::Unhealthy);
    let id = ("execID", exec);
    events.tell(now, container, "exec_create: /bin/sh -c check".to_owned(), std::slice::from_ref(&id));
    events.tell(now, container, "exec_start: /bin/sh -c check".to_owned(), std::slice::from_ref(&id));
    let code = ("exitCode", i32::from(failed).to_string());
    events.tell(now, container, "exec_die".to_owned(), &[id, code]);
}

fn start(container: &mut Container, now: Timestamp) {
    if container.phase == Phase::Restarting {
        container.restarts += 1;
    }
    container.phase = Phase::Running;
    container.started = Some(now);
    container.oom = false;
    container.health = container.spec.health.then_some(Health::Starting);
    container.usage.start(now);
}

/// Ends it; says how long the engine waits before it starts it again, where it does.
fn die(container: &mut Container, now: Timestamp, code: i64, oom: bool, by_itself: bool) -> Option<Duration> {
    container.usage.look(now, container.phase == Phase::Running);
    let lasted = container.started.is_some_and(|started| now > started + LASTED);
    if lasted && container.loops_left == 0 {
        container.streak = 0;
    }
    container.phase = Phase::Exited;
    container.finished = Some(now);
    container.exit_code = code;
    container.oom = oom;
    let again = match container.spec.restart {
        RestartPolicy::No => false,
        RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
        RestartPolicy::OnFailure => code != 0,
    };
    if !(by_itself && again) {
        container.loops_left = 0;
        return None;
    }
    container.phase = Phase::Restarting;
    let wait = Duration::from_millis(100 << container.streak.min(10)).min(LONGEST_WAIT);
    container.streak += 1;
    Some(wait)
}
