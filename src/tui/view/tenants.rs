//! The tenants pane.

use ratatui::layout::Rect;

use super::figures::{UNKNOWN, percent, since};
use super::last::Lasts;
use super::pen::Pen;
use super::table::{Placed, Want, place};
use super::tenant_state::{sign, step, words};
use super::{Hit, Hits};
use crate::config::theme::Slot;
use crate::model::action::Action;
use crate::model::cells::{bytes, curve};
use crate::model::fleet::{Link, Tenant};
use crate::model::keeper::Measures;
use crate::model::sort::SortBy;
use crate::model::state::State as TenantState;
use crate::model::usage::Usage;
use crate::service::current;
use crate::tui::state::{Pane, State};
use crate::tui::tenant_list::total;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Tenant,
    Tier,
    State,
    Host,
    Cpu,
    Memory,
    Curve,
    Seen,
    Since,
    Last,
}

// Each is at least as wide as its name with the mark of the order behind it.
const COLUMNS: [Want<Column>; 10] = [
    Want { column: Column::Tenant, cells: 0, weight: 9 },
    Want { column: Column::Tier, cells: 5, weight: 5 },
    Want { column: Column::State, cells: STATE, weight: 8 },
    Want { column: Column::Host, cells: 8, weight: 6 },
    Want { column: Column::Cpu, cells: 6, weight: 4 },
    Want { column: Column::Memory, cells: 5, weight: 3 },
    Want { column: Column::Curve, cells: 8, weight: 1 },
    Want { column: Column::Seen, cells: 5, weight: 7 },
    Want { column: Column::Since, cells: 6, weight: 7 },
    Want { column: Column::Last, cells: 11, weight: 2 },
];
const TENANT_LEAST: u16 = 14;
/// Room for `stopped (exit 143)`.
const STATE: u16 = 20;
/// Room for `unreachable (was running)`, where that can come.
const STATE_OF_LOST: u16 = 27;
/// From this width on, states come with their reasons.
const ROOMY: u16 = 84;
/// The longest word for a state, with its sign.
const STATE_WORD: u16 = 18;

/// Draws the tenants pane.
pub fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, hits: &mut Hits) {
    let inner = pen.pane(area, &title(state), state.focus == Pane::Tenants);
    if inner.height < 2 {
        return;
    }
    // Two cells on the left: for the sign of the selected row, and for that of a marked one.
    let wants = wants(state, inner.width);
    let columns = place(inner.x + 2, inner.width.saturating_sub(2), TENANT_LEAST, &wants);
    draw_names(pen, inner.y, &columns, state, hits);
    if state.tenants.rows.is_empty() {
        pen.text(inner.x + 2, inner.y + 1, inner.width.saturating_sub(2), &why_empty(state), Slot::Dim);
        return;
    }
    let height = usize::from(inner.height - 1);
    let shown = state.tenants.rows.iter().enumerate().skip(state.tenants.top).take(height);
    let lasts = Lasts::of(state, shown.clone().map(|(_, tenant)| tenant));
    for ((number, tenant), y) in shown.zip(inner.y + 1..) {
        let row = Rect::new(inner.x, y, inner.width, 1);
        let usage = total(tenant, &state.usages);
        draw_row(pen, &columns, y, state, tenant, &usage, &lasts);
        let marked = state.marks.has(tenant);
        if marked {
            pen.tint(row, Slot::Marked);
        }
        if number == state.tenants.cursor {
            let focused = state.focus == Pane::Tenants;
            pen.tint(row, if focused { Slot::Selected } else { Slot::SelectedUnfocused });
            pen.text(row.x, y, 1, "▸", if focused { Slot::Selected } else { Slot::SelectedUnfocused });
        }
        if marked {
            pen.text(row.x + 1, y, 1, "+", Slot::Marked);
        }
        hits.add(row, Hit::Tenant(number));
    }
}

/// The columns, with as much room for the state as is worth it: the last known state of what is out of reach is worth
/// more than the little curve. When tenants were last used is a column only where somebody measures it.
fn wants(state: &State, width: u16) -> Vec<Want<Column>> {
    let out_of_reach = state.fleet.hosts.iter().any(|host| matches!(host.link, Link::Down { .. }));
    let cells = match (width < ROOMY, out_of_reach) {
        (true, _) => STATE_WORD,
        (false, true) => STATE_OF_LOST,
        (false, false) => STATE,
    };
    let is_known = |want: &Want<Column>| want.column != Column::Seen || !state.activities.is_empty();
    let sized =
        |want| if let Want { column: Column::State, .. } = want { Want { cells, ..want } } else { want };
    COLUMNS.into_iter().filter(is_known).map(sized).collect()
}

fn title(state: &State) -> String {
    let mut name = state.messages.say("pane-tenants");
    if !state.marks.is_empty() {
        let marked = state.messages.say_with("marks-count", [("count", state.marks.len())]);
        name = format!("{name} ── {marked}");
    }
    if state.tenants.filter_text.is_empty() {
        return name;
    }
    let counts = [("shown", state.tenants.rows.len()), ("count", state.fleet.tenants().count())];
    format!("{name} ── {} ── {}", state.tenants.filter_text, state.messages.say_with("filter-shown", counts))
}

