//! Steps applied: what they change, what they tell, and what follows from them.

use std::time::Duration;

use jiff::Timestamp;

use super::life::{change_health, die, health_check, start};
use super::{Engine, Key, Later};
use crate::demo::act::Step;
use crate::demo::container::{Health, Phase};

/// How long after the end of a container with `--rm` the engine has removed it.
const SWEPT: Duration = Duration::from_millis(30);
/// How often it is looked whether a frozen container that was not healthy yet goes on.
const FROZEN_CHECK: Duration = Duration::from_millis(500);

impl Engine {
    /// Does one step, at once. A step that no longer fits (its container is gone, or does something else by now) is
    /// nothing: whoever acts asks first, and what was planned may be overtaken.
    pub fn apply(&mut self, now: Timestamp, key: Key, step: &Step) -> Vec<Later> {
        self.remember_rows(now);
        match step {
            Step::Create(spec) => self.create(now, spec),
            Step::Destroy { keep } => {
                self.destroy(now, key, *keep);
                Vec::new()
            }
            Step::Rename(name) => {
                self.rename(now, key, name);
                Vec::new()
            }
            Step::Checkpoint { name, exit } => self.checkpoint(now, key, name, *exit),
            Step::Restore(name) => self.restore(now, key, name),
            Step::Enter => {
                self.enter(now, key);
                Vec::new()
            }
            Step::Leave => {
                self.leave(now, key);
                Vec::new()
            }
            _ => self.live(now, key, step),
        }
    }

    /// A step in the life of a container that is there.
    fn live(&mut self, now: Timestamp, key: Key, step: &Step) -> Vec<Later> {
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
                } else if container.spec.given.as_ref().is_some_and(|given| given.removed_at_end()) {
                    follow(SWEPT, Step::Destroy { keep: false });
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
                start(container, now, &mut self.chance);
                if container.loops_left > 0 {
                    container.loops_left -= 1;
                    let die = Step::Die { code: container.exit_code.max(1), oom: false, by_itself: true };
                    follow(self.chance.millis(300, 1200), die);
                } else if container.health.is_some() {
                    let ready = container.spec.ready.unwrap_or_else(|| self.chance.millis(2200, 3800));
                    follow(ready, Step::Healthy { started: now });
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
                if let Some(ticks) = container.ticks_mut() {
                    ticks.halt(now);
                }
                Some(("pause", Vec::new()))
            }
            Step::Unpause if container.phase == Phase::Paused => {
                container.usage.look(now, false);
                container.usage.thaw();
                container.phase = Phase::Running;
                container.held = false;
                if let Some(ticks) = container.ticks_mut() {
                    ticks.go(now);
                }
                Some(("unpause", Vec::new()))
            }
            Step::Healthy { started } if container.phase == Phase::Paused => {
                // Frozen before it passed for the first time: its check goes on when it does.
                follow(FROZEN_CHECK, Step::Healthy { started: *started });
                None
            }
            Step::Healthy { started } if container.started == Some(*started) => {
                change_health(container, Health::Healthy).map(|action| (action, Vec::new()))
            }
            Step::Health(health) => change_health(container, *health).map(|action| (action, Vec::new())),
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
}
