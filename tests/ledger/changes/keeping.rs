//! The chain shows what was done to the record behind its back, before pruning and after it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use wakeboard::ledger::{Fault, Ledger, Pruned};
use wakeboard::model::change::{Record, Retention, Verb};

use super::super::place::Place;
use super::samples::*;

/// Acts of two records each: the first of them goes when it is pruned.
fn pairs(from: i64, count: i64) -> Vec<Record> {
    let pair = |number: i64| {
        let begun = event(&format!("{number}"), moment(number), "acme", Verb::Signalled);
        let ended = part(&begun, &format!("{number}/2"), moment(number + 1), Verb::Killed);
        [begun, ended]
    };
    (from..from + count).flat_map(pair).collect()
}

const KEEP: Retention =
    Retention { raw: Duration::from_secs(30 * 86_400), folded: Duration::from_secs(100 * 86_400) };

async fn prune(ledger: &Ledger, days_later: i64) -> Pruned {
    let now = Timestamp::now().checked_add(SignedDuration::from_hours(24 * days_later)).unwrap();
    ledger.prune_changes(&KEEP, now).await.unwrap()
}

async fn broken(ledger: &Ledger) -> Option<(i64, i64, &'static str)> {
    let mut looked_at = 0;
    let verified = ledger.verify_changes(|count| looked_at = count).await.unwrap();
    assert_eq!(looked_at, verified.records);
    verified.broken.map(|broken| (broken.seq, broken.last, broken.what))
}

const CHANGED: &str = "does not say what was written after the one before it";

#[rstest]
#[case("", None)]
#[case("UPDATE records SET raw = 'x' WHERE seq = 5", Some((5, 5, CHANGED)))]
#[case("UPDATE records SET time = time + 1 WHERE seq = 20", Some((20, 20, CHANGED)))]
#[case("UPDATE records SET reading = REPLACE(reading, 'killed', 'started') WHERE seq = 4", Some((4, 4, CHANGED)))]
#[case("UPDATE records SET hash = 'x' WHERE seq = 7", Some((7, 7, CHANGED)))]
#[case("DELETE FROM records WHERE seq = 1", Some((1, 1, "is missing")))]
#[case("DELETE FROM records WHERE seq IN (8, 9)", Some((8, 9, "are missing")))]
#[case("UPDATE records SET seq = 99 WHERE seq = 3; UPDATE records SET seq = 3 WHERE seq = 4; \
        UPDATE records SET seq = 4 WHERE seq = 99", Some((3, 3, CHANGED)))]
#[case("INSERT INTO records SELECT 0, 'x', act, time, written, source, raw, reading, prev, hash FROM records \
        WHERE seq = 1", Some((0, 0, CHANGED)))]
#[case("INSERT INTO records SELECT 21, 'x', act, time, written, source, raw, reading, prev, hash FROM records \
        WHERE seq = 1", Some((21, 21, "behind the end that is marked")))]
#[case("DELETE FROM records WHERE seq > 17", Some((18, 20, "the end is cut off")))]
#[case("DELETE FROM records WHERE seq > 17; UPDATE chain SET seq = 17",
       Some((17, 17, "is not the one with which the chain ended")))]
#[case("DELETE FROM acts WHERE told = 6", Some((5, 5, "the change that it tells of is not told")))]
#[case("UPDATE acts SET actor = 'op1' WHERE told = 6", Some((6, 6, "the change that it tells of is told otherwise")))]
#[case("UPDATE acts SET told = 5 WHERE told = 6", Some((5, 5, "the change that it tells of is told otherwise")))]
#[case("UPDATE words SET text = 'nothing'", Some((2, 2, "the change that it tells of is told otherwise")))]
#[case("INSERT INTO acts SELECT 7, first, 3, time, source, verb, host, tenant, container, actor, ticket, words \
        FROM acts WHERE told = 2", Some((3, 3, "a change is told that it does not tell of")))]
#[tokio::test]
async fn what_was_done_to_the_record_is_found(
    #[case] sql: &str,
    #[case] expected: Option<(i64, i64, &'static str)>,
) {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.append(&pairs(0, 10)).await.unwrap();
    if !sql.is_empty() {
        place.sql(sql).await;
    }
    assert_eq!(broken(&ledger).await, expected);
    // Nothing that was tampered with is pruned out of sight; what is only made from the record is of no account there.
    let later = Timestamp::now().checked_add(SignedDuration::from_hours(24 * 60)).unwrap();
    let pruned = ledger.prune_changes(&KEEP, later).await;
    if expected.is_some_and(|(_, _, what)| what == CHANGED || what.ends_with("missing"))
        && !sql.contains("SELECT 0")
    {
        assert!(matches!(&pruned, Err(error) if matches!(error.fault, Fault::Tampered(_))), "{pruned:?}");
    }
}

