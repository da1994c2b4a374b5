//! The life of tickets: begun, carried on, ended, taken over.

use wakeboard::ledger::{Begun, Ledger, here};
use wakeboard::model::holder::Holder;
use wakeboard::model::sleeper::Stage;

use super::place::Place;
use super::things::*;

async fn begin(ledger: &Ledger, number: u32, holder: &Holder, names: &[&str], seconds: i64) -> Begun {
    let sleepers: Vec<_> = names.iter().map(|name| sleeper(name, number)).collect();
    ledger.begin(&ticket(number), holder, &containers(names), &sleepers, at(seconds), LEASE).await.unwrap()
}

#[tokio::test]
async fn what_is_begun_is_there_for_everybody_at_once() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    assert_eq!(begin(&ours, 1, here(), &["a", "b"], 0).await, Begun::Ours);

    let open = theirs.open_tickets().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].ticket, ticket(1));
    assert_eq!(&open[0].holder, here());
    assert_eq!(open[0].until, at(30).as_millisecond());
    assert_eq!(open[0].containers, containers(&["a", "b"]));
    assert!(!open[0].is_orphaned(at(29)));
    assert!(open[0].is_orphaned(at(30)));
    assert_eq!(theirs.sleepers().await.unwrap(), [sleeper("a", 1), sleeper("b", 1)]);
}

#[tokio::test]
async fn of_one_container_too_many_none_is_taken() {
    let place = Place::new();
    let ledger = place.open().await;
    assert_eq!(begin(&ledger, 1, &elsewhere(1), &["b"], 0).await, Begun::Ours);
    let busy = Begun::Busy { ticket: id(1), actor: "op1".into(), holder: elsewhere(1) };
    assert_eq!(begin(&ledger, 2, here(), &["a", "b", "c"], 29).await, busy);
    // Nothing of it was written.
    assert_eq!(ledger.open_tickets().await.unwrap().len(), 1);
    assert_eq!(ledger.sleepers().await.unwrap(), [sleeper("b", 1)]);
    assert_eq!(begin(&ledger, 3, here(), &["a", "c"], 29).await, Begun::Ours);
}

#[tokio::test]
async fn an_end_frees_the_containers() {
    let place = Place::new();
    let ledger = place.open().await;
    begin(&ledger, 1, here(), &["a", "b"], 0).await;
    let mut asleep = sleeper("a", 1);
    asleep.stage = Stage::Asleep;
    assert!(ledger.end(&ended(ticket(1)), here(), &[asleep.clone()], &containers(&["b"])).await.unwrap());
    assert!(ledger.open_tickets().await.unwrap().is_empty());
    assert_eq!(ledger.sleepers().await.unwrap(), [asleep]);
    assert_eq!(ledger.tickets(9).await.unwrap(), [ended(ticket(1))]);
    assert_eq!(begin(&ledger, 2, &elsewhere(1), &["a", "b"], 0).await, Begun::Ours);
    // What has ended stays ended.
    assert!(!ledger.progress(&ticket(1), here(), &[], &[]).await.unwrap());
    assert!(!ledger.renew(id(1), here(), at(1), LEASE).await.unwrap());
    assert!(!ledger.adopt(id(1), here(), at(99), LEASE).await.unwrap());
}

#[tokio::test]
async fn progress_is_kept() {
    let place = Place::new();
    let ledger = place.open().await;
    begin(&ledger, 1, here(), &["a"], 0).await;
    let mut later = ticket(1);
    later.steps.push(step("push into swap"));
    later.fallbacks.push("stop".to_owned());
    let mut going = sleeper("a", 1);
    going.checkpoint = None;
    assert!(ledger.progress(&later, here(), &[sleeper("a", 1), going.clone()], &[]).await.unwrap());
    assert_eq!(ledger.open_tickets().await.unwrap()[0].ticket, later);
    assert_eq!(ledger.sleepers().await.unwrap(), [going]);
}

