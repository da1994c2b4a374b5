//! A tenant's history: a bar of its states, where its changes are, what the bar means, and the changes themselves.

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use super::changes::row;
use super::pen::Pen;
use super::{Hit, Hits};
use crate::config::theme::Slot;
use crate::model::cells::{age, width};
use crate::model::history::{cell, totals};
use crate::model::plain::plain;
use crate::model::state::{Kind, State as Word};
use crate::tui::layout::HISTORY_HEAD;
use crate::tui::state::{Pane, State};

/// Draws it inside of the pane.
pub fn draw(pen: &mut Pen<'_>, inner: Rect, state: &State, hits: &mut Hits) {
    let history = &state.history;
    if inner.height == 0 || inner.width < 4 {
        return;
    }
    if history.tenant.is_none() {
        let text = state.messages.say("empty-selection");
        pen.text(inner.x + 2, inner.y, inner.width.saturating_sub(2), &text, Slot::Dim);
        return;
    }
    let bar = Rect::new(inner.x + 1, inner.y, inner.width - 2, 1);
    draw_bar(pen, bar, state);
    if inner.height > 1 {
        draw_marks(pen, Rect { y: bar.y + 1, ..bar }, state);
    }
    if inner.height > 2 {
        draw_legend(pen, Rect { y: bar.y + 2, ..bar }, state);
    }
    let head = HISTORY_HEAD.min(inner.height);
    draw_list(pen, Rect { y: inner.y + head, height: inner.height - head, ..inner }, state, hits);
}

/// The stretch of time of one cell.
fn stretch(state: &State, at: u16, cells: u16) -> (Timestamp, Timestamp) {
    let history = &state.history;
    let whole = history.to.duration_since(history.from).as_millis();
    let edge = |at: u16| {
        let part = whole * i128::from(at) / i128::from(cells.max(1));
        let part = SignedDuration::from_millis(i64::try_from(part).unwrap_or(i64::MAX));
        history.from.checked_add(part).unwrap_or(history.to)
    };
    (edge(at), edge(at + 1))
}

fn draw_bar(pen: &mut Pen<'_>, bar: Rect, state: &State) {
    for at in 0..bar.width {
        let (from, to) = stretch(state, at, bar.width);
        let (word, is_gap) = cell(&state.history.spans, from, to);
        let (symbol, style) = look(pen, word);
        let symbol = if is_gap && word.is_none_or(|word| word.kind() != Kind::Bad) { "╱" } else { symbol };
        pen.styled(bar.x + at, bar.y, 1, symbol, style);
    }
}

/// How a state looks in the bar: colour is never the only sign.
fn look(pen: &Pen<'_>, word: Option<Word>) -> (&'static str, ratatui::style::Style) {
    let Some(word) = word else { return ("╌", pen.style(Slot::Absent)) };
    let symbol = match word.kind() {
        Kind::Good => "█",
        Kind::Idle => "▓",
        Kind::Busy => "▒",
        Kind::Bad => "✖",
        Kind::Warn => "‖",
        Kind::Calm => "░",
        Kind::Absent => "·",
    };
    (symbol, pen.palette().kind(word.kind()))
}

/// Where changes are, and which of them is selected.
fn draw_marks(pen: &mut Pen<'_>, row: Rect, state: &State) {
    let history = &state.history;
    let whole = history.to.duration_since(history.from).as_millis().max(1);
    let cell_of = |time: Timestamp| {
        let part = time.duration_since(history.from).as_millis() * i128::from(row.width) / whole;
        u16::try_from(part).ok().map(|at| at.min(row.width - 1))
    };
    for change in &history.rows {
        if let Some(at) = cell_of(change.time) {
            let slot = if change.verb.is_bad() { Slot::Bad } else { Slot::Dim };
            pen.text(row.x + at, row.y, 1, "╵", slot);
        }
    }
    if state.focus == Pane::Bottom
        && let Some(at) = history.selected().and_then(|change| cell_of(change.time))
    {
        pen.text(row.x + at, row.y, 1, "▲", Slot::Key);
    }
}

/// From when to when, in which zone; and how long each state lasted.
fn draw_legend(pen: &mut Pen<'_>, row: Rect, state: &State) {
    let history = &state.history;
    let zone = state.now.time_zone();
    let clock = |time: Timestamp| {
        let time = time.to_zoned(zone.clone());
        let form = match () {
            () if time.date() == state.now.date() => "%H:%M",
            () if history.hours() > 6 * 24 => "%d %b %H:%M",
            () => "%a %H:%M",
        };
        time.strftime(form).to_string()
    };
    let to = if history.is_now() { state.messages.say("history-now") } else { clock(history.to) };
    let arguments =
        [("from", clock(history.from)), ("to", to), ("zone", state.now.strftime("%Z").to_string())];
    let room = |x: u16| row.right().saturating_sub(x);
    let mut x =
        pen.text(row.x, row.y, row.width, &state.messages.say_with("history-range", arguments), Slot::Title)
            + 2;
    for (word, seconds) in totals(&history.spans) {
        let (symbol, style) = look(pen, word);
        let name = word.map_or_else(|| state.messages.say("history-unknown"), |word| word.to_string());
        let text = format!("{symbol} {name} {}", age(seconds));
        if usize::from(room(x)) < width(&text) {
            break;
        }
        x = pen.styled(x, row.y, room(x), &text, style) + 2;
    }
    if history.spans.iter().any(|span| span.gap) {
        let text = format!("╱ {}", state.messages.say("history-gap"));
        if usize::from(room(x)) >= width(&text) {
            pen.text(x, row.y, room(x), &text, Slot::Warn);
        }
    }
}

fn draw_list(pen: &mut Pen<'_>, list: Rect, state: &State, hits: &mut Hits) {
    let history = &state.history;
    let room = list.width.saturating_sub(2);
    let mut list = list;
    if let Some(fault) = history.asked.fault().filter(|_| list.height > 0) {
        let text = format!("✖ {}", plain(fault));
        pen.text(list.x + 1, list.y, room, &text, Slot::Bad);
        list = Rect { y: list.y + 1, height: list.height - 1, ..list };
    }
    if list.height == 0 {
        return;
    }
    if history.rows.is_empty() {
        let name = if history.asked.waits() { "changes-asking" } else { "empty-history" };
        pen.text(list.x + 1, list.y, room, &state.messages.say(name), Slot::Dim);
        return;
    }
    let shown = || history.rows.iter().enumerate().skip(history.top).take(usize::from(list.height));
    let columns = row::columns(state, shown().map(|(_, change)| &**change), list.width);
    for ((line, change), y) in shown().zip(list.y..list.bottom()) {
        let area = Rect::new(list.x, y, list.width, 1);
        row::draw(pen, area, state, change, columns);
        if line == history.cursor {
            let slot = if state.focus == Pane::Bottom { Slot::Selected } else { Slot::SelectedUnfocused };
            pen.tint(area, slot);
        }
        hits.add(area, Hit::Past(line));
    }
}
