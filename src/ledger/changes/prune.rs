//! Pruning: of old acts only what they read like is kept, and of very old ones nothing. In portions, each of which first
//! verifies what it takes away: what was tampered with must not go unseen.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::chain::{self, Head, Line};
use super::row::{moment, nanoseconds};
use super::stretch::{self, NOTICE, Notice, Stretch};
use super::table;
use super::verified::Broken;
use crate::ledger::error::Fault;
use crate::ledger::{Ledger, LedgerError, ask, rows};
use crate::model::change::{Act, Mark, Retention, Source};

/// How many records one transaction looks at.
const PORTION: i64 = 1000;
/// How many transactions one call makes.
const PORTIONS: u32 = 10;
/// A small portion waits for more to come of age for a thirtieth of the time that parts are kept: each portion costs a record.
const PATIENCE: i64 = 30;

/// What came of pruning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many records went.
    pub records: u64,
    /// How many changes went altogether.
    pub changes: u64,
    /// There is more to prune: call again soon.
    pub more: bool,
}

/// The moments before which things go, in nanoseconds, and now.
#[derive(Clone, Copy)]
struct Cutoff {
    raw: i64,
    /// Of a small portion the first must be older than this.
    small: i64,
    folded: i64,
    now: i64,
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl Cutoff {
    fn new(keep: &Retention, now: Timestamp) -> Cutoff {
        let now = nanoseconds(now);
        let raw = now.saturating_sub(nanos(keep.raw));
        let small = raw.saturating_sub(nanos(keep.raw) / PATIENCE);
        Cutoff { raw, small, folded: now.saturating_sub(nanos(keep.folded.max(keep.raw))), now }
    }

    /// How many of these lines are of age, counted from the first. Times to come are a clock's fault, and keep nobody young.
    fn of_age(&self, lines: &[Line]) -> usize {
        let is_young = |line: &Line| (self.raw..=self.now).contains(&line.written);
        lines.iter().position(is_young).unwrap_or(lines.len())
    }
}

/// What was written before this counts as written by a clock that was right: one that was wrong for so long would be noticed.
const CLOCK_PROVES: Duration = Duration::from_secs(86_400);
/// So far a clock may be ahead of what was written so long ago: longer than a record is quiet where somebody keeps it.
const CLOCK_AHEAD: Duration = Duration::from_secs(2 * 86_400);

impl Ledger {
    /// The moment by which pruning may go: `now`, but no later than the PostgreSQL's own clock, and not far ahead of what was
    /// written a day or more before. So a clock that is years ahead for some hours erases nothing.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn time_to_prune_by(&self, now: Timestamp) -> Result<Timestamp, LedgerError> {
        self.within(async {
            let now = match self.server_time().await? {
                Some(server) => now.min(server),
                None => now,
            };
            let mut reading = self.connections.read().await?;
            let sql = "SELECT written FROM records WHERE written <= $1 ORDER BY seq DESC LIMIT 1";
            let proved = nanoseconds(now).saturating_sub(nanos(CLOCK_PROVES));
            let found: Option<(i64,)> = ask::one(reading.connection(), sqlx::query(sql).bind(proved)).await?;
            reading.done();
            let latest = found.map(|(written,)| moment(written.saturating_add(nanos(CLOCK_AHEAD))));
            Ok(latest.map_or(now, |latest| now.min(latest)))
        })
        .await
    }

    /// Prunes what was appended longer ago than it is to be kept: first parts that say nothing about how their change reads,
    /// later the changes. A bounded piece of it; writers wait for a small portion at most. Call it now and then.
    ///
    /// # Errors
    /// The ledger cannot be written, or what is to be pruned is not as it was written.
    pub async fn prune_changes(&self, keep: &Retention, now: Timestamp) -> Result<Pruned, LedgerError> {
        let (cutoff, mut pruned) = (Cutoff::new(keep, now), Pruned::default());
        for _ in 0..PORTIONS {
            let Some(portion) = self.within(self.prune_portion(cutoff)).await? else { return Ok(pruned) };
            pruned.records += portion.records;
            pruned.changes += portion.changes;
        }
        Ok(Pruned { more: true, ..pruned })
    }

