//! Old tickets go, now and then.

use sqlx::AnyConnection;

use super::ask;
use super::error::Fault;
use crate::model::ticket::TicketId;

/// How many tickets that ended are kept.
const KEPT: i64 = 10_000;
/// The old ones are removed at one in so many ends.
const PRUNED_EVERY: u32 = 64;

/// Numbers are drawn by chance, so they say when it is time just as well as a die would.
pub(super) async fn prune_now_and_then(
    connection: &mut AnyConnection,
    ticket: TicketId,
) -> Result<(), Fault> {
    if ticket.number().is_multiple_of(PRUNED_EVERY) { prune(connection, KEPT).await } else { Ok(()) }
}

/// Removes the oldest tickets that ended, up to that many.
async fn prune(connection: &mut AnyConnection, kept: i64) -> Result<(), Fault> {
    let sql = "DELETE FROM tickets WHERE is_open = 0 AND asked <= \
               (SELECT asked FROM tickets WHERE is_open = 0 ORDER BY asked DESC LIMIT 1 OFFSET $1)";
    ask::change(connection, sqlx::query(sql).bind(kept)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use jiff::Timestamp;

    use crate::ledger::connection::Lasts;
    use crate::ledger::{Begun, Ledger, here};
    use crate::model::ledger::Where;
    use crate::model::ticket::{Door, Outcome, Task, Ticket};

    fn ticket(number: u32) -> Ticket {
        Ticket {
            id: TicketId::from_random(number),
            task: Task::Wake,
            tenant: "acme".into(),
            host: "web-1".into(),
            actor: "op1".into(),
            door: Door::Console,
            cause: None,
            method: None,
            asked: Timestamp::from_millisecond(i64::from(number)).unwrap(),
            began: None,
            ended: None,
            outcome: Some(Outcome::Refused),
            reason: None,
            fallbacks: Vec::new(),
            steps: Vec::new(),
        }
    }

    #[tokio::test]
    async fn the_oldest_that_ended_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&Where::Sqlite(folder.path().join("ledger.db"))).await.unwrap();
        let (open, now) = (ticket(1), Timestamp::UNIX_EPOCH);
        let begun = ledger.begin(&open, here(), &[], &[], now, Duration::ZERO).await.unwrap();
        assert_eq!(begun, Begun::Ours);
        for number in 2..=6 {
            ledger.record(&ticket(number)).await.unwrap();
        }
        for (kept, left) in [(9, [6, 5, 4, 3, 2, 1].as_slice()), (2, &[6, 5, 1]), (0, &[1])] {
            let mut writing = ledger.connections.write(Lasts::AtOnce).await.unwrap();
            prune(writing.connection(), kept).await.unwrap();
            writing.commit().await.unwrap();
            let ids: Vec<u32> =
                ledger.tickets(9).await.unwrap().iter().map(|ticket| ticket.id.number()).collect();
            assert_eq!(ids, left);
        }
    }
}
