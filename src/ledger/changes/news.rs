//! What is new in the record, and what a feed begins with.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::AnyConnection;

use super::query::{MOST, number};
use super::{chain, row, table};
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask};
use crate::model::change::{Change, MOST_RAW, Mark};

/// A record by which somebody knows how far the record of changes was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// Its number; 0 where there is none.
    pub seq: i64,
    /// Its hash: the same number in a ledger that was set back has another one.
    pub hash: String,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl std::str::FromStr for Spot {
    type Err = BadSpot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seq, hash) = text.split_once(':').ok_or(BadSpot)?;
        let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or(BadSpot)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Spot { seq, hash: hash.to_ascii_lowercase() }).ok_or(BadSpot)
    }
}

/// A text that names no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record is its number, a colon, and the 64 digits of its hash")]
pub struct BadSpot;

/// The most marks that are told.
const MOST_MARKS: usize = 65_536;

impl Ledger {
    /// The latest record. Cheap.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn newest_record(&self) -> Result<Spot, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let (seq, hash) = chain::end(reading.connection()).await?;
            reading.done();
            Ok(Spot { seq, hash })
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

    /// What was appended after that record, by anybody: what the acts of so many records read like now, with their raw lines,
    /// each act once, in the order of appending; and the last of those records. Ask again with that. Nothing where the record
    /// does not go on from there: the ledger was set back, or is another.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn appended_since(
        &self,
        seen: &Spot,
        limit: usize,
    ) -> Result<Option<(Vec<Change>, Spot)>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            if !goes_on(reading.connection(), seen).await? {
                reading.done();
                return Ok(None);
            }
            let sql = "SELECT seq, act, hash FROM records WHERE seq > $1 ORDER BY seq LIMIT $2";
            let query = sqlx::query(sql).bind(seen.seq).bind(number(limit.min(MOST)));
            let found: Vec<(i64, i64, String)> = ask::all(reading.connection(), query).await?;
            let newest = found.last().map(|(seq, _, hash)| Spot { seq: *seq, hash: hash.clone() });
            let newest = newest.unwrap_or_else(|| seen.clone());
            let last: HashMap<i64, i64> = found.iter().map(|(seq, act, _)| (*act, *seq)).collect();
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
            Ok(Some((changes, newest)))
        })
        .await
    }
}

/// Whether that record is in the chain, or was and has been pruned.
pub(super) async fn goes_on(connection: &mut AnyConnection, seen: &Spot) -> Result<bool, Fault> {
    let (seq, hash) = chain::end(connection).await?;
    if seen.seq == 0 || (seen.seq == seq && seen.hash == hash) {
        return Ok(true);
    }
    if seen.seq >= seq {
        return Ok(false);
    }
    let found: Option<(String,)> =
        ask::one(connection, sqlx::query("SELECT hash FROM records WHERE seq = $1").bind(seen.seq)).await?;
    if let Some((hash,)) = found {
        return Ok(hash == seen.hash);
    }
    let sql = "SELECT first FROM stretches WHERE first <= $1 AND last >= $1";
    let pruned: Option<(i64,)> = ask::one(connection, sqlx::query(sql).bind(seen.seq)).await?;
    Ok(pruned.is_some())
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