#[tokio::test]
async fn of_what_is_old_stays_what_it_reads_like() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.append(&pairs(0, 700)).await.unwrap();
    let before = ledger.changes(&everything(), 1000).await.unwrap();
    assert_eq!(prune(&ledger, 29).await, Pruned::default());
    let pruned = prune(&ledger, 32).await;
    assert_eq!(pruned, Pruned { records: 700, changes: 0, more: false });
    assert_eq!(ledger.changes(&everything(), 1000).await.unwrap(), before);
    assert_eq!(prune(&ledger, 32).await, Pruned::default());
    assert_eq!(broken(&ledger).await, None);
    let verified = ledger.verify_changes(|_| {}).await.unwrap();
    // Two portions, and a notice of each.
    assert_eq!((verified.records, verified.pruned, verified.seq), (702, 1400, 1402));

    // Engines remember longer than that: what they tell again is not new.
    assert_eq!(ledger.append(&pairs(0, 700)).await.unwrap().new, 0);
    let fresh = event("fresh", Timestamp::now(), "acme", Verb::Started);
    ledger.append(std::slice::from_ref(&fresh)).await.unwrap();
    assert_eq!(broken(&ledger).await, None);

    // Months later the changes go as well, and then the notices.
    let pruned = prune(&ledger, 101).await;
    assert_eq!((pruned.changes, pruned.more), (700, false));
    assert_eq!(broken(&ledger).await, None);
    let left = ledger.changes(&everything(), 1000).await.unwrap().newest_first;
    assert_eq!(left, [reading(&fresh)]);
    for days in [135, 170, 270, 300, 400, 500] {
        prune(&ledger, days).await;
        assert_eq!(broken(&ledger).await, None, "{days}");
    }
    let verified = ledger.verify_changes(|_| {}).await.unwrap();
    assert!(verified.records < 9, "{verified:?}");
    assert!(ledger.changes(&everything(), 9).await.unwrap().newest_first.is_empty());
    ledger.append(&pairs(5000, 2)).await.unwrap();
    assert_eq!(broken(&ledger).await, None);
}

/// Of 1,000 records the even ones stay; their notice is 1,201 or later.
#[rstest]
#[case("UPDATE records SET raw = 'x' WHERE seq = 10", (10, 10, CHANGED))]
#[case("DELETE FROM records WHERE seq = 10", (10, 10, "is missing"))]
#[case("INSERT INTO records SELECT 11, 'x', act, time, written, source, raw, reading, prev, hash FROM records \
        WHERE seq = 10", (11, 11, "was added where others have been pruned"))]
#[case("UPDATE records SET prev = 'x' WHERE seq = 10", (10, 10, CHANGED))]
#[case("DELETE FROM records WHERE source = 'notice'", (1201, 1201, "is missing"))]
#[case("DELETE FROM stretches", (1, 1, "is missing"))]
#[case("UPDATE stretches SET last = 1100 WHERE first = 1", (1, 1100, "it is not told truly that they have been pruned"))]
#[case("UPDATE records SET hash = 'x' WHERE seq = 1000", (1000, 1000, CHANGED))]
#[case("DELETE FROM records WHERE seq = 1202", (1202, 1202, "is missing"))]
#[tokio::test]
async fn also_after_pruning_it_is_found(#[case] sql: &str, #[case] expected: (i64, i64, &'static str)) {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.append(&pairs(0, 600)).await.unwrap();
    assert_eq!(prune(&ledger, 60).await.records, 600);
    assert_eq!(broken(&ledger).await, None);
    place.sql(sql).await;
    assert_eq!(broken(&ledger).await, Some(expected));
}

#[tokio::test]
async fn a_clock_that_is_ahead_of_what_was_written_prunes_nothing() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.append(&pairs(0, 500)).await.unwrap();
    let now = Timestamp::now();
    let later = |days: i64| now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    for days in [0, 1] {
        assert_eq!(ledger.time_to_prune_by(later(days)).await.unwrap().max(later(days)), later(days));
    }
    // Three years ahead, and with a few records of that time.
    let by = ledger.time_to_prune_by(later(1095)).await.unwrap();
    assert!(by < later(3), "{by}");
    assert_eq!(ledger.prune_changes(&KEEP, by).await.unwrap(), Pruned::default());
    let all = ledger.verify_changes(|_| {}).await.unwrap();
    assert_eq!((all.records, all.pruned), (1000, 0));
}

#[tokio::test]
async fn what_is_not_taken_in_again_stands_in_the_chain() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.append(&pairs(0, 5)).await.unwrap();
    // One cell, by which nothing was recorded any more while the record was called whole.
    place.sql("UPDATE chain SET horizon = 9223372036854775807").await;
    assert_eq!(ledger.append(&pairs(100, 5)).await.unwrap().new, 10);
    assert!(prune(&ledger, 40).await.records > 0);
    place.sql("UPDATE chain SET horizon = 9223372036854775807").await;
    assert_eq!(ledger.append(&pairs(0, 5)).await.unwrap().new, 0, "pruned once, and known to be");
    let late = event("late", Timestamp::now(), "acme", Verb::Started);
    assert_eq!(ledger.append(&[late]).await.unwrap().new, 1);
    assert_eq!(broken(&ledger).await, None);
}
