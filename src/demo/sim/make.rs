//! Containers made, renamed and removed, and what they are made of.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Engine, GRAVES, Grave, Key, Later, Refusal};
use crate::demo::act::Step;
use crate::demo::container::{Container, Spec};
use crate::demo::given::{self, Given, Image};

impl Engine {
    /// Makes a container as a client asks for it, and does not start it; gives its id.
    ///
    /// # Errors
    /// Refuses as Docker does.
    pub fn make(&mut self, now: Timestamp, name: Option<&str>, given: Given) -> Result<Arc<str>, Refusal> {
        let id = self.chance.hex(64);
        let name = match name.map(|name| name.trim_start_matches('/')).filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => format!("quiet_{}", &id[..8]),
        };
        if !is_name(&name) {
            let message =
                format!("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
            return Err(Refusal::new(400, message));
        }
        let no_image = || Refusal::new(404, format!("No such image: {}", given.image()));
        let image = self.images.get(&tagged(given.image())).cloned().ok_or_else(no_image)?;
        if let Some(taken) = self.by_name.get(&name).and_then(|key| self.container(*key)) {
            return Err(Refusal::name_taken(&name, &taken.id));
        }
        let swap = given.number("MemorySwap");
        let reservation = given.number("MemoryReservation");
        let retries = given::restart(given.host.get("RestartPolicy"))?.map_or(0, |(_, most)| most);
        let spec = given.spec(name, &image)?;
        if swap > 0 && u64::try_from(swap).is_ok_and(|swap| swap < spec.memory) {
            return Err(given::too_little_swap());
        }
        // It comes back: what was kept of it is not needed any more.
        self.dig(&spec.name);
        self.remember_rows(now);
        let mut container = Container::new(Arc::new(spec), id, now, self.chance.unit());
        if swap != 0 || reservation != 0 || retries != 0 {
            let rare = container.rare_mut();
            rare.memory_swap = Some(swap).filter(|swap| *swap != 0);
            (rare.reservation, rare.retries) = (reservation, retries);
        }
        self.make_volumes(now, &crate::demo::json::mounted(&container));
        self.events.tell(now, &container, "create".to_owned(), &[]);
        let id = Arc::clone(&container.id);
        self.insert(container);
        Ok(id)
    }

    /// Remembers an image; gives its id.
    pub fn import(&mut self, name: &str) -> String {
        let name = tagged(name);
        let id = image_id(&name);
        self.images.entry(name).or_default();
        id
    }

    /// How many images there are.
    #[must_use]
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// The full name of an image, where there is one of that name or id.
    #[must_use]
    pub fn image(&self, name: &str) -> Option<String> {
        if name.starts_with("sha256:") {
            return self.images.keys().find(|known| image_id(known) == name).cloned();
        }
        let name = tagged(name);
        self.images.contains_key(&name).then_some(name)
    }

    /// What the image of a container brings, learned from the container.
    pub(super) fn learn(&mut self, spec: &Spec) {
        let image = || Image { health: spec.health, ready: spec.ready, stop_exit: spec.stop_exit };
        self.images.entry(tagged(&spec.image)).or_insert_with(image);
    }

    /// Makes a container of that, and starts it a moment later.
    pub(super) fn create(&mut self, now: Timestamp, spec: &Arc<Spec>) -> Vec<Later> {
        if self.by_name.contains_key(&spec.name) {
            return Vec::new();
        }
        let container = Container::new(Arc::clone(spec), self.chance.hex(64), now, self.chance.unit());
        self.events.tell(now, &container, "create".to_owned(), &[]);
        let key = self.insert(container);
        vec![Later { after: self.chance.millis(100, 400), key, step: Step::Start }]
    }

    /// Removes a container.
    pub(super) fn destroy(&mut self, now: Timestamp, key: Key, keep: bool) {
        let Some(slot) = self.slots.remove(&key) else { return };
        let container = slot.container;
        self.by_id.remove(&container.id);
        // Somebody else may have the name by now.
        if self.by_name.get(&container.spec.name) == Some(&key) {
            self.by_name.remove(&container.spec.name);
        }
        self.lists.forget();
        self.events.tell(now, &container, "destroy".to_owned(), &[]);
        if keep {
            if self.graves.len() == GRAVES {
                self.graves.remove(0);
            }
            self.graves.push(Grave { spec: container.spec, held: container.held });
        }
    }

    /// Gives a container another name, where that is free.
    pub(super) fn rename(&mut self, now: Timestamp, key: Key, name: &str) {
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

/// A name of an image with its tag.
fn tagged(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains(':') { name.to_owned() } else { format!("{name}:latest") }
}

fn image_id(name: &str) -> String {
    format!("sha256:{}", crate::demo::chance::Chance::new(0, name).hex(64))
}

fn is_name(name: &str) -> bool {
    // Docker wants two characters at least.
    name.len() >= 2
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}
