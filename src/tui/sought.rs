//! Opens a ticket by its number: one of the list at once, another one once the ledger has answered. The list has the latest tickets
//! only, and those of other programs come into it with a delay.

use std::sync::Arc;

use super::orders;
use super::state::{Notice, State};
use super::ticket_list::Asked;
use crate::model::ticket::TicketId;
use crate::service::past::{Question, Told};

/// Opens that ticket or run. Until the next key an answer of the ledger opens it.
pub fn open(state: &mut State, id: TicketId) {
    if let Some(asked) = state.tickets.row(id).cloned() {
        state.layer = None;
        return orders::open_asked(state, asked);
    }
    state.sought.ask(Question::Ticket(id));
    let text = state.messages.say_with("notice-ticket-sought", [("id", id.to_string())]);
    state.notice = Some(Notice { text, bad: false });
}

/// The ledger has answered.
pub(super) fn found(state: &mut State, told: Told) {
    let asked = match told {
        Told::Ticket(ticket) => Asked::Ticket(Arc::new(*ticket)),
        Told::Run(run) => Asked::Run(Arc::new(*run)),
        _ => {
            let text = state.messages.say("notice-ticket-none");
            state.notice = Some(Notice { text, bad: true });
            return;
        }
    };
    state.layer = None;
    state.notice = None;
    orders::open_asked(state, asked);
}

/// The ledger could not be read. A key asks again.
pub(super) fn failed(state: &mut State, turn: u64, why: &str) {
    if state.sought.answered(turn) {
        state.sought.drop_it();
        state.notice = Some(Notice { text: why.to_owned(), bad: true });
    }
}
