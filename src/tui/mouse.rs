//! What the mouse does to the state.

use ratatui::layout::Position;

use super::callmap::{Side, act};
use super::changes::act as changes;
use super::state::{Bottom, Layer, Pane, State};
use super::update::{filter_by_state, move_by, sort};
use super::view::{Hit, Hits};

/// The wheel was turned over the screen.
pub fn wheel(state: &mut State, at: Position, by: isize) {
    let areas = state.areas();
    if state.layer.is_some() {
        move_by(state, by);
    } else if areas.changes.is_some_and(|area| area.contains(at)) {
        state.feed.move_by(by);
    } else if areas.tenants.is_some_and(|area| area.contains(at)) {
        state.tenants.move_by(by);
    } else if areas.bottom.is_some_and(|area| area.contains(at)) && state.bottom == Bottom::Tickets {
        state.tickets.move_by(by);
    } else if areas.bottom.is_some_and(|area| area.contains(at)) && state.bottom == Bottom::Callmap {
        act::wheel(state, at, by);
    } else if areas.bottom.is_some_and(|area| area.contains(at)) && state.bottom == Bottom::History {
        state.history.move_by(by);
    }
}

/// Something on the screen was clicked.
pub fn click(state: &mut State, at: Position, hits: &Hits) {
    state.sought.drop_it();
    if state.layer.take().is_some() {
        return;
    }
    match hits.at(at) {
        Some(Hit::State(word)) => filter_by_state(state, word),
        Some(Hit::Hosts) => state.layer = Some(Layer::Hosts(0)),
        Some(Hit::Tenant(row)) => {
            state.focus = Pane::Tenants;
            state.tenants.select(row);
        }
        Some(Hit::Change(line)) => {
            state.focus = Pane::Changes;
            // The selected one is opened, as by Enter.
            let is_selected = !state.feed.follows() && state.feed.cursor == line;
            state.feed.select(line);
            if is_selected {
                state.layer = state.feed.selected().cloned().map(changes::boxed);
            }
        }
        Some(Hit::Sort(by)) => {
            let reverse = state.tenants.sort == by && !state.tenants.reverse;
            sort(state, by, reverse);
        }
        Some(Hit::Ticket(row)) => {
            state.focus = Pane::Bottom;
            state.tickets.select(row);
        }
        Some(Hit::Layer(layer)) => {
            state.focus = Pane::Bottom;
            state.callmap.side = Side::Layers;
            state.callmap.choose_layer(layer);
        }
        Some(Hit::Probe(probe)) => {
            state.focus = Pane::Bottom;
            // The selected one is opened, as by Enter.
            let is_selected = state.callmap.side == Side::Probes && state.callmap.probes.at == probe;
            state.callmap.side = Side::Probes;
            if is_selected {
                act::enter(state);
            } else {
                state.callmap.choose_probe(probe);
            }
        }
        Some(Hit::Moment(column)) => {
            state.focus = Pane::Changes;
            let columns = changes::columns(state);
            // The selected one is gone to, as by Enter.
            let is_selected = state.timeline.open && state.timeline.selected(&columns) == column;
            state.timeline.open = true;
            state.timeline.look_at(column, &columns);
            if is_selected {
                changes::enter(state);
            }
        }
        Some(Hit::Past(line)) => {
            state.focus = Pane::Bottom;
            let is_selected = state.history.cursor == line;
            state.history.select(line);
            if is_selected {
                changes::enter_history(state);
            }
        }
        Some(Hit::Tab(bottom)) => (state.bottom, state.focus) = (bottom, Pane::Bottom),
        None => {}
    }
}
