//! Checkpoints: what a container's processes are on disk, and what becomes of them.

use std::time::Duration;

use jiff::Timestamp;

use super::{Engine, Key, Later, Refusal};
use crate::demo::act::{KILLED, Plan, Step};
use crate::demo::container::{Container, Health, Phase};
use crate::demo::rare::Checkpoint;

/// What a checkpoint takes beside its memory.
const DUMP: Duration = Duration::from_millis(150);
/// What a start from one takes beside its memory, and how soon one that cannot work fails.
const RESTORE: Duration = Duration::from_millis(200);
/// So many checkpoints a container keeps at most: a real engine is bounded by its disk.
const MOST: usize = 100;

impl Engine {
    /// The steps of writing a container to disk, if the engine does that.
    ///
    /// # Errors
    /// Refuses as a real engine would.
    pub fn plan_checkpoint(
        &mut self,
        key: Key,
        name: &str,
        exit: bool,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let per_mib = self.about.checkpoint_time;
        let wrong = |message: String| Err(Refusal::new(500, message));
        let Some((container, look)) = self.look(key, now) else { return Err(Refusal::no_such("?")) };
        let called = &container.spec.name;
        let rare = container.rare.as_ref();
        match container.phase {
            Phase::Running => {}
            // Docker 20.10 with CRIU 4.2 does it all the same; others do not, and nobody should count on it.
            Phase::Paused => {
                return wrong(format!("Cannot checkpoint container {called}: it is paused"));
            }
            _ => return wrong(format!("Container {called} not running")),
        }
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
            return wrong(format!(
                "Invalid checkpoint ID ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
            ));
        }
        if rare.is_some_and(|rare| rare.checkpoints.iter().any(|it| it.name == name)) {
            return wrong(format!(
                "cannot checkpoint container {called}: checkpoint with name {name} already exists for container {called}"
            ));
        }
        if rare.is_some_and(|rare| rare.checkpoints.len() >= MOST) {
            return wrong(format!("cannot checkpoint container {called}: no space left on device"));
        }
        let takes = DUMP + per_mebibyte(per_mib, look.memory);
        self.engage(key, now + takes);
        let step = Step::Checkpoint { name: name.to_owned(), exit };
        Ok(vec![(Duration::ZERO, Step::Pause), (takes, step)])
    }

    /// The steps of starting a container from a checkpoint, if the engine tries that.
    ///
    /// # Errors
    /// Refuses as a real engine would.
    pub fn plan_restore(&mut self, key: Key, name: &str, now: Timestamp) -> Result<Plan, Refusal> {
        let per_mib = self.about.restore_time;
        let container = self.container(key).ok_or_else(|| Refusal::no_such("?"))?;
        match container.phase {
            Phase::Running | Phase::Restarting => return Err(Refusal::new(304, String::new())),
            Phase::Paused => {
                let message = "cannot start a paused container, try unpause instead";
                return Err(Refusal::new(409, message.to_owned()));
            }
            Phase::Created | Phase::Exited => {}
        }
        let Some(found) = find(container, name) else {
            let message = format!("checkpoint {name} does not exist for container /{}", container.spec.name);
            return Err(Refusal::new(500, message));
        };
        let takes =
            RESTORE + if is_fresh(container, found) { per_mebibyte(per_mib, found.memory) } else { RESTORE };
        self.engage(key, now + takes);
        Ok(vec![(takes, Step::Restore(name.to_owned()))])
    }

    /// The names of a container's checkpoints, in order.
    #[must_use]
    pub fn checkpoints(&self, key: Key) -> Vec<String> {
        let rare = self.container(key).and_then(|container| container.rare.as_ref());
        let mut names: Vec<String> =
            rare.map(|rare| rare.checkpoints.iter().map(|it| it.name.clone()).collect()).unwrap_or_default();
        names.sort();
        names
    }

    /// Deletes a checkpoint.
    ///
    /// # Errors
    /// Says that there is none of that name.
    pub fn forget_checkpoint(&mut self, key: Key, name: &str) -> Result<(), Refusal> {
        let slot = self.slots.get_mut(&key).ok_or_else(|| Refusal::no_such("?"))?;
        let container = &mut slot.container;
        if find(container, name).is_none() {
            let message = format!("checkpoint {name} does not exist for container {}", container.spec.name);
            return Err(Refusal::new(500, message));
        }
        container.rare_mut().checkpoints.retain(|it| it.name != name);
        Ok(())
    }

    /// Its processes are on disk; they end, or go on.
    pub(super) fn checkpoint(&mut self, now: Timestamp, key: Key, name: &str, exit: bool) -> Vec<Later> {
        let Some(slot) = self.slots.get_mut(&key) else { return Vec::new() };
        let container = &mut slot.container;
        // Somebody let it go on, or ended it, while it was being written.
        if container.phase != Phase::Paused {
            return Vec::new();
        }
        let memory = container.usage.look(now, false).memory;
        let ticks = container.ticks_mut().copied();
        let started = container.started;
        let later = if exit {
            self.apply(now, key, &Step::Die { code: KILLED, oom: false, by_itself: true })
        } else {
            self.apply(now, key, &Step::Unpause)
        };
        let Some(slot) = self.slots.get_mut(&key) else { return later };
        let container = &mut slot.container;
        let finished = if exit { container.finished } else { None };
        let made = Checkpoint { name: name.to_owned(), started, finished, memory, ticks };
        container.rare_mut().checkpoints.push(made);
        self.events.tell(now, container, "checkpoint".to_owned(), &[]);
        self.changed(key);
        later
    }

    /// It goes on from a checkpoint, or cannot: then it stays as it was, and says why.
    pub(super) fn restore(&mut self, now: Timestamp, key: Key, name: &str) -> Vec<Later> {
        let Some(slot) = self.slots.get_mut(&key) else { return Vec::new() };
        let container = &mut slot.container;
        if container.phase.is_up() || container.phase == Phase::Restarting {
            return Vec::new();
        }
        let Some(found) = find(container, name).filter(|found| is_fresh(container, found)).cloned() else {
            let id = &container.id;
            let error = format!(
                "OCI runtime restore failed: criu failed: type RESTORE errno 0\nlog file: \
                 /run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/{id}/work/restore.log: unknown"
            );
            container.rare_mut().error = error;
            return Vec::new();
        };
        container.phase = Phase::Running;
        container.started = Some(now);
        container.oom = false;
        container.held = false;
        container.restarts = 0;
        container.health = container.spec.health.then_some(Health::Starting);
        container.usage.restore(now, found.memory);
        let rare = container.rare_mut();
        rare.error.clear();
        rare.ticks = found.ticks;
        if let Some(ticks) = &mut rare.ticks {
            ticks.go(now);
        }
        let mut later = Vec::new();
        if container.health.is_some() {
            // What answered before the dump answers at once: only the check has to come round.
            let after = self.chance.millis(80, 250);
            later.push(Later { after, key, step: Step::Healthy { started: now } });
        }
        self.events.tell(now, container, "start".to_owned(), &[]);
        self.changed(key);
        later
    }

    fn engage(&mut self, key: Key, until: Timestamp) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.container.engaged_until = until;
        }
    }
}

fn find<'a>(container: &'a Container, name: &str) -> Option<&'a Checkpoint> {
    container.rare.as_ref()?.checkpoints.iter().find(|it| it.name == name)
}

/// Whether it is the container's last life that the checkpoint holds. A real engine may get away with an older one,
/// until a file has changed under it.
fn is_fresh(container: &Container, checkpoint: &Checkpoint) -> bool {
    checkpoint.finished.is_some()
        && container.started == checkpoint.started
        && container.finished == checkpoint.finished
}

fn per_mebibyte(time: Duration, bytes: u64) -> Duration {
    time.mul_f64(bytes as f64 / 1024.0 / 1024.0)
}
