//! Connections to the ledger: at most two, made when they are needed, and made again when they are lost.

use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions, Connection};
use tokio::sync::{Mutex, MutexGuard};

use super::error::Fault;
use super::{ask, file};
use crate::model::ledger::Where;

/// The longest that anything with the ledger may take: longer than anybody waits for a lock, below.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// SQLite, for each connection. WAL: readers and the writer do not wait for each other. FULL: what is committed
/// survives a power cut (`docs/decisions/0011-ledger.md` has what it costs).
const SQLITE: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";

/// PostgreSQL, for each connection: a writer that hangs must not keep the others waiting for ever.
const POSTGRES: &str = "SET lock_timeout = 5000; SET idle_in_transaction_session_timeout = 10000; \
                        SET client_min_messages = warning";

/// Every change begins with this. Writers wait for each other here, on SQLite (which takes its lock for writing only
/// now) as on PostgreSQL (which locks the row): after it, nothing that is read can change before the commit.
const BEGIN: &str = "BEGIN; UPDATE wakeboard SET value = value + 1 WHERE name = 'changes'";

/// All connections of this process.
#[derive(Debug)]
pub(super) struct Connections {
    place: Where,
    /// For all that is written; and for what is read while nothing is, so that a short command needs only this one.
    first: Slot,
    /// For what is read meanwhile.
    second: Slot,
}

/// A connection while nobody uses it. Whoever uses it takes it out, and puts it back only when all went well: so one
/// whose user was cut off in the middle is closed, and its transaction with it.
type Slot = Mutex<Option<AnyConnection>>;

/// A connection in use.
#[derive(Debug)]
pub(super) struct Using<'a> {
    slot: MutexGuard<'a, Option<AnyConnection>>,
    connection: AnyConnection,
}

impl Connections {
    pub(super) fn new(place: Where) -> Self {
        Connections { place, first: Mutex::new(None), second: Mutex::new(None) }
    }

    pub(super) fn place(&self) -> &Where {
        &self.place
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> Result<Using<'_>, Fault> {
        let mut slot = match self.first.try_lock() {
            Ok(slot) => slot,
            Err(_) => self.second.lock().await,
        };
        if let Some(mut connection) = slot.take()
            // A server may have ended it since.
            && (matches!(self.place, Where::Sqlite(_)) || connection.ping().await.is_ok())
        {
            return Ok(Using { slot, connection });
        }
        let connection = self.connect().await?;
        Ok(Using { slot, connection })
    }

    /// A connection within a transaction that nobody else can disturb, to be ended by `commit` or `rollback`.
    pub(super) async fn write(&self) -> Result<Using<'_>, Fault> {
        let mut slot = self.first.lock().await;
        if let Some(mut connection) = slot.take() {
            match ask::plainly(&mut connection, BEGIN).await.map_err(Fault::from) {
                Ok(()) => return Ok(Using { slot, connection }),
                // A server may have ended the connection since. Nothing has been done yet, so it can be done again.
                Err(Fault::Unreachable(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        let mut connection = self.connect().await?;
        ask::plainly(&mut connection, BEGIN).await?;
        Ok(Using { slot, connection })
    }

    /// A connection for one statement that changes something, and needs no look at anything else.
    pub(super) async fn bare(&self) -> Result<Using<'_>, Fault> {
        let mut slot = self.first.lock().await;
        let connection = match slot.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Using { slot, connection })
    }

    async fn connect(&self) -> Result<AnyConnection, Fault> {
        install_default_drivers();
        let (url, session) = match &self.place {
            Where::Sqlite(path) => {
                file::make(path)?;
                (file::url(path)?, SQLITE)
            }
            Where::Postgres(url) => (url.secret().to_owned(), POSTGRES),
        };
        let options = AnyConnectOptions::from_str(&url)?.disable_statement_logging();
        let mut connection = options.connect().await?;
        ask::plainly(&mut connection, session).await?;
        Ok(connection)
    }

    pub(super) async fn close(self) {
        for slot in [self.first, self.second] {
            if let Some(connection) = slot.into_inner() {
                let _ = connection.close().await;
            }
        }
    }
}

impl Using<'_> {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }

    /// All went well: the connection can be used again.
    pub(super) fn done(self) {
        let Using { mut slot, connection } = self;
        *slot = Some(connection);
    }

    /// Makes the changes last.
    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        ask::plainly(&mut self.connection, "COMMIT").await?;
        self.done();
        Ok(())
    }

    /// Takes the changes back.
    pub(super) async fn rollback(mut self) -> Result<(), Fault> {
        ask::plainly(&mut self.connection, "ROLLBACK").await?;
        self.done();
        Ok(())
    }
}
