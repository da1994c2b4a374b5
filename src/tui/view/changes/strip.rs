//! The timeline: a column for each stretch of time, as high as there were many changes. The colour says of what kind the
//! gravest of them was, and so does a sign.

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::config::theme::Slot;
use crate::model::change::{Kind, Tick};
use crate::tui::changes::act::{columns, told_step};
use crate::tui::changes::timeline::Columns;
use crate::tui::state::State;
use crate::tui::view::pen::Pen;
use crate::tui::view::{Hit, Hits};

const STEPS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws it: one line with the columns; where there are two, the signs stand in a line of their own; below them the words.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let columns = columns(state);
    let count = u16::try_from(columns.ticks.len()).unwrap_or(u16::MAX).min(area.width.saturating_sub(2));
    let left = area.right().saturating_sub(1 + count);
    let most = columns.ticks.iter().map(Tick::total).max().unwrap_or(0).max(1);
    let has_signs = area.height >= 3;
    for (tick, x) in columns.ticks.iter().zip(left..left + count) {
        let (symbol, slot) = match tick.kind() {
            None => ("·", Slot::Border),
            Some(kind) if has_signs || kind == Kind::Plain => (height(tick.total(), most), slot_of(kind)),
            Some(kind) => (sign(kind), slot_of(kind)),
        };
        pen.text(x, area.y, 1, symbol, slot);
        if has_signs && let Some(kind) = tick.kind() {
            pen.text(x, area.y + 1, 1, sign(kind), slot_of(kind));
        }
    }
    for (column, x) in (left..left + count).enumerate() {
        hits.add(Rect::new(x, area.y, 1, if has_signs { 2 } else { 1 }), Hit::Moment(column));
    }
    if state.timeline.open {
        let at = u16::try_from(state.timeline.selected(&columns)).unwrap_or(0).min(count.saturating_sub(1));
        let rows = if has_signs { 2 } else { 1 };
        pen.tint(Rect::new(left + at, area.y, 1, rows), Slot::Selected);
        // Reverse video shows on every ground, also where there is no colour.
        for y in area.y..area.y + rows {
            pen.reverse(left + at, y);
        }
    }
    if area.height >= 2 {
        let words = Rect { y: area.bottom() - 1, height: 1, ..area };
        if state.timeline.open {
            draw_moment(pen, words, state, &columns);
        } else {
            draw_axis(pen, words, state, &columns);
        }
    }
}

/// What the selected column stands for: `14:00 to 14:30, 12: ✖ 2 ◆ 5 ✎ 1 · 4`.
fn draw_moment(pen: &mut Pen<'_>, row: Rect, state: &State, columns: &Columns) {
    let Some(tick) = columns.ticks.get(state.timeline.selected(columns)) else { return };
    let end = tick.start.checked_add(columns.step).unwrap_or(Timestamp::MAX);
    let room = |x: u16| row.right().saturating_sub(x + 1);
    let arguments =
        [("from", clock(state, tick.start, true)), ("to", clock(state, end, false)), ("zone", zone(state))];
    let mut x = pen.text(
        row.x + 1,
        row.y,
        room(row.x),
        &state.messages.say_with("timeline-moment", arguments),
        Slot::Title,
    );
    x = pen.text(x + 1, row.y, room(x), &tick.total().to_string(), Slot::Text);
    for (kind, count) in Kind::ALL.into_iter().zip(tick.counts).filter(|(_, count)| *count > 0) {
        x = pen.text(x + 1, row.y, room(x), &format!("{} {count}", sign(kind)), slot_of(kind));
    }
}

/// Where the columns begin and end, how long each is, and which key opens them.
fn draw_axis(pen: &mut Pen<'_>, row: Rect, state: &State, columns: &Columns) {
    let Some(first) = columns.ticks.first() else { return };
    let room = row.width.saturating_sub(2);
    let key = state.key_of(crate::model::action::Action::Timeline);
    let arguments = [
        ("from", clock(state, first.start, true)),
        ("step", told_step(columns.step)),
        ("key", key),
        ("zone", zone(state)),
    ];
    pen.text(row.x + 1, row.y, room, &state.messages.say_with("timeline-axis", arguments), Slot::Dim);
}

fn clock(state: &State, time: Timestamp, has_day: bool) -> String {
    let time = time.to_zoned(state.now.time_zone().clone());
    let form = if has_day && time.date() != state.now.date() { "%a %H:%M" } else { "%H:%M" };
    time.strftime(form).to_string()
}

fn zone(state: &State) -> String {
    state.now.strftime("%Z").to_string()
}

/// A block as high as that part of the most.
fn height(count: u32, most: u32) -> &'static str {
    // A few among thousands still show.
    let steps = u64::from(count) * 8;
    let at = usize::try_from(steps.div_ceil(u64::from(most))).unwrap_or(8).clamp(1, 8);
    STEPS[at - 1]
}

/// The sign of a kind: colour is never the only one.
#[must_use]
pub fn sign(kind: Kind) -> &'static str {
    match kind {
        Kind::Bad => "✖",
        Kind::Ours => "◆",
        Kind::Said => "✎",
        Kind::Plain => "·",
    }
}

/// The style of a kind.
#[must_use]
pub fn slot_of(kind: Kind) -> Slot {
    match kind {
        Kind::Bad => Slot::Bad,
        Kind::Ours => Slot::Verb,
        Kind::Said => Slot::Actor,
        Kind::Plain => Slot::Dim,
    }
}
