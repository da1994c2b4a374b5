//! Tickets as they are made, and what becomes of them where there is no ledger to keep them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::desk::Command;
use super::numbers::Numbers;
use crate::model::host::HostName;
use crate::model::ticket::{Door, Outcome, Task, Ticket, TicketId};
use crate::model::work::{Record, Work};

/// How we call ourselves where nobody asked.
const SELF: &str = "wakeboard";

/// The ticket under which a tenant that was left on its way is brought back.
pub(super) fn recovery(id: TicketId, host: HostName, tenant: Arc<str>, now: Timestamp) -> Ticket {
    Ticket {
        id,
        task: Task::Wake,
        tenant,
        host,
        actor: SELF.into(),
        door: Door::Own,
        cause: None,
        method: None,
        asked: now,
        began: None,
        ended: None,
        outcome: None,
        reason: None,
        fallbacks: Vec::new(),
        steps: Vec::new(),
    }
}

/// Turns orders away for so long, since they cannot be written down.
pub(super) async fn turn_away(
    commands: &mut mpsc::Receiver<Command>,
    work: &watch::Sender<Arc<Work>>,
    so_long: Duration,
) {
    let until = Instant::now() + so_long;
    while let Ok(Some(command)) = timeout_at(until, commands.recv()).await {
        let Command::Ask(asked) = command else { continue };
        let mut now = Work::clone(&work.borrow());
        let Record::Missing(reason) = &now.record else { continue };
        let mut ticket = asked.ticket;
        ticket.ended = Some(Timestamp::now());
        ticket.outcome = Some(Outcome::Refused);
        ticket.reason = Some(format!("it cannot be written down: {reason}"));
        now.tickets.insert(0, Arc::new(ticket));
        now.tickets.truncate(16);
        work.send_replace(Arc::new(now));
    }
}

/// The tickets that an order asks for: one a tenant.
pub(in crate::service) fn tickets(
    order: &crate::model::work::Order,
    numbers: &Numbers,
    now: Timestamp,
) -> Vec<Ticket> {
    let one = |(host, tenant): &(HostName, Arc<str>)| Ticket {
        id: numbers.next(),
        task: order.task,
        tenant: tenant.clone(),
        host: host.clone(),
        actor: order.actor.clone(),
        door: order.door,
        cause: order.cause.clone(),
        method: order.method.filter(|_| order.task == Task::Dump),
        asked: now,
        began: None,
        ended: None,
        outcome: None,
        reason: None,
        fallbacks: Vec::new(),
        steps: Vec::new(),
    };
    order.tenants.iter().map(one).collect()
}
