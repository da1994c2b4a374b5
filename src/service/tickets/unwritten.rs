//! Ends of tickets that could not be written because the disk was full or the ledger unreachable. They are written later: as long as
//! this process lives, no other process takes over its tickets.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{info, warn};

use super::job::{Closing, Note, Tools};
use crate::ledger::LedgerError;
use crate::model::backoff;
use crate::model::ticket::{Ticket, TicketId};
use crate::service::clock::jitter;

/// The ends of this process that the ledger lacks.
#[derive(Default)]
pub(super) struct Unwritten(Mutex<Vec<End>>);

struct End {
    ticket: Ticket,
    closing: Closing,
}

impl Unwritten {
    pub async fn has(&self, id: TicketId) -> bool {
        self.0.lock().await.iter().any(|end| end.ticket.id == id)
    }

    pub async fn all(&self) -> BTreeSet<TicketId> {
        self.0.lock().await.iter().map(|end| end.ticket.id).collect()
    }

    /// After a wake that could not be recorded, no end that is still to be written may call the tenant asleep.
    pub async fn is_awake(&self, woken: &Ticket) {
        for end in self.0.lock().await.iter_mut() {
            if (&end.ticket.host, &end.ticket.tenant) == (&woken.host, &woken.tenant) {
                end.closing.put.clear();
            }
        }
    }
}

/// Keeps an end and retries to write it, with back-off, until the ledger accepts it or another process has the ticket.
pub(super) async fn keep(tools: &Arc<Tools>, ticket: Ticket, closing: Closing) {
    let id = ticket.id;
    tools.unwritten.0.lock().await.push(End { ticket, closing });
    let tools = tools.clone();
    tokio::spawn(async move {
        let mut failures = 1;
        loop {
            sleep(backoff::wait(failures, jitter())).await;
            match write(&tools, id).await {
                Ok(()) => return,
                Err(_) => failures = failures.saturating_add(1),
            }
        }
    });
}

/// Writes an end that is kept. Where it is not kept any more, it is written already.
pub(super) async fn write(tools: &Tools, id: TicketId) -> Result<(), LedgerError> {
    let mut ends = tools.unwritten.0.lock().await;
    let Some(at) = ends.iter().position(|end| end.ticket.id == id) else { return Ok(()) };
    let End { ticket, closing: Closing { put, drop } } = &ends[at];
    let is_written = tools.ledger.end(ticket, &tools.holder, put, drop).await?;
    let End { closing: Closing { put, drop }, .. } = ends.remove(at);
    std::mem::drop(ends);
    if is_written {
        info!(ticket = %id, "the end of a ticket is written down late");
        // The desk outlives its jobs; where it is gone, nobody looks any more.
        let _ = tools.notes.send(Note::Sleepers { put, drop }).await;
    } else {
        warn!(ticket = %id, "another process has taken over a ticket whose end could not be written down");
    }
    Ok(())
}
