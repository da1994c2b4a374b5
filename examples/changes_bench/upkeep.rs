//! What is done now and then, and what the record costs a ticket.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use wakeboard::ledger::{Ledger, here};
use wakeboard::model::change::Retention;
use wakeboard::model::ticket::{Door, Outcome, Task, Ticket, TicketId};

use super::{Failure, middle};

pub async fn tickets(ledger: &Ledger, rounds: u32) -> Result<(), Failure> {
    let (mut begins, mut ends) = (Vec::new(), Vec::new());
    let chance = u32::try_from(Timestamp::now().as_microsecond() & 0x0fff_ffff)?;
    for round in 0..rounds {
        let now = Timestamp::now();
        let mut ticket = Ticket {
            id: TicketId::from_random(chance.wrapping_add(round)),
            task: Task::Dump,
            tenant: "acme".into(),
            host: "web-1".into(),
            actor: "op1".into(),
            door: Door::Shell,
            cause: None,
            method: None,
            asked: now,
            began: Some(now),
            ended: None,
            outcome: None,
            reason: None,
            fallbacks: Vec::new(),
            steps: Vec::new(),
        };
        let containers = ["a".repeat(64).into(), "b".repeat(64).into()];
        let at = Instant::now();
        ledger.begin(&ticket, here(), &containers, &[], now, Duration::from_secs(30)).await?;
        begins.push(at.elapsed());
        (ticket.ended, ticket.outcome) = (Some(Timestamp::now()), Some(Outcome::Dumped));
        let at = Instant::now();
        ledger.end(&ticket, here(), &[], &[]).await?;
        ends.push(at.elapsed());
    }
    let ((begin, begin_most), (end, end_most)) = (middle(begins), middle(ends));
    println!("ticket\t{begin:.2}\t{begin_most:.2}\t{end:.2}\t{end_most:.2}");
    Ok(())
}

pub async fn verify(ledger: &Ledger) -> Result<(), Failure> {
    let at = Instant::now();
    let verified = ledger.verify_changes(|_| {}).await?;
    let broken = verified.broken.map_or("whole".to_owned(), |broken| broken.to_string());
    println!("verify\t{}\t{:.1}\t{broken}", verified.records, at.elapsed().as_secs_f64());
    Ok(())
}

/// As if it were so many days later.
pub async fn prune(ledger: &Ledger, days: i64) -> Result<(), Failure> {
    let (at, now) = (Instant::now(), Timestamp::now().checked_add(SignedDuration::from_hours(24 * days))?);
    let (mut records, mut changes, mut calls) = (0, 0, Vec::new());
    loop {
        let call = Instant::now();
        let pruned = ledger.prune_changes(&Retention::default(), now).await?;
        calls.push(call.elapsed());
        (records, changes) = (records + pruned.records, changes + pruned.changes);
        if !pruned.more {
            break;
        }
    }
    let (call, call_most) = middle(calls);
    println!("prune\t{records}\t{changes}\t{:.1}\t{call:.0}\t{call_most:.0}", at.elapsed().as_secs_f64());
    Ok(())
}
