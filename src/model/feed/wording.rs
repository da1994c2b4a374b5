//! Events in words: what each says when it stands alone, before it is folded with others into one change.

use crate::model::change::Verb;
use crate::model::container::{Health, is_on_purpose};
use crate::model::event::{Event, Happening};

/// What an event says when it stands alone.
pub(super) fn first_reading(event: &Event) -> Option<(Verb, Option<String>)> {
    let exit = |code: i64| Some(format!("exit {code}"));
    Some(match &event.what {
        Happening::Created => (Verb::Created, Some(event.image.to_string())),
        Happening::Started => (Verb::Started, None),
        Happening::Paused => (Verb::Paused, None),
        Happening::Unpaused => (Verb::Unpaused, None),
        Happening::Died { code: Some(0) | None } => (Verb::Ended, None),
        Happening::Died { code: Some(code) } if is_on_purpose(*code) => (Verb::Ended, exit(*code)),
        Happening::Died { code: Some(code) } => (Verb::Crashed, exit(*code)),
        Happening::OutOfMemory => (Verb::Crashed, Some("OOM".to_owned())),
        Happening::Killed { signal } => {
            (Verb::Signalled, signal.as_deref().map(|signal| signal_name(signal).to_owned()))
        }
        Happening::Stopped => (Verb::Stopped, None),
        Happening::Restarted => (Verb::Restarted, None),
        Happening::Checkpointed => (Verb::Checkpointed, None),
        Happening::Updated => (Verb::Updated, None),
        Happening::Renamed { from } => (Verb::Renamed, from.as_ref().map(|from| format!("was {from}"))),
        Happening::Health(Health::Healthy) => (Verb::Healthy, None),
        Happening::Health(Health::Unhealthy) => (Verb::Unhealthy, None),
        // "The check has begun again" is what every start says.
        Happening::Health(_) => return None,
        Happening::Removed => (Verb::Removed, None),
    })
}

fn signal_name(signal: &str) -> &str {
    match signal {
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "9" => "KILL",
        "10" => "USR1",
        "12" => "USR2",
        "15" => "TERM",
        other => other.strip_prefix("SIG").unwrap_or(other),
    }
}

/// One raw event in a line.
pub(super) fn raw_text(event: &Event) -> String {
    let word = match &event.what {
        Happening::Created => "created".to_owned(),
        Happening::Started => "started".to_owned(),
        Happening::Paused => "paused".to_owned(),
        Happening::Unpaused => "unpaused".to_owned(),
        Happening::Died { code } => match code {
            Some(code) => format!("died with {code}"),
            None => "died".to_owned(),
        },
        Happening::OutOfMemory => "out of memory".to_owned(),
        Happening::Killed { signal } => {
            format!("sent signal {}", signal_name(signal.as_deref().unwrap_or("unknown")))
        }
        Happening::Stopped => "stopped".to_owned(),
        Happening::Restarted => "restarted".to_owned(),
        Happening::Checkpointed => "checkpointed".to_owned(),
        Happening::Updated => "updated".to_owned(),
        Happening::Renamed { .. } => "renamed".to_owned(),
        Happening::Health(health) => format!("health {}", health.word().unwrap_or("unknown")),
        Happening::Removed => "removed".to_owned(),
    };
    format!("{word} at {}", event.time.strftime("%H:%M:%S%.3f"))
}
