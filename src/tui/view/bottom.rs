//! The pane at the bottom: the containers of the selected tenant, or the tickets. Callmaps will share its place.

use ratatui::layout::Rect;

use super::pen::Pen;
use super::{Hit, Hits, containers, tickets};
use crate::config::theme::Slot;
use crate::model::cells::width;
use crate::tui::state::{Bottom, Pane, State};

/// Draws the pane.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let inner = pen.pane(area, "", state.focus == Pane::Bottom);
    draw_tabs(pen, area, state, hits);
    match state.bottom {
        Bottom::Containers => containers::draw(pen, inner, state),
        Bottom::Tickets => tickets::draw(pen, inner, state, hits),
    }
}

/// What the pane can show, in its upper border. The one that it shows stands first to the eye: in the title's style,
/// and with the mark of what is chosen.
fn draw_tabs(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let end = area.right().saturating_sub(2);
    let tickets = tickets_title(state);
    let mut x = area.x + 2;
    for (bottom, title) in [(Bottom::Containers, containers_title(state)), (Bottom::Tickets, tickets.clone())]
    {
        // A long tenant's name leaves room for the other title.
        let kept = if bottom == Bottom::Containers { width(&tickets) + 6 } else { 0 };
        let room = end.saturating_sub(x + u16::try_from(kept).unwrap_or(0));
        let (sign, slot) = if state.bottom == bottom { ("▸", Slot::Title) } else { (" ", Slot::Dim) };
        let start = x;
        x = pen.text(x, area.y, room.saturating_sub(1), &format!(" {sign}{title}"), slot);
        x = pen.text(x, area.y, end.saturating_sub(x), " ", slot);
        hits.add(Rect::new(start, area.y, x.saturating_sub(start), 1), Hit::Tab(bottom));
        if bottom == Bottom::Containers {
            x = pen.text(x, area.y, end.saturating_sub(x), "│", Slot::Dim);
        }
    }
}

fn containers_title(state: &State) -> String {
    match state.tenants.selected() {
        Some(tenant) => state.messages.say_with("pane-containers", [("tenant", &*tenant.name)]),
        None => state.messages.say("pane-no-containers"),
    }
}

fn tickets_title(state: &State) -> String {
    match state.work.tickets.iter().take_while(|ticket| ticket.ended.is_none()).count() {
        0 => state.messages.say("pane-tickets"),
        open => state.messages.say_with("pane-tickets-open", [("count", open)]),
    }
}
