//! Shells that people open in containers: `docker exec`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Engine, Key};
use crate::demo::container::Phase;

/// More than this in one container, and the next is not opened.
const MOST: usize = 100;

impl Engine {
    pub(super) fn enter(&mut self, now: Timestamp, key: Key) {
        let id = self.chance.hex(64);
        let Some(slot) = self.slots.get_mut(&key) else { return };
        let container = &mut slot.container;
        if container.phase != Phase::Running || container.rare_mut().sessions.len() == MOST {
            return;
        }
        container.rare_mut().sessions.push(id.clone());
        for action in ["exec_create: /bin/sh", "exec_start: /bin/sh"] {
            self.events.tell(now, container, action.to_owned(), &[("execID", id.clone())]);
        }
    }

    pub(super) fn leave(&mut self, now: Timestamp, key: Key) {
        let Some(slot) = self.slots.get_mut(&key) else { return };
        let Some(rare) = &mut slot.container.rare else { return };
        for id in std::mem::take(&mut rare.sessions) {
            let more = [("execID", id), ("exitCode", "0".to_owned())];
            self.events.tell(now, &slot.container, "exec_die".to_owned(), &more);
        }
    }

    /// `GET /exec/{id}/json`; nothing where no such shell is open.
    #[must_use]
    pub fn session(&self, id: &str) -> Option<Value> {
        let has = |rare: &crate::demo::rare::Rare| rare.sessions.iter().any(|session| session == id);
        let container =
            self.containers().map(|(_, it)| it).find(|it| it.rare.as_ref().is_some_and(|rare| has(rare)))?;
        Some(json!({
            "ID": id,
            "Running": true,
            "ExitCode": null,
            "ProcessConfig": {
                "tty": true, "entrypoint": "/bin/sh", "arguments": [], "privileged": false,
            },
            "OpenStdin": true,
            "OpenStderr": true,
            "OpenStdout": true,
            "CanRemove": false,
            "ContainerID": &*container.id,
            "DetachKeys": "",
            "Pid": container.pid() + 1,
        }))
    }
}
