//! The statements that write many rows at once.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use super::chain::Line;
use super::row::ActRow;
use crate::ledger::error::Fault;
use crate::ledger::{ask, rows};

/// How many rows a statement takes: few sizes, so that each is prepared once and kept.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// The row of an act and the numbers of its records.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) row: ActRow,
    /// Its first record in this batch; counts where the act is new.
    pub(super) first: i64,
    /// The record that tells of it.
    pub(super) told: i64,
    pub(super) words: String,
}

/// Portions of `SIZES`.
pub(super) fn portions<T>(mut all: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= all.len())?;
        let (portion, rest) = all.split_at(size);
        all = rest;
        Some(portion)
    })
}

/// `$1, $2, ...`
pub(super) fn list(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

/// Places for the values of many rows, each of which is bound once and in order. SQLite looks a numbered place up by going
/// through all of them: with thousands in a statement that took more time than all else. PostgreSQL knows only numbered ones.
fn places(connection: &AnyConnection, rows: usize, columns: usize) -> String {
    if connection.backend_name() != "SQLite" {
        return rows::places(rows, columns);
    }
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![&*row; rows].join(", ")
}

/// Which of these events, each with its time, are in the record.
pub(super) async fn known_events(
    connection: &mut AnyConnection,
    events: &[(i64, String)],
) -> Result<Vec<String>, Fault> {
    let mut known = Vec::new();
    for portion in portions(events) {
        let sql = format!(
            "SELECT records.mark FROM (VALUES {}) AS events JOIN records \
             ON records.time = events.column1 AND records.mark = events.column2 WHERE records.source = 'engine'",
            places(connection, portion.len(), 2)
        );
        let query =
            portion.iter().fold(sqlx::query(&sql), |query, (time, mark)| query.bind(*time).bind(&**mark));
        let found: Vec<(String,)> = ask::all(connection, query).await?;
        known.extend(found.into_iter().map(|(mark,)| mark));
    }
    Ok(known)
}

/// Which of these marks of other sources are in the record.
pub(super) async fn known(connection: &mut AnyConnection, marks: &[String]) -> Result<Vec<String>, Fault> {
    let mut known = Vec::new();
    for portion in portions(marks) {
        let sql = format!(
            "SELECT mark FROM records WHERE source <> 'engine' AND mark IN (VALUES {})",
            places(connection, portion.len(), 1)
        );
        let query = portion.iter().fold(sqlx::query(&sql), |query, mark| query.bind(&**mark));
        let found: Vec<(String,)> = ask::all(connection, query).await?;
        known.extend(found.into_iter().map(|(mark,)| mark));
    }
    Ok(known)
}

pub(super) async fn put_lines(connection: &mut AnyConnection, lines: &[Line]) -> Result<(), Fault> {
    for portion in portions(lines) {
        let sql = format!(
            "INSERT INTO records (seq, mark, act, time, written, source, raw, reading, prev, hash) VALUES {}",
            places(connection, portion.len(), 10)
        );
        let mut query = sqlx::query(&sql);
        for line in portion {
            query = query.bind(line.seq).bind(&*line.mark).bind(line.act).bind(line.time).bind(line.written);
            query = query.bind(&*line.source).bind(&*line.raw).bind(&*line.reading);
            query = query.bind(&*line.prev).bind(&*line.hash);
        }
        ask::change(connection, query).await?;
    }
    Ok(())
}

/// Writes what acts read like now, each once. The condition is that of `ActRow::outranks`.
pub(super) async fn put_readings(connection: &mut AnyConnection, readings: &[Reading]) -> Result<(), Fault> {
    let words: BTreeMap<i64, &str> =
        readings.iter().map(|reading| (reading.row.words, &*reading.words)).collect();
    let words: Vec<(i64, &str)> = words.into_iter().collect();
    for portion in portions(&words) {
        let sql = format!(
            "INSERT INTO words (id, text) VALUES {} ON CONFLICT (id) DO NOTHING",
            places(connection, portion.len(), 2)
        );
        let query =
            portion.iter().fold(sqlx::query(&sql), |query, (number, text)| query.bind(*number).bind(*text));
        ask::change(connection, query).await?;
    }
    for portion in portions(readings) {
        let sql = format!(
            "INSERT INTO acts (act, first, told, time, source, verb, host, tenant, container, actor, ticket, words) \
             VALUES {} ON CONFLICT (act) DO UPDATE SET told = excluded.told, time = excluded.time, \
             source = excluded.source, verb = excluded.verb, host = excluded.host, tenant = excluded.tenant, \
             container = excluded.container, actor = excluded.actor, ticket = excluded.ticket, words = excluded.words \
             WHERE excluded.source <> 'engine' OR excluded.time >= acts.time",
            places(connection, portion.len(), 12)
        );
        let mut query = sqlx::query(&sql);
        for Reading { row, first, told, .. } in portion {
            query = query.bind(row.act).bind(*first).bind(*told).bind(row.time).bind(row.source);
            query = query.bind(row.verb).bind(&*row.host).bind(&*row.tenant).bind(&*row.container);
            query = query.bind(&*row.actor).bind(&*row.ticket).bind(row.words);
        }
        ask::change(connection, query).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_have_few_sizes() {
        let all: Vec<usize> = (0..600).collect();
        let sizes: Vec<usize> = portions(&all).map(<[_]>::len).collect();
        assert_eq!(sizes, [256, 256, 64, 16, 4, 4]);
        assert_eq!(portions(&all).flatten().copied().collect::<Vec<_>>(), all);
    }
}
