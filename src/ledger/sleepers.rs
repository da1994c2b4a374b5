//! Sleepers, to be read; and corrected while nobody is at work on them. Who is at work writes them with its ticket.

use super::connection::Lasts;
use super::sealed::{COLUMNS, SleeperRow};
use super::{Ledger, LedgerError, ask, rows};
use crate::model::container::ContainerId;
use crate::model::sleeper::Sleeper;

/// The most sleepers that are read.
const MOST: i64 = 100_000;

/// True for a sleeper that no open ticket has.
pub(super) const FREE: &str = "NOT EXISTS (SELECT 1 FROM leases JOIN tickets ON tickets.id = leases.ticket \
                               WHERE leases.container = sleepers.container AND tickets.is_open = 1)";

impl Ledger {
    /// All containers that sleep or are on their way, for whoever looks on: those whose seal cannot be opened come without
    /// recipe, restart policy and limits.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn sleepers(&self) -> Result<Vec<Sleeper>, LedgerError> {
        self.within(async {
            let sealer = self.sealer_at_hand().await;
            let mut reading = self.connections.read().await?;
            let sql = format!("SELECT {COLUMNS} FROM sleepers ORDER BY container LIMIT $1");
            let found = ask::all(reading.connection(), sqlx::query(&sql).bind(MOST)).await?;
            reading.done();
            let rows = found.into_iter().map(SleeperRow::of);
            rows.map(|row| match sealer.map(|sealer| sealer.open(&row)) {
                Some(Ok(opened)) => Ok(opened),
                _ => row.clear(),
            })
            .collect()
        })
        .await
    }

    /// Those of these containers that sleep or are on their way, for whoever acts by it: each as it was sealed.
    ///
    /// # Errors
    /// The ledger cannot be read; or one of them has no seal, or one that cannot be opened: then nothing may be done by it.
    pub async fn sleepers_of(&self, containers: &[ContainerId]) -> Result<Vec<Sleeper>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let mut found = Vec::new();
            for portion in rows::portions(containers) {
                let sql = format!(
                    "SELECT {COLUMNS} FROM sleepers WHERE container IN ({})",
                    rows::list(1, &portion)
                );
                let mut query = sqlx::query(&sql);
                for container in &portion {
                    query = query.bind(&**container);
                }
                let rows = ask::all(reading.connection(), query).await?;
                found.extend(rows.into_iter().map(SleeperRow::of));
            }
            reading.done();
            if found.is_empty() {
                return Ok(Vec::new());
            }
            let sealer = self.sealer().await?;
            found.iter().map(|row| sealer.open(row)).collect()
        })
        .await
    }

    /// Takes out sleepers that turned out to be void, each only if it is still the one that was seen (same ticket, same
    /// `since`) and no ticket is at work on it. How many went.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn forget(&self, seen: &[Sleeper]) -> Result<u64, LedgerError> {
        self.within(async {
            let sql = format!(
                "DELETE FROM sleepers WHERE container = $1 AND ticket = $2 AND since = $3 AND {FREE}"
            );
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let mut gone = 0;
            for sleeper in seen {
                let query = sqlx::query(&sql).bind(&*sleeper.container).bind(sleeper.ticket.to_string());
                let query = query.bind(sleeper.since.as_millisecond());
                gone += ask::change(writing.connection(), query).await?;
            }
            if gone > 0 {
                writing.commit().await?;
            } else {
                writing.rollback().await?;
            }
            Ok(gone)
        })
        .await
    }
}
