//! What is done through us: tickets and runs write their own records, in the transaction that begins or ends them. So each
//! of them is told exactly once, whoever lives or dies.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::append;
use crate::ledger::error::Fault;
use crate::ledger::{ask, rows};
use crate::model::callmap::kept::Run;
use crate::model::change::{Act, Change, Mark, Record};
use crate::model::feed::{of_run, of_ticket};
use crate::model::sleeper::Sleeper;
use crate::model::ticket::{Ticket, TicketId};

/// Whether an act of that number is told of, though there is no ticket or run with it any more: numbers are drawn by chance
/// out of 268 million, and the record is kept for years.
pub(in crate::ledger) async fn is_used_up(
    connection: &mut AnyConnection,
    act: Act,
    ticket: TicketId,
) -> Result<bool, Fault> {
    let sql = "SELECT act FROM acts WHERE act = $1 AND NOT EXISTS (SELECT 1 FROM tickets WHERE id = $2) \
               AND NOT EXISTS (SELECT 1 FROM runs WHERE id = $2)";
    let query = sqlx::query(sql).bind(act.number()).bind(ticket.to_string());
    let found: Option<(i64,)> = ask::one(connection, query).await?;
    Ok(found.is_some())
}

/// A ticket begins, or ends.
pub(in crate::ledger) async fn tell_ticket(
    connection: &mut AnyConnection,
    ticket: &Ticket,
) -> Result<(), Fault> {
    let saved = if ticket.ended.is_some() { saved(connection, ticket.id).await? } else { 0 };
    let word = if ticket.ended.is_some() { "ended" } else { "began" };
    let Some(reading) = of_ticket(ticket, saved) else { return Ok(()) };
    let raw = format!("{} {word} at {}", ticket.task, reading.time.strftime("%H:%M:%S%.3f"));
    tell(connection, &format!("{}/{word}", ticket.id), &raw, reading).await
}

/// A run ends.
pub(in crate::ledger) async fn tell_run(connection: &mut AnyConnection, run: &Run) -> Result<(), Fault> {
    let Some(reading) = of_run(run) else { return Ok(()) };
    let raw = format!("run ended at {}", reading.time.strftime("%H:%M:%S%.3f"));
    tell(connection, &format!("{}/ended", run.id), &raw, reading).await
}

async fn tell(connection: &mut AnyConnection, key: &str, raw: &str, reading: Change) -> Result<(), Fault> {
    let mark = Mark::of(reading.source, key);
    let record =
        Record { mark, act: reading.act, time: reading.time, raw: raw.into(), reading: Some(reading) };
    append::write(connection, &[record], Timestamp::now()).await?;
    Ok(())
}

/// The memory that a ticket's sleepers free, in bytes. Its containers are still its own.
async fn saved(connection: &mut AnyConnection, ticket: TicketId) -> Result<u64, Fault> {
    let sql = "SELECT sleepers.container, sleepers.body FROM leases JOIN sleepers ON sleepers.container = leases.container \
               WHERE leases.ticket = $1 AND sleepers.ticket = $1";
    let found: Vec<(String, String)> =
        ask::all(connection, sqlx::query(sql).bind(ticket.to_string())).await?;
    let mut saved: u64 = 0;
    for (id, body) in found {
        let sleeper: Sleeper = rows::thing(&format!("sleeper {id}"), &body)?;
        saved = saved.saturating_add(sleeper.saved());
    }
    Ok(saved)
}
