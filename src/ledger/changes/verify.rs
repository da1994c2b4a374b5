//! Verifying: every record is held against its hash, and what is told of acts against the records.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::chain::Line;
use super::news::{self, Spot};
use super::row::{self, ActRow};
use super::stretch::{self, Stretch};
use super::verified::{Broken, Verified};
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask};
use crate::model::change::Source;

/// How many records are read at once.
const PAGE: i64 = 1000;
/// How often it may begin anew because somebody pruned meanwhile.
const ATTEMPTS: u32 = 3;

impl Ledger {
    /// Holds the whole record against its chain, in pages, and names the first record that is broken, missing or added; also
    /// where the end is cut off, and where an act does not say what its records do. Tells how many it has looked at.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn verify_changes(&self, mut progress: impl FnMut(u64)) -> Result<Verified, LedgerError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (verified, before) = self.verify_once(&mut progress).await?;
            let pruned_meanwhile = verified.broken.is_some() && self.stretches().await? != before;
            if !pruned_meanwhile || attempt >= ATTEMPTS {
                return Ok(verified);
            }
        }
    }

    /// Whether that record, noted before, is still part of the record of changes, or was until it was pruned.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn goes_on_from(&self, noted: &Spot) -> Result<bool, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let goes_on = news::goes_on(reading.connection(), noted).await?;
            reading.done();
            Ok(goes_on)
        })
        .await
    }

    async fn stretches(&self) -> Result<Vec<Stretch>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let stretches = stretch::stretches(reading.connection()).await?;
            reading.done();
            Ok(stretches)
        })
        .await
    }

    async fn verify_once(
        &self,
        progress: &mut impl FnMut(u64),
    ) -> Result<(Verified, Vec<Stretch>), LedgerError> {
        let stretches = self.stretches().await?;
        let mut walk = Walk::default();
        let (seq, hash, last) = self.within(self.ends()).await?;
        let pruned = stretches.last().map_or(0, |stretch| stretch.last);
        let mut verified = Verified { records: 0, pruned, seq, hash, broken: None };
        if last > seq {
            verified.broken = Some(Broken::of_several(seq + 1, last, "behind the end that is marked"));
        }
        for stretch in &stretches {
            if verified.broken.is_some() {
                break;
            }
            verified.broken = self.within(self.verify_stretch(stretch, &mut walk)).await?.err();
            progress(walk.count);
        }
        while verified.broken.is_none() && walk.seq < seq {
            verified.broken = self.within(self.verify_page(&mut walk, seq)).await?.err();
            progress(walk.count);
        }
        if verified.broken.is_none() && walk.hash != verified.hash {
            verified.broken = Some(Broken::of_several(seq, seq, "is not the one with which the chain ended"));
        }
        let mut after = Some(i64::MIN);
        while let (None, Some(act)) = (&verified.broken, after) {
            let found = self.within(self.verify_acts(act, seq)).await?;
            (verified.broken, after) = match found {
                Ok(next) => (None, next),
                Err(broken) => (Some(broken), None),
            };
        }
        verified.records = walk.count;
        Ok((verified, stretches))
    }

    /// Where the chain is said to end, and the last record that there is, at one moment.
    async fn ends(&self) -> Result<(i64, String, i64), Fault> {
        let mut reading = self.connections.read().await?;
        let sql = "SELECT seq, hash, (SELECT COALESCE(MAX(seq), 0) FROM records) FROM chain WHERE id = 1";
        let found = ask::one(reading.connection(), sqlx::query(sql)).await?;
        reading.done();
        found.ok_or_else(|| Fault::Damaged("the end of the record of changes is not marked".to_owned()))
    }

    async fn verify_stretch(&self, stretch: &Stretch, walk: &mut Walk) -> Result<Result<(), Broken>, Fault> {
        if stretch.first != walk.seq + 1 {
            return Ok(Err(Broken::missing(walk.seq + 1, stretch.first - 1)));
        }
        let mut reading = self.connections.read().await?;
        let connection = reading.connection();
        let notice = match stretch::notice(connection, stretch).await? {
            Ok(notice) => notice,
            Err(broken) => return Ok(Err(broken)),
        };
        // More than were kept are as wrong as others.
        let most = notice.kept.iter().map(|bucket| bucket.lines.len()).sum::<usize>() + 1;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let lines = stretch::lines(connection, walk.from(), stretch.last, most).await?;
        if let Err(broken) = notice.check(&lines) {
            return Ok(Err(broken));
        }
        let told = verify_readings(connection, &lines).await?;
        reading.done();
        walk.count += lines.len() as u64;
        (walk.seq, walk.hash) = (stretch.last, notice.after);
        Ok(told)
    }

    async fn verify_page(&self, walk: &mut Walk, end: i64) -> Result<Result<(), Broken>, Fault> {
        let mut reading = self.connections.read().await?;
        let lines = stretch::lines(reading.connection(), walk.from(), end, PAGE).await?;
        for line in &lines {
            if let Err(broken) = walk.step(line) {
                return Ok(Err(broken));
            }
        }
        if lines.is_empty() {
            return Ok(Err(Broken::of_several(walk.seq + 1, end, "the end is cut off")));
        }
        let told = verify_readings(reading.connection(), &lines).await?;
        reading.done();
        Ok(told)
    }

    /// Whether each of the next acts has the record that tells of it. The last one of them; nothing where there are none.
    async fn verify_acts(&self, after: i64, end: i64) -> Result<Result<Option<i64>, Broken>, Fault> {
        let mut reading = self.connections.read().await?;
        let page = format!(
            "(SELECT act, told, time FROM acts WHERE act > $1 AND told <= $2 ORDER BY act LIMIT {}) AS page \
             LEFT JOIN records ON records.seq = page.told AND records.act = page.act",
            20 * PAGE
        );
        let sql =
            format!("SELECT COALESCE(MAX(page.act), $1), COUNT(page.act), COUNT(records.seq) FROM {page}");
        let query = sqlx::query(&sql).bind(after).bind(end);
        let found: Option<(i64, i64, i64)> = ask::one(reading.connection(), query).await?;
        let (last, acts, with_records) = found.unwrap_or((after, 0, 0));
        if acts != with_records {
            let sql = format!(
                "SELECT page.told, page.time FROM {page} WHERE records.seq IS NULL ORDER BY page.told LIMIT 1"
            );
            let query = sqlx::query(&sql).bind(after).bind(end);
            let found: Option<(i64, i64)> = ask::one(reading.connection(), query).await?;
            if let Some((seq, time)) = found {
                let (last, time) = (seq, Some(row::moment(time)));
                return Ok(Err(Broken {
                    seq,
                    last,
                    time,
                    what: "a change is told that it does not tell of",
                }));
            }
        }
        reading.done();
        Ok(Ok((acts > 0).then_some(last)))
    }
}

