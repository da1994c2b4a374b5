//! Volumes, networks and images that clients removed, and volumes that came anew. All others are there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Engine, Refusal};
use crate::demo::chance::Chance;
use crate::demo::json::{mounted, networks};

/// What became of them.
#[derive(Debug, Default)]
pub(super) struct Things {
    /// When a volume was made anew; nothing while it is removed.
    volumes: BTreeMap<String, Option<Timestamp>>,
    /// Networks that are removed.
    networks: BTreeSet<String>,
}

impl Engine {
    /// When the volume of that name was made, where there is one.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<Timestamp> {
        self.things.volumes.get(name).copied().unwrap_or(Some(Timestamp::UNIX_EPOCH))
    }

    /// The id of a network, by that or its name, where there is one.
    #[must_use]
    pub fn network(&self, key: &str) -> Option<String> {
        let gone = &self.things.networks;
        if key.len() == 64 {
            return (!gone.iter().any(|name| network_id(name) == key)).then(|| key.to_owned());
        }
        (!gone.contains(key)).then(|| network_id(key))
    }

    /// Removes a volume.
    ///
    /// # Errors
    /// A container has it, or there is none.
    pub fn remove_volume(&mut self, name: &str) -> Result<(), Refusal> {
        if self.slots.values().any(|slot| mounted(&slot.container).iter().any(|it| it == name)) {
            return Err(Refusal::new(409, format!("remove {name}: volume is in use")));
        }
        if self.volume(name).is_none() {
            return Err(Refusal::new(404, format!("get {name}: no such volume")));
        }
        self.things.volumes.insert(name.to_owned(), None);
        Ok(())
    }

    /// Removes a network.
    ///
    /// # Errors
    /// A container is in it, or there is none.
    pub fn remove_network(&mut self, name: &str) -> Result<(), Refusal> {
        if self.slots.values().any(|slot| networks(&slot.container).contains_key(name)) {
            return Err(Refusal::new(403, format!("network {name} has active endpoints")));
        }
        if !self.things.networks.insert(name.to_owned()) {
            return Err(Refusal::new(404, format!("network {name} not found")));
        }
        Ok(())
    }

    /// Removes an image.
    ///
    /// # Errors
    /// There is none.
    pub fn remove_image(&mut self, name: &str) -> Result<(), Refusal> {
        let full = self.image(name);
        let removed = full.and_then(|full| self.images.remove(&full));
        removed.map(drop).ok_or_else(|| Refusal::new(404, format!("No such image: {name}")))
    }

    /// A container of that kind is made: volumes that are missing come, empty.
    pub(super) fn make_volumes(&mut self, now: Timestamp, names: &[String]) {
        for name in names {
            if self.volume(name).is_none() {
                self.things.volumes.insert(name.clone(), Some(now));
            }
        }
    }
}

fn network_id(name: &str) -> String {
    Chance::new(0, name).hex(64)
}
