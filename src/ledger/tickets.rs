//! Tickets, to be read.

use std::sync::Arc;

use jiff::Timestamp;

use super::hold::{is_orphaned, parse};
use super::{Ledger, LedgerError, ask, rows};
use crate::model::change::Act;
use crate::model::container::ContainerId;
use crate::model::holder::Holder;
use crate::model::ticket::{Ticket, TicketId};

/// The most rows of a list.
const MOST: i64 = 1000;
/// The most leases that are read at once.
const MOST_LEASES: i64 = 100_000;

/// A ticket that somebody is at work on, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTicket {
    /// The ticket, as far as it was when last written.
    pub ticket: Ticket,
    /// Who holds it.
    pub holder: Holder,
    /// When its lease ends, in milliseconds since 1970.
    pub until: i64,
    /// The containers that it keeps from others.
    pub containers: Vec<ContainerId>,
}

/// What came of looking for a ticket by the beginning of its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    None,
    /// This one.
    One(Box<Ticket>),
    /// Several, so that more of the number is needed; the newest of them.
    Several(Vec<TicketId>),
}

impl OpenTicket {
    /// Whether nobody is at work on it any more, so that it may be adopted.
    #[must_use]
    pub fn is_orphaned(&self, now: Timestamp) -> bool {
        is_orphaned(&self.holder, self.until, now)
    }
}

impl Ledger {
    /// The latest tickets, newest first, open ones too: as many as asked for, and 1000 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn tickets(&self, limit: usize) -> Result<Vec<Ticket>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT id, body FROM tickets ORDER BY asked DESC, id LIMIT $1";
            let query = sqlx::query(sql).bind(i64::try_from(limit).unwrap_or(MOST).min(MOST));
            let found: Vec<(String, String)> = ask::all(reading.connection(), query).await?;
            reading.done();
            found.iter().map(|(id, body)| rows::ticket(id, body)).collect()
        })
        .await
    }

    /// The ticket whose number begins like this.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn ticket(&self, beginning: &str) -> Result<Found, LedgerError> {
        if beginning.is_empty() || !beginning.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Found::None);
        }
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT id, body FROM tickets WHERE id LIKE $1 ORDER BY asked DESC, id LIMIT 10";
            let query = sqlx::query(sql).bind(format!("{}%", beginning.to_ascii_lowercase()));
            let found: Vec<(String, String)> = ask::all(reading.connection(), query).await?;
            reading.done();
            Ok(match &*found {
                [] => Found::None,
                [(id, body)] => Found::One(Box::new(rows::ticket(id, body)?)),
                several => Found::Several(
                    several.iter().map(|(id, _)| rows::ticket_id(id)).collect::<Result<_, _>>()?,
                ),
            })
        })
        .await
    }

    /// Those of these numbers that no ticket and no run has, and of which no change is told any more either. 256 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn unused(&self, numbers: &[TicketId]) -> Result<Vec<TicketId>, LedgerError> {
        let numbers = numbers.get(..numbers.len().min(256)).unwrap_or_default();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        self.within(async {
            let places = |first: usize, count: usize| {
                (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
            };
            let mut reading = self.connections.read().await?;
            let list = places(1, numbers.len());
            let sql = format!(
                "SELECT id FROM tickets WHERE id IN ({list}) UNION SELECT id FROM runs WHERE id IN ({list})"
            );
            let query = numbers.iter().fold(sqlx::query(&sql), |query, id| query.bind(id.to_string()));
            let taken: Vec<(String,)> = ask::all(reading.connection(), query).await?;
            let acts = |id: &TicketId| [Act::of_ticket(*id).number(), Act::of_run(*id).number()];
            let sql = format!("SELECT act FROM acts WHERE act IN ({})", places(1, 2 * numbers.len()));
            let each = numbers.iter().flat_map(acts);
            let query = each.fold(sqlx::query(&sql), sqlx::query::Query::bind);
            let told: Vec<(i64,)> = ask::all(reading.connection(), query).await?;
            reading.done();
            let is_unused = |id: &&TicketId| {
                !taken.iter().any(|(taken,)| *taken == id.to_string())
                    && !told.iter().any(|(told,)| acts(id).contains(told))
            };
            Ok(numbers.iter().filter(is_unused).copied().collect())
        })
        .await
    }

    /// All tickets that have not ended, oldest first, 1000 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn open_tickets(&self) -> Result<Vec<OpenTicket>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            // In one statement, so that ticket and leases are of the same moment.
            let sql = "SELECT tickets.id, holder, until, body, COALESCE(container, '') FROM tickets \
                       LEFT JOIN leases ON leases.ticket = tickets.id \
                       WHERE is_open = 1 ORDER BY asked, tickets.id, container LIMIT $1";
            let found: Vec<(String, String, i64, String, String)> =
                ask::all(reading.connection(), sqlx::query(sql).bind(MOST_LEASES)).await?;
            reading.done();
            let mut open: Vec<OpenTicket> = Vec::new();
            for (id, holder, until, body, container) in found {
                let id = rows::ticket_id(&id)?;
                if open.last().is_none_or(|last| last.ticket.id != id) {
                    if open.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) {
                        break;
                    }
                    let ticket = rows::ticket(&id.to_string(), &body)?;
                    open.push(OpenTicket { ticket, holder: parse(&holder)?, until, containers: Vec::new() });
                }
                if let Some(last) = open.last_mut().filter(|_| !container.is_empty()) {
                    last.containers.push(Arc::from(container));
                }
            }
            Ok(open)
        })
        .await
    }
}