    /// Nothing where there was nothing to do.
    async fn prune_portion(&self, cutoff: Cutoff) -> Result<Option<Pruned>, Fault> {
        let mut writing = self.connections.append().await?;
        let connection = writing.connection();
        let mut head = chain::lock(connection).await?;
        let stretches = stretch::stretches(connection).await?;
        let pruned = match thin(connection, &mut head, &stretches, cutoff).await? {
            Some(pruned) => Some(pruned),
            None => clear(connection, &mut head, &stretches, cutoff).await?,
        };
        if pruned.is_some() {
            chain::set_head(connection, &head).await?;
            writing.commit().await?;
        } else {
            writing.rollback().await?;
        }
        Ok(pruned)
    }
}

/// Of the next records that came of age only those stay that tell of their acts.
async fn thin(
    connection: &mut AnyConnection,
    head: &mut Head,
    stretches: &[Stretch],
    cutoff: Cutoff,
) -> Result<Option<Pruned>, Fault> {
    let before = stretches.last();
    let start = before.map_or(0, |stretch| stretch.last);
    let mut lines = stretch::lines(connection, start + 1, i64::MAX, PORTION).await?;
    lines.truncate(cutoff.of_age(&lines));
    let is_small = i64::try_from(lines.len()).is_ok_and(|count| count < PORTION);
    let (Some(oldest), Some(newest)) = (lines.first(), lines.last()) else { return Ok(None) };
    if is_small && oldest.written >= cutoff.small {
        return Ok(None);
    }
    let (first, last) = (oldest.seq, newest.seq);
    let mut hash = match before {
        Some(stretch) => {
            stretch::notice(connection, stretch).await?.map_err(|broken| refused(&broken))?.after
        }
        None => String::new(),
    };
    // The hash before each line.
    let mut hashes = Vec::with_capacity(lines.len());
    for (expected, line) in (start + 1..).zip(&lines) {
        if line.seq != expected || !line.prev.is_empty() || line.hash_after(&hash) != line.hash {
            return Err(refused(&Broken::changed(line)));
        }
        hashes.push(std::mem::replace(&mut hash, line.hash.clone()));
    }
    let needed = needed(connection, first, last, stretches).await?;
    let (mut kept, mut gone, mut fixes) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_beside = false;
    for (line, before) in lines.iter().zip(hashes) {
        let stays = needed.contains(&line.seq);
        if stays && !is_beside {
            fixes.push((line.seq, before));
        }
        if stays {
            kept.push(line);
        } else {
            gone.push(line.seq);
        }
        is_beside = stays;
    }
    forget(head, lines.iter().filter(|line| !needed.contains(&line.seq)), cutoff.raw);
    remove(connection, &gone).await?;
    note_hashes(connection, &fixes).await?;
    let newest = kept.iter().map(|line| line.written).filter(|written| *written <= cutoff.now).max();
    let notice = Notice::new(first, last, &hash, &kept);
    announce(connection, head, &notice, newest.unwrap_or(i64::MIN), cutoff.now).await?;
    Ok(Some(Pruned { records: gone.len() as u64, ..Pruned::default() }))
}

/// The oldest stretch goes altogether where all that was kept of it is too old, and becomes one with those before it.
async fn clear(
    connection: &mut AnyConnection,
    head: &mut Head,
    stretches: &[Stretch],
    cutoff: Cutoff,
) -> Result<Option<Pruned>, Fault> {
    let mut oldest = stretches.iter();
    let Some(mut stretch) = oldest.next() else { return Ok(None) };
    let mut notice = stretch::notice(connection, stretch).await?.map_err(|broken| refused(&broken))?;
    // The first one is what was cleared before, if there was anything.
    if notice.kept.is_empty() {
        let Some(next) = oldest.next() else { return Ok(None) };
        stretch = next;
        notice = stretch::notice(connection, stretch).await?.map_err(|broken| refused(&broken))?;
    }
    if stretch.newest >= cutoff.folded {
        return Ok(None);
    }
    let lines = stretch::lines(connection, stretch.first, stretch.last, PORTION + 1).await?;
    notice.check(&lines).map_err(|broken| refused(&broken))?;
    let sql = "SELECT act, words FROM acts WHERE told <= $2 AND act IN \
               (SELECT act FROM records WHERE seq >= $1 AND seq <= $2) AND told >= $1";
    let query = sqlx::query(sql).bind(stretch.first).bind(stretch.last);
    let acts: Vec<(i64, i64)> = ask::all(connection, query).await?;
    forget(head, lines.iter(), cutoff.folded);
    let seqs: Vec<i64> = lines.iter().map(|line| line.seq).collect();
    remove(connection, &seqs).await?;
    let numbers: Vec<i64> = acts.iter().map(|(act, _)| *act).collect();
    delete(connection, "acts", "act", &numbers, "").await?;
    let words: HashSet<i64> = acts.iter().map(|(_, words)| *words).collect();
    let words: Vec<i64> = words.into_iter().collect();
    let unused = "AND NOT EXISTS (SELECT 1 FROM acts WHERE acts.words = words.id)";
    delete(connection, "words", "id", &words, unused).await?;
    let sql = "DELETE FROM stretches WHERE last <= $1";
    ask::change(connection, sqlx::query(sql).bind(stretch.last)).await?;
    let notice = Notice::new(1, stretch.last, &notice.after, &[]);
    announce(connection, head, &notice, i64::MIN, cutoff.now).await?;
    Ok(Some(Pruned { records: seqs.len() as u64, changes: acts.len() as u64, more: false }))
}

