//! What a key, a click or a written line does to the state. No I/O: what must be done outside is returned.

use super::callmap::{CallmapOrder, Side, act as callmap, chooser};
use super::changes::act as changes;
use super::confirm;
use super::layout;
use super::orders;
use super::palette::Palette;
use super::prompt;
use super::state::{Bottom, Layer, Notice, Pane, Purpose, State};
use crate::config::theme::Theme;
use crate::model::action::{Action, Danger};
use crate::model::key::{Key, KeyCode};
use crate::model::state::State as TenantState;
use crate::model::ticket::TicketId;
use crate::model::work::Order;

/// What must be done outside of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask for work.
    Ask(Order),
    /// Cancel a ticket where its step allows.
    Cancel(TicketId),
    /// Call a run of a callmap off.
    CancelRun(TicketId),
    /// List the callmaps.
    ListCallmaps,
    /// Read a callmap and run it.
    RunCallmap(CallmapOrder),
    /// Give the report of that run to the terminal's clipboard.
    CopyReport(TicketId),
    /// Write the report of that run into a file.
    WriteReport(TicketId),
    /// End the console.
    Quit,
    /// Give the terminal back to the shell.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Ask every host again.
    Reconcile,
    /// Forget the changes.
    ForgetChanges,
}

/// A key was pressed.
pub fn key(state: &mut State, key: Key) -> Option<Effect> {
    state.notice = None;
    // An answer that comes now must not open a box over what this key does.
    state.sought.drop_it();
    match state.layer.take() {
        Some(Layer::Prompt(prompt)) => return prompt::key(state, prompt, key),
        Some(Layer::Confirm(action)) => return confirm_key(state, action, key),
        Some(Layer::Order(sheet)) => return confirm::key(state, sheet, key),
        Some(Layer::Callmaps(open)) => return chooser::key(state, open, key),
        layer => state.layer = layer,
    }
    let action = state.keymap.action(changes::scope(state), key)?;
    if action == Action::Count {
        filter_by_count(state, key);
        return None;
    }
    act(state, action)
}

/// An action was asked for, by key, click or command.
pub fn act(state: &mut State, action: Action) -> Option<Effect> {
    if action.about().changes && state.read_only() {
        note(state, "notice-read-only");
        return None;
    }
    if action.about().danger == Danger::Asks {
        state.layer = Some(Layer::Confirm(action));
        return None;
    }
    match action {
        Action::Up => move_by(state, -1),
        Action::Down => move_by(state, 1),
        Action::PageUp => move_by(state, -page(state)),
        Action::PageDown => move_by(state, page(state)),
        Action::Top => move_by(state, isize::MIN / 2),
        Action::Bottom => move_by(state, isize::MAX / 2),
        Action::NextPane | Action::PreviousPane if callmap::turn(state, action == Action::NextPane) => {}
        Action::NextPane => turn_pane(state, 1),
        Action::PreviousPane => turn_pane(state, Pane::ALL.len() - 1),
        Action::Filter if state.focus == Pane::Changes => prompt::open(state, Purpose::Changes),
        Action::Filter => prompt::open(state, Purpose::Filter),
        Action::Command => prompt::open(state, Purpose::Command),
        Action::Callmaps => return callmap::choose(state),
        Action::CallmapAgain
        | Action::CallmapFailed
        | Action::CallmapEvery
        | Action::CallmapCopy
        | Action::CallmapWrite
        | Action::CallmapProbes
        | Action::CallmapLayers => return callmap::act(state, action),
        Action::ClearFilter if callmap::has_keys(state) => callmap::leave(state),
        Action::ClearFilter => {
            if state.layer.take().is_none() && !changes::leave(state) && !state.marks.clear() {
                state.tenants.set_filter("");
            }
        }
        Action::Sort => {
            let next = state.tenants.sort.next();
            sort(state, next, false);
        }
        Action::Reverse => {
            let (by, reverse) = (state.tenants.sort, !state.tenants.reverse);
            sort(state, by, reverse);
        }
        Action::Follow => {
            if state.feed.follows() {
                state.feed.stand();
            } else {
                state.feed.follow();
            }
        }
        Action::Mark
        | Action::MarkRange
        | Action::MarkAll
        | Action::Dump
        | Action::Wake
        | Action::Cancel
        | Action::Tickets => return orders::act(state, action),
        Action::Timeline
        | Action::History
        | Action::Earlier
        | Action::Later
        | Action::HourEarlier
        | Action::HourLater
        | Action::Closer
        | Action::Wider
        | Action::ChangeTicket
        | Action::ChangeTenant
        | Action::AskTenant
        | Action::AskWho => changes::act(state, action),
        Action::Containers => open(state),
        Action::Hosts => toggle(state, Layer::Hosts(0)),
        Action::Help => toggle(state, Layer::Help(0)),
        Action::Theme => {
            let names: Vec<&str> = Theme::shipped().iter().map(|(name, _)| *name).collect();
            let at =
                names.iter().position(|name| *name == state.theme).map_or(0, |at| (at + 1) % names.len());
            set_theme(state, names[at]);
        }
        Action::Reconcile => {
            note(state, "notice-reconcile");
            return Some(Effect::Reconcile);
        }
        Action::Redraw => return Some(Effect::Redraw),
        Action::Suspend => return Some(Effect::Suspend),
        // What is at work here is cut off by the end of this console, and left to the next.
        Action::Quit if state.work.own > 0 => state.layer = Some(Layer::Confirm(action)),
        Action::Quit => return Some(Effect::Quit),
        // These have come and gone above.
        Action::Count | Action::ForgetChanges => {}
    }
    None
}

