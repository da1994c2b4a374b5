//! The life of a ticket: begun with a lease on its containers, carried on, ended.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::changes::own;
use super::connection::Lasts;
use super::error::Fault;
use super::hold::{is_orphaned, parse};
use super::prune::prune_now_and_then;
use super::{Ledger, LedgerError, ask, rows};
use crate::model::change::Act;
use crate::model::container::ContainerId;
use crate::model::holder::Holder;
use crate::model::sleeper::Sleeper;
use crate::model::ticket::{Ticket, TicketId};

/// What came of `begin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The containers are ours until the lease ends, and the ticket is written.
    Ours,
    /// Somebody is at work on one of the containers. Nothing was written.
    Busy {
        /// Their ticket.
        ticket: TicketId,
        /// Who asked for it.
        actor: Arc<str>,
        /// The process at work.
        holder: Holder,
    },
    /// A ticket on one of the containers was left open by a process that is dead or silent: adopt it and bring it to an
    /// end first. Nothing was written.
    Orphaned {
        /// That ticket.
        ticket: TicketId,
    },
    /// Another ticket, or a run of a callmap, has this number, or had it: draw another one. Nothing was written.
    NumberTaken,
}

impl Ledger {
    /// Intent before act: in one transaction takes all containers for a ticket or none, and writes the ticket and the
    /// sleepers. Where the answer is `Ours`, that survives a power cut. The same again by the same holder is no fault.
    ///
    /// # Errors
    /// The ledger cannot be written. Whether the ticket is in it is then not known; it is open and ours, or it is not.
    pub async fn begin(
        &self,
        ticket: &Ticket,
        holder: &Holder,
        containers: &[ContainerId],
        sleepers: &[Sleeper],
        now: Timestamp,
        lease: Duration,
    ) -> Result<Begun, LedgerError> {
        self.within(async {
            let sleepers = self.sealed(sleepers).await?;
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let connection = writing.connection();
            let refused = match in_the_way(connection, ticket.id, containers, now).await? {
                Some(found) => Some(found),
                None if own::is_used_up(connection, Act::of_ticket(ticket.id), ticket.id).await? => {
                    Some(Begun::NumberTaken)
                }
                None if !insert(connection, ticket, &holder.to_string(), rows::until(now, lease)).await? => {
                    Some(Begun::NumberTaken)
                }
                None => None,
            };
            if let Some(refused) = refused {
                writing.rollback().await?;
                return Ok(refused);
            }
            rows::lease(connection, ticket.id, containers).await?;
            rows::put(connection, &sleepers).await?;
            own::tell_ticket(connection, ticket).await?;
            writing.commit().await?;
            Ok(Begun::Ours)
        })
        .await
    }