/// What is needed of a stretch: the records by which acts are told, and notices that hold.
async fn needed(
    connection: &mut AnyConnection,
    first: i64,
    last: i64,
    stretches: &[Stretch],
) -> Result<HashSet<i64>, Fault> {
    let sql = "SELECT records.seq FROM records JOIN acts ON acts.act = records.act AND acts.told = records.seq \
               WHERE records.seq >= $1 AND records.seq <= $2";
    let found: Vec<(i64,)> = ask::all(connection, sqlx::query(sql).bind(first).bind(last)).await?;
    let notices = stretches.iter().map(|stretch| stretch.record);
    Ok(found.into_iter().map(|(seq,)| seq).chain(notices).collect())
}

/// Events of engines from before these are not taken in again. One that claims to be newer than is believable does not count.
fn forget<'l>(head: &mut Head, gone: impl Iterator<Item = &'l Line>, cutoff: i64) {
    let events = gone.filter(|line| line.source == Source::Engine.as_str() && line.time < cutoff);
    let latest = events.map(|line| line.time.saturating_add(1)).max();
    head.horizon = latest.unwrap_or(i64::MIN).max(head.horizon);
}

async fn remove(connection: &mut AnyConnection, seqs: &[i64]) -> Result<(), Fault> {
    delete(connection, "records", "seq", seqs, "").await
}

async fn delete(
    connection: &mut AnyConnection,
    table: &str,
    column: &str,
    numbers: &[i64],
    more: &str,
) -> Result<(), Fault> {
    for portion in table::portions(numbers) {
        let sql = format!("DELETE FROM {table} WHERE {column} IN ({}) {more}", table::list(1, portion.len()));
        let query = portion.iter().fold(sqlx::query(&sql), |query, number| query.bind(*number));
        ask::change(connection, query).await?;
    }
    Ok(())
}

/// Writes beside those that stay the hash of the one before, which goes.
async fn note_hashes(connection: &mut AnyConnection, fixes: &[(i64, String)]) -> Result<(), Fault> {
    for portion in table::portions(fixes) {
        let sql = format!(
            "UPDATE records SET prev = fixes.column2 FROM (VALUES {}) AS fixes WHERE records.seq = fixes.column1",
            rows::places(portion.len(), 2)
        );
        let query =
            portion.iter().fold(sqlx::query(&sql), |query, (seq, hash)| query.bind(*seq).bind(&**hash));
        ask::change(connection, query).await?;
    }
    Ok(())
}

/// Appends the notice, and writes down where it is.
async fn announce(
    connection: &mut AnyConnection,
    head: &mut Head,
    notice: &Notice,
    newest: i64,
    now: i64,
) -> Result<(), Fault> {
    let notice = &Notice { horizon: Some(head.horizon), ..notice.clone() };
    let mark = Mark::of(Source::Host, &format!("notice/{}/{}/{}", notice.first, notice.last, head.seq + 1));
    let mut line = Line {
        seq: head.seq + 1,
        mark: mark.to_string(),
        act: Act::begun_by(mark).number(),
        time: now,
        written: now,
        source: NOTICE.to_owned(),
        raw: rows::body(notice)?,
        reading: String::new(),
        prev: String::new(),
        hash: String::new(),
    };
    line.hash = line.hash_after(&head.hash);
    table::put_lines(connection, std::slice::from_ref(&line)).await?;
    let sql = "INSERT INTO stretches (first, last, newest, record) VALUES ($1, $2, $3, $4)";
    let query = sqlx::query(sql).bind(notice.first).bind(notice.last).bind(newest).bind(line.seq);
    ask::change(connection, query).await?;
    (head.seq, head.hash) = (line.seq, line.hash);
    Ok(())
}

fn refused(broken: &Broken) -> Fault {
    Fault::Tampered(broken.to_string())
}
