//! A tenant's state in a cell: its sign, its word, and what a ticket does to it now.

use super::figures::elapsed;
use crate::model::cells::width;
use crate::model::fleet::Tenant;
use crate::model::plain::plain;
use crate::model::state::{Kind, State as TenantState};
use crate::model::ticket::{Task, Ticket};
use crate::tui::state::State;

/// The sign of a kind; busy ones turn with the clock.
#[must_use]
pub fn sign(kind: Kind, state: &State) -> &'static str {
    const TURNS: [&str; 4] = ["◐", "◓", "◑", "◒"];
    if kind == Kind::Busy {
        let quarter = state.now.timestamp().as_millisecond().rem_euclid(1000) / 250;
        return TURNS[usize::try_from(quarter).unwrap_or(0) % 4];
    }
    kind.sign()
}

/// The kind of a tenant's state and its words, in at most `cells` cells with the sign; and whether they name the step
/// that the open ticket is at.
#[must_use]
pub fn words(state: &State, tenant: &Tenant, open: Option<&Ticket>, cells: usize) -> (Kind, String, bool) {
    // Half a word more says less than none.
    let fits = |text: &String| width(text) + 2 <= cells;
    if let Some(ticket) = open.filter(|_| tenant.state != TenantState::Unreachable) {
        let busy = match ticket.task {
            Task::Dump => TenantState::Dumping,
            Task::Wake => TenantState::Waking,
        };
        let Some(seconds) = ticket.seconds(state.now.timestamp()) else {
            return (Kind::Busy, format!("{busy} {}", state.messages.say("ticket-queued")), false);
        };
        let time = elapsed(seconds);
        if let Some(step) = step(ticket) {
            let whole = format!("{busy} {step} {time}");
            if fits(&whole) {
                return (Kind::Busy, whole, true);
            }
        }
        return (Kind::Busy, format!("{busy} {time}"), false);
    }
    let word = tenant.state_words();
    let more = if tenant.state == tenant.known {
        tenant.reason.as_deref().map(str::to_owned)
    } else {
        Some(state.messages.say_with("known-as", [("state", tenant.known.as_str())]))
    };
    let whole = more.map(|more| format!("{word} ({more})")).filter(fits);
    (tenant.state.kind(), whole.unwrap_or(word), false)
}

/// What a ticket is doing now.
#[must_use]
pub fn step(ticket: &Ticket) -> Option<String> {
    ticket.current().map(|step| plain(&step.what).into_owned())
}
