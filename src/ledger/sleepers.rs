//! Sleepers, to be read; and corrected while nobody is at work on them. Who is at work writes them with its ticket.

use super::connection::Lasts;
use super::{Ledger, LedgerError, ask, rows};
use crate::model::container::ContainerId;
use crate::model::sleeper::Sleeper;

/// The most sleepers that are read.
const MOST: i64 = 100_000;

/// True for a sleeper that is still as it was seen, and that no open ticket has.
const UNTOUCHED: &str = "container = $1 AND ticket = $2 AND since = $3 AND NOT EXISTS (SELECT 1 FROM leases \
                         JOIN tickets ON tickets.id = leases.ticket \
                         WHERE leases.container = sleepers.container AND tickets.is_open = 1)";

impl Ledger {
    /// All containers that sleep or are on their way.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn sleepers(&self) -> Result<Vec<Sleeper>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT container, body FROM sleepers ORDER BY container LIMIT $1";
            let found: Vec<(String, String)> =
                ask::all(reading.connection(), sqlx::query(sql).bind(MOST)).await?;
            reading.done();
            found.iter().map(|(id, body)| rows::thing(&format!("sleeper {id}"), body)).collect()
        })
        .await
    }

    /// Those of these containers that sleep or are on their way.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn sleepers_of(&self, containers: &[ContainerId]) -> Result<Vec<Sleeper>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let mut all = Vec::new();
            for portion in rows::portions(containers) {
                let sql = format!(
                    "SELECT container, body FROM sleepers WHERE container IN ({})",
                    rows::list(1, &portion)
                );
                let mut query = sqlx::query(&sql);
                for container in &portion {
                    query = query.bind(&**container);
                }
                let found: Vec<(String, String)> = ask::all(reading.connection(), query).await?;
                for (id, body) in found {
                    all.push(rows::thing(&format!("sleeper {id}"), &body)?);
                }
            }
            reading.done();
            Ok(all)
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
            let sql = format!("DELETE FROM sleepers WHERE {UNTOUCHED}");
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

    /// Corrects what is known of sleepers, such as what they still use, under the same conditions as `forget`: ticket and
    /// `since` must be left as they were. How many were corrected.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn amend(&self, corrected: &[Sleeper]) -> Result<u64, LedgerError> {
        self.within(async {
            let sql = format!("UPDATE sleepers SET body = $4 WHERE {UNTOUCHED}");
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let mut done = 0;
            for sleeper in corrected {
                let query = sqlx::query(&sql).bind(&*sleeper.container).bind(sleeper.ticket.to_string());
                let query = query.bind(sleeper.since.as_millisecond()).bind(rows::body(sleeper)?);
                done += ask::change(writing.connection(), query).await?;
            }
            if done > 0 {
                writing.commit().await?;
            } else {
                writing.rollback().await?;
            }
            Ok(done)
        })
        .await
    }
}
