//! The line at the bottom: what is being written, a word about what was done, else the keys; and who looks.

use ratatui::layout::{Position, Rect};

use super::pen::Pen;
use crate::config::theme::Slot;
use crate::model::action::{Action, Scope, offered};
use crate::model::cells::width;
use crate::tui::changes::act::scope;
use crate::tui::state::{Layer, Prompt, Purpose, State};

/// Draws the line, and says where the terminal's cursor goes.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State) -> Option<Position> {
    if let Some(Layer::Prompt(prompt)) = &state.layer {
        return Some(draw_prompt(pen, area, state, prompt));
    }
    let mode = mode(state, area.width);
    let mode_cells = u16::try_from(width(&mode)).unwrap_or(0);
    let who_cells = u16::try_from(width(&state.who)).unwrap_or(0).min(area.width / 3);
    let gap = if mode_cells > 0 { 2 } else { 0 };
    let end = area.right().saturating_sub(who_cells + gap + mode_cells + 2);
    pen.text(end + 1, area.y, who_cells, &state.who, Slot::Dim);
    let slot = if state.read_only() { Slot::Warn } else { Slot::Dim };
    pen.text(end + 1 + who_cells + gap, area.y, mode_cells, &mode, slot);
    if let Some(notice) = &state.notice {
        let slot = if notice.bad { Slot::Error } else { Slot::Text };
        pen.text(area.x + 1, area.y, end.saturating_sub(area.x + 1), &notice.text, slot);
        return None;
    }
    let mut x = area.x + 1;
    // The way to all other keys is always named.
    let help = hint_cells(state, Action::Help);
    // What can be done where the keys go comes first; elsewhere these keys mean nothing.
    let scope = scope(state);
    let is_own = |about: &&crate::model::action::About| scope != Scope::Everywhere && about.scope == scope;
    let first = offered(state.read_only()).filter(is_own);
    let rest = offered(state.read_only()).filter(|about| about.scope == Scope::Everywhere);
    for about in first.chain(rest).filter(|about| about.hint) {
        let key = state.key_of(about.action);
        let word = state.messages.say(hint(about.action));
        let needed = hint_cells(state, about.action);
        let kept = if about.action == Action::Help { 0 } else { help };
        if x.saturating_add(needed).saturating_add(kept) > end {
            continue;
        }
        x = pen.text(x, area.y, needed, &key, Slot::Key) + 1;
        x = pen.text(x, area.y, needed, &word, Slot::KeyHelp) + 2;
    }
    None
}

fn hint_cells(state: &State, action: Action) -> u16 {
    let cells = width(&state.key_of(action)) + 1 + width(&state.messages.say(hint(action))) + 2;
    u16::try_from(cells).unwrap_or(u16::MAX)
}

/// Whether anything may be changed from here. Where there is little room, only what is out of the ordinary is said.
fn mode(state: &State, width: u16) -> String {
    match (state.read_only(), width < 80) {
        (true, _) => state.messages.say("mode-read-only"),
        (false, false) => state.messages.say("mode-read-write"),
        (false, true) => String::new(),
    }
}

/// The message with the commands after `:` that there are.
#[must_use]
pub fn command_hint(state: &State) -> &'static str {
    if state.read_only() { "hint-command-read-only" } else { "hint-command" }
}

/// The short word for an action in this line.
fn hint(action: Action) -> &'static str {
    match action {
        Action::Dump => "hint-dump",
        Action::Wake => "hint-wake",
        Action::Tickets => "hint-tickets",
        Action::NextPane => "hint-next-pane",
        Action::Callmaps => "hint-callmaps",
        Action::CallmapAgain => "hint-callmap-again",
        Action::CallmapFailed => "hint-callmap-failed",
        Action::CallmapEvery => "hint-callmap-every",
        Action::CallmapCopy => "hint-callmap-copy",
        Action::CallmapWrite => "hint-callmap-write",
        Action::Earlier => "hint-earlier",
        Action::Later => "hint-later",
        Action::HourEarlier => "hint-hour-earlier",
        Action::HourLater => "hint-hour-later",
        Action::Closer => "hint-closer",
        Action::Wider => "hint-wider",
        Action::Filter => "hint-filter-key",
        Action::Sort => "hint-sort",
        Action::Follow => "hint-follow",
        Action::Containers => "hint-containers",
        Action::Hosts => "hint-hosts",
        Action::Command => "hint-command-key",
        Action::Help => "hint-help",
        Action::Quit => "hint-quit",
        other => other.about().help,
    }
}

fn draw_prompt(pen: &mut Pen<'_>, area: Rect, state: &State, prompt: &Prompt) -> Position {
    let y = area.y;
    let (label, hint) = match prompt.purpose {
        Purpose::Filter => (format!("{} ", state.messages.say("prompt-filter")), "hint-filter"),
        Purpose::Changes => (format!("{} ", state.messages.say("prompt-changes")), "hint-changes"),
        Purpose::Command => (state.messages.say("prompt-command"), command_hint(state)),
    };
    let x = pen.text(area.x + 1, y, area.width, &label, Slot::Key);
    let room = area.right().saturating_sub(x + 1);
    let scroll = prompt.input.visual_scroll(usize::from(room));
    // The part of the line around the cursor, by cells.
    let mut skipped = 0;
    let shown: String = prompt
        .input
        .value()
        .chars()
        .skip_while(|c| {
            let skip = skipped < scroll;
            skipped += width(c.encode_utf8(&mut [0; 4]));
            skip
        })
        .collect();
    let end = pen.text(x, y, room, &shown, Slot::Input);
    let error = match prompt.purpose {
        Purpose::Filter => state.tenants.filter_error.as_ref().map(ToString::to_string),
        Purpose::Changes => state.feed.error.clone(),
        Purpose::Command => None,
    };
    let aside = match error {
        Some(error) => Some((error, Slot::Error)),
        None if prompt.input.value().is_empty() => Some((state.messages.say(hint), Slot::Dim)),
        None => None,
    };
    if let Some((text, slot)) = aside {
        pen.text(end + 2, y, area.right().saturating_sub(end + 2), &text, slot);
    }
    let cursor = prompt.input.visual_cursor().saturating_sub(scroll);
    Position::new(x + u16::try_from(cursor).unwrap_or(0).min(room), y)
}