fn why_empty(state: &State) -> String {
    if !state.tenants.filter_text.is_empty() && state.fleet.tenants().next().is_some() {
        let key = state.key_of(Action::ClearFilter);
        return state.messages.say_with("empty-filter", [("key", key)]);
    }
    if state.fleet.hosts.iter().any(|host| host.link.is_up()) {
        return state.messages.say("empty-tenants");
    }
    if state.fleet.hosts.iter().any(|host| host.link == Link::Connecting) {
        return state.messages.say("empty-connecting");
    }
    state.messages.say_with("empty-hosts-down", [("key", state.key_of(Action::Hosts))])
}

fn draw_names(pen: &mut Pen<'_>, y: u16, columns: &[Placed<Column>], state: &State, hits: &mut Hits) {
    for placed in columns {
        let (message, by) = match placed.column {
            Column::Tenant => ("column-tenant", SortBy::Tenant),
            Column::Tier => ("column-tier", SortBy::Tier),
            Column::State => ("column-state", SortBy::State),
            Column::Host => ("column-host", SortBy::Host),
            Column::Cpu => ("column-cpu", SortBy::Cpu),
            Column::Memory => ("column-memory", SortBy::Memory),
            Column::Since => ("column-since", SortBy::Since),
            Column::Seen | Column::Last => {
                let name = if placed.column == Column::Seen { "column-seen" } else { "column-last" };
                pen.text(placed.x, y, placed.cells, &state.messages.say(name), Slot::Dim);
                continue;
            }
            Column::Curve => continue,
        };
        let mut text = state.messages.say(message);
        let slot = if state.tenants.sort == by {
            text.push_str(if state.tenants.reverse { "▴" } else { "▾" });
            Slot::Title
        } else {
            Slot::Dim
        };
        if matches!(placed.column, Column::Cpu | Column::Memory) {
            pen.right(placed.x, y, placed.cells, &text, slot);
        } else {
            pen.text(placed.x, y, placed.cells, &text, slot);
        }
        hits.add(Rect::new(placed.x, y, placed.cells, 1), Hit::Sort(by));
    }
}

fn draw_row<'a>(
    pen: &mut Pen<'_>,
    columns: &[Placed<Column>],
    y: u16,
    state: &'a State,
    tenant: &'a Tenant,
    usage: &Usage,
    lasts: &Lasts<'a>,
) {
    let open = lasts.open(tenant);
    let mut step_shown = false;
    for placed in columns {
        let Placed { column, x, cells } = *placed;
        match column {
            Column::State => {
                let (kind, text, has_step) = words(state, tenant, open, usize::from(cells));
                step_shown = has_step;
                let style = pen.palette().kind(kind);
                pen.styled(x, y, cells, &format!("{} {text}", sign(kind, state)), style);
            }
            Column::Last => {
                // The pane's border is right behind it.
                let cells = cells.saturating_sub(1);
                let now = open.and_then(step).filter(|_| !step_shown);
                let (text, slot) =
                    now.map_or_else(|| lasts.text(tenant, usize::from(cells)), |step| (step, Slot::Busy));
                pen.text(x, y, cells, &text, slot);
            }
            _ => draw_cell(pen, *placed, y, state, tenant, usage),
        }
    }
}

fn draw_cell(
    pen: &mut Pen<'_>,
    Placed { column, x, cells }: Placed<Column>,
    y: u16,
    state: &State,
    tenant: &Tenant,
    usage: &Usage,
) {
    let down = tenant.state == TenantState::Unreachable;
    match column {
        Column::Tenant => {
            let slot = if down { Slot::Dim } else { Slot::Text };
            pen.text(x, y, cells, &tenant.name, slot);
        }
        Column::Tier => {
            pen.text(x, y, cells, tenant.tier.map_or(UNKNOWN, |tier| tier.as_str()), Slot::Dim);
        }
        Column::Host => {
            pen.text(x, y, cells, &tenant.host, if down { Slot::Bad } else { Slot::Dim });
        }
        Column::Cpu => {
            pen.right(x, y, cells, &percent(usage.cpu_percent), gauge(usage.cpu_percent.is_some()));
        }
        Column::Memory => {
            let text = usage.memory_bytes.map_or(UNKNOWN.to_owned(), bytes);
            pen.right(x, y, cells, &text, gauge(usage.memory_bytes.is_some()));
        }
        Column::Curve => {
            pen.text(x, y, cells, &memory_curve(state, tenant), Slot::Gauge);
        }
        Column::Seen => {
            let activity = state.activities.get(&tenant.host, &tenant.name);
            let last = activity.and_then(|activity| activity.last(Measures::ALL));
            pen.text(x, y, cells, &since(last, state), Slot::Dim);
        }
        Column::Since => {
            pen.text(x, y, cells, &since(tenant.since, state), Slot::Dim);
        }
        // These two go together, in `draw_row`.
        Column::State | Column::Last => {}
    }
}

fn gauge(known: bool) -> Slot {
    if known { Slot::Text } else { Slot::Absent }
}

fn memory_curve(state: &State, tenant: &Tenant) -> String {
    let trends: Vec<_> =
        tenant.containers.iter().filter_map(|facts| current(tenant, facts, &state.usages)).collect();
    let Some(length) = trends.iter().map(|trend| trend.memory.len()).min() else { return String::new() };
    if length < 2 {
        return String::new();
    }
    // Added from the newest backwards: containers may have been watched for different times.
    let sum =
        |back: usize| -> u64 { trends.iter().filter_map(|trend| trend.memory.iter().rev().nth(back)).sum() };
    curve((0..length).rev().map(sum))
}
