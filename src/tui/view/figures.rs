//! Figures as both tables show them.

use jiff::{SignedDuration, Timestamp};

use crate::model::cells::age;
use crate::tui::state::State;

/// What stands where nothing is known.
pub const UNKNOWN: &str = "–";

/// A percentage of a core.
#[must_use]
pub fn percent(value: Option<f64>) -> String {
    value.map_or(UNKNOWN.to_owned(), |value| format!("{value:.1}%"))
}

/// How long ago that was.
#[must_use]
pub fn since(moment: Option<Timestamp>, state: &State) -> String {
    let now = state.now.timestamp();
    moment.map_or(UNKNOWN.to_owned(), |moment| age(now.duration_since(moment).as_secs()))
}

/// How long something has taken that still goes on: it changes four times in a second, so one digit is enough.
#[must_use]
pub fn elapsed(seconds: f64) -> String {
    if seconds < 99.95 { format!("{:.1}s", seconds.max(0.0)) } else { age(whole(seconds)) }
}

/// How long something took: `0.14s`, `2.1s`, `42s`, `3m`.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.995 => format!("{:.2}s", s.max(0.0)),
        s if s < 9.95 => format!("{s:.1}s"),
        s => age(whole(s.round())),
    }
}

fn whole(seconds: f64) -> i64 {
    SignedDuration::try_from_secs_f64(seconds).map_or(0, |duration| duration.as_secs())
}
