//! What a host can really do, as its canary showed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

use super::diagnosis::cause_of;
use super::host::HostName;
use super::method::Method;
use super::refusal::Room;
use super::ticket::Door;

/// So much swap or disk must be free before one that was short of it is tried again: a canary needs less.
const ROOM_FOR_A_CANARY: u64 = 64 << 20;
/// What was found out so short ago is not tried again for a rule, whatever is seen.
const BELIEVED: SignedDuration = SignedDuration::from_mins(1);

/// Whether one method works on one host, found out by dumping and waking a throw-away container there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ability {
    /// The host.
    pub host: HostName,
    /// Kind and version of the engine at that time: another engine must show it again.
    pub engine: Arc<str>,
    /// The method.
    pub method: Method,
    /// What is in the way; nothing where it works.
    pub fault: Option<Fault>,
    /// How long the dump took, in seconds.
    pub dump_seconds: Option<f64>,
    /// How long the wake took, in seconds.
    pub wake_seconds: Option<f64>,
    /// When it was tried.
    pub tried: Timestamp,
}

/// What is in the way of a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What happened.
    pub reason: String,
    /// What mends it, where that is known.
    pub mend: Option<String>,
    /// What it comes from, where that is cheap to look at again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub cause: Option<Cause>,
}

/// What is in the way of a method and is cheap to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// There is no free swap.
    Swap,
    /// The disk is full where the engine keeps containers.
    Disk,
    /// The engine's experimental features are off.
    Experimental,
}

/// A cause that only a later version knows is none here.
fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cause>, D::Error> {
    let told = Option::<String>::deserialize(from)?;
    let all = [("swap", Cause::Swap), ("disk", Cause::Disk), ("experimental", Cause::Experimental)];
    Ok(told.and_then(|told| all.iter().find(|(name, _)| *name == told).map(|(_, cause)| *cause)))
}

/// What is seen of a host right now; what is not known is no sign of anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Room on its machine.
    pub room: Room,
    /// Whether the engine's experimental features are on.
    pub experimental: Option<bool>,
}

impl Fault {
    /// What it comes from, where that is cheap to look at again. Older records have it in words only.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.cause.or_else(|| cause_of(&self.reason))
    }
}

impl Ability {
    /// What is in the way of the method, as far as is known and seen: a fault is believed until its cause is seen to be gone.
    #[must_use]
    pub fn refuses(&self, seen: Seen) -> Option<&Fault> {
        let has_room = |free: Option<u64>| free.is_some_and(|free| free >= ROOM_FOR_A_CANARY);
        self.fault.as_ref().filter(|fault| match fault.cause() {
            Some(Cause::Swap) => !has_room(seen.room.swap),
            Some(Cause::Disk) => !has_room(seen.room.disk),
            Some(Cause::Experimental) => seen.experimental != Some(true),
            None => true,
        })
    }

    /// Whether a canary should try it again for an order of that moment, which else `is_refused`: once its cause is seen to be
    /// gone; and for a person's order in any case, unless it was tried since that was given.
    #[must_use]
    pub fn is_to_be_tried(&self, asked: Timestamp, door: Door, is_refused: bool, seen: Seen) -> bool {
        let is_gone = self.refuses(seen).is_none();
        match door {
            _ if self.fault.is_none() => false,
            Door::Shell | Door::Console => self.tried < asked && (is_gone || is_refused),
            Door::Keeper | Door::Request | Door::Own => {
                is_gone && asked.duration_since(self.tried) > BELIEVED
            }
        }
    }

    /// What is in the way, in words: what mends it, and how old that knowledge is.
    #[must_use]
    pub fn refusal(&self, now: Timestamp) -> Option<String> {
        let fault = self.fault.as_ref()?;
        let found = self.found(now);
        Some(match &fault.mend {
            Some(mend) => format!("{} ({mend}; {found})", fault.reason),
            None => format!("{} ({found})", fault.reason),
        })
    }

    /// When it was found out: `found 3 h ago`.
    #[must_use]
    pub fn found(&self, now: Timestamp) -> String {
        let minutes = now.duration_since(self.tried).as_mins();
        match minutes {
            ..1 => "found just now".to_owned(),
            1..120 => format!("found {minutes} min ago"),
            120..2880 => format!("found {} h ago", minutes / 60),
            _ => format!("found {} days ago", minutes / 1440),
        }
    }
}

#[cfg(test)]
#[path = "ability_tests.rs"]
mod tests;
