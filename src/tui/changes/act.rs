//! What keys and written lines do to the changes pane, to the box of a change, and to the timeline.

use std::sync::Arc;

use jiff::SignedDuration;

use super::list::Posed;
use super::sheet::ChangeSheet;
use super::timeline::{Columns, HOURS};
use crate::grammar::{ChangesArgs, ChangesVerb};
use crate::model::action::{Action, Scope};
use crate::model::ask::{Ask, Range, Term, Test};
use crate::model::change::Change;
use crate::model::ticket::TicketId;
use crate::tui::callmap;
use crate::tui::layout;
use crate::tui::orders;
use crate::tui::state::{Bottom, Layer, Notice, Pane, State};

/// Whose keys go before those that are heard everywhere.
#[must_use]
pub fn scope(state: &State) -> Scope {
    match &state.layer {
        Some(Layer::Change(_)) => Scope::Change,
        Some(_) => Scope::Everywhere,
        None if callmap::act::has_keys(state) => Scope::Callmap,
        None if timeline_has_keys(state) || history_has_keys(state) => Scope::Time,
        None => Scope::Everywhere,
    }
}

/// Whether keys go to the timeline.
#[must_use]
pub fn timeline_has_keys(state: &State) -> bool {
    state.layer.is_none() && state.focus == Pane::Changes && state.timeline.open
}

/// Whether keys go to a tenant's history.
#[must_use]
pub fn history_has_keys(state: &State) -> bool {
    state.layer.is_none() && state.focus == Pane::Bottom && state.bottom == Bottom::History
}

/// The columns of the timeline as they are on the screen.
#[must_use]
pub fn columns(state: &State) -> Columns {
    let cells = state.areas().changes.map_or(0, |area| layout::strip_cells(layout::inside(area)));
    state.timeline.columns(&state.changes, &state.now, cells)
}

/// An action of the pane, of its timeline, of a history or of the box was asked for.
pub fn act(state: &mut State, action: Action) {
    match action {
        Action::Timeline => turn_timeline(state),
        Action::History => turn_history(state),
        Action::ChangeTicket | Action::ChangeTenant | Action::AskTenant | Action::AskWho => {
            of_box(state, action);
        }
        Action::Earlier
        | Action::Later
        | Action::HourEarlier
        | Action::HourLater
        | Action::Closer
        | Action::Wider => {
            if history_has_keys(state) {
                in_history(state, action);
            } else if timeline_has_keys(state) {
                in_timeline(state, action);
            }
        }
        _ => {}
    }
}

fn turn_timeline(state: &mut State) {
    state.layer = None;
    let is_open = state.timeline.open && state.focus == Pane::Changes;
    state.timeline.open = !is_open;
    state.focus = Pane::Changes;
}

fn turn_history(state: &mut State) {
    state.layer = None;
    if state.bottom == Bottom::History && state.areas().bottom.is_some() {
        leave_history(state);
    } else if state.tenants.selected().is_some() {
        (state.bottom, state.focus) = (Bottom::History, Pane::Bottom);
    } else {
        bad(state, "empty-selection");
    }
}

fn leave_history(state: &mut State) {
    state.bottom = Bottom::Containers;
    if state.focus == Pane::Bottom {
        state.focus = Pane::Tenants;
    }
}

fn in_history(state: &mut State, action: Action) {
    let now = state.now.timestamp();
    let history = &mut state.history;
    match action {
        Action::Earlier => history.move_by_hours(-history.quarter(), now),
        Action::Later => history.move_by_hours(history.quarter(), now),
        Action::HourEarlier => history.move_by_hours(-1, now),
        Action::HourLater => history.move_by_hours(1, now),
        Action::Closer => history.zoom(false),
        _ => history.zoom(true),
    }
}

fn in_timeline(state: &mut State, action: Action) {
    let columns = columns(state);
    let timeline = &mut state.timeline;
    match action {
        Action::Earlier => timeline.move_by(-1, &columns),
        Action::Later => timeline.move_by(1, &columns),
        Action::HourEarlier => timeline.move_by_hours(-1, &columns),
        Action::HourLater => timeline.move_by_hours(1, &columns),
        Action::Closer => timeline.zoom = (timeline.zoom + 1).min(HOURS.len() - 1),
        _ => timeline.zoom = timeline.zoom.saturating_sub(1),
    }
}

/// Enter in the pane: goes to the moment of the timeline, or opens the selected change.
pub fn enter(state: &mut State) {
    if !state.timeline.open {
        state.layer = state.feed.selected().cloned().map(boxed);
        return;
    }
    let columns = columns(state);
    let Some(tick) = columns.ticks.get(state.timeline.selected(&columns)) else { return };
    let to = tick.start.checked_add(columns.step).ok();
    let before = state.feed.posed.take();
    let terms = before.as_ref().map(|posed| posed.ask.terms.clone()).unwrap_or_default();
    let ask = Ask { range: Some(Range { from: tick.start, to }), terms };
    state.timeline.gone_from = Some(before);
    state.timeline.open = false;
    pose(state, ask);
}

/// The box of a change.
#[must_use]
pub fn boxed(change: Arc<Change>) -> Layer {
    Layer::Change(Box::new(ChangeSheet::new(change)))
}

/// Enter in a tenant's history: opens the selected change.
pub fn enter_history(state: &mut State) {
    state.layer = state.history.selected().cloned().map(boxed);
}

