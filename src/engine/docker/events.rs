//! The engine's event messages, turned into ours. Docker's and Podman's words differ; both are here.

use jiff::Timestamp;

use super::facts::{lookup, place, shared};
use super::follow::Message;
use crate::model::container::Health;
use crate::model::event::{Event, Happening};
use crate::model::naming::{COMPOSE_PROJECT, Naming};
use crate::model::plain::plain;

/// Turns one message into an event; none where it is not about the life of a container.
pub fn of_message(message: Message, naming: &Naming) -> Option<Event> {
    if message.kind != "container" || message.actor.id.is_empty() {
        return None;
    }
    let attributes = message.actor.attributes;
    let what = happening(&message.action, |key| attributes.get(key).map(String::as_str))?;
    let time = match message.nanoseconds {
        nanoseconds @ 1.. => Timestamp::from_nanosecond(nanoseconds.into()).ok()?,
        _ => Timestamp::from_second(message.time).ok()?,
    };
    let name = attributes.get("name").map_or("", String::as_str);
    Some(Event {
        time,
        id: shared(&message.actor.id),
        name: shared(name),
        image: shared(attributes.get("image").map_or("", String::as_str)),
        place: place(naming, name, lookup(Some(&attributes))),
        project: attributes.get(COMPOSE_PROJECT).map(|project| shared(project)),
        what,
    })
}

fn happening<'a>(action: &str, attribute: impl Fn(&str) -> Option<&'a str>) -> Option<Happening> {
    if let Some(verdict) = action.strip_prefix("health_status") {
        let verdict = verdict.strip_prefix(':').map_or_else(
            // Podman puts the verdict into an attribute.
            || attribute("health_status").or_else(|| attribute("containerHealthStatus")).unwrap_or_default(),
            str::trim,
        );
        return match verdict {
            "healthy" => Some(Happening::Health(Health::Healthy)),
            "unhealthy" => Some(Happening::Health(Health::Unhealthy)),
            "starting" => Some(Happening::Health(Health::Starting)),
            _ => None,
        };
    }
    let code = || {
        attribute("exitCode").or_else(|| attribute("containerExitCode")).and_then(|text| text.parse().ok())
    };
    Some(match action {
        "create" => Happening::Created,
        "start" | "restore" => Happening::Started,
        "pause" => Happening::Paused,
        "unpause" => Happening::Unpaused,
        "die" | "died" => Happening::Died { code: code() },
        "oom" => Happening::OutOfMemory,
        "kill" => Happening::Killed { signal: attribute("signal").map(|signal| plain(signal).into_owned()) },
        "stop" => Happening::Stopped,
        "restart" => Happening::Restarted,
        "checkpoint" => Happening::Checkpointed,
        "update" => Happening::Updated,
        "rename" => Happening::Renamed {
            from: attribute("oldName").map(|name| plain(name.trim_start_matches('/')).into_owned()),
        },
        "destroy" | "remove" => Happening::Removed,
        _ => return None,
    })
}
