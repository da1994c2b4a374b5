//! The layers, from the outside in.

use ratatui::layout::Rect;

use super::verdict::{look_of_layer, mark, milliseconds, slot};
use crate::config::theme::Slot;
use crate::model::callmap::layer::numbered;
use crate::model::callmap::progress::{LayerProgress, Progress};
use crate::model::callmap::report::Verdict;
use crate::tui::callmap::Side;
use crate::tui::callmap::order::lasted;
use crate::tui::state::{Pane, State};
use crate::tui::view::pen::Pen;
use crate::tui::view::table::{Want, place};
use crate::tui::view::{Hit, Hits};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Counts,
    Time,
    Strip,
}

const WANTS: [Want<Column>; 3] = [
    Want { column: Column::Name, cells: 0, weight: 9 },
    Want { column: Column::Counts, cells: 7, weight: 8 },
    Want { column: Column::Time, cells: 8, weight: 7 },
];
/// How many verdicts the strip shows.
const STRIP: u16 = 13;
const NAME_LEAST: u16 = 8;

/// Draws them.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, run: &Progress, hits: &mut Hits) {
    let mut wants = WANTS.to_vec();
    if state.callmap.has_strips() {
        wants.push(Want { column: Column::Strip, cells: STRIP, weight: 1 });
    }
    // Before the name stand the mark of what is selected and the verdict's sign.
    let columns = place(area.x + 4, area.width.saturating_sub(5), NAME_LEAST, &wants);
    let focused = state.focus == Pane::Bottom && state.callmap.side == Side::Layers;
    let shown = run.layers.iter().enumerate().skip(state.callmap.layers.top);
    for ((number, layer), y) in shown.zip(area.y..area.bottom()) {
        // Of what was not begun, or was called off, nothing more will come.
        let is_left = run.stage.is_end() && layer.verdict().is_none();
        let (sign, style) =
            if is_left { (mark(Verdict::Skipped), Slot::Absent) } else { look_of_layer(state, layer) };
        pen.text(area.x + 2, y, 1, sign, style);
        for column in &columns {
            match column.column {
                Column::Name => {
                    pen.text(column.x, y, column.cells, &numbered(number, &layer.name), style);
                }
                Column::Counts => pen.right(column.x, y, column.cells, &counts(layer), Slot::Text),
                Column::Time => {
                    let (word, slot) = time(state, layer);
                    pen.right(column.x, y, column.cells, &word, slot);
                }
                Column::Strip => {
                    let mut x = column.x + 1;
                    for verdict in state.callmap.strips.of(number, usize::from(STRIP - 1)) {
                        // A run that was well is a dot: what was not stands out.
                        let sign = if verdict == Verdict::Ok { "·" } else { mark(verdict) };
                        x = pen.text(x, y, 1, sign, slot(verdict));
                    }
                }
            }
        }
        let row = Rect::new(area.x, y, area.width, 1);
        if number == state.callmap.layers.at {
            let slot = if focused { Slot::Selected } else { Slot::SelectedUnfocused };
            pen.tint(row, slot);
            pen.text(row.x, y, 1, "▸", slot);
        }
        hits.add(row, Hit::Layer(number));
    }
}

/// How many targets are well; while answers are awaited, how many there are.
fn counts(layer: &LayerProgress) -> String {
    match layer.tally {
        Some(tally) if layer.skipped.is_none() => format!("{}/{}", tally.ok, tally.total),
        Some(_) => String::new(),
        None if layer.rows.is_empty() => String::new(),
        None => format!("{} of {}", layer.answered(), layer.rows.len()),
    }
}

/// How long it took, or the word for what it is where that says more.
fn time(state: &State, layer: &LayerProgress) -> (String, Slot) {
    match layer.verdict() {
        None => (String::new(), Slot::Dim),
        Some(Verdict::Fail) => (state.messages.say("callmap-broken"), Slot::Bad),
        Some(Verdict::Skipped) => (state.messages.say("callmap-skipped"), Slot::Absent),
        Some(verdict) => {
            let time = lasted(layer).map(milliseconds).unwrap_or_default();
            (time, if verdict == Verdict::Slow { Slot::Warn } else { Slot::Dim })
        }
    }
}
