//! Dump, wake and cancel, as they are asked for by a key or a written line.

use std::sync::Arc;
use std::time::Duration;

use super::callmap::act as callmap;
use super::confirm::OrderSheet;
use super::sought;
use super::state::{Bottom, Layer, Notice, Pane, State};
use super::ticket_list::Asked;
use super::update::Effect;
use crate::grammar::{DumpArgs, TicketsArgs, WakeArgs};
use crate::model::action::Action;
use crate::model::named;
use crate::model::plan::plans;
use crate::model::ticket::{Door, Task};
use crate::model::work::{Order, TenantKey};

/// An action about marks, dumps, wakes or tickets was asked for.
pub fn act(state: &mut State, action: Action) -> Option<Effect> {
    match action {
        Action::Cancel => return cancel(state),
        Action::Tickets => show_tickets(state),
        // What lies over the panes hides what these would be done to.
        _ if state.layer.is_some() => {}
        Action::Dump => return ask(state, Task::Dump),
        Action::Wake => return ask(state, Task::Wake),
        Action::Mark | Action::MarkRange | Action::MarkAll if state.areas().tenants.is_some() => {
            mark(state, action);
        }
        _ => {}
    }
    None
}

fn mark(state: &mut State, action: Action) {
    match action {
        Action::Mark => {
            if let Some(tenant) = state.tenants.selected() {
                state.marks.turn(tenant);
                state.tenants.move_by(1);
            }
        }
        Action::MarkRange => state.marks.range(&state.tenants.rows, state.tenants.cursor),
        _ => state.marks.all(&state.tenants.rows),
    }
}

/// The marked tenants, or else the selected one.
fn chosen(state: &State) -> Vec<TenantKey> {
    if !state.marks.is_empty() {
        return state.marks.in_order(&state.tenants.rows);
    }
    state.seen_tenant().map(|tenant| (tenant.host.clone(), tenant.name.clone())).into_iter().collect()
}

fn order(state: &State, task: Task, tenants: Vec<TenantKey>) -> Order {
    Order {
        task,
        tenants,
        method: None,
        force: false,
        timeout: None,
        actor: state.who.as_str().into(),
        door: Door::Console,
        cause: None,
        deeper: false,
    }
}

fn ask(state: &mut State, task: Task) -> Option<Effect> {
    let tenants = chosen(state);
    let sheet =
        OrderSheet { from_marks: !state.marks.is_empty(), ..OrderSheet::new(order(state, task, tenants)) };
    open(state, sheet)
}

/// Asks first, but for the wake of one tenant: that breaks nothing, and somebody waits.
fn open(state: &mut State, mut sheet: OrderSheet) -> Option<Effect> {
    if sheet.order.tenants.is_empty() {
        return tell(state, "empty-selection");
    }
    if sheet.order.task == Task::Wake && sheet.order.tenants.len() == 1 {
        let plan =
            plans(&sheet.order, &state.fleet, &state.work, &state.policy, state.now.timestamp()).pop()?;
        if let Some(refusal) = plan.refusal {
            bad(state, format!("{}: {refusal}", plan.tenant));
            return None;
        }
        if sheet.from_marks {
            state.marks.clear();
        }
        return Some(Effect::Ask(sheet.order));
    }
    sheet.plan(&state.fleet, &state.work, &state.policy, state.now.timestamp());
    state.layer = Some(Layer::Order(Box::new(sheet)));
    None
}

/// `:dump [TENANT...] [--by METHOD] [--force] [--dry-run]`.
pub fn dump(state: &mut State, args: &DumpArgs) -> Option<Effect> {
    let mut sheet = written(state, Task::Dump, &args.tenants)?;
    (sheet.order.method, sheet.order.force, sheet.dry) = (args.by, args.force, args.dry_run);
    open(state, sheet)
}

