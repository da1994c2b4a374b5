//! The title: which product, under which ticket, and the one sentence that somebody looks for.

use crate::config::theme::Slot;
use crate::model::callmap::layer::numbered;
use crate::model::callmap::progress::{Progress, Stage};
use crate::model::callmap::report::ProductVerdict;
use crate::model::cells::width;
use crate::model::plain::plain;
use crate::tui::callmap::order::{answered, first_broken};
use crate::tui::state::State;

/// The title in so many cells, and its style. Where there is little room, what is broken is said before all else.
#[must_use]
pub fn title(state: &State, cells: usize) -> (String, Slot) {
    let messages = &state.messages;
    let pane = &state.callmap;
    let Some(run) = pane.run() else {
        let Some(file) = &pane.file else { return (messages.say("pane-callmap"), Slot::Title) };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let slot = if pane.fault.is_some() { Slot::Bad } else { Slot::Title };
        return (format!("{} {}", messages.say("pane-callmap"), plain(&name)), slot);
    };
    let ticket = messages.say_with("callmap-ticket", [("ticket", run.ticket.to_string())]);
    let (standing, slot) = if pane.fault.is_some() {
        (messages.say("callmap-bad-file"), Slot::Bad)
    } else {
        standing(state, run)
    };
    let name = messages.say("pane-callmap");
    let named = format!("{name} {}", run.product);
    let every = pane.every.map(|every| messages.say_with("callmap-every", [("seconds", every.seconds)]));
    let mut titles = [
        vec![Some(named.clone()), Some(ticket), Some(standing.clone()), every.clone()],
        vec![Some(named), Some(standing.clone()), every],
        vec![Some(name), Some(standing)],
    ]
    .into_iter()
    .map(|parts| parts.into_iter().flatten().collect::<Vec<_>>().join(" ── "));
    let last = titles.next_back().unwrap_or_default();
    (titles.find(|title| width(title) <= cells).unwrap_or(last), slot)
}

/// Where the run stands.
fn standing(state: &State, run: &Progress) -> (String, Slot) {
    let messages = &state.messages;
    if let Some(at) = first_broken(run) {
        let layer = &run.layers[at];
        let (ok, total) = layer.tally.map_or((0, 0), |tally| (tally.ok, tally.total));
        let text = messages.say_with(
            "callmap-first-broken",
            [("layer", numbered(at, &layer.name)), ("ok", ok.to_string()), ("total", total.to_string())],
        );
        return (text, Slot::Bad);
    }
    match (&run.stage, &run.report) {
        (Stage::Waits, _) => (messages.say("callmap-waits"), Slot::Busy),
        (Stage::Finds, _) => (messages.say("callmap-finds"), Slot::Busy),
        (Stage::Asks, _) => {
            let (answered, all) = answered(run);
            (messages.say_with("callmap-asks", [("answered", answered), ("all", all)]), Slot::Busy)
        }
        (Stage::Cancelled(_), _) => (messages.say("callmap-cancelled"), Slot::Warn),
        (Stage::Refused(_), _) => (messages.say("callmap-refused"), Slot::Bad),
        (Stage::Over, Some(report)) if report.verdict == ProductVerdict::Ok => {
            (messages.say_with("callmap-all-ok", [("count", run.layers.len())]), Slot::Good)
        }
        (Stage::Over, Some(_)) => (messages.say("callmap-degraded"), Slot::Warn),
        (Stage::Over, None) => (String::new(), Slot::Title),
    }
}
