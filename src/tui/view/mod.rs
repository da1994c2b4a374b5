//! Draws the state: a file a pane. Nothing here does I/O or reads a clock.

pub mod bottom;
pub mod callmap;
pub mod changes;
pub mod confirm;
pub mod containers;
pub mod figures;
pub mod header;
pub mod history;
pub mod last;
pub mod layers;
pub mod pen;
pub mod popup;
pub mod status;
pub mod table;
pub mod tenant_state;
pub mod tenants;
pub mod ticket;
pub mod tickets;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::layout::LEAST;
use super::state::{Bottom, State};
use crate::config::theme::Slot;
use crate::model::sort::SortBy;
use crate::model::state::State as TenantState;
use pen::Pen;

/// What can be clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A count of the header.
    State(TenantState),
    /// The hosts of the header.
    Hosts,
    /// A row of the tenants pane, by its number in the list.
    Tenant(usize),
    /// A line of the changes pane, counted from the newest.
    Change(usize),
    /// The name of a column.
    Sort(SortBy),
    /// A row of the tickets, by its number in the list.
    Ticket(usize),
    /// A column of the timeline, by its number.
    Moment(usize),
    /// A change of a tenant's history, counted from the newest.
    Past(usize),
    /// A layer of the callmap, by its number.
    Layer(usize),
    /// A probe of the selected layer, by its place in the list.
    Probe(usize),
    /// What the pane at the bottom could show.
    Tab(Bottom),
}

/// Where what can be clicked is on the drawn screen.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Rect, Hit)>);

impl Hits {
    /// What is there.
    #[must_use]
    pub fn at(&self, position: Position) -> Option<Hit> {
        self.0.iter().find(|(area, _)| area.contains(position)).map(|(_, hit)| *hit)
    }

    fn add(&mut self, area: Rect, hit: Hit) {
        self.0.push((area, hit));
    }
}

/// Draws the whole screen and says what can be clicked on it.
pub fn draw(frame: &mut Frame<'_>, state: &State) -> Hits {
    let mut hits = Hits::default();
    let area = frame.area();
    let cursor = {
        let mut pen = Pen::new(frame.buffer_mut(), &state.palette);
        pen.fill(area, Slot::Text);
        if area.width < LEAST.width || area.height < LEAST.height {
            let size = [("width", area.width), ("height", area.height)];
            pen.text(area.x, area.y, area.width, &state.messages.say_with("too-small", size), Slot::Text);
            return hits;
        }
        let areas = state.areas();
        header::draw(&mut pen, areas.header, state, &mut hits);
        if let Some(area) = areas.tenants {
            tenants::draw(&mut pen, area, state, &mut hits);
        }
        if let Some(area) = areas.changes {
            changes::draw(&mut pen, area, state, &mut hits);
        }
        if let Some(area) = areas.bottom {
            bottom::draw(&mut pen, area, state, &mut hits);
        }
        let cursor = status::draw(&mut pen, areas.status, state);
        layers::draw(&mut pen, area, state);
        cursor
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    hits
}