/// How far the chain was followed.
#[derive(Default)]
struct Walk {
    seq: i64,
    hash: String,
    count: u64,
}

impl Walk {
    /// Where to look next: at the beginning also at numbers that nobody gives.
    fn from(&self) -> i64 {
        if self.seq == 0 { i64::MIN } else { self.seq + 1 }
    }

    fn step(&mut self, line: &Line) -> Result<(), Broken> {
        if line.seq > self.seq + 1 {
            return Err(Broken::missing(self.seq + 1, line.seq - 1));
        }
        if line.seq <= self.seq || !line.prev.is_empty() || line.hash_after(&self.hash) != line.hash {
            return Err(Broken::changed(line));
        }
        (self.seq, self.hash) = (line.seq, line.hash.clone());
        self.count += 1;
        Ok(())
    }
}

/// An act as it is told, with its words.
type Told = (i64, i64, i64, String, String, String, String, String, String, String, i64, String);

/// Whether what is told of the acts is what these records say.
async fn verify_readings(
    connection: &mut AnyConnection,
    lines: &[Line],
) -> Result<Result<(), Broken>, Fault> {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(Ok(())) };
    let sql = "SELECT acts.act, told, time, source, verb, host, tenant, container, actor, ticket, acts.words, \
               COALESCE(words.text, '') FROM acts LEFT JOIN words ON words.id = acts.words \
               WHERE act IN (SELECT act FROM records WHERE seq >= $1 AND seq <= $2 AND reading <> '')";
    let query = sqlx::query(sql).bind(first.seq).bind(last.seq);
    let found: Vec<Told> = ask::all(connection, query).await?;
    let acts: HashMap<i64, Told> = found.into_iter().map(|row| (row.0, row)).collect();
    for line in lines.iter().filter(|line| !line.reading.is_empty()) {
        let Some(act) = acts.get(&line.act) else {
            return Ok(Err(Broken::of(line, "the change that it tells of is not told")));
        };
        let Ok(change) = row::change(line.seq, &line.reading) else {
            return Ok(Err(Broken::of(line, "cannot be read")));
        };
        let (expected, text) = ActRow::of(&change);
        let (_, told, time, source, verb, host, tenant, container, actor, ticket, words, found) = act;
        let is_engines = line.source == Source::Engine.as_str();
        let is_older = if is_engines {
            (expected.time, line.seq) < (*time, *told) && *told != line.seq
        } else {
            line.seq < *told
        };
        if is_older {
            continue;
        }
        let is_as_told = *told == line.seq
            && (*time, *words) == (expected.time, expected.words)
            && (source, verb) == (&expected.source.to_owned(), &expected.verb.to_owned())
            && (host, tenant, container) == (&expected.host, &expected.tenant, &expected.container)
            && (actor, ticket, found) == (&expected.actor, &expected.ticket, &text);
        if !is_as_told {
            return Ok(Err(Broken::of(line, "the change that it tells of is told otherwise")));
        }
    }
    Ok(Ok(()))
}
