//! Signs and words of verdicts: colour is never the only sign.

use crate::config::theme::Slot;
use crate::model::callmap::progress::LayerProgress;
use crate::model::callmap::report::Verdict;
use crate::model::state::Kind;
use crate::tui::callmap::order::is_weak;
use crate::tui::state::State;
use crate::tui::view::tenant_state::sign;

/// The sign of a verdict.
#[must_use]
pub fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "✔",
        Verdict::Slow => "!",
        Verdict::Fail => "✖",
        Verdict::Skipped => "–",
    }
}

/// The style of a verdict.
#[must_use]
pub fn slot(verdict: Verdict) -> Slot {
    match verdict {
        Verdict::Ok => Slot::Good,
        Verdict::Slow => Slot::Warn,
        Verdict::Fail => Slot::Bad,
        Verdict::Skipped => Slot::Absent,
    }
}

/// Sign and style; while nothing is known, what turns.
#[must_use]
pub fn look(state: &State, verdict: Option<Verdict>) -> (&'static str, Slot) {
    verdict.map_or_else(|| (sign(Kind::Busy, state), Slot::Busy), |verdict| (mark(verdict), slot(verdict)))
}

/// The same for a layer: one with losses that its need allows is to be looked at, too.
#[must_use]
pub fn look_of_layer(state: &State, layer: &LayerProgress) -> (&'static str, Slot) {
    if is_weak(layer) { (mark(Verdict::Slow), slot(Verdict::Slow)) } else { look(state, layer.verdict()) }
}

/// Milliseconds as people say them: `0.4 ms`, `31 ms`, `1.2 s`.
#[must_use]
pub fn milliseconds(value: f64) -> String {
    match value {
        ..0.95 => format!("{value:.1} ms"),
        ..999.5 => format!("{value:.0} ms"),
        ..99_950.0 => format!("{:.1} s", value / 1000.0),
        _ => format!("{:.0} s", value / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_few_digits() {
        let said = [(0.04, "0.0 ms"), (0.42, "0.4 ms"), (4.2, "4 ms"), (412.0, "412 ms"), (1500.0, "1.5 s")];
        for (value, text) in said {
            assert_eq!(milliseconds(value), text);
        }
    }
}
