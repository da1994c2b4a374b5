//! Appending: what is new gets a number, a hash, and its place among the acts.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::chain::{self, Line};
use super::row::{self, ActRow};
use super::table::{self, Reading};
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask, rows};
use crate::model::change::{Act, Record, Source};

/// Two consoles see a host go, or find the same difference, at slightly different moments: within this, in nanoseconds, it is
/// one act.
const SAME_MOMENT: i64 = 30_000_000_000;

/// What came of appending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// How many records were new.
    pub new: usize,
    /// The number of the latest record now.
    pub seq: i64,
}

impl Ledger {
    /// Appends those records whose marks are new, in one transaction and in this order. Where it is done, they survive a
    /// power cut; what every act reads like is told by its latest record that has a reading.
    ///
    /// # Errors
    /// The ledger cannot be written. Then none of them is in it, or all are where no answer came in time: try again.
    pub async fn append(&self, records: &[Record]) -> Result<Appended, LedgerError> {
        self.within(async {
            let mut writing = self.connections.append().await?;
            let appended = write(writing.connection(), records, Timestamp::now()).await?;
            if appended.new > 0 {
                writing.commit().await?;
            } else {
                writing.rollback().await?;
            }
            Ok(appended)
        })
        .await
    }
}

/// The same within a transaction.
pub(in crate::ledger) async fn write(
    connection: &mut AnyConnection,
    records: &[Record],
    now: Timestamp,
) -> Result<Appended, Fault> {
    let mut head = chain::lock(connection).await?;
    let (mut lines, mut readings) = (Vec::new(), Readings::default());
    for (mark, record) in new_ones(connection, records, head.horizon).await? {
        let source = row::source(record);
        let reading = record.reading.as_ref().map(row::bounded);
        let mut reading = reading.as_deref().map(|reading| (reading, ActRow::of(reading)));
        let mut act = record.act.number();
        if source == Source::Host
            && let Some((_, (seen, _))) = &reading
            && let Some(same) = readings.same(seen).or(same(connection, seen).await?)
            && same != act
        {
            (act, reading) = (same, None);
        }
        let mut line = Line {
            seq: head.seq + 1,
            mark,
            act,
            time: row::nanoseconds(record.time),
            written: row::nanoseconds(now),
            source: source.as_str().to_owned(),
            raw: row::raw(record),
            reading: reading
                .as_ref()
                .map(|(reading, _)| rows::body(reading))
                .transpose()?
                .unwrap_or_default(),
            prev: String::new(),
            hash: String::new(),
        };
        line.hash = line.hash_after(&head.hash);
        (head.seq, head.hash) = (line.seq, line.hash.clone());
        if let Some((_, (mut row, words))) = reading {
            row.act = act;
            readings.add(Reading { row, first: line.seq, told: line.seq, words });
        }
        lines.push(line);
    }
    let appended = Appended { new: lines.len(), seq: head.seq };
    if appended.new > 0 {
        table::put_lines(connection, &lines).await?;
        table::put_readings(connection, &readings.latest).await?;
        chain::set_head(connection, &head).await?;
    }
    Ok(appended)
}

/// Those whose marks are in the record neither yet nor any more, each once, with their marks as texts.
async fn new_ones<'r>(
    connection: &mut AnyConnection,
    records: &'r [Record],
    horizon: i64,
) -> Result<Vec<(String, &'r Record)>, Fault> {
    let mut seen = HashSet::new();
    let is_pruned =
        |record: &Record| row::source(record) == Source::Engine && row::nanoseconds(record.time) < horizon;
    let each: Vec<(String, &Record)> = records
        .iter()
        .filter(|record| !is_pruned(record) && seen.insert(record.mark))
        .map(|record| (record.mark.to_string(), record))
        .collect();
    let (mut events, mut others) = (Vec::new(), Vec::new());
    for (mark, record) in &each {
        if row::source(record) == Source::Engine {
            events.push((row::nanoseconds(record.time), mark.clone()));
        } else {
            others.push(mark.clone());
        }
    }
    let mut known: HashSet<String> = table::known(connection, &others).await?.into_iter().collect();
    known.extend(table::known_events(connection, &events).await?);
    // Whoever saw an edit later, or missed a state in between, knows other lines of it: the first has told it whole.
    let told: HashSet<Act> = each
        .iter()
        .filter(|(mark, record)| known.contains(mark) && row::source(record) == Source::File)
        .map(|(_, record)| Act::begun_by(record.mark))
        .collect();
    Ok(each
        .into_iter()
        .filter(|(mark, record)| !known.contains(mark) && !told.contains(&record.act))
        .collect())
}

/// The act in the ledger by which another console told the same of a host.
async fn same(connection: &mut AnyConnection, seen: &ActRow) -> Result<Option<i64>, Fault> {
    let sql = "SELECT act FROM acts WHERE host = $1 AND time >= $2 AND time <= $3 AND source = 'host' AND verb = $4 \
               AND container = $5 ORDER BY time, first LIMIT 1";
    let query = sqlx::query(sql).bind(&*seen.host).bind(seen.time.saturating_sub(SAME_MOMENT));
    let query = query.bind(seen.time.saturating_add(SAME_MOMENT)).bind(seen.verb).bind(&*seen.container);
    let found: Option<(i64,)> = ask::one(connection, query).await?;
    Ok(found.map(|(act,)| act))
}

/// What the acts of a batch read like after it.
#[derive(Default)]
struct Readings {
    latest: Vec<Reading>,
    places: HashMap<i64, usize>,
    /// Those of hosts.
    of_hosts: HashMap<(String, &'static str, String), Vec<usize>>,
}

impl Readings {
    fn add(&mut self, reading: Reading) {
        if let Some(before) = self.places.get(&reading.row.act).and_then(|at| self.latest.get_mut(*at)) {
            if reading.row.outranks(before.row.time) {
                *before = Reading { first: before.first, ..reading };
            }
            return;
        }
        let at = self.latest.len();
        self.places.insert(reading.row.act, at);
        if reading.row.source == Source::Host.as_str() {
            self.of_hosts.entry(what(&reading.row)).or_default().push(at);
        }
        self.latest.push(reading);
    }

    /// The act of this batch that tells the same of a host.
    fn same(&self, seen: &ActRow) -> Option<i64> {
        let near = |reading: &&Reading| reading.row.time.abs_diff(seen.time) <= SAME_MOMENT.unsigned_abs();
        let found =
            self.of_hosts.get(&what(seen))?.iter().filter_map(|at| self.latest.get(*at)).find(near)?;
        Some(found.row.act)
    }
}

fn what(row: &ActRow) -> (String, &'static str, String) {
    (row.host.clone(), row.verb, row.container.clone())
}
