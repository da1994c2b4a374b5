//! Where everything is on the screen.

use ratatui::layout::{Rect, Size};

use super::state::{Bottom, Pane};

/// Below this width one pane is shown at a time.
pub const WIDE: u16 = 100;
/// The least size that everything fits into.
pub const LEAST: Size = Size { width: 60, height: 15 };

/// Where everything is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// The line at the top.
    pub header: Rect,
    /// The tenants pane with its border.
    pub tenants: Option<Rect>,
    /// The changes pane with its border.
    pub changes: Option<Rect>,
    /// The pane at the bottom with its border: the containers of the selected tenant, the tickets, or a callmap.
    pub bottom: Option<Rect>,
    /// The line at the bottom.
    pub status: Rect,
}

/// Lays out a screen of that size with that pane in front. A callmap or a history at the bottom gets more room: it is what is
/// worked at.
#[must_use]
pub fn areas(size: Size, focus: Pane, shown: Bottom) -> Areas {
    let Size { width, height } = size;
    let header = Rect::new(0, 0, width, height.min(1));
    let status = Rect::new(0, height.saturating_sub(1), width, height.min(1));
    let body = Rect::new(0, 1, width, height.saturating_sub(2));
    if width < WIDE {
        let front = |pane| (focus == pane).then_some(body);
        return Areas {
            header,
            status,
            tenants: front(Pane::Tenants),
            changes: front(Pane::Changes),
            bottom: front(Pane::Bottom),
        };
    }
    let bottom = match (body.height, shown) {
        (0..=15, _) => 0,
        (16..=24, Bottom::Callmap | Bottom::History) => 8,
        (16..=24, _) => 6,
        (25..=36, Bottom::Callmap | Bottom::History) => 11,
        (25..=36, _) => 8,
        (_, Bottom::Callmap | Bottom::History) => 14,
        _ => 11,
    };
    if bottom == 0 && focus == Pane::Bottom {
        return Areas { header, status, tenants: None, changes: None, bottom: Some(body) };
    }
    let top = body.height - bottom;
    let right = (width * 3 / 8).clamp(44, 76);
    let left = width - right;
    Areas {
        header,
        status,
        tenants: Some(Rect::new(0, 1, left, top)),
        changes: Some(Rect::new(left, 1, right, top)),
        bottom: (bottom > 0).then(|| Rect::new(0, 1 + top, width, bottom)),
    }
}

/// What is inside of a pane's border.
#[must_use]
pub fn inside(area: Rect) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

/// How many rows a bordered pane with a line of column names has room for.
#[must_use]
pub fn rows_of_table(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(3))
}

/// How many rows a bordered pane has room for.
#[must_use]
pub fn rows_of_list(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(2))
}

/// How many lines stand above the changes in a tenant's history: the bar, where its changes are, and what the bar means.
pub const HISTORY_HEAD: u16 = 3;

/// How many lines of the inside of the changes pane the timeline has. Unopened it needs a ledger that counts, and room.
#[must_use]
pub fn strip_lines(inside: Rect, is_open: bool, has_ledger: bool) -> u16 {
    match (inside.height, is_open) {
        (0..=3, _) => 0,
        (4..=9, true) => 2,
        (_, true) => 3,
        (18.., false) if has_ledger => 3,
        (11.., false) if has_ledger => 1,
        (_, false) => 0,
    }
}

/// How many columns the timeline has room for.
#[must_use]
pub fn strip_cells(inside: Rect) -> u16 {
    inside.width.saturating_sub(2)
}

/// A rectangle of at most that size in the middle of the screen.
#[must_use]
pub fn middle(size: Size, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(size.width), height.min(size.height));
    Rect::new((size.width - width) / 2, (size.height - height) / 2, width, height)
}