#[tokio::test]
async fn the_same_again_is_no_fault_but_anothers_number_is() {
    let place = Place::new();
    let ledger = place.open().await;
    assert_eq!(begin(&ledger, 1, here(), &["a"], 0).await, Begun::Ours);
    assert_eq!(begin(&ledger, 1, here(), &["a"], 5).await, Begun::Ours);
    assert_eq!(ledger.open_tickets().await.unwrap()[0].until, at(35).as_millisecond());
    assert_eq!(begin(&ledger, 1, &elsewhere(1), &["b"], 5).await, Begun::NumberTaken);
    assert!(!ledger.record(&ended(ticket(1))).await.unwrap());
    assert!(ledger.end(&ended(ticket(1)), here(), &[], &[]).await.unwrap());
    assert_eq!(begin(&ledger, 1, here(), &["a"], 6).await, Begun::NumberTaken);
    assert!(ledger.open_tickets().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dead_holder_is_succeeded_at_once_and_a_silent_one_when_its_lease_is_over() {
    let place = Place::new();
    let ledger = place.open().await;
    begin(&ledger, 1, &dead(), &["a"], 0).await;
    begin(&ledger, 2, &elsewhere(1), &["b"], 0).await;
    assert_eq!(begin(&ledger, 3, here(), &["a"], 1).await, Begun::Orphaned { ticket: id(1) });
    // Who is at work counts before who is not.
    assert!(
        matches!(begin(&ledger, 3, here(), &["a", "b"], 1).await, Begun::Busy { ticket, .. } if ticket == id(2))
    );
    assert!(!ledger.adopt(id(2), here(), at(29), LEASE).await.unwrap());
    assert!(ledger.adopt(id(1), here(), at(1), LEASE).await.unwrap());
    assert!(ledger.adopt(id(2), here(), at(30), LEASE).await.unwrap());
    assert_eq!(ledger.open_tickets().await.unwrap()[1].until, at(60).as_millisecond());
    // Adopted, so held; and the old holder can do no more.
    assert!(!ledger.adopt(id(1), &elsewhere(2), at(2), LEASE).await.unwrap());
    assert!(!ledger.progress(&ticket(2), &elsewhere(1), &[sleeper("b", 9)], &[]).await.unwrap());
    assert!(!ledger.end(&ended(ticket(2)), &elsewhere(1), &[], &containers(&["b"])).await.unwrap());
    assert!(!ledger.renew(id(2), &elsewhere(1), at(30), LEASE).await.unwrap());
    assert_eq!(ledger.sleepers().await.unwrap(), [sleeper("a", 1), sleeper("b", 2)]);
    assert!(ledger.end(&ended(ticket(1)), here(), &[], &containers(&["a"])).await.unwrap());
    assert_eq!(begin(&ledger, 4, here(), &["a"], 31).await, Begun::Ours);
}

#[tokio::test]
async fn a_renewed_lease_keeps_others_away() {
    let place = Place::new();
    let ledger = place.open().await;
    begin(&ledger, 1, &elsewhere(1), &["a"], 0).await;
    assert!(ledger.renew(id(1), &elsewhere(1), at(20), LEASE).await.unwrap());
    assert!(!ledger.renew(id(1), &elsewhere(2), at(20), LEASE).await.unwrap());
    assert!(!ledger.adopt(id(1), here(), at(49), LEASE).await.unwrap());
    assert!(matches!(begin(&ledger, 2, here(), &["a"], 49).await, Begun::Busy { .. }));
    assert_eq!(begin(&ledger, 2, here(), &["a"], 50).await, Begun::Orphaned { ticket: id(1) });
}

#[tokio::test]
async fn sleepers_are_forgotten_only_while_nobody_is_at_work_on_them() {
    let place = Place::new();
    let ledger = place.open().await;
    begin(&ledger, 1, here(), &["a", "b"], 0).await;
    assert_eq!(ledger.forget(&[sleeper("a", 1)]).await.unwrap(), 0);
    ledger.end(&ended(ticket(1)), here(), &[], &[]).await.unwrap();
    // Put to sleep anew since it was seen.
    let mut older = sleeper("b", 1);
    older.since = at(1);
    assert_eq!(ledger.forget(&[older, sleeper("b", 2)]).await.unwrap(), 0);
    assert_eq!(ledger.forget(&[sleeper("a", 1), sleeper("b", 1)]).await.unwrap(), 2);
    assert!(ledger.sleepers().await.unwrap().is_empty());
}
