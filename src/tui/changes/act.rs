//! What keys and written lines do to the changes pane, to the box of a change, and to the timeline.

use std::sync::Arc;

use jiff::SignedDuration;

use super::list::Posed;
use super::sheet::ChangeSheet;
use super::timeline::{Columns, HOURS};
use super::ways;
use crate::grammar::{ChangesArgs, ChangesVerb};
use crate::model::action::{Action, Scope};
use crate::model::ask::{Ask, Range};
use crate::model::change::Change;
use crate::tui::callmap;
use crate::tui::layout;
use crate::tui::state::{Bottom, Layer, Notice, Pane, State};

/// Whose keys go before those that are heard everywhere.
#[must_use]
pub fn scope(state: &State) -> Scope {
    match &state.layer {
        Some(Layer::Change(_)) => Scope::Change,
        None if callmap::act::has_keys(state) => Scope::Callmap,
        None if timeline_has_keys(state) || history_has_keys(state) => Scope::Time,
        Some(_) | None => Scope::Everywhere,
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

/// How many lines of the changes pane the timeline has.
#[must_use]
pub fn strip_lines(state: &State) -> u16 {
    let Some(area) = state.areas().changes else { return 0 };
    let has_ledger = state.changes.recorded_to.is_some();
    layout::strip_lines(layout::inside(area), state.timeline.open, has_ledger)
}

/// Makes list, timeline, history and box fit the newest news and the screen.
pub fn settle(state: &mut State) {
    let areas = state.areas();
    let strip = strip_lines(state);
    let height = areas.changes.map_or(0, layout::rows_of_list).saturating_sub(usize::from(strip));
    state.feed.settle(&state.changes, height);
    let now = state.now.timestamp();
    if strip > 0 {
        state.timeline.settle(&state.changes, now);
    }
    if state.bottom == Bottom::History
        && let Some(area) = areas.bottom
    {
        let height = layout::rows_of_list(area).saturating_sub(usize::from(layout::HISTORY_HEAD));
        let tenant = state.tenants.selected().map(|tenant| &**tenant);
        state.history.settle(tenant, &state.fleet, &state.changes, now, height);
    }
    if let Some(Layer::Change(sheet)) = &mut state.layer {
        sheet.settle(&state.changes);
    }
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
            ways::go(state, action);
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

pub(super) fn pose(state: &mut State, ask: Ask) {
    let text = ask.written(&state.now);
    state.feed.pose(Some(Posed { text, ask, draft: false }));
    state.layer = None;
    state.focus = Pane::Changes;
}

/// How long the timeline is, as it is told.
#[must_use]
pub fn told_step(step: SignedDuration) -> String {
    if step.as_mins() >= 60 { format!("{} h", step.as_hours()) } else { format!("{} min", step.as_mins()) }
}

pub(super) fn bad(state: &mut State, message: &str) {
    state.notice = Some(Notice { text: state.messages.say(message), bad: true });
}
