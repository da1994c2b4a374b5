//! The pane at the bottom: the containers of the selected tenant, the tickets, or a callmap.

use ratatui::layout::Rect;

use super::pen::Pen;
use super::{Hit, Hits, callmap, containers, history, tickets};
use crate::config::theme::Slot;
use crate::model::cells::width;
use crate::model::plain::plain_to;
use crate::tui::layout::WIDE;
use crate::tui::state::{Bottom, Pane, State};

/// The longest name of a machine that is shown.
const MOST_MACHINE: usize = 24;

/// Draws the pane.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let inner = pen.pane(area, "", state.focus == Pane::Bottom);
    draw_tabs(pen, area, state, hits);
    match state.bottom {
        Bottom::Containers => containers::draw(pen, inner, state),
        Bottom::Tickets => tickets::draw(pen, inner, state, hits),
        Bottom::Callmap => callmap::draw(pen, inner, state, hits),
        Bottom::History => history::draw(pen, inner, state, hits),
    }
}

/// What the pane can show, in its upper border. The one that it shows stands first to the eye: in the title's style,
/// and with the mark of what is chosen. A callmap's title says what is broken: it comes first, and has all the room that
/// it needs.
fn draw_tabs(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let end = area.right().saturating_sub(2);
    let mut tabs = vec![
        (Bottom::Containers, containers_title(state), Slot::Title),
        (Bottom::Tickets, tickets_title(state), Slot::Title),
    ];
    if state.bottom == Bottom::History {
        tabs.insert(0, (Bottom::History, history_title(state), Slot::Title));
    } else if state.tenants.selected().is_some() {
        tabs.push((Bottom::History, state.messages.say("pane-history"), Slot::Title));
    }
    if state.bottom == Bottom::Callmap {
        let (title, slot) = callmap::title::title(state, usize::from(area.width.saturating_sub(8)));
        tabs.insert(0, (Bottom::Callmap, title, slot));
    } else if state.callmap.file.is_some() {
        tabs.push((Bottom::Callmap, state.messages.say("pane-callmap"), Slot::Title));
    }
    let mut x = area.x + 2;
    for at in 0..tabs.len() {
        let (bottom, title, slot) = &tabs[at];
        // A long tenant's name leaves room for the titles behind it.
        let others = tabs[at + 1..].iter().map(|(_, title, _)| width(title) + 4).sum::<usize>();
        let kept = if *bottom == Bottom::Containers { others + 2 } else { 0 };
        let room = end.saturating_sub(x + u16::try_from(kept).unwrap_or(0));
        // A few letters of a name say nothing.
        if at > 0 && room < 12 {
            continue;
        }
        if at > 0 {
            x = pen.text(x, area.y, end.saturating_sub(x), "│", Slot::Dim);
        }
        let (sign, slot) = if state.bottom == *bottom { ("▸", *slot) } else { (" ", Slot::Dim) };
        let start = x;
        x = pen.text(x, area.y, room.saturating_sub(1), &format!(" {sign}{title}"), slot);
        x = pen.text(x, area.y, end.saturating_sub(x), " ", slot);
        hits.add(Rect::new(start, area.y, x.saturating_sub(start), 1), Hit::Tab(*bottom));
    }
}

fn containers_title(state: &State) -> String {
    match state.tenants.selected() {
        Some(tenant) => state.messages.say_with("pane-containers", [("tenant", &*tenant.name)]),
        None => state.messages.say("pane-no-containers"),
    }
}

fn history_title(state: &State) -> String {
    let Some(tenant) = state.tenants.selected() else { return state.messages.say("pane-history") };
    let messages = &state.messages;
    let hours = state.history.hours();
    let stretch = if hours < 48 {
        messages.say_with("history-hours", [("count", hours)])
    } else {
        messages.say_with("history-days", [("count", hours / 24)])
    };
    let standing = match () {
        () if state.history.asked.waits() => Some("changes-asking"),
        () if state.history.asked.fault().is_some() => Some("changes-fault"),
        () if state.history.is_cut => Some("history-cut"),
        () if state.changes.recorded_to.is_none() => Some("changes-memory-only"),
        () => None,
    };
    let title = messages.say_with("pane-history-of", [("tenant", &*tenant.name)]);
    let parts = [Some(title), Some(stretch), standing.map(|name| messages.say(name))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ── ")
}

/// How many are open, and which keeper works.
fn tickets_title(state: &State) -> String {
    let tickets = match state.work.tickets.iter().take_while(|ticket| ticket.ended.is_none()).count() {
        0 => state.messages.say("pane-tickets"),
        open => state.messages.say_with("pane-tickets-open", [("count", open)]),
    };
    // Where there is little room, the other panes' names go before it.
    let keeper = state.work.keeper.as_ref().filter(|_| state.size.width >= WIDE);
    let Some(keeper) = keeper else { return tickets };
    let since = keeper.since.to_zoned(state.now.time_zone().clone());
    let today = since.date() == state.now.date();
    let since = since.strftime(if today { "%H:%M:%S" } else { "%a %H:%M" }).to_string();
    let machine = plain_to(&keeper.machine, MOST_MACHINE).into_owned();
    let keeper = state.messages.say_with("pane-tickets-keeper", [("machine", machine), ("since", since)]);
    format!("{tickets} ── {keeper}")
}
