//! One ticket from its beginning to its end: intent, work, outcome, whatever happens in between.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use super::job::{Closing, Job, Note, Tools, crash_point};
use super::trouble::Trouble;
use super::{deepen, dump, holders, lease, recover, tidy, unwritten, wake};
use crate::ledger::{Begun, Fault, Ledger, OpenTicket};
use crate::model::container::ContainerId;
use crate::model::method::Method;
use crate::model::needs::Accepted;
use crate::model::sleeper::{Sleeper, Stage};
use crate::model::ticket::{Outcome, Task, TicketId};
use crate::model::tier::Tier;

/// A tenant is ours for so long; then somebody else may look after it.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// How long an order waits for another process to end what was cut off.
const RECOVERED_WITHIN: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How many left-over tickets are dealt with before a new one.
const MOST_ORPHANS: u32 = 4;

/// What a job is to do.
pub(super) enum Duty {
    /// Put a tenant to sleep.
    Dump {
        containers: Vec<ContainerId>,
        method: Option<Method>,
        tier: Option<Tier>,
        /// One that sleeps already is woken first.
        deeper: bool,
    },
    /// Bring it back.
    Wake { containers: Vec<ContainerId>, timeout: Duration, accepted: Vec<Accepted> },
    /// Finish or undo what was cut off; the ticket is ours already where it was `adopted`.
    Recover { containers: Vec<ContainerId>, adopted: bool },
    /// Drop the records that somebody else made void.
    Tidy { containers: Vec<ContainerId> },
}

/// Works on a ticket until it has ended, and writes down how.
pub(super) async fn work(mut job: Job, duty: Duty) {
    job.ticket.began.get_or_insert_with(Timestamp::now);
    job.tell();
    let mut begun = match &duty {
        Duty::Recover { adopted: true, .. } => Ok(()),
        Duty::Recover { containers, .. }
        | Duty::Tidy { containers }
        | Duty::Dump { containers, .. }
        | Duty::Wake { containers, .. } => begin(&mut job, containers).await,
    };
    if let (Err(Trouble::Ledger(error)), Duty::Wake { containers, .. }) = (&begun, &duty)
        && matches!(error.fault, Fault::DiskFull)
        && nobody_is_at_it(&job.tools, containers).await
    {
        // Who is asked for comes up, though nothing of it can be written down: a full disk of ours is no reason to stay down.
        warn!(ticket = %job.ticket.id, %error, "a wake goes on without a record");
        job.unrecorded = Some(error.to_string());
        begun = Ok(());
    }
    let is_recorded = job.unrecorded.is_none();
    let is_ours = begun.is_ok() && is_recorded;
    let (ticket, tools) = (job.ticket.id, job.tools.clone());
    let renew = || async {
        let renewed = tools.ledger.renew(ticket, &tools.holder, Timestamp::now(), LEASE).await;
        renewed.inspect_err(|error| warn!(%ticket, %error, "the lease could not be renewed"))
    };
    let result = if let Err(trouble) = begun {
        Err(trouble)
    } else {
        tokio::select! {
            result = carry_out(&mut job, duty) => result,
            trouble = lease::hold(lease::Times::default(), renew), if is_recorded => Err(trouble),
        }
    };
    finish(job, result, is_ours).await;
}

/// Intent before act: takes the tenant's containers and writes the ticket. What others left open on them is ended first.
async fn begin(job: &mut Job, containers: &[ContainerId]) -> Result<(), Trouble> {
    let tools = job.tools.clone();
    // Without the key of what sleeps nothing can be written down, and what others left open not be ended either.
    tools.ledger.seal().await?;
    let until = Instant::now() + RECOVERED_WITHIN;
    let mut orphans = 0;
    while orphans < MOST_ORPHANS {
        let now = Timestamp::now();
        match tools.ledger.begin(&job.ticket, &tools.holder, containers, &[], now, LEASE).await? {
            Begun::Ours => {
                crash_point();
                return Ok(());
            }
            // Another process brings to an end what was cut off: that says nothing against this order.
            Begun::Busy { ticket, .. }
                if Instant::now() < until && is_being_recovered(&tools.ledger, ticket).await? =>
            {
                sleep(LOOK_AGAIN).await;
            }
            // It has ended here, and the ledger does not know yet.
            Begun::Busy { ticket, .. } if tools.unwritten.has(ticket).await => {
                unwritten::write(&tools, ticket).await?;
            }
            Begun::Busy { ticket, actor, .. } => {
                return Err(Trouble::Refused(format!("{actor} is at it (ticket {ticket})")));
            }
            Begun::NumberTaken => {
                return Err(Trouble::Refused("its number belongs to another ticket: ask again".to_owned()));
            }
            Begun::Orphaned { ticket } => {
                orphans += 1;
                end_orphan(job, ticket).await?;
            }
        }
    }
    Err(Trouble::Refused("tickets that others left open keep coming".to_owned()))
}

/// Whether no ticket that is in the ledger has one of these containers. It can be read when it cannot be written.
async fn nobody_is_at_it(tools: &Tools, containers: &[ContainerId]) -> bool {
    let (now, ended) = (Timestamp::now(), tools.unwritten.all().await);
    let has_one = |open: &OpenTicket| {
        !open.is_orphaned(now)
            && !ended.contains(&open.ticket.id)
            && open.containers.iter().any(|container| containers.contains(container))
    };
    tools.ledger.open_tickets().await.is_ok_and(|open| !open.iter().any(has_one))
}

