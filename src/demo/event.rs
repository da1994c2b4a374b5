//! Events as an engine tells them: one JSON line each, the last 256 kept.

use std::collections::VecDeque;
use std::sync::Arc;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;

use super::chance::Chance;
use super::container::Container;

/// So many events a Docker daemon keeps.
pub const KEPT: usize = 256;
/// A listener that is so many events behind loses the oldest, as a real engine's slow listeners do.
const LISTENER_LAG: usize = 2048;

/// One event, and its line as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Event {
    /// When, strictly rising in one engine.
    pub time: Timestamp,
    /// What happened: `start`, `health_status: healthy`, ...
    pub action: String,
    /// The container as it was then.
    pub container: Arc<str>,
    /// Its name.
    pub spec: Arc<super::container::Spec>,
    /// The JSON, with its newline.
    pub line: Bytes,
}

/// The events of one engine.
#[derive(Debug)]
pub struct Events {
    kept: VecDeque<Arc<Event>>,
    live: broadcast::Sender<Arc<Event>>,
    last: Timestamp,
    told: u64,
    chance: Chance,
    /// So many of a hundred are lost.
    pub drop_percent: u8,
    /// Whether each comes twice.
    pub twice: bool,
}

impl Events {
    /// No events yet.
    #[must_use]
    pub fn new(chance: Chance) -> Self {
        let (live, _) = broadcast::channel(LISTENER_LAG);
        Events {
            kept: VecDeque::with_capacity(KEPT),
            live,
            last: Timestamp::UNIX_EPOCH,
            told: 0,
            chance,
            drop_percent: 0,
            twice: false,
        }
    }

    /// Tells that `action` happened to `container`; `more` are attributes beside its labels.
    pub fn tell(&mut self, now: Timestamp, container: &Container, action: String, more: &[(&str, String)]) {
        // Two events in the same nanosecond would be one to a client that looks for doubles.
        let time = now.max(self.last + std::time::Duration::from_nanos(1));
        self.last = time;
        self.told += 1;
        if self.drop_percent > 0 && self.chance.percent(self.drop_percent) {
            return;
        }
        let line = render(time, container, &action, more);
        let event = Arc::new(Event {
            time,
            action,
            container: Arc::clone(&container.id),
            spec: Arc::clone(&container.spec),
            line,
        });
        for _ in 0..=u8::from(self.twice) {
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(Arc::clone(&event));
            // Nobody listens: that is no error.
            let _ = self.live.send(Arc::clone(&event));
        }
    }

    /// How many events there were, the lost ones included.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told
    }

    /// What is kept, and everything from now on, without a gap and without a double between the two.
    #[must_use]
    pub fn listen(&self) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        (self.kept.iter().cloned().collect(), self.live.subscribe())
    }
}

fn render(time: Timestamp, container: &Container, action: &str, more: &[(&str, String)]) -> Bytes {
    let spec = &container.spec;
    let mut attributes: Map<String, Value> =
        spec.labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    attributes.insert("image".to_owned(), Value::from(spec.image.as_str()));
    attributes.insert("name".to_owned(), Value::from(spec.name.as_str()));
    for (key, value) in more {
        attributes.insert((*key).to_owned(), Value::from(value.as_str()));
    }
    let nanos = i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX);
    let mut line = json!({
        "status": action,
        "id": &*container.id,
        "from": spec.image,
        "Type": "container",
        "Action": action,
        "Actor": { "ID": &*container.id, "Attributes": attributes },
        "scope": "local",
        "time": time.as_second(),
        "timeNano": nanos,
    })
    .to_string();
    line.push('\n');
    Bytes::from(line)
}
