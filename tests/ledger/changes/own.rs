//! Tickets and runs tell of themselves, once, in the transaction that begins or ends them.

use wakeboard::ledger::{Begun, here};
use wakeboard::model::callmap::kept::{Run, RunOutcome};
use wakeboard::model::change::{Act, Change, Verb};
use wakeboard::model::feed::{of_run, of_ticket};
use wakeboard::model::sleeper::Stage;
use wakeboard::model::ticket::Door;

use super::super::place::Place;
use super::super::things::*;
use super::samples::everything;

#[tokio::test]
async fn a_ticket_is_told_as_it_begins_and_as_it_ends() {
    let place = Place::new();
    let ledger = place.open().await;
    let told = async || -> Vec<Change> { ledger.changes(&everything(), 9).await.unwrap().newest_first };
    let (ticket, all) = (ticket(1), containers(&["a", "b"]));
    for _ in 0..2 {
        let begun = ledger.begin(&ticket, here(), &all, &[], at(0), LEASE).await.unwrap();
        assert_eq!(begun, Begun::Ours);
        assert_eq!(told().await, [of_ticket(&ticket, 0).unwrap()]);
    }
    ledger.progress(&ticket, here(), &[], &[]).await.unwrap();
    let asleep = |name: &str| {
        let mut sleeper = sleeper(name, 1);
        (sleeper.stage, sleeper.memory_before, sleeper.memory_left) =
            (Stage::Asleep, Some(40 << 20), Some(1 << 20));
        sleeper
    };
    // One is written down before the end, one with it.
    assert!(ledger.progress(&ticket, here(), &[asleep("a")], &[]).await.unwrap());
    let ended = ended(ticket.clone());
    assert!(ledger.end(&ended, here(), &[asleep("b")], &[]).await.unwrap());
    let expected = of_ticket(&ended, 78 << 20).unwrap();
    assert_eq!((expected.verb, told().await), (Verb::Dumped, vec![expected]));
    // It has ended, so it does not end again.
    assert!(!ledger.end(&ended, here(), &[], &[]).await.unwrap());
    let parts = ledger.parts(Act::of_ticket(ticket.id), 9).await.unwrap();
    assert_eq!(parts.iter().map(|part| part.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(parts[1].raw.starts_with("dump ended at "), "{}", parts[1].raw);
}

#[tokio::test]
async fn what_is_refused_is_told_and_what_was_not_begun_is_not() {
    let place = Place::new();
    let ledger = place.open().await;
    assert!(ledger.record(&ended(ticket(1))).await.unwrap());
    assert!(!ledger.record(&ended(ticket(1))).await.unwrap());
    let all = containers(&["a"]);
    ledger.begin(&ticket(2), &elsewhere(1), &all, &[], at(0), LEASE).await.unwrap();
    let busy = ledger.begin(&ticket(3), here(), &all, &[], at(0), LEASE).await.unwrap();
    assert!(matches!(busy, Begun::Busy { .. }));
    assert!(!ledger.end(&ended(ticket(2)), here(), &[], &[]).await.unwrap(), "not ours");
    let told = ledger.changes(&everything(), 9).await.unwrap().newest_first;
    let told: Vec<_> = told.iter().map(|change| (change.ticket, change.verb)).collect();
    assert_eq!(told, [(Some(id(1)), Verb::Dumped), (Some(id(2)), Verb::Dumping)]);
}

#[tokio::test]
async fn a_number_that_the_record_knows_is_not_drawn_again() {
    let place = Place::new();
    let ledger = place.open().await;
    assert!(ledger.record(&ended(ticket(1))).await.unwrap());
    place.sql("DELETE FROM tickets").await;
    let begun = ledger.begin(&ticket(1), here(), &[], &[], at(0), LEASE).await.unwrap();
    assert_eq!(begun, Begun::NumberTaken);
}

#[tokio::test]
async fn a_run_is_told_as_it_ends() {
    let place = Place::new();
    let ledger = place.open().await;
    let run = Run {
        id: id(1),
        product: "www.example.com".into(),
        file: "a.yaml".into(),
        actor: "op1".into(),
        door: Door::Shell,
        asked: at(0),
        ended: None,
        outcome: None,
        reason: None,
    };
    assert!(ledger.begin_run(&run, here(), at(100)).await.unwrap());
    assert!(ledger.changes(&everything(), 9).await.unwrap().newest_first.is_empty());
    let ended = Run { ended: Some(at(2)), outcome: Some(RunOutcome::Broken), ..run };
    for is_first in [true, false] {
        assert_eq!(ledger.end_run(&ended, None).await.unwrap(), is_first);
        let told = ledger.changes(&everything(), 9).await.unwrap().newest_first;
        assert_eq!(told, [of_run(&ended).unwrap()]);
    }
}
