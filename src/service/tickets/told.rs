//! What of tickets is told to others: in the feed, and where there is no ledger to keep them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::desk::Command;
use crate::model::cells::bytes;
use crate::model::change::{Change, Verb};
use crate::model::fold::of_host;
use crate::model::host::HostName;
use crate::model::ticket::{Door, Outcome, Task, Ticket, TicketId};
use crate::model::work::{Record, Work};

/// How we call ourselves where nobody asked.
const SELF: &str = "wakeboard";

/// A number that no ticket is likely to have yet.
#[must_use]
pub(in crate::service) fn new_id() -> TicketId {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds every `RandomState` differently.
    let bits = RandomState::new().hash_one(0);
    TicketId::from_random(u32::try_from(bits & 0xffff_ffff).unwrap_or_default())
}

/// The ticket under which a tenant that was left on its way is brought back.
pub(super) fn recovery(host: HostName, tenant: Arc<str>, now: Timestamp) -> Ticket {
    Ticket {
        id: new_id(),
        task: Task::Wake,
        tenant,
        host,
        actor: SELF.into(),
        door: Door::Own,
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

/// A ticket that has ended, as the feed tells it.
pub(in crate::service) fn change(ticket: &Ticket, saved: u64) -> Change {
    let time = ticket.ended.unwrap_or(ticket.asked);
    let verb = match ticket.outcome {
        Some(Outcome::Dumped) => Verb::Dumped,
        Some(Outcome::Woken) => Verb::Woken,
        Some(Outcome::Refused) => Verb::Refused,
        Some(Outcome::Failed) | None => Verb::Failed,
    };
    let mut words = Vec::new();
    if matches!(verb, Verb::Refused | Verb::Failed) {
        words.push(ticket.task.to_string());
    }
    if let Some(method) = ticket.method.filter(|_| verb == Verb::Dumped) {
        words.push(method.to_string());
    }
    if let Some(seconds) = ticket.seconds(time).filter(|_| verb != Verb::Refused) {
        words.push(format!("{seconds:.2}s"));
    }
    if verb == Verb::Dumped && saved > 0 {
        words.push(format!("frees {}", bytes(saved)));
    }
    if !ticket.fallbacks.is_empty() {
        words.push(format!("after {}", ticket.fallbacks.join(", ")));
    }
    let mut detail = words.join(" ");
    if let Some(reason) = &ticket.reason {
        detail = format!("{detail}: {reason}");
    }
    Change {
        actor: Some(ticket.actor.clone()),
        ticket: Some(ticket.id),
        tenant: Some(ticket.tenant.clone()),
        ..of_host(&ticket.host, time, verb, Some(detail))
    }
}

/// Turns orders away for so long, since they cannot be written down.
pub(super) async fn turn_away(
    commands: &mut mpsc::Receiver<Command>,
    changes: &mpsc::Sender<Change>,
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
        let _ = changes.send(change(&ticket, 0)).await;
        now.tickets.insert(0, Arc::new(ticket));
        now.tickets.truncate(16);
        work.send_replace(Arc::new(now));
    }
}

/// The tickets that an order asks for: one a tenant.
pub(in crate::service) fn tickets(order: &crate::model::work::Order, now: Timestamp) -> Vec<Ticket> {
    let one = |(host, tenant): &(HostName, Arc<str>)| Ticket {
        id: new_id(),
        task: order.task,
        tenant: tenant.clone(),
        host: host.clone(),
        actor: order.actor.clone(),
        door: order.door,
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
