//! Stretches of the record that have been pruned. A record of its own kind, a notice, says which of their lines were kept and
//! where the chain goes on: so it can still be verified.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::chain::Line;
use super::verified::Broken;
use crate::ledger::error::Fault;
use crate::ledger::{ask, hex, rows};

/// Where notices are from; not one of the model's sources, as nobody reads them.
pub(super) const NOTICE: &str = "notice";
/// How many lines share a digest.
const BUCKET: usize = 64;

/// A row of `stretches`: what is found fast, and must be what the notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) first: i64,
    pub(super) last: i64,
    /// When the newest of the kept lines was written.
    pub(super) newest: i64,
    /// The notice.
    pub(super) record: i64,
}

/// What was left of a stretch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notice {
    pub(super) first: i64,
    pub(super) last: i64,
    /// The hash of its last line, whether that was kept or not: the next one goes on from there.
    pub(super) after: String,
    pub(super) kept: Vec<Bucket>,
    /// Events of engines from before this moment, in nanoseconds, are not taken in any more. Older notices do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) horizon: Option<i64>,
}

/// Some lines that were kept, and a digest of their numbers and hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    pub(super) lines: Vec<i64>,
    pub(super) digest: String,
}

impl Notice {
    pub(super) fn new(first: i64, last: i64, after: &str, kept: &[&Line]) -> Notice {
        let bucket = |lines: &[&Line]| Bucket {
            lines: lines.iter().map(|line| line.seq).collect(),
            digest: digest(lines.iter().copied()),
        };
        let kept = kept.chunks(BUCKET).map(bucket).collect();
        Notice { first, last, after: after.to_owned(), kept, horizon: None }
    }

    /// Whether these lines, all of the stretch in order, are those that were kept. What is wrong with the first that is not.
    pub(super) fn check(&self, lines: &[Line]) -> Result<(), Broken> {
        let kept: BTreeSet<i64> = self.kept.iter().flat_map(|bucket| bucket.lines.iter().copied()).collect();
        let there: BTreeSet<i64> = lines.iter().map(|line| line.seq).collect();
        if let Some(seq) = kept.symmetric_difference(&there).next() {
            return Err(match lines.iter().find(|line| line.seq == *seq) {
                Some(line) => Broken::of(line, "was added where others have been pruned"),
                None => Broken::missing(*seq, *seq),
            });
        }
        let mut before: Option<&Line> = None;
        for line in lines {
            let next = before.is_some_and(|before| before.seq + 1 == line.seq);
            let hash = match before {
                Some(before) if next && line.prev.is_empty() => &before.hash,
                _ => &line.prev,
            };
            if line.hash_after(hash) != line.hash {
                return Err(Broken::changed(line));
            }
            before = Some(line);
        }
        for bucket in &self.kept {
            let of_it = lines.iter().filter(|line| bucket.lines.contains(&line.seq));
            if digest(of_it) != bucket.digest {
                let (first, last) = (bucket.lines.first(), bucket.lines.last());
                let (first, last) =
                    (first.copied().unwrap_or(self.first), last.copied().unwrap_or(self.last));
                return Err(Broken::of_several(first, last, "one was changed, and its hash with it"));
            }
        }
        match lines.last().filter(|line| line.seq == self.last && line.hash != self.after) {
            Some(line) => Err(Broken::changed(line)),
            None => Ok(()),
        }
    }
}

fn digest<'l>(lines: impl Iterator<Item = &'l Line>) -> String {
    let mut digest = Sha256::new();
    for line in lines {
        digest.update(line.seq.to_be_bytes());
        digest.update(&line.hash);
    }
    hex::text(&digest.finalize())
}

/// All stretches, in order.
pub(super) async fn stretches(connection: &mut AnyConnection) -> Result<Vec<Stretch>, Fault> {
    let sql = "SELECT first, last, newest, record FROM stretches ORDER BY first";
    let found: Vec<(i64, i64, i64, i64)> = ask::all(connection, sqlx::query(sql)).await?;
    let stretch = |(first, last, newest, record)| Stretch { first, last, newest, record };
    Ok(found.into_iter().map(stretch).collect())
}

