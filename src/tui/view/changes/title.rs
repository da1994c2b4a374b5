//! The title: of which stretch of time the changes are, in which time zone, and how the list stands. The question itself
//! stands in the lower border.

use ratatui::layout::Rect;

use crate::config::theme::Slot;
use crate::model::cells::{fit, width};
use crate::model::plain::plain;
use crate::tui::changes::list::MOST_OLDER;
use crate::tui::state::State;
use crate::tui::view::pen::Pen;

/// The title in so many cells, and its style.
#[must_use]
pub fn title(state: &State, cells: usize) -> (String, Slot) {
    let messages = &state.messages;
    let feed = &state.feed;
    let name = messages.say("pane-changes");
    let slot = if feed.asked.fault().is_some() { Slot::Bad } else { Slot::Title };
    let range = feed.posed.as_ref().map(|posed| posed.ask.range_in_words(state.now.time_zone()));
    let standing = standing(state);
    let Some(range) = &range else {
        let today = feed.follows().then(|| messages.say("changes-today"));
        let parts: Vec<String> = [name].into_iter().chain(today).chain(standing).collect();
        return (first_that_fits(&[parts.clone(), parts[..parts.len().min(2)].to_vec()], cells), slot);
    };
    let count = messages.say_with("changes-count", [("count", feed.rows.len())]);
    let with = |parts: &[&String]| -> Vec<String> {
        parts.iter().map(|part| (*part).clone()).chain(standing.clone()).collect()
    };
    // Which time is meant goes before all else: an answer without it can be misread.
    let sign = match () {
        () if feed.asked.waits() => "… ",
        () if feed.asked.fault().is_some() => "✖ ",
        () => "",
    };
    let least = vec![format!("{sign}{range}")];
    let variants = [with(&[&name, range, &count]), with(&[&name, range]), with(&[range]), least];
    (first_that_fits(&variants, cells), slot)
}

fn first_that_fits(variants: &[Vec<String>], cells: usize) -> String {
    let mut titles = variants.iter().map(|parts| parts.join(" ── "));
    let last = titles.next_back().unwrap_or_default();
    titles.find(|title| width(title) <= cells).unwrap_or(last)
}

/// How the list stands: whether it waits, or stands still.
fn standing(state: &State) -> Vec<String> {
    let (messages, feed) = (&state.messages, &state.feed);
    let mut words = Vec::new();
    if feed.asked.waits() {
        words.push(messages.say("changes-asking"));
    } else if feed.asked.fault().is_some() {
        words.push(messages.say("changes-fault"));
    } else if state.changes.recorded_to.is_none() && feed.posed.is_some() {
        words.push(messages.say("changes-memory-only"));
    } else if feed.is_full() {
        words.push(messages.say_with("changes-full", [("count", MOST_OLDER)]));
    }
    if !feed.follows() {
        words.push(messages.say("changes-paused"));
        let unseen = feed.unseen();
        if unseen > 0 {
            words.push(messages.say_with("changes-new", [("count", unseen)]));
        }
    }
    words
}

/// The question, in the lower border.
pub fn draw_question(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let Some(posed) = &state.feed.posed else { return };
    let y = area.bottom().saturating_sub(1);
    let room = area.width.saturating_sub(8);
    let mut x = pen.text(area.x + 2, y, 3, " / ", Slot::Key);
    x = pen.text(x, y, room, &fit(&plain(&posed.text), usize::from(room)), Slot::Title);
    pen.text(x, y, 1, " ", Slot::Title);
}