/// Orders the tenants.
pub fn sort(state: &mut State, by: crate::model::sort::SortBy, reverse: bool) {
    state.tenants.set_sort(by, reverse);
    let name = if reverse { "notice-sort-reverse" } else { "notice-sort" };
    let text = state.messages.say_with(name, [("by", by.as_str())]);
    state.notice = Some(Notice { text, bad: false });
}

/// Takes a shipped theme; `false` where there is none of that name.
pub fn set_theme(state: &mut State, name: &str) -> bool {
    let Some(theme) = Theme::by_name(name) else { return false };
    state.palette = Palette::new(&theme, state.depth);
    state.theme.clone_from(&theme.name);
    let text = state.messages.say_with("notice-theme", [("name", theme.name.as_str())]);
    state.notice = Some(Notice { text, bad: false });
    true
}

fn note(state: &mut State, message: &str) {
    state.notice = Some(Notice { text: state.messages.say(message), bad: false });
}

fn confirm_key(state: &mut State, action: Action, key: Key) -> Option<Effect> {
    match key.code {
        KeyCode::Char('y' | 'Y') if action == Action::Quit => Some(Effect::Quit),
        // Said twice, it is meant.
        KeyCode::Char('c') if action == Action::Quit && key.ctrl => Some(Effect::Quit),
        KeyCode::Char('y' | 'Y') if action == Action::ForgetChanges => {
            state.feed.forget();
            note(state, "notice-forgot");
            Some(Effect::ForgetChanges)
        }
        KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => None,
        _ => {
            state.layer = Some(Layer::Confirm(action));
            None
        }
    }
}

fn toggle(state: &mut State, layer: Layer) {
    let same = state
        .layer
        .as_ref()
        .is_some_and(|open| std::mem::discriminant(open) == std::mem::discriminant(&layer));
    state.layer = if same { None } else { Some(layer) };
}