/// The notice of that stretch, which must say the same as its row.
pub(super) async fn notice(
    connection: &mut AnyConnection,
    stretch: &Stretch,
) -> Result<Result<Notice, Broken>, Fault> {
    let sql = "SELECT raw FROM records WHERE seq = $1 AND source = $2";
    let found: Option<(String,)> =
        ask::one(connection, sqlx::query(sql).bind(stretch.record).bind(NOTICE)).await?;
    let Some((raw,)) = found else { return Ok(Err(Broken::missing(stretch.record, stretch.record))) };
    let notice: Option<Notice> = rows::thing("", &raw).ok();
    let is_its = |notice: &Notice| notice.first == stretch.first && notice.last == stretch.last;
    Ok(notice.filter(is_its).ok_or_else(|| {
        Broken::of_several(stretch.first, stretch.last, "it is not told truly that they have been pruned")
    }))
}

/// Events of engines from before this moment are not taken in any more. Versions that did not yet write it into their notices have
/// `marked` it where anybody can change it unseen: that is believed up to the moment of the notice.
pub(super) async fn horizon(connection: &mut AnyConnection, marked: i64) -> Result<i64, Fault> {
    let sql = "SELECT records.raw, records.written FROM stretches JOIN records ON records.seq = stretches.record \
               WHERE records.source = $1 ORDER BY stretches.record DESC LIMIT 1";
    let found: Option<(String, i64)> = ask::one(connection, sqlx::query(sql).bind(NOTICE)).await?;
    let Some((raw, written)) = found else { return Ok(i64::MIN) };
    let notice: Option<Notice> = rows::thing("", &raw).ok();
    Ok(notice.and_then(|notice| notice.horizon).unwrap_or_else(|| marked.min(written)))
}

/// So many lines from that number to that one, in order.
pub(super) async fn lines(
    connection: &mut AnyConnection,
    first: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<Line>, Fault> {
    type Row = (i64, String, i64, i64, i64, String, String, String, String, String);
    let sql = "SELECT seq, mark, act, time, written, source, raw, reading, prev, hash FROM records \
               WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3";
    let query = sqlx::query(sql).bind(first).bind(last).bind(limit);
    let found: Vec<Row> = ask::all(connection, query).await?;
    let line = |(seq, mark, act, time, written, source, raw, reading, prev, hash): Row| Line {
        seq,
        mark,
        act,
        time,
        written,
        source,
        raw,
        reading,
        prev,
        hash,
    };
    Ok(found.into_iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Line> {
        let (mut lines, mut before) = (Vec::new(), String::new());
        for seq in 1..=300 {
            let mut line = Line {
                seq,
                mark: seq.to_string(),
                act: 1,
                time: 1,
                written: 1,
                source: "note".to_owned(),
                raw: "said".to_owned(),
                reading: String::new(),
                prev: String::new(),
                hash: String::new(),
            };
            line.hash = line.hash_after(&before);
            line.prev = std::mem::replace(&mut before, line.hash.clone());
            lines.push(line);
        }
        // Every second one stays.
        lines.retain(|line| line.seq % 2 == 0);
        lines
    }

    #[test]
    fn a_hash_that_was_made_to_fit_is_found_among_those_kept() {
        let mut lines = lines();
        let notice = Notice::new(1, 301, "", &lines.iter().collect::<Vec<_>>());
        assert_eq!(notice.check(&lines), Ok(()));
        lines[70].raw.push('!');
        assert_eq!(notice.check(&lines), Err(Broken::changed(&lines[70])));
        lines[70].hash = lines[70].hash_after(&lines[70].prev);
        let Err(broken) = notice.check(&lines) else { panic!("it is not found") };
        assert_eq!((broken.seq, broken.last), (130, 256));
    }
}
