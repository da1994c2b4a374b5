//! The list of tickets: newest first, and the line that is selected.

use std::sync::Arc;

use super::tenant_list::scrolled;
use crate::model::ticket::{Ticket, TicketId};
use crate::model::work::Work;

/// The list and its place on the screen.
#[derive(Debug, Default)]
pub struct TicketList {
    /// The tickets, the last asked for first.
    pub rows: Vec<Arc<Ticket>>,
    /// The number of the selected row.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
    /// The ticket that somebody selected; until then the newest is.
    selected: Option<TicketId>,
}

impl TicketList {
    /// Takes in other tickets; the cursor stays with the selected one.
    pub fn set(&mut self, work: &Work) {
        self.rows.clone_from(&work.tickets);
        self.rows.sort_by_key(|ticket| std::cmp::Reverse((ticket.asked, ticket.id)));
        if let Some(id) = self.selected
            && let Some(at) = self.rows.iter().position(|ticket| ticket.id == id)
        {
            self.cursor = at;
        }
    }

    /// Keeps the selected row among the `height` rows on the screen.
    pub fn settle(&mut self, height: usize) {
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.top = scrolled(self.top, self.cursor, height, self.rows.len());
    }

    /// Selects the row that is `by` further down, or up.
    pub fn move_by(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Selects that row, or the last. On the newest the cursor stays at the top when newer ones come.
    pub fn select(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).filter(|_| self.cursor > 0).map(|ticket| ticket.id);
    }

    /// The ticket of the selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&Arc<Ticket>> {
        self.rows.get(self.cursor)
    }
}
