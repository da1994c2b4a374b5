//! What a ledger says of itself: its clock, where it has one of its own (all that share a PostgreSQL go by leases, so their clocks
//! must agree), and its size.

use jiff::{SignedDuration, Timestamp};

use super::error::Fault;
use super::{Ledger, LedgerError, ask};
use crate::model::ledger::Where;

impl Ledger {
    /// How far this machine's clock is ahead of the ledger's; less than nothing where it is behind. Nothing for a file, which has no
    /// clock. What the way there takes counts half.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn clock_ahead(&self) -> Result<SignedDuration, LedgerError> {
        self.within(async {
            let before = Timestamp::now();
            let Some(server) = self.server_time().await? else { return Ok(SignedDuration::ZERO) };
            let way = Timestamp::now().duration_since(before) / 2;
            Ok(before.duration_since(server) + way)
        })
        .await
    }

    /// How large the ledger is, in bytes.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn size(&self) -> Result<u64, LedgerError> {
        self.within(async {
            let sql = match self.connections.place() {
                Where::Sqlite(_) => {
                    "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
                }
                Where::Postgres(_) => "SELECT pg_database_size(current_database())",
            };
            let mut reading = self.connections.read().await?;
            let found: Option<(i64,)> = ask::one(reading.connection(), sqlx::query(sql)).await?;
            reading.done();
            Ok(found.and_then(|(size,)| u64::try_from(size).ok()).unwrap_or(0))
        })
        .await
    }

    /// What time it is for the PostgreSQL.
    pub(super) async fn server_time(&self) -> Result<Option<Timestamp>, Fault> {
        if matches!(self.connections.place(), Where::Sqlite(_)) {
            return Ok(None);
        }
        let mut reading = self.connections.read().await?;
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000 AS BIGINT)";
        let found: Option<(i64,)> = ask::one(reading.connection(), sqlx::query(sql)).await?;
        reading.done();
        let time = found.map(|(time,)| Timestamp::from_millisecond(time)).transpose();
        time.map_err(|error| Fault::row("the clock", error))
    }
}
