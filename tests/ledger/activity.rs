//! When tenants were last used: written by keepers and doors side by side.

use std::time::Instant;

use jiff::Timestamp;
use wakeboard::model::keeper::{Activity, Kept};

use super::place::Place;
use super::things::*;

/// A tenant that was measured until a second, and last used half a minute before.
fn measured(tenant: &str, second: i64) -> Kept {
    let used = Some(at(second - 30));
    let activity = Activity { request: None, network: used, cpu: used, connections: None };
    let (measured, until) = (Some(at(second - 1)), Some(at(second)));
    Kept { key: ("web-1".into(), tenant.into()), activity, counted: None, measured, until, answer: None }
}

/// One whose requests were counted until a second.
fn counted(tenant: &str, request: i64, second: i64) -> Kept {
    let activity = Activity { request: Some(at(request)), ..Activity::default() };
    let counted = Some(at(second));
    Kept {
        key: ("web-1".into(), tenant.into()),
        activity,
        counted,
        measured: None,
        until: None,
        answer: None,
    }
}

#[tokio::test]
async fn activity_is_read_as_it_was_written() {
    let place = Place::new();
    let ledger = place.open().await;
    assert_eq!(ledger.activity(None).await.unwrap(), []);
    ledger.put_activity(&[]).await.unwrap();
    let all = [measured("acme", 10), counted("birch", 3, 20), measured("it's \"so\"", 30)];
    ledger.put_activity(&all).await.unwrap();
    assert_eq!(place.open().await.activity(None).await.unwrap(), all);
    let since = |second| ledger.activity(Some(at(second)));
    assert_eq!(since(20).await.unwrap(), all[1..]);
    assert_eq!(since(31).await.unwrap(), []);
}

#[tokio::test]
async fn doors_add_up_and_the_last_keeper_that_measured_counts() {
    let place = Place::new();
    let (active, standby) = (place.open().await, place.open().await);
    active.put_activity(&[Kept { counted: Some(at(40)), ..measured("acme", 40) }]).await.unwrap();
    standby.put_activity(&[counted("acme", 35, 39)]).await.unwrap();
    let mut expected = Kept { counted: Some(at(40)), ..measured("acme", 40) };
    expected.activity.request = Some(at(35));
    assert_eq!(active.activity(None).await.unwrap(), [expected.clone()]);
    // An older request is no news; what the keeper cannot see any more is not known.
    let blind =
        Kept { activity: Activity { cpu: None, ..expected.activity }, until: Some(at(50)), ..expected };
    let mut older = blind.clone();
    older.activity.request = Some(at(5));
    active.put_activity(&[older]).await.unwrap();
    assert_eq!(active.activity(None).await.unwrap(), [blind]);
}

#[tokio::test]
async fn it_is_no_news_of_tickets() {
    let place = Place::new();
    let ledger = place.open().await;
    let before = ledger.version().await.unwrap();
    ledger.put_activity(&[measured("acme", 10)]).await.unwrap();
    ledger.prune_activity(at(99)).await.unwrap();
    assert_eq!(ledger.version().await.unwrap(), before);
}

#[tokio::test]
async fn the_old_goes_whatever_it_is() {
    let place = Place::new();
    let ledger = place.open().await;
    let all =
        [measured("acme", 10), counted("birch", 3, 10), measured("cedar", 30), counted("dogwood", 3, 30)];
    ledger.put_activity(&all).await.unwrap();
    assert_eq!(ledger.prune_activity(at(30)).await.unwrap(), 2);
    assert_eq!(ledger.activity(None).await.unwrap(), all[2..]);
}

#[tokio::test]
async fn a_row_that_is_given_twice_is_written_once() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.put_activity(&[measured("acme", 10), measured("acme", 10)]).await.unwrap();
    assert_eq!(ledger.activity(None).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_keepers_write_very_many_at_once() {
    let place = Place::new();
    let all: Vec<Kept> = (0..1200).map(|number| measured(&format!("t{number:04}"), 10)).collect();
    let mut tasks = Vec::new();
    for number in 0..4 {
        let ledger = place.open().await;
        let mut all = all.clone();
        all.rotate_left(number * 300);
        tasks.push(tokio::spawn(async move {
            for _ in 0..5 {
                ledger.put_activity(&all).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(place.open().await.activity(None).await.unwrap(), all);
}

/// Not a test of speed: it prints what a keeper of 500 tenants pays every ten seconds.
#[tokio::test]
async fn five_hundred_tenants_take_one_transaction() {
    let place = Place::new();
    let ledger = place.open().await;
    let all: Vec<Kept> = (0..500).map(|number| measured(&format!("t{number:04}"), 10)).collect();
    ledger.put_activity(&all).await.unwrap();
    let begun = Instant::now();
    for round in 0..10 {
        let later = |kept: &Kept| Kept { until: Some(at(20 + round)), ..kept.clone() };
        ledger.put_activity(&all.iter().map(later).collect::<Vec<_>>()).await.unwrap();
    }
    println!("500 rows: {:?}", begun.elapsed() / 10);
    let since: Option<Timestamp> = Some(at(29));
    assert_eq!(ledger.activity(since).await.unwrap().len(), 500);
}
