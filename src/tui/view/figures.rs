//! Figures as both tables show them.

use jiff::Timestamp;

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
