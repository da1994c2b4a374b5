//! Several at once: exactly one wins.

use std::sync::Arc;

use tokio::sync::Barrier;
use wakeboard::ledger::{Begun, Ledger};

use super::place::Place;
use super::things::*;

const RIVALS: u32 = 6;

/// What each of the rivals gets that do the same at the same moment, each with connections of its own.
async fn all_at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    ledgers: Vec<Ledger>,
    act: impl Fn(u32, Arc<Ledger>) -> F + Send + Copy + 'static,
) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(ledgers.len()));
    let mut tasks = Vec::new();
    for (number, ledger) in (0..).zip(ledgers) {
        let barrier = barrier.clone();
        tasks.push(tokio::spawn(async move {
            barrier.wait().await;
            act(number, Arc::new(ledger)).await
        }));
    }
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn rivals(place: &Place) -> Vec<Ledger> {
    let mut ledgers = Vec::new();
    for _ in 0..RIVALS {
        ledgers.push(place.open().await);
    }
    ledgers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_gets_the_container() {
    let place = Place::new();
    for round in 0..10 {
        let results = all_at_once(rivals(&place).await, move |number, ledger| async move {
            let ticket = ticket(round * 100 + number);
            let shared = format!("round-{round}");
            let own = format!("{round}-{number}");
            // In another order each, so that none waits for the other in a circle.
            let mut names = vec![&*own, &*shared];
            if number % 2 == 0 {
                names.reverse();
            }
            let all = containers(&names);
            ledger.begin(&ticket, &elsewhere(number), &all, &[], at(0), LEASE).await.unwrap()
        })
        .await;
        let winners = results.iter().filter(|begun| **begun == Begun::Ours).count();
        let losers = results.iter().filter(|begun| matches!(begun, Begun::Busy { .. })).count();
        assert_eq!((winners, losers), (1, RIVALS as usize - 1), "{results:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_adopts() {
    let place = Place::new();
    let ledger = place.open().await;
    for round in 0..10 {
        let all = containers(&[&format!("round-{round}")]);
        ledger.begin(&ticket(round), &dead(), &all, &[], at(0), LEASE).await.unwrap();
        let adopted = all_at_once(rivals(&place).await, move |number, ledger| async move {
            ledger.adopt(id(round), &elsewhere(number), at(1), LEASE).await.unwrap()
        })
        .await;
        assert_eq!(adopted.iter().filter(|adopted| **adopted).count(), 1, "{adopted:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_of_one_process_share_it() {
    let place = Place::new();
    let ledger = Arc::new(place.open().await);
    let mut tasks = Vec::new();
    for number in 0..24 {
        let ledger = ledger.clone();
        tasks.push(tokio::spawn(async move {
            let all = containers(&[&number.to_string()]);
            let begun = ledger.begin(&ticket(number), &elsewhere(1), &all, &[], at(0), LEASE).await.unwrap();
            assert_eq!(begun, Begun::Ours);
            ledger.tickets(5).await.unwrap();
            assert!(ledger.end(&ended(ticket(number)), &elsewhere(1), &[], &[]).await.unwrap());
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(ledger.tickets(99).await.unwrap().len(), 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_ledger_may_be_opened_by_several_at_once() {
    for _ in 0..5 {
        let place = Place::new();
        let barrier = Arc::new(Barrier::new(8));
        let mut tasks = Vec::new();
        for number in 0..8 {
            let (at, barrier) = (place.at(), barrier.clone());
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                let ledger = Ledger::open(&at).await.unwrap();
                assert!(ledger.record(&ended(ticket(number))).await.unwrap());
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(place.open().await.tickets(99).await.unwrap().len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_cut_off_leaves_nothing_half_done() {
    let place = Place::new();
    let ledger = place.open().await;
    for number in 0..40 {
        let (ticket, all) = (ticket(number), containers(&[&format!("c{number}")]));
        let sleepers = [sleeper(&format!("c{number}"), number)];
        let holder = elsewhere(1);
        let begin = ledger.begin(&ticket, &holder, &all, &sleepers, at(0), LEASE);
        // Dropped at another point each time.
        let _ = tokio::time::timeout(std::time::Duration::from_micros(u64::from(number) * 50), begin).await;
        // A commit that was cut off may still come, but whole: two looks are compared where nothing came in between.
        let (open, sleepers) = loop {
            let before = ledger.version().await.unwrap();
            let (open, sleepers) = (ledger.open_tickets().await.unwrap(), ledger.sleepers().await.unwrap());
            if ledger.version().await.unwrap() == before {
                break (open, sleepers);
            }
        };
        assert!(open.iter().all(|open| open.containers.len() == 1), "{open:?}");
        let mut of_tickets: Vec<_> = open.iter().flat_map(|open| open.containers.clone()).collect();
        of_tickets.sort();
        assert_eq!(of_tickets, sleepers.into_iter().map(|sleeper| sleeper.container).collect::<Vec<_>>());
    }
    let all = containers(&["last"]);
    let begun = ledger.begin(&ticket(99), &elsewhere(1), &all, &[], at(0), LEASE).await.unwrap();
    assert_eq!(begun, Begun::Ours);
}
