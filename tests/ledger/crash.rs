//! kill -9 between `begin` and `end`: the next one knows at once, and takes over.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use wakeboard::ledger::{Begun, here};

use super::place::Place;
use super::things::*;

const CHILD: &str = "WAKEBOARD_TEST_LEDGER";

/// Not a test of its own: what the child below does, where it is told in which ledger.
#[tokio::test]
async fn child() {
    let Ok(place) = std::env::var(CHILD) else { return };
    let ledger = Place::open_at(&Place::of_text(&place)).await;
    let all = containers(&["a", "b"]);
    let sleepers = [sleeper("a", 1), sleeper("b", 1)];
    let begun = ledger.begin(&ticket(1), here(), &all, &sleepers, Timestamp::now(), LEASE).await.unwrap();
    assert_eq!(begun, Begun::Ours);
    println!("\nbegun");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn after_a_kill_the_ticket_is_open_and_adopted_at_once() {
    let place = Place::new();
    let ledger = place.open().await;
    // This file is part of two test programs.
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&*format!("{module}::child"), "--exact", "--nocapture"])
        .env(CHILD, place.text())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "begun"), "the child did not get as far");

    let wanted = containers(&["b"]);
    let begin = async |number| {
        ledger.begin(&ticket(number), here(), &wanted, &[], Timestamp::now(), LEASE).await.unwrap()
    };
    // As long as it lives, its containers are its own.
    assert!(matches!(begin(2).await, Begun::Busy { holder, .. } if holder.pid == child.id()));
    assert!(!ledger.adopt(id(1), here(), Timestamp::now(), LEASE).await.unwrap());

    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(begin(2).await, Begun::Orphaned { ticket: id(1) });
    let open = ledger.open_tickets().await.unwrap();
    assert!(open[0].is_orphaned(Timestamp::now()));
    assert_eq!(open[0].ticket, ticket(1));
    assert_eq!(ledger.sleepers().await.unwrap(), [sleeper("a", 1), sleeper("b", 1)]);
    assert!(ledger.adopt(id(1), here(), Timestamp::now(), LEASE).await.unwrap());
    assert!(ledger.end(&ended(ticket(1)), here(), &[], &containers(&["a", "b"])).await.unwrap());
    assert_eq!(begin(2).await, Begun::Ours);
}
