//! Questions, answered from the acts; and an act's parts.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::append::Appended;
use super::filter::Filter;
use super::row;
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask};
use crate::model::ask::Ask;
use crate::model::change::{Act, Change, Record, Source};

/// The most changes or parts of one answer.
pub(super) const MOST: usize = 100_000;
/// Among how many of the newest changes a text is looked for first.
const NEWEST: usize = 5_000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The changes, without their raw lines.
    pub newest_first: Vec<Change>,
    /// There are more, older ones.
    pub more: bool,
}

/// One record of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number in the record.
    pub seq: i64,
    /// When it happened.
    pub time: Timestamp,
    /// Where it is known from.
    pub source: Source,
    /// What was told.
    pub raw: Arc<str>,
    /// Its hash, made of all that it says and of the hash before it.
    pub hash: String,
}

impl Ledger {
    /// What passes the question, newest first by the time of its latest part: as many as asked for, and 100,000 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn changes(&self, ask: &Ask, limit: usize) -> Result<Answer, LedgerError> {
        self.within(async {
            let limit = limit.min(MOST);
            let mut filter = Filter::of(ask);
            let place = filter.number(number(limit + 1));
            let mut reading = self.connections.read().await?;
            let mut found = Vec::new();
            if filter.has_text() {
                let newest = format!(
                    "SELECT told, time, first, words FROM acts {} ORDER BY time DESC, first DESC LIMIT {NEWEST}",
                    filter.without_text()
                );
                let acts = format!(
                    "SELECT told, time, first FROM ({newest}) AS newest \
                     WHERE EXISTS (SELECT 1 FROM words WHERE words.id = newest.words AND {})",
                    filter.texts()
                );
                found = fetch(reading.connection(), &filter, &acts, &place).await?;
            }
            // Words that nearly all say are found among the newest; others by the list of all words.
            if found.len() <= limit {
                let acts = format!("SELECT told, time, first FROM acts {}", filter.sql());
                found = fetch(reading.connection(), &filter, &acts, &place).await?;
            }
            reading.done();
            let more = found.len() > limit;
            let newest_first =
                found.iter().take(limit).map(|(seq, body)| row::change(*seq, body)).collect::<Result<_, _>>()?;
            Ok(Answer { newest_first, more })
        })
        .await
    }

    /// The parts of an act that are kept, oldest first: as many as asked for, and 100,000 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn parts(&self, act: Act, limit: usize) -> Result<Vec<Part>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT seq, time, source, raw, hash FROM records WHERE act = $1 ORDER BY seq LIMIT $2";
            let query = sqlx::query(sql).bind(act.number()).bind(number(limit.min(MOST)));
            let found: Vec<(i64, i64, String, String, String)> =
                ask::all(reading.connection(), query).await?;
            reading.done();
            found.into_iter().map(part).collect()
        })
        .await
    }
}

impl Ledger {
    /// The change that was kept under the id of one of these records and says something else; none where all of them were new.
    /// The id of an edit is made of what the file holds: two who tell it differ only in how much they saw of it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn conflicting(
        &self,
        records: &[Record],
        appended: Appended,
    ) -> Result<Option<Change>, LedgerError> {
        if appended.new >= records.len() {
            return Ok(None);
        }
        let readings = records.iter().filter_map(|record| record.reading.as_ref());
        for reading in readings.filter(|reading| reading.source != Source::File) {
            let kept = self.reading(reading.act).await?;
            if let Some(kept) = kept.filter(|kept| kept.is_contradicted_by(&row::bounded(reading))) {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    /// What an act reads like.
    async fn reading(&self, act: Act) -> Result<Option<Change>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT records.seq, records.reading FROM acts JOIN records ON records.seq = acts.told WHERE acts.act = $1";
            let found: Option<(i64, String)> =
                ask::one(reading.connection(), sqlx::query(sql).bind(act.number())).await?;
            reading.done();
            found.map(|(seq, body)| row::change(seq, &body)).transpose()
        })
        .await
    }
}

async fn fetch(
    connection: &mut AnyConnection,
    filter: &Filter,
    acts: &str,
    limit: &str,
) -> Result<Vec<(i64, String)>, Fault> {
    let sql = format!(
        "SELECT records.seq, records.reading FROM ({acts} ORDER BY time DESC, first DESC LIMIT {limit}) AS found \
         JOIN records ON records.seq = found.told ORDER BY found.time DESC, found.first DESC"
    );
    Ok(ask::all(connection, filter.bind(sqlx::query(&sql))).await?)
}

fn part((seq, time, source, raw, hash): (i64, i64, String, String, String)) -> Result<Part, Fault> {
    let source =
        Source::of(&source).ok_or_else(|| Fault::row(&format!("change {seq}"), "its source is unknown"))?;
    Ok(Part { seq, time: row::moment(time), source, raw: raw.into(), hash })
}

/// A limit for a statement.
pub(super) fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
