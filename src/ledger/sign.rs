//! Sleepers of older versions have no seal: somebody looks at them and signs them, once.

use super::connection::Lasts;
use super::error::Fault;
use super::sealed::{COLUMNS, SleeperRow};
use super::sleepers::FREE;
use super::{Ledger, LedgerError, ask, rows};
use crate::model::ledger::Where;
use crate::model::sleeper::Sleeper;

/// The most of them that are read at once.
const MOST: i64 = 10_000;

/// A sleeper without a seal, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// The whole record, recipe included. Nobody vouches for it.
    pub sleeper: Sleeper,
    row: SleeperRow,
}

impl Ledger {
    /// The sleepers that have no seal, 10,000 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn unsigned(&self) -> Result<Vec<Unsigned>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = format!("SELECT {COLUMNS} FROM sleepers WHERE seal = '' ORDER BY container LIMIT $1");
            let found = ask::all(reading.connection(), sqlx::query(&sql).bind(MOST)).await?;
            reading.done();
            found.into_iter().map(SleeperRow::of).map(unsigned).collect()
        })
        .await
    }

    /// Seals those that are still as they were seen and that nobody is at work on. How many.
    ///
    /// # Errors
    /// There is no key, or the ledger cannot be written: then none is signed.
    pub async fn sign(&self, seen: &[Unsigned]) -> Result<u64, LedgerError> {
        self.within(async {
            let sealer = self.sealer().await?;
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let sql = format!(
                "UPDATE sleepers SET body = $2, seal = $3 WHERE container = $1 AND ticket = $4 AND since = $5 \
                 AND body = $6 AND seal = '' AND {FREE}"
            );
            let mut signed = 0;
            for Unsigned { sleeper, row } in seen {
                let new = sealer.seal(sleeper)?;
                let query = sqlx::query(&sql).bind(&*row.container).bind(&*new.body).bind(&*new.seal);
                let query = query.bind(&*row.ticket).bind(row.since).bind(&*row.body);
                signed += ask::change(writing.connection(), query).await?;
            }
            writing.commit().await?;
            self.wipe().await;
            Ok(signed)
        })
        .await
    }

    /// What stood in clear goes out of a SQLite file, also where it was long deleted. It is signed, whether this is done or not.
    async fn wipe(&self) {
        if let Where::Sqlite(_) = self.connections.place()
            && let Ok(mut using) = self.connections.bare().await
            && ask::plainly(using.connection(), "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").await.is_ok()
        {
            using.done();
        }
    }
}

fn unsigned(row: SleeperRow) -> Result<Unsigned, Fault> {
    let what = format!("sleeper {}", row.container);
    let sleeper: Sleeper = rows::thing(&what, &row.body)?;
    // Its seal is bound to what the columns say.
    let is_as_told = *sleeper.container == *row.container
        && sleeper.ticket.to_string() == row.ticket
        && sleeper.since.as_millisecond() == row.since;
    if is_as_told {
        Ok(Unsigned { sleeper, row })
    } else {
        Err(Fault::row(&what, "its columns say something else"))
    }
}
