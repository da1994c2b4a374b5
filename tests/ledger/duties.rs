//! What only one may do at a time: the duty, its lease, and who comes after.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Barrier;
use wakeboard::ledger::{Held, Taken, here};
use wakeboard::model::holder::Holder;

use super::place::Place;
use super::things::*;

const TWELVE: Duration = Duration::from_secs(12);

fn is_ours(taken: &Taken, since: i64) -> bool {
    *taken == Taken::Ours { since: at(since) }
}

fn theirs(taken: Taken) -> Held {
    match taken {
        Taken::Theirs(held) => held,
        Taken::Ours { .. } => panic!("it is held by another one"),
    }
}

#[tokio::test]
async fn one_has_it_and_keeps_it_by_renewing() {
    let place = Place::new();
    let ledger = place.open().await;
    let (one, other) = (elsewhere(1), elsewhere(2));
    assert_eq!(ledger.duty("keeper").await.unwrap(), None);
    let take = |holder: Holder, now: i64| {
        let ledger = &ledger;
        async move { ledger.take_duty("keeper", &holder, at(now), TWELVE).await.unwrap() }
    };
    assert!(is_ours(&take(one.clone(), 0).await, 0));
    assert_eq!(theirs(take(other.clone(), 3).await).holder, one);
    // Renewed, it is the same stretch of work.
    for now in [3, 6, 9] {
        assert!(is_ours(&take(one.clone(), now).await, 0));
    }
    assert_eq!(theirs(take(other.clone(), 20).await).since, at(0));
    // Nobody has heard of it since 9.
    assert!(is_ours(&take(other.clone(), 21).await, 21));
    assert_eq!(theirs(take(one.clone(), 22).await).holder, other);
    // Others are not concerned, and neither is whoever looks for news.
    let before = ledger.version().await.unwrap();
    assert!(is_ours(&ledger.take_duty("chat", &one, at(22), TWELVE).await.unwrap(), 22));
    assert_eq!(ledger.version().await.unwrap(), before);
}

#[tokio::test]
async fn what_is_given_back_is_free_at_once() {
    let place = Place::new();
    let ledger = place.open().await;
    let (one, other) = (elsewhere(1), elsewhere(2));
    ledger.take_duty("keeper", &one, at(0), TWELVE).await.unwrap();
    // Not by somebody else.
    ledger.give_duty_back("keeper", &other).await.unwrap();
    assert_eq!(ledger.duty("keeper").await.unwrap().map(|held| held.holder), Some(one.clone()));
    ledger.give_duty_back("keeper", &one).await.unwrap();
    assert!(is_ours(&ledger.take_duty("keeper", &other, at(1), TWELVE).await.unwrap(), 1));
}

#[tokio::test]
async fn one_whose_process_is_dead_here_is_not_waited_for() {
    let place = Place::new();
    let ledger = place.open().await;
    let now = Timestamp::now();
    ledger.take_duty("keeper", &dead(), now, Duration::from_secs(3600)).await.unwrap();
    let held = ledger.duty("keeper").await.unwrap().unwrap();
    assert!(held.is_free(now));
    let taken = ledger.take_duty("keeper", here(), now, TWELVE).await.unwrap();
    assert!(matches!(taken, Taken::Ours { .. }), "{taken:?}");
    // One that lives is, for as long as its lease.
    assert!(!ledger.duty("keeper").await.unwrap().unwrap().is_free(now));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_at_once_one_gets_it() {
    const RIVALS: u32 = 6;
    let place = Place::new();
    let mut ledgers = Vec::new();
    for _ in 0..RIVALS {
        ledgers.push(Arc::new(place.open().await));
    }
    for round in 0..10 {
        // Free, held by the dead, or run out: in turns.
        let first = format!("duty-{round}");
        let now = Timestamp::now();
        match round % 3 {
            0 => {}
            1 => drop(ledgers[0].take_duty(&first, &dead(), now, TWELVE).await.unwrap()),
            _ => drop(ledgers[0].take_duty(&first, &elsewhere(99), at(0), TWELVE).await.unwrap()),
        }
        let barrier = Arc::new(Barrier::new(ledgers.len()));
        let tasks: Vec<_> = (0..)
            .zip(&ledgers)
            .map(|(number, ledger)| {
                let (barrier, ledger, duty) = (barrier.clone(), ledger.clone(), first.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    ledger.take_duty(&duty, &elsewhere(number), now, TWELVE).await.unwrap()
                })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            winners += u32::from(matches!(task.await.unwrap(), Taken::Ours { .. }));
        }
        assert_eq!(winners, 1, "round {round}");
    }
}
