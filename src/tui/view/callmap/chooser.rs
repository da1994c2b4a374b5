//! The list of callmaps, with what is typed to find one.

use super::verdict::{look, mark, slot};
use crate::config::theme::Slot;
use crate::model::callmap::report::{ProductVerdict, Verdict};
use crate::model::cells::width;
use crate::model::plain::plain;
use crate::tui::callmap::{Chooser, Listed};
use crate::tui::state::State;
use crate::tui::view::popup::{Line, Popup, heading, pad};

/// The most cells of a product's name.
const PRODUCT: usize = 32;
/// How many lines the box has around the list: its border, what is typed, and the lines at the screen's edges.
const AROUND: u16 = 8;

/// The box.
#[must_use]
pub fn popup(state: &State, chooser: &Chooser) -> Popup {
    let typed = plain(chooser.input.value()).into_owned();
    let foot = vec![
        vec![],
        vec![
            (state.messages.say("callmap-find"), Slot::Key),
            (format!(" {typed}▏"), Slot::Input),
            (format!("  {}", state.messages.say("callmap-choose-hint")), Slot::Dim),
        ],
    ];
    let title = state.messages.say("pane-callmaps");
    let Some(listed) = &state.callmap.listed else {
        let lines = vec![vec![(state.messages.say("callmap-listing"), Slot::Dim)]];
        return Popup { foot, ..Popup::new(title, lines) };
    };
    if listed.is_empty() {
        let lines = vec![
            heading(state.messages.say("callmap-none")),
            vec![(state.messages.say("callmap-none-help"), Slot::Dim)],
        ];
        return Popup { foot, ..Popup::new(title, lines) };
    }
    let names = listed.iter().filter_map(|one| Some(width(&one.holds.as_ref().ok()?.0)));
    let widest = names.max().unwrap_or(0).clamp(8, PRODUCT);
    let mut lines: Vec<Line> = Vec::new();
    for (at, row) in chooser.rows.iter().enumerate() {
        if let Some(one) = listed.get(*row) {
            lines.push(line(state, one, widest, at == chooser.at));
        }
    }
    // The box keeps its size while one types.
    lines.resize(listed.len(), vec![]);
    let height = usize::from(state.size.height.saturating_sub(AROUND)).max(1);
    let top = chooser.at.saturating_sub(height - 1);
    Popup { foot, top, ..Popup::new(title, lines) }
}

fn line(state: &State, one: &Listed, widest: usize, is_selected: bool) -> Line {
    let arrow = if is_selected { "▸ " } else { "  " };
    let of = |slot| if is_selected { Slot::Selected } else { slot };
    let (sign, style) = last_verdict(state, one);
    let mut line = vec![(arrow.to_owned(), of(Slot::Text)), (format!("{sign} "), of(style))];
    match &one.holds {
        Ok((product, layers)) => {
            let count = state.messages.say_with("callmap-layers", [("count", *layers)]);
            line.push((format!("{}  ", pad(product, widest)), of(Slot::Object)));
            line.push((format!("{}  ", pad(&count, 9)), of(Slot::Dim)));
            line.push((one.shown.clone(), of(Slot::Dim)));
        }
        Err(fault) => line.push((plain(fault).into_owned(), of(Slot::Bad))),
    }
    line
}

/// The sign of its last run here; of a file with a fault that of a failure.
fn last_verdict(state: &State, one: &Listed) -> (&'static str, Slot) {
    if one.holds.is_err() {
        return (mark(Verdict::Fail), Slot::Bad);
    }
    let Some(run) = state.callmap.runs.of(&one.file) else { return (" ", Slot::Dim) };
    match &run.report {
        None if run.stage.is_end() => (mark(Verdict::Skipped), slot(Verdict::Skipped)),
        None => look(state, None),
        Some(report) => look(
            state,
            Some(match report.verdict {
                ProductVerdict::Ok => Verdict::Ok,
                ProductVerdict::Degraded => Verdict::Slow,
                ProductVerdict::Broken => Verdict::Fail,
            }),
        ),
    }
}