async fn is_being_recovered(ledger: &Ledger, ticket: TicketId) -> Result<bool, Trouble> {
    let open = ledger.open_tickets().await?;
    // Where it has ended since, the next try gets the tenant.
    Ok(open.iter().find(|open| open.ticket.id == ticket).is_none_or(|open| open.ticket.is_being_recovered()))
}

/// Takes over a ticket whose process is gone, and brings it to an end.
async fn end_orphan(job: &mut Job, ticket: TicketId) -> Result<(), Trouble> {
    let tools = job.tools.clone();
    let Some(open) = tools.ledger.open_tickets().await?.into_iter().find(|open| open.ticket.id == ticket)
    else {
        return Ok(());
    };
    if !tools.ledger.adopt(ticket, &tools.holder, Timestamp::now(), LEASE).await? {
        // Somebody else was faster: then it is theirs, and the next answer says so.
        return Ok(());
    }
    let other = job.beside(open.ticket);
    let duty = Duty::Recover { containers: open.containers, adopted: true };
    Box::pin(work(other, duty)).await;
    Ok(())
}

async fn carry_out(job: &mut Job, duty: Duty) -> Result<Outcome, Trouble> {
    match duty {
        Duty::Dump { containers, method: Some(method), tier, deeper: true } => {
            deepen::run(job, &containers, method, tier).await
        }
        Duty::Dump { containers, method, tier, .. } => dump::run(job, &containers, method, tier).await,
        Duty::Wake { containers, timeout, accepted } => {
            job.accepted = accepted;
            let sleepers = job.tools.ledger.sleepers_of(&containers).await?;
            wake::run(job, sleepers, &containers, timeout).await
        }
        Duty::Recover { containers, .. } => {
            let sleepers = job.tools.ledger.sleepers_of(&containers).await?;
            recover::run(job, sleepers).await
        }
        Duty::Tidy { containers } => {
            let sleepers = job.tools.ledger.sleepers_of(&containers).await?;
            tidy::run(job, &sleepers).await
        }
    }
}

/// Writes down how it ended, and tells it.
async fn finish(mut job: Job, result: Result<Outcome, Trouble>, is_ours: bool) {
    // Its end is not ours to write: it stays open, and whoever takes it over finds how far it came.
    let is_lost = matches!(result, Err(Trouble::LeaseLost));
    let ticket = &mut job.ticket;
    ticket.ended = Some(Timestamp::now());
    match result {
        Ok(outcome) => {
            ticket.outcome = Some(outcome);
            if let Some(why) = &job.unrecorded {
                job.tools.unwritten.is_awake(ticket).await;
                ticket.reason = Some(format!("it could not be recorded: {why}"));
            }
        }
        Err(trouble) => {
            let refused = matches!(trouble, Trouble::Refused(_));
            ticket.outcome = Some(if refused { Outcome::Refused } else { Outcome::Failed });
            ticket.reason = Some(trouble.to_string());
        }
    }
    info!(ticket = %ticket.id, task = %ticket.task, tenant = %ticket.tenant, outcome = ?ticket.outcome, "ticket ended");
    let tools = job.tools.clone();
    let Closing { put, drop } = std::mem::take(&mut job.closing);
    let written = if is_lost {
        Ok(false)
    } else if is_ours {
        tools.ledger.end(&job.ticket, &tools.holder, &put, &drop).await
    } else {
        tools.ledger.record(&job.ticket).await
    };
    match written {
        Ok(true) if is_ours => {
            crash_point();
            job.note(Note::Sleepers { put, drop }).await;
            stop_holding(&job).await;
        }
        Ok(_) => {}
        // It stays open. Where this process ends before it can be written, it is found as cut off: looking again does no harm.
        Err(error) => {
            warn!(ticket = %job.ticket.id, %error, "the end of a ticket could not be written down");
            if is_ours {
                unwritten::keep(&tools, job.ticket.clone(), Closing { put, drop }).await;
            }
        }
    }
    job.note(Note::Over(Box::new(job.ticket.clone()))).await;
}

/// What only this tenant needed is not held any more. A process that stays sees to that later, for many at a time.
async fn stop_holding(job: &Job) {
    let ticket = &job.ticket;
    let is_due = job.tools.brief && ticket.task == Task::Wake && ticket.method == Some(Method::Destroy);
    if !is_due {
        return;
    }
    let _one_at_a_time = job.canary.lock().await;
    let settled = holders::settle(&job.tools.ledger, &*job.engine, &ticket.host, false);
    if let Err(error) = settled.await {
        debug!(host = %ticket.host, %error, "holders are not as they should be");
    }
}

/// The sleepers that nobody is at work on, though they are on their way: their ticket ended without them.
pub(super) fn stranded<'a>(
    sleepers: impl Iterator<Item = &'a Arc<Sleeper>>,
) -> impl Iterator<Item = &'a Arc<Sleeper>> {
    sleepers.filter(|sleeper| sleeper.stage != Stage::Asleep)
}
