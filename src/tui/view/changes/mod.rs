//! The changes pane: what happened, newest first; its question in the lower border, and the timeline below the list.

pub mod row;
pub mod sheet;
pub mod strip;
pub mod title;

use ratatui::layout::Rect;

use super::pen::Pen;
use super::{Hit, Hits};
use crate::config::theme::Slot;
use crate::model::cells::wrap;
use crate::model::plain::plain;
use crate::tui::changes::act::strip_lines;
use crate::tui::state::{Pane, State};

/// How many lines a fault of the ledger may take.
const MOST_OF_A_FAULT: usize = 3;

/// Draws the changes pane.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let focused = state.focus == Pane::Changes;
    let (title, slot) = title::title(state, usize::from(area.width.saturating_sub(6)));
    let inner = pen.pane(area, "", focused);
    if area.width > 6 {
        let end = pen.text(area.x + 2, area.y, area.width - 5, &format!(" {title}"), slot);
        pen.text(end, area.y, 1, " ", slot);
        title::draw_question(pen, area, state);
    }
    let strip = strip_lines(state).min(inner.height);
    let list = Rect { height: inner.height - strip, ..inner };
    if strip > 0 {
        let below = Rect { y: list.bottom(), height: strip, ..inner };
        strip::draw(pen, below, state, hits);
    }
    let list = draw_fault(pen, list, state);
    if state.feed.rows.is_empty() {
        let room = list.width.saturating_sub(1);
        pen.text(list.x + 1, list.y, room.min(list.height * room), &empty(state), Slot::Dim);
        return;
    }
    let shown = || state.feed.rows.iter().enumerate().skip(state.feed.top).take(usize::from(list.height));
    let columns = row::columns(state, shown().map(|(_, row)| &*row.change), list.width);
    for ((line, shown), y) in shown().zip(list.y..list.bottom()) {
        let row = Rect::new(list.x, y, list.width, 1);
        // Also what has left the memory may not be in the ledger yet.
        if !state.changes.has_recorded(&shown.change) {
            pen.text(row.x, y, 1, row::NOT_RECORDED, Slot::Dim);
        }
        row::draw(pen, row, state, &shown.change, columns);
        if focused && !state.timeline.open && line == state.feed.cursor {
            pen.tint(row, Slot::Selected);
        } else if !state.feed.follows() && line == state.feed.cursor {
            pen.tint(row, Slot::SelectedUnfocused);
        }
        hits.add(row, Hit::Change(line));
    }
}

/// Why the ledger does not answer, above what is known without it; and the room that is left.
fn draw_fault(pen: &mut Pen<'_>, list: Rect, state: &State) -> Rect {
    let Some(fault) = state.feed.asked.fault().or(state.changes.trouble.as_ref()) else { return list };
    let lines = wrap(&plain(fault), usize::from(list.width.saturating_sub(4)));
    let lines = lines.iter().take(MOST_OF_A_FAULT.min(usize::from(list.height)));
    let mut y = list.y;
    for line in lines {
        let mark = if y == list.y { "✖ " } else { "  " };
        let x = pen.text(list.x + 1, y, 2, mark, Slot::Bad);
        pen.text(x, y, list.width.saturating_sub(4), line, Slot::Bad);
        y += 1;
    }
    Rect { y, height: list.bottom() - y, ..list }
}

/// Why there is nothing.
fn empty(state: &State) -> String {
    let name = match &state.feed.posed {
        _ if state.feed.asked.waits() => "changes-asking",
        None => "empty-changes",
        Some(_) => "empty-question",
    };
    state.messages.say(name)
}