fn open(state: &mut State) {
    if state.layer.take().is_some() {
        return;
    }
    match state.focus {
        Pane::Tenants => (state.bottom, state.focus) = (Bottom::Containers, Pane::Bottom),
        Pane::Bottom if state.bottom == Bottom::Tickets => {
            if let Some(asked) = state.tickets.selected().cloned() {
                orders::open_asked(state, asked);
            }
        }
        Pane::Bottom if state.bottom == Bottom::Callmap => callmap::enter(state),
        Pane::Bottom if state.bottom == Bottom::History => changes::enter_history(state),
        Pane::Bottom => state.focus = Pane::Tenants,
        Pane::Changes => changes::enter(state),
    }
}

fn turn_pane(state: &mut State, by: usize) {
    let areas = state.areas();
    let at = Pane::ALL.iter().position(|pane| *pane == state.focus).unwrap_or(0);
    state.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
    // A screen too low for the bottom pane does not stop there; Enter and the tickets' key open it.
    if state.size.width >= layout::WIDE && areas.bottom.is_none() && state.focus == Pane::Bottom {
        state.focus = Pane::ALL[(at + 2 * by) % Pane::ALL.len()];
    }
    // From before one comes to the layers, from behind to the probes.
    if callmap::has_keys(state) {
        state.callmap.side = if by == 1 { Side::Layers } else { Side::Probes };
    }
}

fn page(state: &State) -> isize {
    let areas = state.areas();
    let rows = match state.focus {
        Pane::Tenants => areas.tenants.map_or(1, layout::rows_of_table),
        Pane::Changes => areas
            .changes
            .map_or(1, layout::rows_of_list)
            .saturating_sub(usize::from(changes::strip_lines(state))),
        Pane::Bottom if state.bottom == Bottom::History => {
            areas.bottom.map_or(1, layout::rows_of_list).saturating_sub(usize::from(layout::HISTORY_HEAD))
        }
        Pane::Bottom if state.bottom == Bottom::Callmap => areas.bottom.map_or(1, layout::rows_of_list),
        Pane::Bottom => areas.bottom.map_or(1, layout::rows_of_table),
    };
    isize::try_from(rows.max(1)).unwrap_or(1)
}

pub(super) fn move_by(state: &mut State, by: isize) {
    let lines = super::view::layers::lines(state);
    match &mut state.layer {
        Some(Layer::Help(top) | Layer::Hosts(top) | Layer::Ticket(_, top)) => {
            *top = top.saturating_add_signed(by).min(lines.saturating_sub(1));
            return;
        }
        Some(Layer::Change(sheet)) => {
            sheet.top = sheet.top.saturating_add_signed(by).min(lines.saturating_sub(1));
            return;
        }
        Some(Layer::Probe(sheet)) => {
            sheet.top = sheet.top.saturating_add_signed(by).min(lines.saturating_sub(1));
            return;
        }
        Some(Layer::Order(sheet)) => {
            sheet.top = sheet.top.saturating_add_signed(by).min(lines.saturating_sub(1));
            return;
        }
        Some(_) => return,
        None => {}
    }
    match state.focus {
        Pane::Bottom if state.bottom == Bottom::Tickets => state.tickets.move_by(by),
        Pane::Bottom if state.bottom == Bottom::Callmap => callmap::move_by(state, by),
        Pane::Bottom if state.bottom == Bottom::History => state.history.move_by(by),
        Pane::Tenants | Pane::Bottom => state.tenants.move_by(by),
        Pane::Changes => state.feed.move_by(by),
    }
}

fn filter_by_count(state: &mut State, key: Key) {
    let KeyCode::Char(digit) = key.code else { return };
    let Some(number) = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) else { return };
    let counts = super::view::header::shown_counts(&state.fleet);
    if let Some((word, _)) = number.checked_sub(1).and_then(|at| counts.get(at)) {
        filter_by_state(state, *word);
    }
}

/// Shows one state only, or all again where it is shown already.
pub(super) fn filter_by_state(state: &mut State, word: TenantState) {
    let text = format!("state:{word}");
    let text = if state.tenants.filter_text == text { String::new() } else { text };
    state.tenants.set_filter(&text);
    state.focus = Pane::Tenants;
}
