//! Connections to the ledger: at most two, made when they are needed, and made again when they are lost.

use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions, Connection};
use tokio::sync::{Mutex, MutexGuard};

use super::error::Fault;
use super::file::FileId;
use super::{ask, file};
use crate::model::ledger::Where;

/// The longest that anything with the ledger may take: longer than anybody waits for a lock, below.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// SQLite, for each connection. WAL: readers and the writer do not wait for each other.
const SQLITE: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";

/// PostgreSQL, for each connection: a writer that hangs must not keep the others waiting for ever. A plan that was made while the
/// ledger was nearly empty must not be kept when it has grown.
const POSTGRES: &str = "SET lock_timeout = 5000; SET idle_in_transaction_session_timeout = 10000; \
                        SET plan_cache_mode = force_custom_plan; SET client_min_messages = warning";

/// Whether a change must survive a power cut that comes right after it. What need not, does so a little later; it is
/// never half there. Why, and what it costs: `docs/decisions/0012-ledger.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// Yes: whoever acts next relies on it.
    AtOnce,
    /// No: it is only told to people.
    Soon,
}

/// Every change begins by counting up one row. Writers wait for each other there, on SQLite (which takes its lock for
/// writing only then) as on PostgreSQL (which locks the row): after it, nothing that is read can change before the commit.
fn beginning(place: &Where, lasts: Lasts) -> &'static str {
    match (place, lasts) {
        (Where::Sqlite(_), Lasts::AtOnce) => {
            "PRAGMA synchronous = FULL; BEGIN; UPDATE wakeboard SET value = value + 1 WHERE name = 'changes'"
        }
        (Where::Sqlite(_), Lasts::Soon) => {
            "PRAGMA synchronous = NORMAL; BEGIN; UPDATE wakeboard SET value = value + 1 WHERE name = 'changes'"
        }
        (Where::Postgres(_), Lasts::AtOnce) => {
            "BEGIN; UPDATE wakeboard SET value = value + 1 WHERE name = 'changes'"
        }
        (Where::Postgres(_), Lasts::Soon) => {
            "BEGIN; SET LOCAL synchronous_commit = off; UPDATE wakeboard SET value = value + 1 WHERE name = 'changes'"
        }
    }
}

/// Appending to the record of changes waits at its own row (`changes/chain.rs`): those who look for news of tickets, runs and
/// sleepers need not read all that again because of it.
fn beginning_of_append(place: &Where) -> &'static str {
    match place {
        // Marks and acts come in no order: with the usual 2 MB of cache nearly each of them is a look at the file, and pages
        // that are written again and again would be copied back from the WAL each time.
        Where::Sqlite(_) => {
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000; BEGIN"
        }
        Where::Postgres(_) => "BEGIN",
    }
}

/// What is news to nobody, and is soon written again: neither does it wait for others, nor need it survive a power cut.
fn beginning_of_aside(place: &Where) -> &'static str {
    match place {
        Where::Sqlite(_) => "PRAGMA synchronous = NORMAL; BEGIN",
        Where::Postgres(_) => "BEGIN; SET LOCAL synchronous_commit = off",
    }
}

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
type Slot = Mutex<Option<Kept>>;

/// A connection, and the file that it is to: another one may be put in its place, as a copy that is brought back.
#[derive(Debug)]
struct Kept {
    connection: AnyConnection,
    file: Option<FileId>,
}

/// A connection in use.
#[derive(Debug)]
pub(super) struct Using<'a> {
    slot: MutexGuard<'a, Option<Kept>>,
    connection: AnyConnection,
    file: Option<FileId>,
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
        self.refuse_replaced(slot.as_ref())?;
        let Kept { connection, file } = self.living(slot.take()).await?;
        Ok(Using { slot, connection, file })
    }

    /// A connection within a transaction that nobody else can disturb, to be ended by `commit` or `rollback`.
    pub(super) async fn write(&self, lasts: Lasts) -> Result<Using<'_>, Fault> {
        self.begin(beginning(&self.place, lasts)).await
    }

    /// The same for the record of changes, which must be locked next. It survives a power cut.
    pub(super) async fn append(&self) -> Result<Using<'_>, Fault> {
        self.begin(beginning_of_append(&self.place)).await
    }

    /// The same for what is written aside, in statements each of which is whole by itself.
    pub(super) async fn aside(&self) -> Result<Using<'_>, Fault> {
        self.begin(beginning_of_aside(&self.place)).await
    }

    async fn begin(&self, begin: &'static str) -> Result<Using<'_>, Fault> {
        let mut slot = self.first.lock().await;
        self.refuse_replaced(slot.as_ref())?;
        if let Some(Kept { mut connection, file }) = slot.take() {
            match ask::plainly(&mut connection, begin).await.map_err(Fault::from) {
                Ok(()) => return Ok(Using { slot, connection, file }),
                // A server may have ended the connection since. Nothing has been done yet, so it can be done again.
                Err(Fault::Unreachable(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        let Kept { mut connection, file } = self.connect().await?;
        ask::plainly(&mut connection, begin).await?;
        Ok(Using { slot, connection, file })
    }

    /// A connection for one statement that changes something, and needs no look at anything else.
    pub(super) async fn bare(&self) -> Result<Using<'_>, Fault> {
        let mut slot = self.first.lock().await;
        self.refuse_replaced(slot.as_ref())?;
        let Kept { connection, file } = self.living(slot.take()).await?;
        Ok(Using { slot, connection, file })
    }

    /// The connection, or another one where a server has ended it since.
    async fn living(&self, kept: Option<Kept>) -> Result<Kept, Fault> {
        if let Some(mut kept) = kept
            && (matches!(self.place, Where::Sqlite(_)) || kept.connection.ping().await.is_ok())
        {
            return Ok(kept);
        }
        self.connect().await
    }

    /// A file that was replaced while it is open cannot be left for the new one: whoever closes the old one last takes away the log
    /// that stands beside the new one. One that is gone altogether is used on.
    fn refuse_replaced(&self, kept: Option<&Kept>) -> Result<(), Fault> {
        match (&self.place, kept.and_then(|kept| kept.file)) {
            (Where::Sqlite(path), Some(file)) if file::id(path).is_some_and(|now| now != file) => {
                Err(Fault::Replaced)
            }
            _ => Ok(()),
        }
    }

    async fn connect(&self) -> Result<Kept, Fault> {
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
        let file = match &self.place {
            Where::Sqlite(path) => file::id(path),
            Where::Postgres(_) => None,
        };
        Ok(Kept { connection, file })
    }

    pub(super) async fn close(self) {
        for slot in [self.first, self.second] {
            if let Some(kept) = slot.into_inner() {
                let _ = kept.connection.close().await;
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
        let Using { mut slot, connection, file } = self;
        *slot = Some(Kept { connection, file });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::schema;

    async fn setting(using: &mut Using<'_>, name: &str) -> String {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        let row: Option<(String,)> = ask::one(using.connection(), sqlx::query(&sql)).await.unwrap();
        row.unwrap().0
    }

    #[tokio::test]
    async fn what_others_rely_on_is_synced_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let connections = Connections::new(Where::Sqlite(folder.path().join("ledger.db")));
        schema::prepare(&connections).await.unwrap();
        for (lasts, level) in [(Lasts::Soon, "1"), (Lasts::AtOnce, "2"), (Lasts::Soon, "1")] {
            let mut writing = connections.write(lasts).await.unwrap();
            assert_eq!(setting(&mut writing, "journal_mode").await, "wal");
            assert_eq!(setting(&mut writing, "synchronous").await, level);
            writing.commit().await.unwrap();
        }
    }
}
