//! The probes of the selected layer, what failed first.

use ratatui::layout::Rect;

use super::verdict::{look, milliseconds, slot};
use crate::config::theme::Slot;
use crate::model::callmap::progress::{LayerProgress, Row};
use crate::model::callmap::report::Verdict;
use crate::model::cells::{width, wrap};
use crate::tui::callmap::Side;
use crate::tui::state::{Pane, State};
use crate::tui::view::pen::Pen;
use crate::tui::view::{Hit, Hits};

/// The most that targets, kinds and what is asked may take.
const TARGET: usize = 24;
const KIND: usize = 9;
const ASK: usize = 34;
const TIME: u16 = 7;
/// So much is left for the reason before what is asked has a place.
const REASON: u16 = 24;

/// From so many free lines on, the whole reason of the selected probe stands below; at most so many lines of it.
const LEAST: u16 = 3;
const MOST: usize = 4;

/// Draws them, and returns what is left below.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) -> Rect {
    let Some(layer) = state.callmap.layer() else { return area };
    let mut y = area.y;
    let below = |y: u16| Rect { y: y.min(area.bottom()), height: area.bottom().saturating_sub(y), ..area };
    if let Some(why) = why(state, layer) {
        for line in wrap(&why, usize::from(area.width.saturating_sub(4))) {
            if y >= area.bottom() {
                break;
            }
            pen.text(area.x + 2, y, area.width.saturating_sub(3), &line, Slot::Warn);
            y += 1;
        }
        if layer.skipped.is_some() {
            return below(y);
        }
    }
    let columns = Columns::of(layer, area.width.saturating_sub(5));
    let focused = state.focus == Pane::Bottom && state.callmap.side == Side::Probes;
    let shown = state.callmap.order.iter().enumerate().skip(state.callmap.probes.top);
    for (at, number) in shown {
        if y >= area.bottom() {
            break;
        }
        let Some(row) = layer.rows.get(*number) else { continue };
        draw_row(pen, Rect::new(area.x, y, area.width, 1), state, row, columns);
        let line = Rect::new(area.x, y, area.width, 1);
        if at == state.callmap.probes.at {
            let slot = if focused { Slot::Selected } else { Slot::SelectedUnfocused };
            if focused {
                pen.tint(line, slot);
            }
            pen.text(line.x, y, 1, "▸", if focused { slot } else { Slot::Dim });
        }
        hits.add(line, Hit::Probe(at));
        y += 1;
    }
    below(whole_reason(pen, below(y), state, columns))
}

/// The reason of the selected probe, where its line has no room for all of it. Returns the first line that is left.
fn whole_reason(pen: &mut Pen<'_>, area: Rect, state: &State, columns: Columns) -> u16 {
    let came = state.callmap.row().and_then(|row| row.came.as_ref());
    let Some((verdict, reason)) = came.and_then(|came| Some((came.verdict, came.reason.as_deref()?))) else {
        return area.y;
    };
    if width(reason) <= usize::from(columns.reason) || area.height < LEAST {
        return area.y;
    }
    let mut y = area.y + 1;
    for line in wrap(reason, usize::from(area.width.saturating_sub(5))).into_iter().take(MOST) {
        if y >= area.bottom() {
            break;
        }
        pen.text(area.x + 4, y, area.width.saturating_sub(5), &line, slot(verdict));
        y += 1;
    }
    (y + 1).min(area.bottom())
}

/// Why a layer is as it is, where its probes do not say it.
fn why(state: &State, layer: &LayerProgress) -> Option<String> {
    if let Some(why) = &layer.skipped {
        return Some(state.messages.say_with("callmap-skipped-because", [("why", &**why)]));
    }
    layer.nobody.clone()
}

/// How wide each column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    target: u16,
    kind: u16,
    ask: u16,
    reason: u16,
    time: u16,
}

impl Columns {
    /// As wide as the layer's rows need, in that order of what matters: whom, why, how long, what.
    fn of(layer: &LayerProgress, room: u16) -> Self {
        let widest = |text: &dyn Fn(&Row) -> usize, most: usize| {
            let cells = layer.rows.iter().map(text).max().unwrap_or(0).min(most);
            u16::try_from(cells).unwrap_or(0)
        };
        let target = widest(&|row| width(&row.target), TARGET).min(room);
        let kind = widest(&|row| width(&kind(row)), KIND).min(room.saturating_sub(target + 1));
        let left = room.saturating_sub(target + kind + 2);
        let time = if left > REASON / 2 + TIME { TIME } else { 0 };
        let left = left.saturating_sub(time + u16::from(time > 0));
        let ask = widest(&|row| width(ask(row)), ASK).min(left.saturating_sub(REASON + 1));
        // A few cells of it say nothing.
        let ask = if ask < 8 { 0 } else { ask };
        let reason = left.saturating_sub(ask + u16::from(ask > 0));
        Columns { target, kind, ask, reason, time }
    }
}

/// What is asked; the scheme of a URL stands in the column before.
fn ask(row: &Row) -> &str {
    row.ask.strip_prefix(&*row.kind).and_then(|rest| rest.strip_prefix("://")).unwrap_or(&row.ask)
}

/// The kind of a probe, with the type of the records that are asked for.
fn kind(row: &Row) -> String {
    row.record.as_ref().map_or_else(|| row.kind.to_string(), |record| format!("{} {record}", row.kind))
}

fn draw_row(pen: &mut Pen<'_>, line: Rect, state: &State, row: &Row, columns: Columns) {
    let y = line.y;
    let verdict = row.came.as_ref().map(|came| came.verdict);
    let (sign, style) = look(state, verdict);
    let mut x = line.x + 2;
    pen.text(x, y, 1, sign, style);
    x += 2;
    pen.text(x, y, columns.target, &row.target, Slot::Object);
    x += columns.target + 1;
    pen.text(x, y, columns.kind, &kind(row), Slot::Dim);
    x += columns.kind + 1;
    if columns.ask > 0 {
        pen.text(x, y, columns.ask, ask(row), Slot::Dim);
        x += columns.ask + 1;
    }
    let Some(came) = &row.came else { return };
    let slot = match came.verdict {
        Verdict::Ok => Slot::Text,
        Verdict::Slow => Slot::Warn,
        Verdict::Fail => Slot::Bad,
        Verdict::Skipped => Slot::Absent,
    };
    pen.text(x, y, columns.reason, came.reason.as_deref().unwrap_or_default(), slot);
    x += columns.reason + 1;
    if columns.time > 0
        && let Some(total) = came.milliseconds.total
    {
        pen.right(x, y, columns.time, &milliseconds(total), Slot::Dim);
    }
}
