//! What goes with a run: what changed near its broken layer, what was before, and where targets do not agree.

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::config::theme::Slot;
use crate::model::callmap::near::Near;
use crate::model::callmap::progress::{Past, Progress, RunRecord};
use crate::model::callmap::report::ProductVerdict;
use crate::model::callmap::words::distance;
use crate::model::cells::wrap;
use crate::model::plain::plain;
use crate::tui::callmap::Side;
use crate::tui::layout::inside;
use crate::tui::state::{Pane, State};
use crate::tui::view::pen::Pen;
use crate::tui::view::popup::Line;
use crate::tui::view::tickets::who;

/// Draws them: as many as fit, from the one that is scrolled to.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, run: &Progress) {
    let lines = lines(state, run, room(area));
    let height = usize::from(area.height);
    let top = state.callmap.notes_top.min(lines.len().saturating_sub(height));
    let left = lines.len().saturating_sub(top + height);
    for ((line, number), y) in lines.iter().skip(top).zip(1..).zip(area.y..area.bottom()) {
        if number == height && left > 0 {
            let text = state.messages.say_with("callmap-more", [("count", left + 1)]);
            pen.text(area.x + 1, y, area.width.saturating_sub(2), &text, Slot::Dim);
            break;
        }
        let mut x = area.x + 1;
        for (text, slot) in line {
            x = pen.text(x, y, area.right().saturating_sub(x + 1), text, *slot);
        }
    }
    if state.focus == Pane::Bottom && state.callmap.side == Side::Notes {
        pen.text(area.x, area.y, 1, "▸", Slot::Selected);
    }
}

/// How many lines do not fit, and can be scrolled to.
#[must_use]
pub fn hidden(state: &State) -> usize {
    let Some(run) = state.callmap.run() else { return 0 };
    let places = state.callmap.places(state.areas().bottom.map(inside).unwrap_or_default());
    let area = places.notes.unwrap_or(places.probes);
    lines(state, run, room(area)).len().saturating_sub(usize::from(area.height))
}

/// Whether there is anything to be told.
#[must_use]
pub fn are_there(state: &State) -> bool {
    state.callmap.run().is_some_and(|run| !lines(state, run, 80).is_empty())
}

fn room(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(2))
}

/// The lines, in at most so many cells each.
#[must_use]
pub fn lines(state: &State, run: &Progress, cells: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let is_well = run.report.as_ref().is_some_and(|report| report.verdict == ProductVerdict::Ok);
    if let Some(past) = run.past.as_ref().filter(|_| !is_well) {
        near(state, past, &mut lines);
        last_good(state, past, cells, &mut lines);
    }
    if let Some(report) = &run.report
        && !report.drift.is_empty()
    {
        lines.push(heading(state, "callmap-drift"));
        for sentence in &report.drift {
            sentence_lines(sentence, cells, Slot::Warn, &mut lines);
        }
    }
    if let RunRecord::Missing(why) = &run.record {
        let text = state.messages.say_with("callmap-not-recorded", [("why", plain(why).into_owned())]);
        sentence_lines(&text, cells, Slot::Warn, &mut lines);
    }
    lines
}

fn near(state: &State, past: &Past, lines: &mut Vec<Line>) {
    if past.near.is_empty() {
        return;
    }
    lines.push(heading(state, "callmap-near"));
    lines.extend(past.near.iter().map(|near| near_line(state, near)));
}

/// `13:58 op2 restarted nginx-2 (web-3) ‹bf7›`.
fn near_line(state: &State, near: &Near) -> Line {
    let actor = near.actor.as_deref().map_or_else(|| "-".into(), |actor| plain(who(actor)).into_owned());
    let mut line = vec![
        (format!("{} ", clock(state, near.time)), Slot::Time),
        (format!("{actor} "), Slot::Actor),
        (near.what.clone(), Slot::Object),
    ];
    if let Some(ticket) = near.ticket {
        let short: String = ticket.to_string().chars().take(3).collect();
        line.push((format!(" ‹{short}›"), Slot::Dim));
    }
    line
}

fn last_good(state: &State, past: &Past, cells: usize, lines: &mut Vec<Line>) {
    let Some(good) = &past.last_good else {
        sentence_lines(&state.messages.say("callmap-no-last-good"), cells, Slot::Dim, lines);
        return;
    };
    let ago = ago(state.now.timestamp().duration_since(good.began).as_secs());
    let arguments = [("time", clock(state, good.began)), ("ago", ago)];
    let text = state.messages.say_with("callmap-last-good", arguments);
    lines.push(vec![(text, Slot::Title)]);
    for sentence in &past.differs {
        sentence_lines(sentence, cells, Slot::Text, lines);
    }
}

fn heading(state: &State, message: &str) -> Line {
    vec![(state.messages.say(message), Slot::Title)]
}

/// A sentence, its further lines set in.
fn sentence_lines(sentence: &str, cells: usize, slot: Slot, lines: &mut Vec<Line>) {
    for (number, line) in wrap(sentence, cells.saturating_sub(2)).into_iter().enumerate() {
        let mark = if number == 0 { "· " } else { "  " };
        lines.push(vec![(format!("{mark}{line}"), slot)]);
    }
}

/// `24 min`: what is told over and over is told in few letters.
fn ago(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..6_000 => format!("{} min", seconds / 60),
        _ => distance(seconds),
    }
}

/// `13:58`, and the day where that is another.
fn clock(state: &State, time: Timestamp) -> String {
    let time = time.to_zoned(state.now.time_zone().clone());
    let today = time.date() == state.now.date();
    time.strftime(if today { "%H:%M" } else { "%a %H:%M" }).to_string()
}
