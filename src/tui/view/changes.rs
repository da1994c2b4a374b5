//! The changes pane: what happened, newest first.

use ratatui::layout::Rect;

use super::pen::Pen;
use super::tickets::who;
use super::{Hit, Hits};
use crate::config::theme::Slot;
use crate::model::cells::width;
use crate::model::change::{Change, Verb};
use crate::tui::state::{Pane, State};

const TIME: u16 = 9;
/// At most: a column of nothing but "not known" takes one cell.
const ACTOR: usize = 6;
const VERB: u16 = 10;

/// Draws the changes pane.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let focused = state.focus == Pane::Changes;
    let inner = pen.pane(area, &title(state), focused);
    if state.changes.newest_first.is_empty() {
        pen.text(
            inner.x + 1,
            inner.y,
            inner.width.saturating_sub(1),
            &state.messages.say("empty-changes"),
            Slot::Dim,
        );
        return;
    }
    let height = usize::from(inner.height);
    let actor = actor_cells(state);
    let shown = state.changes.newest_first.iter().enumerate().skip(state.feed.top).take(height);
    for ((line, change), y) in shown.zip(inner.y..) {
        let row = Rect::new(inner.x, y, inner.width, 1);
        draw_line(pen, row, state, change, actor);
        if focused && line == state.feed.cursor {
            pen.tint(row, Slot::Selected);
        } else if !state.feed.follows() && line == state.feed.cursor {
            pen.tint(row, Slot::SelectedUnfocused);
        }
        hits.add(row, Hit::Change(line));
    }
}

fn title(state: &State) -> String {
    let name = state.messages.say("pane-changes");
    if state.feed.follows() {
        return format!("{name} ── {}", state.messages.say("changes-today"));
    }
    let paused = state.messages.say("changes-paused");
    match state.feed.unseen(&state.changes) {
        0 => format!("{name} ── {paused}"),
        count => {
            format!("{name} ── {paused} ── {}", state.messages.say_with("changes-new", [("count", count)]))
        }
    }
}

fn actor_cells(state: &State) -> u16 {
    let actors = state.changes.newest_first.iter().filter_map(|change| change.actor.as_deref()).map(who);
    let widest = actors.map(width).max().unwrap_or(0);
    u16::try_from(widest.clamp(1, ACTOR)).unwrap_or(1)
}

fn draw_line(pen: &mut Pen<'_>, row: Rect, state: &State, change: &Change, actor: u16) {
    let y = row.y;
    let end = row.right().saturating_sub(1);
    let room = |x: u16| end.saturating_sub(x);
    let time = change.time.to_zoned(state.now.time_zone().clone());
    let today = time.date() == state.now.date();
    let time = time.strftime(if today { "%H:%M:%S" } else { "%a %H:%M" }).to_string();
    let mut x = row.x + 1;
    pen.text(x, y, TIME.min(room(x)), &time, Slot::Time);
    x += TIME + 1;
    let (name, slot) = change.actor.as_deref().map_or(("-", Slot::Absent), |it| (who(it), Slot::Actor));
    pen.text(x, y, actor.min(room(x)), name, slot);
    x += actor + 1;
    let slot = if change.verb.is_bad() { Slot::Bad } else { Slot::Verb };
    let verb_end = pen.text(x, y, room(x), change.verb.as_str(), slot);
    x = verb_end.max(x + VERB) + 1;
    x = pen.text(x, y, room(x), &change.object(), Slot::Object) + 1;
    if change.count > 1 {
        x = pen.text(x, y, room(x), &format!("×{}", change.count), Slot::Warn) + 1;
    }
    if let Some(detail) = &change.detail {
        let slot = if matches!(change.verb, Verb::Crashed | Verb::Failed) { Slot::Bad } else { Slot::Dim };
        x = pen.text(x, y, room(x), detail, slot) + 1;
    }
    if let Some(ticket) = change.ticket {
        // Its first digits do beside the tenant; the whole number stands in the change and among the tickets.
        let short: String = ticket.to_string().chars().take(3).collect();
        x = pen.text(x, y, room(x), &format!("‹{short}›"), Slot::Dim) + 1;
    }
    // The host goes last: it is the first that a narrow pane can do without.
    if change.tenant.is_some()
        && let Some(host) = change.host.as_deref().filter(|host| usize::from(room(x)) >= width(host))
    {
        pen.right(x, y, room(x), host, Slot::Absent);
    }
}