/// `:wake [TENANT...] [--timeout TIME]`.
pub fn wake(state: &mut State, args: &WakeArgs) -> Option<Effect> {
    if !args.with_empty_volume.is_empty() || !args.with_replaced.is_empty() {
        tell(state, "notice-losses-in-shell");
        return None;
    }
    let mut sheet = written(state, Task::Wake, &args.tenants)?;
    sheet.order.timeout = args.timeout.filter(|timeout| *timeout > Duration::ZERO);
    open(state, sheet)
}

/// The order for the named tenants, or without names for the marked or the selected ones.
fn written(state: &mut State, task: Task, names: &[String]) -> Option<OrderSheet> {
    if state.read_only() {
        tell(state, "notice-read-only");
        return None;
    }
    let (tenants, from_marks) = if names.is_empty() {
        (chosen(state), !state.marks.is_empty())
    } else {
        match named::find(&state.fleet, &state.work, names) {
            Ok(tenants) => (tenants, false),
            Err(error) => {
                // There is one line for it; the first says what is wrong, the next what was probably meant.
                bad(state, error.to_string().replace("\n  ", "; "));
                return None;
            }
        }
    };
    Some(OrderSheet { from_marks, ..OrderSheet::new(order(state, task, tenants)) })
}

/// `:tickets [ID]`.
pub fn tickets(state: &mut State, args: &TicketsArgs) {
    let Some(id) = args.id else {
        (state.bottom, state.focus) = (Bottom::Tickets, Pane::Bottom);
        return;
    };
    sought::open(state, id);
}

/// Opens a ticket; a run of this console in its own pane, where all of it is.
pub fn open_asked(state: &mut State, asked: Asked) {
    let is_here = matches!(&asked, Asked::Run(run) if callmap::show_run(state, run.id));
    if !is_here {
        state.layer = Some(Layer::Ticket(asked, 0));
    }
}

fn show_tickets(state: &mut State) {
    if state.bottom == Bottom::Tickets && state.areas().bottom.is_some() {
        state.bottom = Bottom::Containers;
        if state.focus == Pane::Bottom {
            state.focus = Pane::Tenants;
        }
    } else {
        (state.bottom, state.focus) = (Bottom::Tickets, Pane::Bottom);
    }
}

/// Cancels the ticket that is looked at: the opened one, the selected line of the tickets, the run in the callmap pane, or
/// the selected tenant's.
fn cancel(state: &mut State) -> Option<Effect> {
    let in_list = state.focus == Pane::Bottom && state.bottom == Bottom::Tickets;
    let asked = match &state.layer {
        Some(Layer::Ticket(asked, _)) => Some(asked.clone()),
        Some(_) => return None,
        None if in_list => state.tickets.selected().cloned(),
        None if callmap::has_keys(state) => state.callmap.run().map(|run| Asked::Run(Arc::new(run.told()))),
        None => {
            let tenant = state.seen_tenant();
            let ticket = tenant.and_then(|tenant| state.work.ticket_of(&tenant.host, &tenant.name));
            ticket.cloned().map(Asked::Ticket)
        }
    };
    match asked {
        Some(Asked::Ticket(ticket)) if ticket.ended.is_none() => {
            let text = state.messages.say_with("notice-cancel", [("id", ticket.id.to_string())]);
            state.notice = Some(Notice { text, bad: false });
            Some(Effect::Cancel(ticket.id))
        }
        // How it ends is told like any other end. One of another console is not ours to call off.
        Some(Asked::Run(run)) if run.outcome.is_none() && state.callmap.runs.run(run.id).is_some() => {
            Some(Effect::CancelRun(run.id))
        }
        _ => tell(state, "notice-nothing-to-cancel"),
    }
}

fn tell(state: &mut State, message: &str) -> Option<Effect> {
    let text = state.messages.say(message);
    bad(state, text);
    None
}

fn bad(state: &mut State, text: String) {
    state.notice = Some(Notice { text, bad: true });
}
