//! When tenants were last used, as keepers have measured it and doors have counted it.

use jiff::Timestamp;

use super::{Ledger, LedgerError, ask, rows};
use crate::model::keeper::{Activity, Answer, Kept};

/// The most rows that are read.
const MOST: i64 = 1_000_000;
/// A row in the order of the table's columns.
type Row = (String, String, i64, i64, i64, i64, i64, i64, i64, i64);
const COLUMNS: usize = 10;

/// Doors count requests side by side, so the latest of all counts. The rest is what the one keeper that measured last has seen:
/// what it cannot see is not known, whatever another saw before.
const PUT: &str = "ON CONFLICT (host, tenant) DO UPDATE SET \
     request = CASE WHEN excluded.request > activity.request THEN excluded.request ELSE activity.request END, \
     counted = CASE WHEN excluded.counted > activity.counted THEN excluded.counted ELSE activity.counted END, \
     network = CASE WHEN excluded.until > 0 THEN excluded.network ELSE activity.network END, \
     cpu = CASE WHEN excluded.until > 0 THEN excluded.cpu ELSE activity.cpu END, \
     connections = CASE WHEN excluded.until > 0 THEN excluded.connections ELSE activity.connections END, \
     measured = CASE WHEN excluded.until > 0 THEN excluded.measured ELSE activity.measured END, \
     answer = CASE WHEN excluded.until > 0 THEN excluded.answer ELSE activity.answer END, \
     until = CASE WHEN excluded.until > 0 THEN excluded.until ELSE activity.until END";

impl Ledger {
    /// The activity of tenants that somebody has vouched for since then, or of all.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn activity(&self, since: Option<Timestamp>) -> Result<Vec<Kept>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT host, tenant, request, counted, network, cpu, connections, measured, until, answer FROM activity \
                       WHERE until >= $1 OR counted >= $1 ORDER BY host, tenant LIMIT $2";
            let query = sqlx::query(sql).bind(number(since)).bind(MOST);
            let found: Vec<Row> = ask::all(reading.connection(), query).await?;
            reading.done();
            Ok(found.into_iter().map(kept).collect())
        })
        .await
    }

    /// Writes activity: requests beside those that others count, the rest over what another keeper has measured, where there is
    /// an `until`. It is news to nobody who looks for tickets, and survives a power cut only a little later.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn put_activity(&self, all: &[Kept]) -> Result<(), LedgerError> {
        // Two keepers that write the same rows in one order never wait for each other in a circle; and no statement may write a
        // row twice.
        let mut all: Vec<&Kept> = all.iter().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all.dedup_by(|a, b| a.key == b.key);
        if all.is_empty() {
            return Ok(());
        }
        self.within(async {
            let mut writing = self.connections.aside().await?;
            for portion in all.chunks(rows::ROWS_AT_ONCE) {
                let values = rows::places(portion.len(), COLUMNS);
                let sql = format!(
                    "INSERT INTO activity (host, tenant, request, counted, network, cpu, connections, measured, until, answer) \
                     VALUES {values} {PUT}"
                );
                let mut query = sqlx::query(&sql);
                for kept in portion {
                    let (host, tenant) = &kept.key;
                    query = query.bind(&**host).bind(&**tenant);
                    for time in times(kept) {
                        query = query.bind(number(time));
                    }
                    query = query.bind(kept.answer.map_or(0, signed));
                }
                ask::change(writing.connection(), query).await?;
            }
            writing.commit().await
        })
        .await
    }

    /// Removes the activity of tenants that nobody has vouched for since then. How many went.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn prune_activity(&self, before: Timestamp) -> Result<u64, LedgerError> {
        self.within(async {
            let mut writing = self.connections.aside().await?;
            let sql = "DELETE FROM activity WHERE until < $1 AND counted < $1";
            let query = sqlx::query(sql).bind(number(Some(before)));
            let gone = ask::change(writing.connection(), query).await?;
            writing.commit().await?;
            Ok(gone)
        })
        .await
    }
}

fn times(kept: &Kept) -> [Option<Timestamp>; 7] {
    let activity = &kept.activity;
    [
        activity.request,
        kept.counted,
        activity.network,
        activity.cpu,
        activity.connections,
        kept.measured,
        kept.until,
    ]
}

fn kept((host, tenant, request, counted, network, cpu, connections, measured, until, answer): Row) -> Kept {
    Kept {
        key: (host.into(), tenant.into()),
        activity: Activity {
            request: time(request),
            network: time(network),
            cpu: time(cpu),
            connections: time(connections),
        },
        counted: time(counted),
        measured: time(measured),
        until: time(until),
        answer: time(answer.saturating_abs()).map(|at| Answer { may: answer > 0, at }),
    }
}

/// When a hook said something, in milliseconds; below 0 where it said no.
fn signed(answer: Answer) -> i64 {
    let at = answer.at.as_millisecond();
    if answer.may { at } else { -at }
}

fn number(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::as_millisecond)
}

/// Only what lies after 1970 was ever measured.
fn time(number: i64) -> Option<Timestamp> {
    if number > 0 { Timestamp::from_millisecond(number).ok() } else { None }
}
