//! What can be read: lists, one ticket, abilities, whether there is news.

use rstest::rstest;
use wakeboard::ledger::{Begun, Found, here};
use wakeboard::model::method::Method;

use super::place::Place;
use super::things::*;

#[tokio::test]
async fn tickets_are_listed_newest_first() {
    let place = Place::new();
    let ledger = place.open().await;
    for number in [2, 1, 3] {
        assert!(ledger.record(&ended(ticket(number))).await.unwrap());
    }
    let ids: Vec<_> = ledger.tickets(2).await.unwrap().iter().map(|ticket| ticket.id).collect();
    assert_eq!(ids, [id(3), id(2)]);
    assert_eq!(ledger.tickets(usize::MAX).await.unwrap().len(), 3);
}

#[rstest]
#[case("0abcdef", &[0xa_bcdef])]
#[case("0ABC", &[0xa_bcdef, 0xa_bc000])]
#[case("1", &[0x100_0000])]
#[case("2", &[])]
#[case("", &[])]
#[case("%", &[])]
#[tokio::test]
async fn a_ticket_is_found_by_the_beginning_of_its_number(#[case] beginning: &str, #[case] expected: &[u32]) {
    let place = Place::new();
    let ledger = place.open().await;
    for number in [0xa_bc000, 0xa_bcdef, 0x100_0000] {
        ledger.record(&ended(ticket(number))).await.unwrap();
    }
    let found = ledger.ticket(beginning).await.unwrap();
    let expected = match expected {
        [] => Found::None,
        [number] => Found::One(Box::new(ended(ticket(*number)))),
        several => Found::Several(several.iter().map(|number| id(*number)).collect()),
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_ability_is_kept_once_for_each_host_engine_and_method() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.put_ability(&ability(Method::Freeze, 1)).await.unwrap();
    ledger.put_ability(&ability(Method::Stop, 2)).await.unwrap();
    let mut works = ability(Method::Freeze, 3);
    works.fault = None;
    ledger.put_ability(&works).await.unwrap();
    let mut newer_engine = ability(Method::Freeze, 4);
    newer_engine.engine = "docker 26.1.5".into();
    ledger.put_ability(&newer_engine).await.unwrap();
    assert_eq!(ledger.abilities().await.unwrap(), [newer_engine, works, ability(Method::Stop, 2)]);
}

#[tokio::test]
async fn the_version_grows_with_each_change_and_only_then() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    let mut last = theirs.version().await.unwrap();
    let mut news = async |expected: bool, what: &str| {
        let version = theirs.version().await.unwrap();
        assert_eq!(version > last, expected, "{what}");
        last = version;
    };
    news(false, "nothing").await;
    let begun =
        ours.begin(&ticket(1), here(), &containers(&["a"]), &[sleeper("a", 1)], at(0), LEASE).await.unwrap();
    assert_eq!(begun, Begun::Ours);
    news(true, "begin").await;
    ours.renew(id(1), here(), at(1), LEASE).await.unwrap();
    news(false, "renew").await;
    ours.progress(&ticket(1), here(), &[], &[]).await.unwrap();
    news(true, "progress").await;
    ours.begin(&ticket(2), &elsewhere(1), &containers(&["a"]), &[], at(0), LEASE).await.unwrap();
    ours.end(&ended(ticket(1)), &elsewhere(1), &[], &[]).await.unwrap();
    ours.forget(&[sleeper("a", 1)]).await.unwrap();
    news(false, "refused").await;
    ours.end(&ended(ticket(1)), here(), &[], &[]).await.unwrap();
    news(true, "end").await;
    ours.forget(&[sleeper("a", 1)]).await.unwrap();
    news(true, "forget").await;
    ours.put_ability(&ability(Method::Stop, 1)).await.unwrap();
    news(true, "ability").await;
    let tickets = ours.tickets(9).await.unwrap();
    assert_eq!(tickets, [ended(ticket(1))]);
    news(false, "a look").await;
}

#[tokio::test]
async fn a_ticket_with_very_many_containers_is_no_trouble() {
    let place = Place::new();
    let ledger = place.open().await;
    let names: Vec<String> = (0..1200).map(|number| format!("{number:08x}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sleepers: Vec<_> = names.iter().map(|name| sleeper(name, 1)).collect();
    let all = containers(&names);
    assert_eq!(ledger.begin(&ticket(1), here(), &all, &sleepers, at(0), LEASE).await.unwrap(), Begun::Ours);
    assert_eq!(ledger.open_tickets().await.unwrap()[0].containers, all);
    assert!(ledger.end(&ended(ticket(1)), here(), &sleepers[..1], &all).await.unwrap());
    assert_eq!(ledger.sleepers().await.unwrap(), sleepers[..1]);
}

#[tokio::test]
async fn what_is_closed_is_still_there() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.record(&ended(ticket(1))).await.unwrap();
    ledger.close().await;
    assert_eq!(place.open().await.tickets(9).await.unwrap(), [ended(ticket(1))]);
}

#[tokio::test]
async fn numbers_that_were_ever_used_are_not_given_out_again() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.record(&ended(ticket(1))).await.unwrap();
    ledger.record(&ended(ticket(2))).await.unwrap();
    // Its ticket was pruned, but what it did is still told.
    place.sql(&format!("DELETE FROM tickets WHERE id = '{}'", id(2))).await;
    let mut numbers: Vec<_> = (0..4).map(id).collect();
    numbers.extend((1000..1400).map(id));
    let unused = ledger.unused(&numbers).await.unwrap();
    assert_eq!(unused[..2], [id(0), id(3)]);
    assert_eq!(unused.len(), 254, "so many are looked up at once");
}
