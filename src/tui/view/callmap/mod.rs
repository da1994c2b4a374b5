//! The callmap pane: the layers, the probes of the selected one, and what was before.

pub mod chooser;
pub mod layers;
pub mod notes;
pub mod probe;
pub mod probes;
pub mod record;
pub mod title;
pub mod verdict;

use ratatui::layout::Rect;

use super::Hits;
use super::pen::Pen;
use crate::config::theme::Slot;
use crate::model::callmap::progress::Stage;
use crate::model::cells::wrap;
use crate::model::plain::plain;
use crate::tui::callmap::Side;
use crate::tui::state::State;

/// Draws the pane's inside.
pub fn draw(pen: &mut Pen<'_>, inner: Rect, state: &State, hits: &mut Hits) {
    let pane = &state.callmap;
    if let Some(fault) = &pane.fault {
        return fault_lines(pen, inner, fault);
    }
    let Some(run) = pane.run() else {
        let text = match &pane.file {
            Some(_) => state.messages.say("callmap-reading"),
            None => state
                .messages
                .say_with("empty-callmap", [("key", state.key_of(crate::model::action::Action::Callmaps))]),
        };
        pen.text(inner.x + 2, inner.y, inner.width.saturating_sub(3), &text, Slot::Dim);
        return;
    };
    let places = pane.places(inner);
    layers::draw(pen, places.layers, state, run, hits);
    if places.is_beside {
        for y in inner.y..inner.bottom() {
            pen.text(places.layers.right(), y, 1, "│", Slot::Border);
        }
    } else {
        let rule = "─".repeat(usize::from(inner.width));
        pen.text(inner.x, places.layers.bottom(), inner.width, &rule, Slot::Border);
    }
    if let Stage::Refused(why) | Stage::Cancelled(why) = &run.stage {
        return fault_lines(pen, places.probes, why);
    }
    // Without a column of their own they have the probes' place while keys go to them.
    let is_instead = places.notes.is_none() && pane.side == Side::Notes;
    let below = if is_instead { places.probes } else { probes::draw(pen, places.probes, state, hits) };
    notes::draw(pen, places.notes.unwrap_or(below), state, run);
}

/// A fault as it is told: where it is, its line of the file, and what helps.
fn fault_lines(pen: &mut Pen<'_>, area: Rect, fault: &str) {
    let cells = area.width.saturating_sub(3);
    let mut y = area.y;
    for (number, line) in fault.lines().enumerate() {
        // The first line says what is wrong and must be read whole; the others show the place, cell under cell.
        let shown =
            if number == 0 { wrap(&plain(line), usize::from(cells)) } else { vec![plain(line).into_owned()] };
        for line in shown {
            if y >= area.bottom() {
                return;
            }
            let line = if number == 0 && y == area.y { format!("✖ {line}") } else { format!("  {line}") };
            pen.text(area.x + 1, y, cells + 1, &line, if number == 0 { Slot::Bad } else { Slot::Text });
            y += 1;
        }
    }
}
