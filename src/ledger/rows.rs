//! How things of the model become rows, and rows things.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::AnyConnection;

use super::ask;
use super::error::Fault;
use super::sealed::SleeperRow;
use crate::model::container::ContainerId;
use crate::model::ticket::{Ticket, TicketId};

/// How many rows one statement takes: each has a few values, and both databases bound those of one statement.
pub(super) const ROWS_AT_ONCE: usize = 500;

/// A thing as its JSON.
pub(super) fn body<T: Serialize>(thing: &T) -> Result<String, Fault> {
    serde_json::to_string(thing).map_err(|error| Fault::Other(error.to_string()))
}

/// The thing of that JSON.
pub(super) fn thing<T: DeserializeOwned>(what: &str, body: &str) -> Result<T, Fault> {
    serde_json::from_str(body).map_err(|error| Fault::row(what, error))
}

/// The ticket of that number and JSON.
pub(super) fn ticket(id: &str, body: &str) -> Result<Ticket, Fault> {
    thing(&format!("ticket {id}"), body)
}

/// The number of a ticket.
pub(super) fn ticket_id(text: &str) -> Result<TicketId, Fault> {
    text.parse().map_err(|error| Fault::row("a ticket", error))
}

/// The end of a lease that begins now, in milliseconds. One that is too long for a number never ends.
pub(super) fn until(now: Timestamp, lease: Duration) -> i64 {
    now.as_millisecond().saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}

/// `($1, $2), ($3, $4)`.
pub(super) fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let values: Vec<String> =
            (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", values.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// The containers, each once and in one order, in portions that fit one statement.
pub(super) fn portions(containers: &[ContainerId]) -> Vec<Vec<ContainerId>> {
    let each: BTreeSet<&ContainerId> = containers.iter().collect();
    let each: Vec<ContainerId> = each.into_iter().cloned().collect();
    each.chunks(ROWS_AT_ONCE).map(<[_]>::to_vec).collect()
}

/// `$FIRST, $SECOND, ...`, as many as there are containers.
pub(super) fn list(first: usize, portion: &[ContainerId]) -> String {
    (first..first + portion.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// Takes the containers for a ticket, whoever had them.
pub(super) async fn lease(
    connection: &mut AnyConnection,
    ticket: TicketId,
    containers: &[ContainerId],
) -> Result<(), Fault> {
    let ticket = ticket.to_string();
    for portion in portions(containers) {
        let sql = format!(
            "INSERT INTO leases (container, ticket) VALUES {} \
             ON CONFLICT (container) DO UPDATE SET ticket = excluded.ticket",
            places(portion.len(), 2)
        );
        let mut query = sqlx::query(&sql);
        for container in &portion {
            query = query.bind(&**container).bind(&*ticket);
        }
        ask::change(connection, query).await?;
    }
    Ok(())
}

/// Writes sleepers, over those that were there.
pub(super) async fn put(connection: &mut AnyConnection, sleepers: &[SleeperRow]) -> Result<(), Fault> {
    // Each container once, as one statement may not write a row twice; the last one counts.
    let each: BTreeMap<&str, &SleeperRow> = sleepers.iter().map(|row| (&*row.container, row)).collect();
    let each: Vec<&SleeperRow> = each.into_values().collect();
    for portion in each.chunks(ROWS_AT_ONCE) {
        let sql = format!(
            "INSERT INTO sleepers (container, ticket, since, body, seal) VALUES {} ON CONFLICT (container) \
             DO UPDATE SET ticket = excluded.ticket, since = excluded.since, body = excluded.body, \
             seal = excluded.seal",
            places(portion.len(), 5)
        );
        let mut query = sqlx::query(&sql);
        for row in portion {
            query = query.bind(&*row.container).bind(&*row.ticket).bind(row.since);
            query = query.bind(&*row.body).bind(&*row.seal);
        }
        ask::change(connection, query).await?;
    }
    Ok(())
}

/// Takes sleepers out.
pub(super) async fn remove(connection: &mut AnyConnection, containers: &[ContainerId]) -> Result<(), Fault> {
    for portion in portions(containers) {
        let sql = format!("DELETE FROM sleepers WHERE container IN ({})", list(1, &portion));
        let mut query = sqlx::query(&sql);
        for container in &portion {
            query = query.bind(&**container);
        }
        ask::change(connection, query).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_through() {
        assert_eq!(places(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list(2, &["a".into(), "b".into()]), "$2, $3");
    }

    #[test]
    fn each_container_is_named_once() {
        assert_eq!(portions(&["b".into(), "a".into(), "b".into()]), [["a".into(), "b".into()]]);
        assert!(portions(&[]).is_empty());
    }
}
