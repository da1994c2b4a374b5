//! What is new in the record, and what a feed begins with.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::AnyConnection;

use super::query::{MOST, number};
use super::{chain, row, table};
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask};
use crate::model::change::{Change, MOST_RAW, Mark};

/// The most marks that are told.
const MOST_MARKS: usize = 65_536;

impl Ledger {
    /// The number of the latest record; 0 where there is none. Cheap.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn newest_record(&self) -> Result<i64, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let head = chain::head(reading.connection()).await?;
            reading.done();
            Ok(head.seq)
        })
        .await
    }

    /// What a feed begins with: the latest changes with their raw lines, in the order of time, and the marks of their
    /// records.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn recent(&self, limit: usize) -> Result<(Vec<Change>, Vec<Mark>), LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT records.seq, records.reading FROM \
                       (SELECT told, time, first FROM acts ORDER BY time DESC, first DESC LIMIT $1) AS found \
                       JOIN records ON records.seq = found.told ORDER BY found.time, found.first";
            let query = sqlx::query(sql).bind(number(limit.min(MOST)));
            let found: Vec<(i64, String)> = ask::all(reading.connection(), query).await?;
            let mut changes = found
                .iter()
                .map(|(seq, reading)| row::change(*seq, reading))
                .collect::<Result<Vec<_>, _>>()?;
            let marks = add_raw(reading.connection(), &mut changes).await?;
            reading.done();
            Ok((changes, marks))
        })
        .await
    }

    /// What was appended after that number, by anybody: what the acts of so many records read like now, with their raw
    /// lines, each act once, in the order of appending; and the number of the last of those records. Ask again with that.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn appended_since(&self, seq: i64, limit: usize) -> Result<(Vec<Change>, i64), LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT seq, act FROM records WHERE seq > $1 ORDER BY seq LIMIT $2";
            let query = sqlx::query(sql).bind(seq).bind(number(limit.min(MOST)));
            let found: Vec<(i64, i64)> = ask::all(reading.connection(), query).await?;
            let newest = found.last().map_or(seq, |(seq, _)| *seq);
            let last: HashMap<i64, i64> = found.iter().map(|(seq, act)| (*act, *seq)).collect();
            let mut acts: Vec<(i64, i64)> = last.iter().map(|(act, seq)| (*seq, *act)).collect();
            acts.sort_unstable();
            let acts: Vec<i64> = acts.into_iter().map(|(_, act)| act).collect();
            let mut changes = Vec::new();
            for portion in table::portions(&acts) {
                let sql = format!(
                    "SELECT records.seq, records.reading FROM acts JOIN records ON records.seq = acts.told \
                     WHERE acts.act IN ({})",
                    table::list(1, portion.len())
                );
                let query = portion.iter().fold(sqlx::query(&sql), |query, act| query.bind(*act));
                let found: Vec<(i64, String)> = ask::all(reading.connection(), query).await?;
                for (seq, reading) in found {
                    changes.push(row::change(seq, &reading)?);
                }
            }
            changes.sort_by_key(|change| last.get(&change.act.number()).copied());
            add_raw(reading.connection(), &mut changes).await?;
            reading.done();
            Ok((changes, newest))
        })
        .await
    }
}

/// Gives the changes their first raw lines; and the marks of their records.
async fn add_raw(connection: &mut AnyConnection, changes: &mut [Change]) -> Result<Vec<Mark>, Fault> {
    let mut marks = Vec::new();
    let mut lines: HashMap<i64, Vec<Arc<str>>> = HashMap::new();
    let acts: Vec<i64> = changes.iter().map(|change| change.act.number()).collect();
    for portion in table::portions(&acts) {
        let sql = format!(
            "SELECT act, mark, CASE WHEN place <= {MOST_RAW} THEN raw ELSE '' END, place FROM \
             (SELECT act, mark, raw, ROW_NUMBER() OVER (PARTITION BY act ORDER BY seq) AS place FROM records \
             WHERE act IN ({})) AS parts ORDER BY act, place LIMIT {MOST_MARKS}",
            table::list(1, portion.len())
        );
        let query = portion.iter().fold(sqlx::query(&sql), |query, act| query.bind(*act));
        let found: Vec<(i64, String, String, i64)> = ask::all(connection, query).await?;
        for (act, mark, raw, place) in found {
            if marks.len() < MOST_MARKS {
                marks.push(mark.parse().map_err(|error| Fault::row("a change", error))?);
            }
            if usize::try_from(place).is_ok_and(|place| place <= MOST_RAW) {
                lines.entry(act).or_default().push(raw.into());
            }
        }
    }
    for change in changes {
        change.raw = lines.remove(&change.act.number()).unwrap_or_default();
    }
    Ok(marks)
}
