//! `POST /containers/{id}/update`: memory limits and the restart policy, and what a limit does to memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Engine, Key, Later, Refusal};
use crate::demo::act::{KILLED, Step};
use crate::demo::container::Spec;
use crate::demo::given::{LEAST_MEMORY, restart, too_little, too_little_swap};

/// What a client wants changed; 0 and what is left out stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Update {
    memory: i64,
    memory_swap: i64,
    memory_reservation: i64,
    restart_policy: Option<Value>,
}

impl Engine {
    /// Changes a container's limits and restart policy, at once; gives what follows.
    ///
    /// # Errors
    /// Refuses as Docker on a host with control groups of the first generation does; nothing is changed then.
    pub fn update(&mut self, now: Timestamp, key: Key, update: &Update) -> Result<Vec<Later>, Refusal> {
        if update.memory != 0 && update.memory < LEAST_MEMORY {
            return Err(too_little());
        }
        if update.memory > 0 && update.memory_swap > 0 && update.memory_swap < update.memory {
            return Err(too_little_swap());
        }
        let policy = restart(update.restart_policy.as_ref())?;
        let fits = update.memory == 0 || self.squeeze(now, key, update)?;
        self.remember_rows(now);
        let slot = self.slots.get_mut(&key).ok_or_else(|| Refusal::no_such("?"))?;
        let container = &mut slot.container;
        let spec = &container.spec;
        let memory = u64::try_from(update.memory).ok().filter(|memory| *memory > 0);
        let changed = Spec {
            memory: memory.unwrap_or(spec.memory),
            restart: policy.map_or(spec.restart, |(policy, _)| policy),
            ..(**spec).clone()
        };
        // Where it was twice the memory by itself, it does not follow the memory.
        let swap = if update.memory_swap == 0 { container.memory_swap() } else { update.memory_swap };
        let has_swap = update.memory_swap != 0 || (memory.is_some() && container.spec.memory > 0);
        container.spec = Arc::new(changed);
        let rare = container.rare_mut();
        if has_swap {
            rare.memory_swap = Some(swap);
        }
        if update.memory_reservation != 0 {
            rare.reservation = update.memory_reservation;
        }
        if let Some((_, most)) = policy {
            rare.retries = most;
        }
        self.events.tell(now, container, "update".to_owned(), &[]);
        self.changed(key);
        if fits {
            return Ok(Vec::new());
        }
        self.apply(now, key, &Step::Oom);
        Ok(self.apply(now, key, &Step::Die { code: KILLED, oom: true, by_itself: true }))
    }

    /// Lowers or raises what a container may hold. False where the kernel kills it for that.
    fn squeeze(&mut self, now: Timestamp, key: Key, update: &Update) -> Result<bool, Refusal> {
        let used: f64 = self.containers().map(|(_, it)| it.usage.swapped()).sum();
        let (free, first) = ((self.about.swap as f64 - used).max(0.0), self.about.cgroup == 1);
        let Some((container, look)) = self.look(key, now) else { return Err(Refusal::no_such("?")) };
        let id = Arc::clone(&container.id);
        let set = container.memory_swap();
        if set > 0 && update.memory > set && update.memory_swap == 0 {
            let message = "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at \
                           the same time";
            return Err(Refusal::new(409, format!("Cannot update container {id}: {message}")));
        }
        let limit = u64::try_from(update.memory).unwrap_or(0);
        let both = if update.memory_swap == 0 { set } else { update.memory_swap };
        let holds = look.memory as f64 + container.usage.swapped();
        let busy = |what: String| {
            let message = format!(
                "Cannot update container {id}: runc did not terminate successfully: exit status 1: {what}: \
                 device or resource busy\n: unknown"
            );
            Err(Refusal::new(500, message))
        };
        let up = container.phase.is_up();
        let excess = if up { container.usage.excess(limit) } else { 0.0 };
        let too_much = up && both > 0 && holds > both as f64;
        if first && too_much {
            return busy(format!(
                "failed to write \"{both}\": write /sys/fs/cgroup/memory/docker/{id}/memory.memsw.limit_in_bytes"
            ));
        }
        if first && excess > free {
            let (usage, peak) = (look.memory, look.memory + look.memory / 20);
            return busy(format!(
                "unable to set memory limit to {limit} (current usage: {usage}, peak usage: {peak})"
            ));
        }
        // The second generation sets the limit, and kills what does not fit.
        if too_much || excess > free {
            return Ok(false);
        }
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.container.usage.squeeze(limit);
        }
        Ok(true)
    }
}