/// Esc where nothing lies over the panes: whether the pane had something to go back from.
pub fn leave(state: &mut State) -> bool {
    if history_has_keys(state) {
        leave_history(state);
        return true;
    }
    if state.focus != Pane::Changes {
        return false;
    }
    if state.timeline.open {
        state.timeline.open = false;
        return true;
    }
    if let Some(before) = state.timeline.gone_from.take() {
        state.feed.pose(before);
        state.timeline.open = true;
        return true;
    }
    if state.feed.posed.is_some() {
        state.feed.pose(None);
        return true;
    }
    false
}

/// Asks in the words of the language; an empty line asks nothing. `draft` while it is being written. Whether it was
/// understood.
pub fn ask(state: &mut State, text: &str, draft: bool) -> bool {
    let text = text.trim();
    match Ask::parse(text, &state.now) {
        Ok(ask) => {
            state.feed.error = None;
            let posed = (!text.is_empty()).then(|| Posed { text: text.to_owned(), ask, draft });
            if state.feed.posed != posed {
                state.feed.pose(posed);
            }
            true
        }
        Err(error) => {
            state.feed.error = Some(error.to_string());
            false
        }
    }
}

/// `:changes [QUERY...]`; what else the shell can say of changes is said there.
pub fn said(state: &mut State, args: &ChangesArgs) {
    let for_shell = match &args.verb {
        None if args.list.json || args.list.csv || args.list.cloudevents => Some("changes"),
        None => None,
        Some(ChangesVerb::Show(_)) => Some("changes show"),
        Some(ChangesVerb::Verify(_)) => Some("changes verify"),
        Some(ChangesVerb::Summary(_)) => Some("changes summary"),
    };
    if let Some(verb) = for_shell {
        let text = state.messages.say_with("notice-changes-shell", [("verb", verb)]);
        state.notice = Some(Notice { text, bad: true });
        return;
    }
    let text = Ask::joined(&args.list.query, &state.now);
    state.layer = None;
    state.timeline.gone_from = None;
    if ask(state, &text, false) {
        state.focus = Pane::Changes;
        state.timeline.open = false;
        state.feed.follow();
    } else if let Some(error) = state.feed.error.take() {
        state.notice = Some(Notice { text: error, bad: true });
    }
}

fn pose(state: &mut State, ask: Ask) {
    let text = ask.written(&state.now);
    state.feed.pose(Some(Posed { text, ask, draft: false }));
    state.layer = None;
    state.focus = Pane::Changes;
}

fn of_box(state: &mut State, action: Action) {
    let Some(Layer::Change(sheet)) = &state.layer else { return };
    let change = sheet.change.clone();
    match action {
        Action::ChangeTicket => match change.ticket {
            Some(ticket) => show_ticket(state, ticket),
            None => bad(state, "notice-change-no-ticket"),
        },
        Action::ChangeTenant => show_tenant(state, &change),
        Action::AskTenant => {
            let Some(tenant) = &change.tenant else { return bad(state, "notice-change-no-tenant") };
            let tests = [
                Some(Test::Tenant(vec![value(tenant)])),
                change.host.as_deref().map(|host| Test::Host(vec![value(host)])),
            ];
            ask_for(state, tests.into_iter().flatten());
        }
        _ => {
            let who = change.actor.as_deref().unwrap_or("-");
            ask_for(state, [Test::Who(vec![value(who)])].into_iter());
        }
    }
}

/// Values of questions are in lower case.
fn value(text: &str) -> Arc<str> {
    text.to_lowercase().into()
}

fn ask_for(state: &mut State, tests: impl Iterator<Item = Test>) {
    let terms = tests.map(|test| Term { negated: false, test }).collect();
    state.timeline.gone_from = None;
    state.timeline.open = false;
    pose(state, Ask { range: None, terms });
}

fn show_ticket(state: &mut State, id: TicketId) {
    if let Some(asked) = state.tickets.row(id).cloned() {
        state.layer = None;
        return orders::open_asked(state, asked);
    }
    let text = state.messages.say_with("notice-ticket-elsewhere", [("id", id.to_string())]);
    state.notice = Some(Notice { text, bad: true });
}

fn show_tenant(state: &mut State, change: &Change) {
    let Some((host, name)) = change.host.as_ref().zip(change.tenant.as_ref()) else {
        return bad(state, "notice-change-no-tenant");
    };
    let is_it = |tenant: &Arc<crate::model::fleet::Tenant>| tenant.host == *host && tenant.name == *name;
    if !state.fleet.tenants().any(is_it) {
        return bad(state, "notice-tenant-gone");
    }
    state.layer = None;
    state.focus = Pane::Tenants;
    if !state.tenants.rows.iter().any(is_it) {
        state.tenants.set_filter("");
        let height = state.areas().tenants.map_or(0, layout::rows_of_table);
        state.tenants.settle(&state.fleet, &state.usages, height);
    }
    if let Some(at) = state.tenants.rows.iter().position(is_it) {
        state.tenants.select(at);
    }
}

/// How long the timeline is, as it is told.
#[must_use]
pub fn told_step(step: SignedDuration) -> String {
    if step.as_mins() >= 60 { format!("{} h", step.as_hours()) } else { format!("{} min", step.as_mins()) }
}

fn bad(state: &mut State, message: &str) {
    state.notice = Some(Notice { text: state.messages.say(message), bad: true });
}
