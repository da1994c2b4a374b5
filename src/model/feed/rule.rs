//! The rule by which an event is part of the act that another one began: `docker stop` is three events and one act.

use jiff::SignedDuration;

use super::wording::first_reading;
use crate::model::change::{Change, Verb};
use crate::model::event::{Event, Happening};

/// Events of one container no further apart than this may be one act: the grace period of a stop is 10 s by default.
const ONE_ACT: SignedDuration = SignedDuration::from_secs(15);
/// A start this soon after a stop is a restart, whoever typed it.
const RESTART: SignedDuration = SignedDuration::from_secs(2);
/// Crashes no further apart than this are one crash loop: engines wait up to a minute between restarts.
const ONE_LOOP: SignedDuration = SignedDuration::from_secs(90);

/// The exit code of what was ended by KILL.
const KILLED: i64 = 137;

/// What an event is to the act before it.
pub(super) enum Fold {
    /// A part of it, which now reads like this.
    Into(Verb, Option<String>),
    /// An act of its own.
    Apart,
}

/// Whether `event`, which alone would read `verb`, belongs to the act that `before` tells of.
pub(super) fn fold(before: &Change, event: &Event, verb: Verb) -> Fold {
    let apart = event.time.duration_since(before.time);
    let exit = match &event.what {
        Happening::Died { code: Some(code) } if *code != 0 => Some(format!("exit {code}")),
        _ => None,
    };
    let detail = before.detail.clone();
    if apart <= ONE_ACT {
        match (before.verb, verb) {
            (Verb::Created, Verb::Started) => return Fold::Into(Verb::Started, detail),
            // A container that is stopped gets TERM, and KILL when its time is over.
            (Verb::Signalled, Verb::Signalled) => return Fold::Into(Verb::Signalled, first_detail(event)),
            (Verb::Signalled, Verb::Ended | Verb::Crashed) => {
                return Fold::Into(Verb::Killed, exit.or(detail));
            }
            (Verb::Killed | Verb::Ended | Verb::Crashed, Verb::Stopped) => {
                // That a stop began with TERM goes without saying.
                return Fold::Into(Verb::Stopped, detail.filter(|text| text.starts_with("exit")));
            }
            // Podman tells of a stop before or without a kill.
            (Verb::Stopped, Verb::Ended | Verb::Crashed) => {
                return Fold::Into(Verb::Stopped, exit.or(detail));
            }
            // Only the engine's own `restart` says that a stop and a start were one act.
            (Verb::Started, Verb::Restarted) if is_stop_and_start(before) => {
                return Fold::Into(Verb::Restarted, None);
            }
            (Verb::Stopped, Verb::Started) if apart <= RESTART => return Fold::Into(Verb::Restarted, None),
            (Verb::Restarted, Verb::Restarted) => return Fold::Into(Verb::Restarted, None),
            // The container ends with its checkpoint, and engines tell of it in either order.
            (Verb::Checkpointed, Verb::Ended | Verb::Crashed)
            | (Verb::Ended | Verb::Crashed, Verb::Checkpointed) => {
                return Fold::Into(Verb::Checkpointed, None);
            }
            // An engine may tell of it more than once, before the end and after it.
            (Verb::Crashed | Verb::Ended, Verb::Crashed) if event.what == Happening::OutOfMemory => {
                return Fold::Into(Verb::Crashed, Some(out_of_memory(detail)));
            }
            (Verb::Crashed, Verb::Crashed | Verb::Ended) if detail.as_deref() == Some("OOM") => {
                return Fold::Into(Verb::Crashed, Some(out_of_memory(exit)));
            }
            (Verb::Killed | Verb::Stopped | Verb::Ended | Verb::Created, Verb::Removed) => {
                return Fold::Into(Verb::Removed, None);
            }
            _ => {}
        }
    }
    if apart <= ONE_LOOP && before.verb == Verb::Crashed && matches!(verb, Verb::Started | Verb::Crashed) {
        return Fold::Into(Verb::Crashed, exit.or(detail));
    }
    // Whoever sends a signal is told of before: where nobody did, the kernel has killed it for its memory once more.
    let is_out_of_memory = before.verb == Verb::Crashed && detail.is_some_and(|text| text.starts_with("OOM"));
    if apart <= ONE_LOOP && is_out_of_memory && event.what == (Happening::Died { code: Some(KILLED) }) {
        return Fold::Into(Verb::Crashed, Some(out_of_memory(exit)));
    }
    Fold::Apart
}

/// `OOM`, and the exit code where there is one.
fn out_of_memory(exit: Option<String>) -> String {
    match exit {
        Some(text) if text.starts_with("OOM") => text,
        Some(text) => format!("OOM, {text}"),
        None => "OOM".to_owned(),
    }
}

fn first_detail(event: &Event) -> Option<String> {
    first_reading(event).and_then(|(_, detail)| detail)
}

/// Whether a `started` was folded from a stop and a start in a row, as a restart makes them.
fn is_stop_and_start(before: &Change) -> bool {
    before.raw.iter().any(|raw| raw.starts_with("died"))
}
