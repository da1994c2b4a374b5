//! One change in a line.

use ratatui::layout::Rect;

use crate::config::theme::Slot;
use crate::model::cells::width;
use crate::model::change::{Change, Verb};
use crate::tui::state::State;
use crate::tui::view::pen::Pen;
use crate::tui::view::tickets::who;

/// What stands before a change that the ledger does not have yet.
pub const NOT_RECORDED: &str = "◦";

/// The time of today, and of the last days.
const TIME: u16 = 9;
/// The same where some are older than that.
const DATE: u16 = 12;
/// At most: a column of nothing but "not known" takes one cell.
const ACTOR: usize = 6;
const VERB: u16 = 10;

/// How wide the columns are.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    time: u16,
    actor: u16,
}

/// The columns that these changes need.
#[must_use]
pub fn columns<'a>(state: &State, changes: impl Iterator<Item = &'a Change>, width_of_all: u16) -> Columns {
    let (mut actor, mut is_old) = (1, false);
    for change in changes {
        actor = actor.max(change.actor.as_deref().map(who).map_or(1, width));
        is_old |= is_old_one(state, change);
    }
    // Where there is little room, what happened says more than when.
    let time = if is_old && width_of_all >= 44 { DATE } else { TIME };
    Columns { time, actor: u16::try_from(actor.min(ACTOR)).unwrap_or(1) }
}

/// A day of the week does not name its day any more.
fn is_old_one(state: &State, change: &Change) -> bool {
    state.now.timestamp().duration_since(change.time).as_hours() >= 6 * 24
}

fn time(state: &State, change: &Change, columns: Columns) -> String {
    let time = change.time.to_zoned(state.now.time_zone().clone());
    let form = match () {
        () if time.date() == state.now.date() => "%H:%M:%S",
        () if !is_old_one(state, change) => "%a %H:%M",
        () if time.year() != state.now.year() => "%Y-%m-%d",
        () if columns.time == DATE => "%d %b %H:%M",
        () => "%d %b",
    };
    time.strftime(form).to_string()
}

/// Draws the line, from the second cell on.
pub fn draw(pen: &mut Pen<'_>, row: Rect, state: &State, change: &Change, columns: Columns) {
    let y = row.y;
    let end = row.right().saturating_sub(1);
    let room = |x: u16| end.saturating_sub(x);
    let mut x = row.x + 1;
    pen.text(x, y, columns.time.min(room(x)), &time(state, change, columns), Slot::Time);
    x += columns.time + 1;
    let (name, slot) = change.actor.as_deref().map_or(("-", Slot::Absent), |it| (who(it), Slot::Actor));
    pen.text(x, y, columns.actor.min(room(x)), name, slot);
    x += columns.actor + 1;
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
