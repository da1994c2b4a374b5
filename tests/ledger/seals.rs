//! Whoever can write into the ledger but has no key can neither read what a sleeper is made again from, nor have anything made.

use wakeboard::ledger::{Begun, Fault, KeyFault, Ledger, LedgerError, here};
use wakeboard::model::ledger::{KeyPlace, KeyPlaces};

use super::place::Place;
use super::things::*;

fn keys(digits: &[&str]) -> KeyPlaces {
    let place = |digits: &&str| KeyPlace::Variable { name: "KEY".to_owned(), text: Some(digits.repeat(32)) };
    KeyPlaces(digits.iter().map(place).collect())
}

async fn open(place: &Place, digits: &[&str]) -> Ledger {
    Ledger::open_with(&place.at(), &keys(digits)).await.unwrap()
}

async fn put(ledger: &Ledger, number: u32, names: &[&str]) -> Result<Begun, LedgerError> {
    let sleepers: Vec<_> = names.iter().map(|name| sleeper(name, number)).collect();
    ledger.begin(&ticket(number), here(), &containers(names), &sleepers, at(0), LEASE).await
}

async fn refusal(ledger: &Ledger, name: &str) -> KeyFault {
    match ledger.sleepers_of(&containers(&[name])).await.unwrap_err().fault {
        Fault::Key(fault) => fault,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn neither_recipe_nor_policy_nor_limits_stand_in_clear() {
    let place = Place::new();
    let ledger = open(&place, &["a1"]).await;
    assert_eq!(put(&ledger, 1, &["a"]).await.unwrap(), Begun::Ours);
    assert_eq!(ledger.sleepers_of(&containers(&["a"])).await.unwrap(), [sleeper("a", 1)]);
    let row = place.text_of("SELECT body || seal FROM sleepers").await;
    assert!(row.contains("web-1"), "what is shown stands in clear: {row}");
    for hidden in ["$1; --", "unless-stopped", "1099511627776"] {
        assert!(!row.contains(hidden), "{row}");
    }
}

#[tokio::test]
async fn a_row_that_was_changed_or_moved_is_refused() {
    let forgeries = [
        "UPDATE sleepers SET body = REPLACE(body, 'web-1', 'web-2')",
        "UPDATE sleepers SET body = REPLACE(body, '\"restart\":{\"name\":\"\"', '\"restart\":{\"name\":\"always\"')",
        "UPDATE sleepers SET body = REPLACE(body, '\"recipe\":null', '\"recipe\":\"{}\"')",
        "UPDATE sleepers SET body = REPLACE(body, 'checkpoint\",\"stage', 'destroy\",\"stage')",
        "UPDATE sleepers SET since = since - 1",
        "UPDATE sleepers SET ticket = '0000009'",
        "UPDATE sleepers SET seal = (SELECT seal FROM sleepers WHERE container LIKE 'b%')",
        "UPDATE sleepers SET body = (SELECT body FROM sleepers WHERE container LIKE 'b%'), \
         seal = (SELECT seal FROM sleepers WHERE container LIKE 'b%') WHERE container LIKE 'a%'",
        "UPDATE sleepers SET seal = REPLACE(seal, '.', ',')",
        "UPDATE wakeboard SET value = value / 2 WHERE name = 'identity'",
    ];
    for forgery in forgeries {
        let place = Place::new();
        assert_eq!(put(&open(&place, &["a1"]).await, 1, &["a", "b"]).await.unwrap(), Begun::Ours);
        place.sql(forgery).await;
        let ledger = open(&place, &["a1"]).await;
        assert!(matches!(refusal(&ledger, "a").await, KeyFault::Forged(_)), "{forgery}");
        let seen = ledger.sleepers().await.unwrap();
        assert!(
            seen.iter().any(|it| it.recipe.is_none()),
            "shown without what nobody vouches for: {forgery}"
        );
    }
}

#[tokio::test]
async fn a_row_without_a_seal_is_refused_and_says_what_to_do() {
    let place = Place::new();
    let ledger = open(&place, &["a1"]).await;
    put(&ledger, 1, &["a"]).await.unwrap();
    place
        .sql("UPDATE sleepers SET seal = '', body = REPLACE(body, '\"recipe\":null', '\"recipe\":\"{}\"')")
        .await;
    assert!(matches!(refusal(&ledger, "a").await, KeyFault::Unsigned(_)));
    assert_eq!(ledger.sleepers().await.unwrap()[0].recipe, None);
}

#[tokio::test]
async fn with_another_key_the_record_is_shown_and_nothing_is_changed() {
    let place = Place::new();
    put(&open(&place, &["a1"]).await, 1, &["a"]).await.unwrap();
    let other = open(&place, &["b2"]).await;
    let version = other.version().await.unwrap();
    assert!(matches!(refusal(&other, "a").await, KeyFault::Other(_)));
    let error = put(&other, 2, &["b"]).await.unwrap_err();
    assert!(matches!(&error.fault, Fault::Key(KeyFault::Other(_))), "{error}");
    assert!(error.to_string().contains("ledger_key"), "{error}");
    assert!(other.seal().await.is_err());
    assert_eq!(other.sleepers().await.unwrap().len(), 1);
    assert_eq!(other.version().await.unwrap(), version, "nothing was written");
    // The key may come later.
    assert!(open(&place, &["b2", "a1"]).await.sleepers_of(&containers(&["a"])).await.is_ok());
}

#[tokio::test]
async fn another_process_with_the_same_key_takes_over() {
    let place = Place::new();
    put(&open(&place, &["a1"]).await, 1, &["a"]).await.unwrap();
    let b = open(&place, &["a1"]).await;
    assert_eq!(b.sleepers_of(&containers(&["a"])).await.unwrap(), [sleeper("a", 1)]);
}

#[tokio::test]
async fn keys_are_changed_while_something_sleeps() {
    let place = Place::new();
    put(&open(&place, &["a1"]).await, 1, &["a"]).await.unwrap();
    put(&open(&place, &["b2", "a1"]).await, 2, &["b"]).await.unwrap();
    // Those that have not yet been told of the new key act no more.
    assert!(open(&place, &["a1"]).await.seal().await.is_err());
    let both = open(&place, &["a1", "b2"]).await;
    assert_eq!(both.sleepers_of(&containers(&["a", "b"])).await.unwrap().len(), 2);
}
