//! The list of tickets, newest first: dumps and wakes, and runs of callmaps.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::figures::{UNKNOWN, elapsed, seconds};
use super::last::slot;
use super::pen::Pen;
use super::table::{Want, place};
use super::tenant_state::{sign, step};
use super::{Hit, Hits, callmap};
use crate::config::theme::Slot;
use crate::model::callmap::kept::Run;
use crate::model::plain::plain;
use crate::model::state::Kind;
use crate::model::ticket::Ticket;
use crate::tui::state::{Pane, State};
use crate::tui::ticket_list::Asked;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Tenant,
    Time,
    Id,
    Who,
    Door,
    Task,
    Method,
    Outcome,
    Seconds,
    Reason,
}

const COLUMNS: [Want<Column>; 10] = [
    Want { column: Column::Tenant, cells: 0, weight: 9 },
    Want { column: Column::Task, cells: TASK, weight: 8 },
    Want { column: Column::Outcome, cells: 20, weight: 9 },
    Want { column: Column::Seconds, cells: 5, weight: 6 },
    Want { column: Column::Time, cells: 9, weight: 7 },
    Want { column: Column::Id, cells: 9, weight: 5 },
    Want { column: Column::Who, cells: 8, weight: 4 },
    Want { column: Column::Door, cells: 7, weight: 1 },
    Want { column: Column::Method, cells: 10, weight: 3 },
    Want { column: Column::Reason, cells: 20, weight: 2 },
];
const TENANT_LEAST: u16 = 12;
/// What the other columns take with a tenant's name of usual length; the reason has what is left.
const OTHERS: u16 = 104;
/// What the task takes: `dump` or `wake`; and how much more where there are runs of callmaps.
const TASK: u16 = 4;
const CALLMAP: u16 = 3;

/// Draws the list inside of the pane.
pub fn draw(pen: &mut Pen<'_>, inner: Rect, state: &State, hits: &mut Hits) {
    if inner.height == 0 {
        return;
    }
    if state.tickets.rows.is_empty() {
        let text = state.messages.say("empty-tickets");
        pen.text(inner.x + 2, inner.y, inner.width.saturating_sub(2), &text, Slot::Dim);
        return;
    }
    let has_runs = state.tickets.rows.iter().any(|asked| matches!(asked, Asked::Run(_)));
    let more = if has_runs { CALLMAP } else { 0 };
    let reason = inner.width.saturating_sub(OTHERS + more).clamp(20, 80);
    let wants = COLUMNS.map(|want| match want.column {
        Column::Reason => Want { cells: reason, ..want },
        Column::Task => Want { cells: TASK + more, ..want },
        _ => want,
    });
    let columns = place(inner.x + 2, inner.width.saturating_sub(3), TENANT_LEAST, &wants);
    for placed in &columns {
        let name = state.messages.say(name(placed.column));
        pen.text(placed.x, inner.y, placed.cells, &name, Slot::Dim);
    }
    let focused = state.focus == Pane::Bottom;
    let shown = state.tickets.rows.iter().enumerate().skip(state.tickets.top);
    for ((number, asked), y) in shown.zip(inner.y + 1..inner.bottom()) {
        for column in &columns {
            let (text, slot) = match asked {
                Asked::Ticket(ticket) => of_ticket(column.column, state, ticket),
                Asked::Run(run) => of_run(column.column, state, run),
            };
            pen.text(column.x, y, column.cells, &text, slot);
        }
        let row = Rect::new(inner.x, y, inner.width, 1);
        if number == state.tickets.cursor {
            let slot = if focused { Slot::Selected } else { Slot::SelectedUnfocused };
            pen.tint(row, slot);
            pen.text(row.x, y, 1, "▸", slot);
        }
        hits.add(row, Hit::Ticket(number));
    }
}

