//! The containers of the selected tenant.

use ratatui::layout::Rect;

use super::figures::{UNKNOWN, percent, since};
use super::pen::Pen;
use super::table::{Placed, Want, place};
use super::tenant_state::sign;
use crate::config::theme::Slot;
use crate::model::cells::bytes;
use crate::model::container::Facts;
use crate::model::fleet::Tenant;
use crate::service::current;
use crate::tui::state::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Role,
    State,
    Image,
    Cpu,
    Memory,
    Since,
    Id,
}

const COLUMNS: [Want<Column>; 8] = [
    Want { column: Column::Name, cells: 0, weight: 9 },
    Want { column: Column::Role, cells: 8, weight: 5 },
    Want { column: Column::State, cells: 21, weight: 8 },
    Want { column: Column::Image, cells: 28, weight: 2 },
    Want { column: Column::Cpu, cells: 6, weight: 4 },
    Want { column: Column::Memory, cells: 11, weight: 6 },
    Want { column: Column::Since, cells: 5, weight: 7 },
    Want { column: Column::Id, cells: 12, weight: 1 },
];
const NAME_LEAST: u16 = 15;

/// Draws them inside of the pane.
pub fn draw(pen: &mut Pen<'_>, inner: Rect, state: &State) {
    if inner.height == 0 {
        return;
    }
    let Some(tenant) = state.tenants.selected() else {
        let text = state.messages.say("empty-selection");
        pen.text(inner.x + 2, inner.y, inner.width.saturating_sub(2), &text, Slot::Dim);
        return;
    };
    let columns = place(inner.x + 2, inner.width.saturating_sub(3), NAME_LEAST, &COLUMNS);
    for placed in &columns {
        let name = match placed.column {
            Column::Name => state.messages.say("column-container"),
            Column::Role => state.messages.say("column-role"),
            Column::State => state.messages.say("column-state"),
            Column::Image => state.messages.say("column-image"),
            Column::Cpu => state.messages.say("column-cpu"),
            Column::Memory => state.messages.say("column-memory"),
            Column::Since => state.messages.say("column-since"),
            Column::Id => state.messages.say("column-id"),
        };
        if matches!(placed.column, Column::Cpu | Column::Memory) {
            pen.right(placed.x, inner.y, placed.cells, &name, Slot::Dim);
        } else {
            pen.text(placed.x, inner.y, placed.cells, &name, Slot::Dim);
        }
    }
    for (facts, y) in tenant.containers.iter().zip(inner.y + 1..inner.bottom()) {
        for column in &columns {
            draw_cell(pen, *column, y, state, tenant, facts);
        }
    }
}

fn draw_cell(
    pen: &mut Pen<'_>,
    Placed { column, x, cells }: Placed<Column>,
    y: u16,
    state: &State,
    tenant: &Tenant,
    facts: &Facts,
) {
    let usage = current(tenant, facts, &state.usages).map(|trend| trend.usage);
    match column {
        Column::Name => pen.text(x, y, cells, &facts.name, Slot::Text),
        Column::Role => pen.text(x, y, cells, facts.place.role.as_deref().unwrap_or(UNKNOWN), Slot::Dim),
        Column::State => {
            let kind = facts.state().kind();
            let style = pen.palette().kind(kind);
            let word = facts
                .reason()
                .map_or_else(|| facts.state().to_string(), |reason| format!("{} ({reason})", facts.state()));
            pen.styled(x, y, cells, &format!("{} {word}", sign(kind, state)), style)
        }
        Column::Image => pen.text(x, y, cells, &facts.image, Slot::Dim),
        Column::Cpu => {
            pen.right(x, y, cells, &percent(usage.and_then(|usage| usage.cpu_percent)), Slot::Text);
            x
        }
        Column::Memory => {
            let used = usage.and_then(|usage| usage.memory_bytes).map_or(UNKNOWN.to_owned(), bytes);
            let limit = usage.and_then(|usage| usage.memory_limit_bytes);
            pen.right(
                x,
                y,
                cells,
                &limit.map_or(used.clone(), |it| format!("{used}/{}", bytes(it))),
                Slot::Text,
            );
            x
        }
        Column::Since => pen.text(x, y, cells, &since(facts.since, state), Slot::Dim),
        Column::Id => pen.text(x, y, cells, facts.id.get(..12).unwrap_or(&facts.id), Slot::Absent),
    };
}
