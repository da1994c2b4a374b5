//! Changes counted: by whom, of what kind, and when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::filter::Filter;
use super::query::number;
use super::row::{self, NOBODY, moment, nanoseconds};
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask};
use crate::model::ask::{Ask, Range};
use crate::model::change::{Kind, Source, Summary, Tick, Verb};

/// The most lines of each part of a summary.
const MOST_LINES: usize = 100;
/// The most stretches of time.
const MOST_STRETCHES: usize = 20_000;
/// A quarter of an hour, in nanoseconds.
const QUARTER: i64 = 15 * 60 * 1_000_000_000;

impl Ledger {
    /// What passes the question, counted. Of quarters of an hour the latest 20,000 are told: those of 200 days.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn summary(&self, ask: &Ask) -> Result<Summary, LedgerError> {
        self.within(async {
            let filter = Filter::of(ask);
            let mut reading = self.connections.read().await?;
            let connection = reading.connection();
            let by_verb = by_verb(connection, &filter).await?;
            let summary = Summary {
                total: by_verb.iter().map(|(_, count)| count).sum(),
                by_verb,
                by_actor: by_name(connection, &filter, "actor").await?,
                by_tenant: by_name(connection, &filter, "tenant").await?,
                quarters: quarters(connection, &filter).await?,
            };
            reading.done();
            Ok(summary)
        })
        .await
    }

    /// How many changes that pass the question there were in each stretch of `step` from `from` on, up to `to`; those without
    /// any are told too. 20,000 stretches at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn ticks(
        &self,
        ask: &Ask,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Tick>, LedgerError> {
        self.within(async {
            let (start, end) = (nanoseconds(from), nanoseconds(to));
            let step = i64::try_from(step.as_nanos()).unwrap_or(i64::MAX).max(1);
            let length = u64::try_from(end.saturating_sub(start)).unwrap_or(0);
            let count = usize::try_from(length.div_ceil(step.unsigned_abs())).unwrap_or(usize::MAX);
            let begin = |place: usize| start.saturating_add(number(place).saturating_mul(step));
            let mut ticks: Vec<Tick> = (0..count.min(MOST_STRETCHES))
                .map(|place| Tick { start: moment(begin(place)), counts: [0; 4] })
                .collect();
            let to = moment(begin(ticks.len())).min(to);
            let mut filter = Filter::of(ask);
            filter.within(Range { from, to: Some(to) });
            let (origin, width) = (filter.number(start), filter.number(step));
            let sql = format!(
                "SELECT (time - {origin}) / {width} AS place, verb, source, COUNT(*) FROM acts {} \
                 GROUP BY place, verb, source",
                filter.sql()
            );
            let mut reading = self.connections.read().await?;
            let found: Vec<(i64, String, String, i64)> =
                ask::all(reading.connection(), filter.bind(sqlx::query(&sql))).await?;
            reading.done();
            for (place, verb, source, count) in found {
                let kind = Kind::of(verb_of(&verb)?, source_of(&source)?);
                let tick = usize::try_from(place).ok().and_then(|place| ticks.get_mut(place));
                let at = Kind::ALL.iter().position(|other| *other == kind);
                if let Some(sum) = tick.zip(at).and_then(|(tick, at)| tick.counts.get_mut(at)) {
                    *sum = sum.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
                }
            }
            Ok(ticks)
        })
        .await
    }
}

fn verb_of(word: &str) -> Result<Verb, Fault> {
    Verb::of(word).ok_or_else(|| Fault::row("a change", format!("an unknown verb: {word}")))
}

fn source_of(word: &str) -> Result<Source, Fault> {
    Source::of(word).ok_or_else(|| Fault::row("a change", format!("an unknown source: {word}")))
}

fn count_of(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

async fn by_verb(connection: &mut AnyConnection, filter: &Filter) -> Result<Vec<(Verb, u64)>, Fault> {
    let sql = format!(
        "SELECT {} AS name, COUNT(*) AS found FROM acts {} GROUP BY name ORDER BY found DESC, name",
        grouped(filter, "verb"),
        filter.sql()
    );
    let found: Vec<(String, i64)> = ask::all(connection, filter.bind(sqlx::query(&sql))).await?;
    found.iter().map(|(verb, count)| Ok((verb_of(verb)?, count_of(*count)))).collect()
}

/// The column to group by. Within a stretch of time its index is of no use, though SQLite would take it to have groups in order.
fn grouped(filter: &Filter, column: &str) -> String {
    if filter.has_range() { format!("{column} || ''") } else { column.to_owned() }
}

/// By actor or tenant. They are in lower case in the table, so one of the changes says how it is written.
async fn by_name(
    connection: &mut AnyConnection,
    filter: &Filter,
    column: &str,
) -> Result<Vec<(Arc<str>, u64)>, Fault> {
    let sql = format!(
        "SELECT counted.name, counted.found, records.reading FROM \
         (SELECT {} AS name, COUNT(*) AS found, MAX(told) AS told FROM acts {} GROUP BY name \
         ORDER BY found DESC, name LIMIT {}) AS counted JOIN records ON records.seq = counted.told \
         ORDER BY counted.found DESC, counted.name",
        grouped(filter, column),
        filter.sql(),
        MOST_LINES + 1
    );
    let found: Vec<(String, i64, String)> = ask::all(connection, filter.bind(sqlx::query(&sql))).await?;
    let mut names = Vec::new();
    for (name, count, reading) in found {
        let change = row::change(0, &reading)?;
        let written = if column == "actor" { change.actor } else { change.tenant };
        // Changes without a tenant are not told by tenant.
        if column == "actor" || !name.is_empty() {
            names.push((written.unwrap_or_else(|| NOBODY.into()), count_of(count)));
        }
    }
    names.truncate(MOST_LINES);
    Ok(names)
}

async fn quarters(connection: &mut AnyConnection, filter: &Filter) -> Result<Vec<(Timestamp, u64)>, Fault> {
    let sql = format!(
        "SELECT time / {QUARTER} AS quarter, COUNT(*) FROM acts {} GROUP BY quarter ORDER BY quarter DESC \
         LIMIT {MOST_STRETCHES}",
        filter.sql()
    );
    let found: Vec<(i64, i64)> = ask::all(connection, filter.bind(sqlx::query(&sql))).await?;
    let quarters: BTreeMap<i64, u64> =
        found.into_iter().map(|(quarter, count)| (quarter, count_of(count))).collect();
    Ok(quarters
        .into_iter()
        .map(|(quarter, count)| (moment(quarter.saturating_mul(QUARTER)), count))
        .collect())
}