fn name(column: Column) -> &'static str {
    match column {
        Column::Tenant => "column-object",
        Column::Time => "column-time",
        Column::Id => "column-ticket",
        Column::Who => "column-who",
        Column::Door => "column-door",
        Column::Task => "column-task",
        Column::Method => "column-method",
        Column::Outcome => "column-outcome",
        Column::Seconds => "column-took",
        Column::Reason => "column-reason",
    }
}

fn time(state: &State, asked: Timestamp) -> String {
    let asked = asked.to_zoned(state.now.time_zone().clone());
    let today = asked.date() == state.now.date();
    asked.strftime(if today { "%H:%M:%S" } else { "%a %H:%M" }).to_string()
}

fn of_ticket(column: Column, state: &State, ticket: &Ticket) -> (String, Slot) {
    match column {
        Column::Tenant => (ticket.tenant.to_string(), Slot::Object),
        Column::Time => (time(state, ticket.asked), Slot::Time),
        Column::Id => (format!("‹{}›", ticket.id), Slot::Dim),
        Column::Who => (plain(who(&ticket.actor)).into_owned(), Slot::Actor),
        Column::Door => (ticket.door.as_str().to_owned(), Slot::Dim),
        Column::Task => (ticket.task.to_string(), Slot::Verb),
        Column::Method => (ticket.method.map_or(UNKNOWN, |method| method.as_str()).to_owned(), Slot::Dim),
        Column::Outcome => outcome(state, ticket),
        Column::Seconds => {
            let took = match ticket.ended {
                Some(ended) => ticket.seconds(ended).map(seconds),
                None => ticket.seconds(state.now.timestamp()).map(elapsed),
            };
            (took.unwrap_or_else(|| UNKNOWN.to_owned()), Slot::Text)
        }
        Column::Reason => {
            // Why it went wrong, else what it was for.
            let why = ticket.reason.as_deref().or(ticket.cause.as_deref());
            (plain(why.unwrap_or_default()).into_owned(), Slot::Dim)
        }
    }
}

fn of_run(column: Column, state: &State, run: &Run) -> (String, Slot) {
    match column {
        Column::Tenant => (plain(&run.product).into_owned(), Slot::Object),
        Column::Time => (time(state, run.asked), Slot::Time),
        Column::Id => (format!("‹{}›", run.id), Slot::Dim),
        Column::Who => (plain(who(&run.actor)).into_owned(), Slot::Actor),
        Column::Door => (run.door.as_str().to_owned(), Slot::Dim),
        Column::Task => (state.messages.say("task-callmap"), Slot::Verb),
        Column::Method => (UNKNOWN.to_owned(), Slot::Dim),
        Column::Outcome => callmap::record::outcome(state, run),
        Column::Seconds => {
            let now = state.now.timestamp();
            let took = match run.outcome {
                Some(_) => callmap::record::took(run).map(seconds),
                None => Some(elapsed(now.duration_since(run.asked).as_secs_f64())),
            };
            (took.unwrap_or_else(|| UNKNOWN.to_owned()), Slot::Text)
        }
        Column::Reason => (plain(run.reason.as_deref().unwrap_or_default()).into_owned(), Slot::Dim),
    }
}

/// How it ended, else what it is doing.
fn outcome(state: &State, ticket: &Ticket) -> (String, Slot) {
    if let Some(outcome) = ticket.outcome {
        let mark = if outcome.is_success() { "✔" } else { "✖" };
        return (format!("{mark} {outcome}"), slot(outcome));
    }
    let words = match ticket.began {
        None => state.messages.say("ticket-queued"),
        Some(_) => step(ticket).unwrap_or_else(|| ticket.task.to_string()),
    };
    (format!("{} {words}", sign(Kind::Busy, state)), Slot::Busy)
}

/// An operator's name without the place: `op1` of `op1@war-room`.
#[must_use]
pub fn who(actor: &str) -> &str {
    actor.split_once('@').map_or(actor, |(name, _)| name).trim()
}
