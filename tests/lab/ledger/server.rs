//! What is special about a ledger on a server: ways to be refused, and connections that are lost. No password gets out.

use wakeboard::ledger::{Fault, KeyFault, Ledger};
use wakeboard::model::ledger::Where;

use super::place::{Place, run, server};
use super::things::*;

async fn fault(url: &str) -> (Fault, String) {
    let place = Where::Postgres(url.parse().unwrap());
    let error = Ledger::open(&place).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("secret"), "{text}");
    (error.fault, text)
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let (fault, text) = fault(&format!("{}/postgres", server().replace("lab-secret", "wrong-secret"))).await;
    assert!(matches!(fault, Fault::Refused(_)), "{text}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told() {
    let (fault, text) = fault(&format!("{}/nowhere", server())).await;
    assert!(matches!(&fault, Fault::Refused(why) if why.contains("nowhere")), "{text}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_at_once() {
    let begun = std::time::Instant::now();
    let (fault, text) = fault("postgres://op:secret@127.0.0.1:1/board").await;
    assert!(matches!(fault, Fault::Unreachable(_)), "{text}");
    assert!(begun.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn a_database_of_something_else_gets_no_tables_of_ours() {
    let place = Place::new();
    place.sql("CREATE TABLE orders (id BIGINT)").await;
    let (fault, text) = fault(&place.text()).await;
    assert!(matches!(&fault, Fault::Foreign(name) if name == "orders"), "{text}");
    let tables = "SELECT CAST(COUNT(*) AS TEXT) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(place.text_of(tables).await, "1");
    let place = Place::new();
    place.sql("CREATE TABLE wakeboard (id BIGINT)").await;
    let (fault, text) = self::fault(&place.text()).await;
    assert!(matches!(fault, Fault::NotALedger), "{text}");
}

#[tokio::test]
async fn without_a_key_nothing_is_put_to_sleep_and_all_else_goes_on() {
    let place = Place::new();
    let ledger = Ledger::open(&place.at()).await.unwrap();
    let asleep = [sleeper("a", 1)];
    let error = ledger
        .begin(&ticket(1), &elsewhere(1), &containers(&["a"]), &asleep, at(0), LEASE)
        .await
        .unwrap_err();
    assert!(matches!(error.fault, Fault::Key(KeyFault::NotNamed)), "{error}");
    assert!(error.to_string().contains("ledger_key"), "{error}");
    assert!(ledger.open_tickets().await.unwrap().is_empty());
    assert!(ledger.record(&ended(ticket(1))).await.unwrap());
}

#[tokio::test]
async fn a_newer_ledger_is_left_alone() {
    let place = Place::new();
    place.open().await.close().await;
    run(&place.text(), "UPDATE wakeboard SET value = 99 WHERE name = 'format'").await;
    let (fault, text) = fault(&place.text()).await;
    assert!(matches!(fault, Fault::Newer { found: 99, .. }), "{text}");
}

#[tokio::test]
async fn connections_that_the_server_ended_are_made_again() {
    let place = Place::new();
    let ledger = place.open().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    run(&place.text(), end).await;
    assert!(ledger.record(&ended(ticket(1))).await.unwrap(), "written");
    run(&place.text(), end).await;
    assert_eq!(ledger.tickets(9).await.unwrap().len(), 1, "read");
    run(&place.text(), end).await;
    assert!(!ledger.renew(id(1), &elsewhere(1), at(0), LEASE).await.unwrap(), "renewed");
}
