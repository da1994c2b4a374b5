//! Who holds a ticket and its containers: for how long, and who comes after.

use std::time::Duration;

use jiff::Timestamp;

use super::connection::Lasts;
use super::error::Fault;
use super::process::{is_at_work_here, is_dead_here};
use super::{Ledger, LedgerError, ask, rows};
use crate::model::holder::Holder;
use crate::model::ticket::TicketId;

impl Ledger {
    /// Makes the lease of a ticket last longer. False where the ticket is not this holder's any more.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn renew(
        &self,
        ticket: TicketId,
        holder: &Holder,
        now: Timestamp,
        lease: Duration,
    ) -> Result<bool, LedgerError> {
        self.within(async {
            let mut writing = self.connections.bare().await?;
            let sql = "UPDATE tickets SET until = $3 WHERE id = $1 AND holder = $2 AND is_open = 1";
            let query = sqlx::query(sql).bind(ticket.to_string()).bind(holder.to_string());
            let done = ask::change(writing.connection(), query.bind(rows::until(now, lease))).await?;
            writing.done();
            Ok(done > 0)
        })
        .await
    }

    /// Takes over an open ticket, with its containers, whose holder is dead or has let its lease run out. False where it
    /// is held, or ended, or where somebody else was faster: of several exactly one gets true.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn adopt(
        &self,
        ticket: TicketId,
        holder: &Holder,
        now: Timestamp,
        lease: Duration,
    ) -> Result<bool, LedgerError> {
        self.within(async {
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let connection = writing.connection();
            let sql = "SELECT holder, until FROM tickets WHERE id = $1 AND is_open = 1";
            let held: Option<(String, i64)> =
                ask::one(connection, sqlx::query(sql).bind(ticket.to_string())).await?;
            let mut adopted = false;
            if let Some((old, until)) = held
                && is_orphaned(&parse(&old)?, until, now)
            {
                // A renewal may come in between: it does not wait for transactions.
                let sql = "UPDATE tickets SET holder = $2, until = $3 \
                           WHERE id = $1 AND holder = $4 AND until = $5 AND is_open = 1";
                let query = sqlx::query(sql).bind(ticket.to_string()).bind(holder.to_string());
                let query = query.bind(rows::until(now, lease)).bind(old).bind(until);
                adopted = ask::change(connection, query).await? > 0;
            }
            if adopted {
                writing.commit().await?;
            } else {
                writing.rollback().await?;
            }
            Ok(adopted)
        })
        .await
    }
}

/// Whether nobody is at work on a ticket any more: its holder is dead, or has been silent for longer than its lease. One that is seen
/// to live on this machine has it, whatever the clock says: when that jumps, all leases look as if they had ended.
pub(super) fn is_orphaned(holder: &Holder, until: i64, now: Timestamp) -> bool {
    is_dead_here(holder) || (until <= now.as_millisecond() && !is_at_work_here(holder))
}

pub(super) fn parse(holder: &str) -> Result<Holder, Fault> {
    holder.parse().map_err(|error| Fault::row("a lease", error))
}
