//! The durable record of tickets, sleepers, leases, abilities, activity, runs of callmaps and changes; the only room with SQL.
//!
//! One SQL for SQLite and PostgreSQL: columns are `TEXT` or `BIGINT` and never null, times are milliseconds, and what
//! the model knows of a thing is kept as its JSON. Every change counts up one row first (`connection.rs`), which both
//! tells others that there is news and makes writers wait for each other. Only the record of changes waits elsewhere
//! (`changes/`).

mod abilities;
mod activity;
mod ask;
mod changes;
mod connection;
mod duties;
mod error;
mod file;
mod hex;
mod hold;
mod identity;
mod itself;
mod key;
mod process;
mod prune;
mod rows;
mod runs;
mod schema;
mod seal;
mod sealed;
mod sign;
mod sleepers;
mod tickets;
mod work;

pub use changes::{Answer, Appended, BadSpot, Broken, Part, Pruned, Spot, Verified};
pub use duties::{Held, Taken};
pub use error::{Fault, LedgerError};
pub use key::{KeyFault, exported, make as make_key};
pub use process::{here, is_dead_here};
pub use seal::{Seal, SealFault};
pub use sign::Unsigned;
pub use tickets::{Found, OpenTicket};
pub use work::Begun;

use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::model::ledger::{KeyPlaces, Where};
use connection::{Connections, LONGEST_WAIT};
use sealed::Sealer;

/// The ledger, open.
#[derive(Debug)]
pub struct Ledger {
    connections: Connections,
    keys: KeyPlaces,
    /// What seals and opens sleepers, once somebody has needed it.
    sealer: OnceCell<Sealer>,
}

impl Ledger {
    /// Opens the ledger, and makes it where there is none: a new file is for its owner only.
    ///
    /// # Errors
    /// The ledger cannot be reached, read or written, or is none.
    pub async fn open(place: &Where) -> Result<Self, LedgerError> {
        Ledger::open_with(place, &KeyPlaces::default()).await
    }

    /// The same, with the keys that the config names. They are read when something is first sealed or opened: whoever only
    /// looks on needs none.
    ///
    /// # Errors
    /// The ledger cannot be reached, read or written, or is none.
    pub async fn open_with(place: &Where, keys: &KeyPlaces) -> Result<Self, LedgerError> {
        let connections = Connections::new(place.clone());
        let ledger = Ledger { connections, keys: keys.clone(), sealer: OnceCell::new() };
        ledger.within(schema::prepare(&ledger.connections)).await?;
        Ok(ledger)
    }

    /// Ends all connections in good order. Nothing is lost where it is not called.
    pub async fn close(self) {
        let _ = timeout(LONGEST_WAIT, self.connections.close()).await;
    }

    /// A number that grows with each change of tickets, sleepers, abilities or runs by anybody: whoever has seen the same one
    /// before need not read anything again. Cheap. That a holder renewed its lease does not count.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn version(&self) -> Result<i64, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let version = schema::number(reading.connection(), schema::CHANGES).await?;
            reading.done();
            Ok(version.unwrap_or(0))
        })
        .await
    }

    /// Everything that is done with the ledger has an end. What was cut off has lost its connection, and so is undone.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, LedgerError> {
        let fault = match timeout(LONGEST_WAIT, work).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(fault)) => fault,
            Err(_) => Fault::TooSlow(LONGEST_WAIT.as_secs()),
        };
        Err(LedgerError { place: self.connections.place().to_string(), fault })
    }
}
