//! A run of another console, or of long ago: what the list of tickets knows of it, and where the rest is.

use jiff::Timestamp;

use super::verdict::{mark, slot};
use crate::config::theme::Slot;
use crate::model::callmap::kept::{Run, RunOutcome};
use crate::model::callmap::report::Verdict;
use crate::model::cells::wrap;
use crate::model::plain::plain as harmless;
use crate::model::state::Kind;
use crate::tui::state::State;
use crate::tui::view::figures::seconds;
use crate::tui::view::popup::{Line, Popup, plain};
use crate::tui::view::tenant_state::sign;

/// The box of a run.
#[must_use]
pub fn popup(state: &State, run: &Run) -> Popup {
    let title = state.messages.say_with("pane-ticket", [("id", run.id.to_string())]);
    Popup::new(title, lines(state, run))
}

fn lines(state: &State, run: &Run) -> Vec<Line> {
    let messages = &state.messages;
    let cells = usize::from(state.size.width).saturating_sub(8).clamp(20, 90);
    let who = format!("{} ({})", harmless(&run.actor), run.door.as_str());
    let time = |at: Timestamp| {
        at.to_zoned(state.now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    };
    let took = took(run).map(|took| format!(" {}", seconds(took))).unwrap_or_default();
    let (word, style) = outcome(state, run);
    let mut lines = vec![
        plain(
            messages.say_with("change-object", [("object", format!("callmap {}", harmless(&run.product)))]),
        ),
        plain(messages.say_with("run-file", [("file", harmless(&run.file).into_owned())])),
        plain(messages.say_with("change-actor", [("actor", who)])),
        plain(messages.say_with("ticket-asked", [("time", time(run.asked))])),
        vec![(messages.say("ticket-outcome"), Slot::Text), (format!("{word}{took}"), style)],
    ];
    if let Some(reason) = &run.reason {
        lines.extend(wrap(&harmless(reason), cells).into_iter().map(|line| plain(format!("  {line}"))));
    }
    let all = messages.say_with("run-all", [("id", run.id.to_string())]);
    lines.push(vec![]);
    lines.extend(wrap(&all, cells).into_iter().map(|line| vec![(line, Slot::Dim)]));
    lines
}

/// How a run ended, else that it goes on.
#[must_use]
pub fn outcome(state: &State, run: &Run) -> (String, Slot) {
    let Some(outcome) = run.outcome else {
        return (format!("{} {}", sign(Kind::Busy, state), state.messages.say("run-asks")), Slot::Busy);
    };
    let like = match outcome {
        RunOutcome::Ok => Verdict::Ok,
        RunOutcome::Degraded => Verdict::Slow,
        RunOutcome::Broken | RunOutcome::Refused => Verdict::Fail,
        RunOutcome::Cancelled | RunOutcome::CutOff => Verdict::Skipped,
    };
    (format!("{} {}", mark(like), outcome.as_str()), slot(like))
}

/// How many seconds a run took, where it has ended and that is known.
#[must_use]
pub fn took(run: &Run) -> Option<f64> {
    Some(run.ended?.duration_since(run.asked).as_secs_f64())
}