    /// Writes how far a ticket is, and what has become of its sleepers, in one transaction. False, and nothing written,
    /// where the ticket is not this holder's any more: then stop, since somebody else has taken it over. What has become
    /// of sleepers survives a power cut at once, steps alone a little later.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn progress(
        &self,
        ticket: &Ticket,
        holder: &Holder,
        put: &[Sleeper],
        drop: &[ContainerId],
    ) -> Result<bool, LedgerError> {
        self.write_ticket(ticket, holder, true, put, drop).await
    }

    /// Writes the end of a ticket and what has become of its sleepers, and frees its containers, in one transaction.
    /// False, and nothing written, where the ticket is not this holder's any more.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn end(
        &self,
        ticket: &Ticket,
        holder: &Holder,
        put: &[Sleeper],
        drop: &[ContainerId],
    ) -> Result<bool, LedgerError> {
        self.write_ticket(ticket, holder, false, put, drop).await
    }

    async fn write_ticket(
        &self,
        ticket: &Ticket,
        holder: &Holder,
        is_open: bool,
        put: &[Sleeper],
        drop: &[ContainerId],
    ) -> Result<bool, LedgerError> {
        // Steps are for people, sleepers are what recovery goes by.
        let only_steps = is_open && put.is_empty() && drop.is_empty();
        let lasts = if only_steps { Lasts::Soon } else { Lasts::AtOnce };
        self.within(async {
            let put = self.sealed(put).await?;
            let mut writing = self.connections.write(lasts).await?;
            let connection = writing.connection();
            let sql =
                "UPDATE tickets SET body = $3, is_open = $4 WHERE id = $1 AND holder = $2 AND is_open = 1";
            let query = sqlx::query(sql).bind(ticket.id.to_string()).bind(holder.to_string());
            let query = query.bind(rows::body(ticket)?).bind(i64::from(is_open));
            if ask::change(connection, query).await? == 0 {
                writing.rollback().await?;
                return Ok(false);
            }
            rows::remove(connection, drop).await?;
            rows::put(connection, &put).await?;
            if !is_open {
                own::tell_ticket(connection, ticket).await?;
                free(connection, ticket.id).await?;
                prune_now_and_then(connection, ticket.id).await?;
            }
            writing.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Writes a ticket that ended before it began, such as a refused one. False where another ticket or a run has its number.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn record(&self, ticket: &Ticket) -> Result<bool, LedgerError> {
        self.within(async {
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let connection = writing.connection();
            let mut written = false;
            if !is_of_a_run(connection, ticket.id).await? {
                let sql = "INSERT INTO tickets (id, asked, is_open, holder, until, body) \
                           VALUES ($1, $2, 0, '', 0, $3) ON CONFLICT (id) DO NOTHING";
                let query = sqlx::query(sql).bind(ticket.id.to_string()).bind(ticket.asked.as_millisecond());
                written = ask::change(connection, query.bind(rows::body(ticket)?)).await? > 0;
            }
            if written {
                own::tell_ticket(connection, ticket).await?;
            }
            prune_now_and_then(connection, ticket.id).await?;
            writing.commit().await?;
            Ok(written)
        })
        .await
    }
}

/// What keeps a ticket from getting its containers. Who is at work counts before who is not.
async fn in_the_way(
    connection: &mut AnyConnection,
    own: TicketId,
    containers: &[ContainerId],
    now: Timestamp,
) -> Result<Option<Begun>, Fault> {
    let mut orphaned = None;
    for portion in rows::portions(containers) {
        // A lease whose ticket is not open keeps nobody away.
        let sql = format!(
            "SELECT DISTINCT tickets.id, tickets.holder, tickets.until, tickets.body \
             FROM leases JOIN tickets ON tickets.id = leases.ticket \
             WHERE tickets.is_open = 1 AND tickets.id <> $1 AND leases.container IN ({})",
            rows::list(2, &portion)
        );
        let mut query = sqlx::query(&sql).bind(own.to_string());
        for container in &portion {
            query = query.bind(&**container);
        }
        let found: Vec<(String, String, i64, String)> = ask::all(connection, query).await?;
        for (id, holder, until, body) in found {
            let (ticket, holder) = (rows::ticket(&id, &body)?, parse(&holder)?);
            if !is_orphaned(&holder, until, now) {
                return Ok(Some(Begun::Busy { ticket: ticket.id, actor: ticket.actor, holder }));
            }
            orphaned = Some(Begun::Orphaned { ticket: ticket.id });
        }
    }
    Ok(orphaned)
}

/// Whether a run of a callmap has that number: whoever says a number means one thing.
async fn is_of_a_run(connection: &mut AnyConnection, ticket: TicketId) -> Result<bool, Fault> {
    let sql = "SELECT id FROM runs WHERE id = $1";
    let taken: Option<(String,)> = ask::one(connection, sqlx::query(sql).bind(ticket.to_string())).await?;
    Ok(taken.is_some())
}

/// Writes an open ticket. False where another ticket or a run has its number; the same one of the same holder is written
/// again.
async fn insert(
    connection: &mut AnyConnection,
    ticket: &Ticket,
    holder: &str,
    until: i64,
) -> Result<bool, Fault> {
    if is_of_a_run(connection, ticket.id).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO tickets (id, asked, is_open, holder, until, body) VALUES ($1, $2, 1, $3, $4, $5) \
               ON CONFLICT (id) DO UPDATE SET until = excluded.until, body = excluded.body \
               WHERE tickets.is_open = 1 AND tickets.holder = excluded.holder AND tickets.asked = excluded.asked";
    let query = sqlx::query(sql).bind(ticket.id.to_string()).bind(ticket.asked.as_millisecond());
    let query = query.bind(holder).bind(until).bind(rows::body(ticket)?);
    Ok(ask::change(connection, query).await? > 0)
}

async fn free(connection: &mut AnyConnection, ticket: TicketId) -> Result<(), Fault> {
    let sql = "DELETE FROM leases WHERE ticket = $1";
    ask::change(connection, sqlx::query(sql).bind(ticket.to_string())).await?;
    Ok(())
}
