//! What is done now and then, and what the record costs a ticket.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use wakeboard::ledger::{Ledger, here};
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

pub async fn verify(_: &Ledger) -> Result<(), Failure> {
    Ok(())
}

pub async fn prune(_: &Ledger, _: u64) -> Result<(), Failure> {
    Ok(())
}
