//! kill -9 while it is being appended: what was said to be appended is there, and the chain is whole.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use wakeboard::ledger::Ledger;
use wakeboard::model::change::{Record, Verb};

use super::super::place::Place;
use super::samples::*;

const CHILD: &str = "WAKEBOARD_TEST_APPEND";
const BATCH: i64 = 50;

fn batch(who: &str, number: i64) -> Vec<Record> {
    let one = |place| event(&format!("{who}/{number}/{place}"), moment(number), "acme", Verb::Started);
    (0..BATCH).map(one).collect()
}

/// Not a test of its own: what the children below do.
#[tokio::test]
async fn child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (who, place) = told.split_once('=').unwrap();
    let ledger = Ledger::open(&Place::of_text(place)).await.unwrap();
    for number in 0.. {
        ledger.append(&batch(who, number)).await.unwrap();
        println!("\nappended {number}");
    }
}

#[tokio::test]
async fn what_was_appended_is_there_after_a_kill() {
    let place = Place::new();
    let ledger = place.open().await;
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut children = Vec::new();
    for who in ["one", "two"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&*format!("{module}::child"), "--exact", "--nocapture"])
            .env(CHILD, format!("{who}={}", place.text()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        children.push((who, child, lines));
    }
    for (who, mut child, mut lines) in children {
        let mut count = 0;
        let mut last = None;
        while count < 20 {
            let line = lines.next().expect("the child ended").unwrap();
            if let Some(number) = line.strip_prefix("appended ") {
                (last, count) = (Some(number.parse::<i64>().unwrap()), count + 1);
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // It may have said more before it was killed.
        for line in lines.map_while(Result::ok) {
            last = line.strip_prefix("appended ").and_then(|number| number.parse().ok()).or(last);
        }
        // What is there already is not new.
        for number in 0..=last.unwrap() {
            let again = ledger.append(&batch(who, number)).await.unwrap();
            assert_eq!(again.new, 0, "of batch {number} of {who} something is missing");
        }
    }
    let verified = ledger.verify_changes(|_| {}).await.unwrap();
    assert_eq!(verified.broken, None);
    assert_eq!(verified.records % u64::try_from(BATCH).unwrap(), 0, "no half of a batch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_append_the_same_at_once_and_each_record_is_there_once() {
    let place = Place::new();
    let mut tasks = Vec::new();
    for writer in 0..4_i64 {
        let ledger = place.open().await;
        tasks.push(tokio::spawn(async move {
            let mut new = 0;
            for number in 0..10 {
                // Each in an order of its own, and each record by all.
                new += ledger.append(&batch("all", (number + writer * 3) % 10)).await.unwrap().new;
            }
            new
        }));
    }
    let mut new = 0;
    for task in tasks {
        new += task.await.unwrap();
    }
    let ledger = place.open().await;
    assert_eq!(i64::try_from(new).unwrap(), 10 * BATCH);
    assert_eq!(ledger.newest_record().await.unwrap().seq, 10 * BATCH);
    assert_eq!(ledger.verify_changes(|_| {}).await.unwrap().broken, None);
}
