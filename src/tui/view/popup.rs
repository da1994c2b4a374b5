//! A box over the panes.

use ratatui::layout::{Rect, Size};

use super::pen::Pen;
use crate::config::theme::Slot;
use crate::model::cells::width;
use crate::tui::layout::middle;
use crate::tui::state::State;

/// A piece of a line and its style.
pub type Span = (String, Slot);
/// A line of a box.
pub type Line = Vec<Span>;

/// What a box shows.
#[derive(Debug)]
pub struct Popup {
    /// The title.
    pub title: String,
    /// The lines; those that do not fit are scrolled.
    pub lines: Vec<Line>,
    /// Lines that always stand below them.
    pub foot: Vec<Line>,
    /// How far it is scrolled down.
    pub top: usize,
    /// The style of its border.
    pub border: Slot,
}

impl Popup {
    /// A box that is not scrolled.
    #[must_use]
    pub fn new(title: String, lines: Vec<Line>) -> Self {
        Popup { title, lines, foot: Vec::new(), top: 0, border: Slot::PopupBorder }
    }

    /// Draws the box as large as its lines need, in the middle.
    pub fn draw(&self, pen: &mut Pen<'_>, size: Size, state: &State) {
        let cells_of = |line: &Line| line.iter().map(|(text, _)| width(text)).sum::<usize>();
        let widest = self.lines.iter().chain(&self.foot).map(cells_of).max().unwrap_or(0);
        let cells = u16::try_from(widest.max(width(&self.title) + 4) + 4).unwrap_or(u16::MAX);
        let rows = u16::try_from(self.lines.len() + self.foot.len() + 2).unwrap_or(u16::MAX);
        let area = middle(size, cells, rows);
        let area = Rect { y: area.y + 1, ..area };
        pen.fill(area, Slot::Text);
        let inner = pen.frame(area, &self.title, self.border);
        let height = usize::from(inner.height).saturating_sub(self.foot.len());
        let top = self.top.min(self.lines.len().saturating_sub(height));
        let shown = self.lines.iter().skip(top).take(height).chain(&self.foot);
        for (line, y) in shown.zip(inner.y..inner.bottom()) {
            let mut x = inner.x + 1;
            for (text, slot) in line {
                x = pen.text(x, y, inner.right().saturating_sub(x + 1), text, *slot);
            }
        }
        let close = state.messages.say("close-hint");
        let hint = if self.lines.len() > height {
            format!(" {}/{} · {close} ", top + height, self.lines.len())
        } else {
            format!(" {close} ")
        };
        pen.text(area.x + 2, area.bottom() - 1, area.width.saturating_sub(4), &hint, Slot::Dim);
    }
}

/// A line that heads others.
#[must_use]
pub fn heading(text: String) -> Line {
    vec![(text, Slot::Title)]
}

/// A line of plain text.
#[must_use]
pub fn plain(text: String) -> Line {
    vec![(text, Slot::Text)]
}

/// The text, cut or filled up to that many cells.
#[must_use]
pub fn pad(text: &str, cells: usize) -> String {
    let text = crate::model::cells::fit(text, cells);
    let gap = " ".repeat(cells.saturating_sub(width(&text)));
    format!("{text}{gap}")
}
