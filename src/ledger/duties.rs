//! Duties: what only one process of those on a ledger may do at a time. Whoever has one says again and again that it lives;
//! who is dead or silent for longer than its lease has it no more.
//!
//! A duty does not count among the changes of the ledger: a lease that is renewed every few seconds is no news to anybody.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::error::Fault;
use super::hold::{is_orphaned, parse};
use super::{Ledger, LedgerError, ask, rows};
use crate::model::holder::Holder;

/// Who has a duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The process.
    pub holder: Holder,
    /// Since when it has it.
    pub since: Timestamp,
    /// When its lease ends, in milliseconds since 1970.
    pub until: i64,
}

/// What came of asking for a duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is ours until the lease ends.
    Ours {
        /// Since when.
        since: Timestamp,
    },
    /// Somebody else has it.
    Theirs(Held),
}

impl Held {
    /// Whether nobody does it any more, so that it may be taken.
    #[must_use]
    pub fn is_free(&self, now: Timestamp) -> bool {
        is_orphaned(&self.holder, self.until, now)
    }
}

impl Ledger {
    /// Takes a duty, or makes its lease last longer where it is ours already. Of several that ask for one that is free,
    /// exactly one gets it.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn take_duty(
        &self,
        name: &str,
        holder: &Holder,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Taken, LedgerError> {
        self.within(async {
            let mut using = self.connections.bare().await?;
            let connection = using.connection();
            let before = read(connection, name).await?;
            if let Some(held) = before.clone().filter(|held| held.holder != *holder && !held.is_free(now)) {
                using.done();
                return Ok(Taken::Theirs(held));
            }
            let mine = holder.to_string();
            // Whoever had it may say meanwhile that it lives after all, and another one may be faster: then nothing is written.
            let sql = "INSERT INTO duties (name, holder, since, until) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (name) DO UPDATE SET until = excluded.until, holder = excluded.holder, since = \
                       CASE WHEN duties.holder = excluded.holder THEN duties.since ELSE excluded.since END \
                       WHERE duties.holder = excluded.holder OR (duties.holder = $5 AND duties.until = $6)";
            let (old, until) = match &before {
                Some(held) => (held.holder.to_string(), held.until),
                None => (String::new(), 0),
            };
            let query = sqlx::query(sql).bind(name).bind(&*mine).bind(now.as_millisecond());
            let query = query.bind(rows::until(now, lease)).bind(&*old).bind(until);
            ask::change(connection, query).await?;
            let after = read(connection, name).await?;
            using.done();
            match after {
                Some(held) if held.holder == *holder => Ok(Taken::Ours { since: held.since }),
                Some(held) => Ok(Taken::Theirs(held)),
                None => Err(Fault::row("a duty", "it was given back while it was taken")),
            }
        })
        .await
    }

    /// Writes the row of a duty as it is, which changes nothing: for whoever must know whether the ledger can be written.
    ///
    /// # Errors
    /// It cannot.
    pub async fn touch_duty(&self, name: &str) -> Result<(), LedgerError> {
        self.within(async {
            let mut using = self.connections.bare().await?;
            let sql = "UPDATE duties SET name = name WHERE name = $1";
            ask::change(using.connection(), sqlx::query(sql).bind(name)).await?;
            using.done();
            Ok(())
        })
        .await
    }

    /// Gives a duty back, so that the next one need not wait. One that is not ours stays as it is.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn give_duty_back(&self, name: &str, holder: &Holder) -> Result<(), LedgerError> {
        self.within(async {
            let mut using = self.connections.bare().await?;
            let sql = "DELETE FROM duties WHERE name = $1 AND holder = $2";
            ask::change(using.connection(), sqlx::query(sql).bind(name).bind(holder.to_string())).await?;
            using.done();
            Ok(())
        })
        .await
    }

    /// Who has a duty, or had it last.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn duty(&self, name: &str) -> Result<Option<Held>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let held = read(reading.connection(), name).await?;
            reading.done();
            Ok(held)
        })
        .await
    }
}

async fn read(connection: &mut AnyConnection, name: &str) -> Result<Option<Held>, Fault> {
    let sql = "SELECT holder, since, until FROM duties WHERE name = $1";
    let found: Option<(String, i64, i64)> = ask::one(connection, sqlx::query(sql).bind(name)).await?;
    found
        .map(|(holder, since, until)| {
            let since = Timestamp::from_millisecond(since).map_err(|error| Fault::row("a duty", error))?;
            Ok(Held { holder: parse(&holder)?, since, until })
        })
        .transpose()
}
