//! Writes into the screen's cells, in the theme's styles, never past a given width.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::config::theme::Slot;
use crate::model::cells::{fit, width};
use crate::tui::palette::Palette;

/// Writes into the screen's cells.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    palette: &'a Palette,
}

impl<'a> Pen<'a> {
    /// A pen for that screen.
    pub fn new(buffer: &'a mut Buffer, palette: &'a Palette) -> Self {
        Pen { buffer, palette }
    }

    /// The palette's style of a slot.
    #[must_use]
    pub fn style(&self, slot: Slot) -> Style {
        self.palette.of(slot)
    }

    /// The palette.
    #[must_use]
    pub fn palette(&self) -> &'a Palette {
        self.palette
    }

    /// Blanks an area and gives it a style.
    pub fn fill(&mut self, area: Rect, slot: Slot) {
        let style = self.palette.of(Slot::Text).patch(self.palette.of(slot));
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return;
        }
        for y in area.top()..area.bottom() {
            // Of a wide character that reaches over an edge no half may be left.
            if area.left() > 0 && self.is_wide(area.left() - 1, y) {
                self.buffer[(area.left() - 1, y)].set_symbol(" ");
            }
            if area.right() < self.buffer.area.right() && self.is_wide(area.right() - 1, y) {
                self.buffer[(area.right(), y)].set_style(style);
            }
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
                self.buffer[(x, y)].set_style(style);
            }
        }
    }

    fn is_wide(&self, x: u16, y: u16) -> bool {
        self.buffer.cell((x, y)).is_some_and(|cell| width(cell.symbol()) > 1)
    }

    /// Lays a style over an area, text and all.
    pub fn tint(&mut self, area: Rect, slot: Slot) {
        self.buffer.set_style(area, self.palette.of(slot));
    }

    /// Turns a cell's colours round.
    pub fn reverse(&mut self, x: u16, y: u16) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.modifier.toggle(Modifier::REVERSED);
        }
    }

    /// Writes text of at most `cells` cells and says where it ended.
    pub fn text(&mut self, x: u16, y: u16, cells: u16, text: &str, slot: Slot) -> u16 {
        self.styled(x, y, cells, text, self.palette.of(slot))
    }

    /// The same in a style of one's own.
    pub fn styled(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        let cells = cells.min(self.buffer.area.right().saturating_sub(x));
        if cells == 0 || y >= self.buffer.area.bottom() {
            return x;
        }
        let text = fit(text, usize::from(cells));
        self.buffer.set_stringn(x, y, &text, usize::from(cells), style).0
    }

    /// Writes text that ends at the right edge of the `cells` cells from `x`.
    pub fn right(&mut self, x: u16, y: u16, cells: u16, text: &str, slot: Slot) {
        let wide = u16::try_from(width(text)).unwrap_or(cells).min(cells);
        self.text(x + cells - wide, y, wide, text, slot);
    }

    /// Draws a border with a title, and returns what is inside.
    pub fn pane(&mut self, area: Rect, title: &str, focused: bool) -> Rect {
        let slot = if focused { Slot::BorderFocused } else { Slot::Border };
        self.frame(area, title, slot)
    }

    /// Draws a border of that style with a title, and returns what is inside.
    pub fn frame(&mut self, area: Rect, title: &str, slot: Slot) -> Rect {
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let style = self.palette.of(slot);
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        for x in left + 1..right {
            self.put(x, top, "─", style);
            self.put(x, bottom, "─", style);
        }
        for y in top + 1..bottom {
            self.put(left, y, "│", style);
            self.put(right, y, "│", style);
        }
        self.put(left, top, "┌", style);
        self.put(right, top, "┐", style);
        self.put(left, bottom, "└", style);
        self.put(right, bottom, "┘", style);
        if !title.is_empty() && area.width > 6 {
            let room = area.width - 4;
            let end = self.text(left + 2, top, room - 1, &format!(" {title}"), Slot::Title);
            self.put(end, top, " ", style);
        }
        Rect::new(left + 1, top + 1, area.width - 2, area.height - 2)
    }

    fn put(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Theme;
    use crate::tui::palette::Depth;

    #[test]
    fn a_box_over_wide_characters_keeps_its_edges() {
        let palette = Palette::new(&Theme::default(), Depth::True);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 3));
        let mut pen = Pen::new(&mut buffer, &palette);
        pen.text(1, 1, 10, "青松商贸海", Slot::Text);
        let area = Rect::new(4, 0, 5, 3);
        pen.fill(area, Slot::Text);
        pen.frame(area, "", Slot::Border);
        let row: Vec<&str> = (0..12).map(|x| buffer[(x, 1)].symbol()).collect();
        assert_eq!(row[4], "│");
        assert_eq!(row[8], "│");
        assert_eq!(row[3], " ", "no wide character may reach under the edge: {row:?}");
    }

    #[test]
    fn no_half_of_a_wide_character_is_left_beside_a_filled_area() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        let palette = Palette::new(&Theme::default(), Depth::True);
        let mut pen = Pen::new(&mut buffer, &palette);
        pen.text(0, 0, 10, "ab青松cd", Slot::Text);
        pen.fill(Rect::new(3, 0, 2, 1), Slot::Text);
        let line: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(line, "ab    cd  ");
        let ground = buffer[(3, 0)].bg;
        assert!((0..8).all(|x| buffer[(x, 0)].bg == ground));
    }
}
