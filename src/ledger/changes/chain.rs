//! The chain: each record's hash is made of its content and of the hash before it.

use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::stretch;
use crate::ledger::error::Fault;
use crate::ledger::{ask, hex};

/// Begins each hash: a chain of other content would have another one.
const KIND: &[u8] = b"wakeboard changes 1\0";

/// Where the chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the latest record; 0 where there is none.
    pub(super) seq: i64,
    /// Its hash; nothing where there is none.
    pub(super) hash: String,
    /// Events of engines from before this moment are not taken in any more: they were here and have been pruned. The latest notice
    /// of a pruning says it, which is part of the chain.
    pub(super) horizon: i64,
}

/// A row of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) seq: i64,
    pub(super) mark: String,
    pub(super) act: i64,
    pub(super) time: i64,
    /// When it was appended.
    pub(super) written: i64,
    pub(super) source: String,
    pub(super) raw: String,
    /// JSON; empty where it has none.
    pub(super) reading: String,
    /// The hash before it, where the record before it is gone.
    pub(super) prev: String,
    pub(super) hash: String,
}

impl Line {
    /// What its hash must be, after that one.
    pub(super) fn hash_after(&self, before: &str) -> String {
        let mut digest = Sha256::new_with_prefix(KIND);
        digest.update(self.seq.to_be_bytes());
        digest.update(self.act.to_be_bytes());
        digest.update(self.time.to_be_bytes());
        digest.update(self.written.to_be_bytes());
        for text in [before, &self.mark, &self.source, &self.raw, &self.reading] {
            // With its length, so that nothing can move from one text to the next.
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        hex::text(&digest.finalize())
    }
}

/// Keeps all others from appending until the transaction ends, and says where the chain ends.
pub(super) async fn lock(connection: &mut AnyConnection) -> Result<Head, Fault> {
    let sql = "UPDATE chain SET seq = seq WHERE id = 1 RETURNING seq, hash, horizon";
    let (seq, hash, marked) = only(&ask::all(connection, sqlx::query(sql)).await?)?;
    let horizon = stretch::horizon(connection, marked).await?;
    Ok(Head { seq, hash, horizon })
}

/// Where the chain ends: the number of the latest record, and its hash.
pub(super) async fn end(connection: &mut AnyConnection) -> Result<(i64, String), Fault> {
    let sql = "SELECT seq, hash FROM chain WHERE id = 1";
    only(&ask::all(connection, sqlx::query(sql)).await?)
}

fn only<T: Clone>(rows: &[T]) -> Result<T, Fault> {
    match rows {
        [row] => Ok(row.clone()),
        _ => Err(Fault::Damaged("the end of the record of changes is not marked".to_owned())),
    }
}

/// Marks where the chain ends from now on.
pub(super) async fn set_head(connection: &mut AnyConnection, head: &Head) -> Result<(), Fault> {
    let sql = "UPDATE chain SET seq = $1, hash = $2 WHERE id = 1";
    let query = sqlx::query(sql).bind(head.seq).bind(&*head.hash);
    ask::change(connection, query).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            seq: 1,
            mark: "00".to_owned(),
            act: -5,
            time: 7,
            written: 8,
            source: "note".to_owned(),
            raw: "hello".to_owned(),
            reading: "{}".to_owned(),
            prev: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn a_hash_is_the_same_everywhere() {
        // Written down: a chain must be verified by every wakeboard to come.
        assert_eq!(
            line().hash_after("ab"),
            "b744f25ba963ab404b41d82edb5aa6d2c50056fc90f123672f73ebdf124fa19e"
        );
    }

    #[test]
    fn all_that_a_record_says_is_in_its_hash() {
        let changed: [fn(&mut Line); 8] = [
            |line| line.seq += 1,
            |line| line.mark.push('0'),
            |line| line.act += 1,
            |line| line.time += 1,
            |line| line.written += 1,
            |line| line.source.push('s'),
            |line| (line.raw, line.reading) = ("hello{".to_owned(), "}".to_owned()),
            |line| line.reading.clear(),
        ];
        let hash = line().hash_after("ab");
        for change in changed {
            let mut line = line();
            change(&mut line);
            assert_ne!(line.hash_after("ab"), hash);
        }
        assert_ne!(line().hash_after("ac"), hash);
    }
}
