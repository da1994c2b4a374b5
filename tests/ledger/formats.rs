//! A real ledger of an older wakeboard becomes one of today, and nothing of it is lost; one of a newer is left alone. The ledgers
//! in `fixtures/` were written by that wakeboard at work: four tenants dumped by the four methods, a note, a run, a keeper.

use jiff::Timestamp;
use wakeboard::ledger::{Fault, KeyFault, Ledger};
use wakeboard::model::method::Method;
use wakeboard::model::sleeper::{Sleeper, Stage};

use super::place::Place;

fn by_tenant(mut sleepers: Vec<Sleeper>) -> Vec<Sleeper> {
    sleepers.sort_by(|a, b| a.tenant.cmp(&b.tenant));
    sleepers
}

#[tokio::test]
async fn a_ledger_of_format_4_keeps_all_that_was_in_it() {
    let place = Place::of_format_4().await;
    let ledger = place.open().await;
    let sleepers = by_tenant(ledger.sleepers().await.unwrap());
    let told: Vec<_> = sleepers.iter().map(|it| (&*it.tenant, it.method, it.stage)).collect();
    let asleep = |tenant, method| (tenant, method, Stage::Asleep);
    assert_eq!(
        told,
        [
            asleep("acme", Method::Freeze),
            asleep("birch", Method::Checkpoint),
            asleep("cedar", Method::Stop),
            asleep("delta", Method::Destroy),
        ]
    );
    assert!(ledger.tickets(1000).await.unwrap().len() >= 4);
    assert_eq!(ledger.runs(10, Timestamp::now()).await.unwrap().len(), 1);
    assert_eq!(ledger.abilities().await.unwrap().len(), 4);
    assert_eq!(ledger.activity(None).await.unwrap().len(), 4);
    let verified = ledger.verify_changes(|_| {}).await.unwrap();
    assert_eq!(verified.broken, None);
    assert!(verified.records >= 26, "{verified:?}");
}

#[tokio::test]
async fn sleepers_of_format_4_are_woken_once_somebody_has_signed_them() {
    let place = Place::of_format_4().await;
    let ledger = place.open().await;
    let all: Vec<_> = ledger.sleepers().await.unwrap().into_iter().map(|it| it.container).collect();
    let refused = ledger.sleepers_of(&all).await.unwrap_err();
    assert!(matches!(&refused.fault, Fault::Key(KeyFault::Unsigned(_))), "{refused}");
    assert!(refused.to_string().contains("wakeboard ledger sign"), "{refused}");
    let unsigned = ledger.unsigned().await.unwrap();
    let before = by_tenant(unsigned.iter().map(|it| it.sleeper.clone()).collect());
    assert_eq!(ledger.sign(&unsigned).await.unwrap(), 4);
    assert!(ledger.unsigned().await.unwrap().is_empty());
    let after = by_tenant(ledger.sleepers_of(&all).await.unwrap());
    assert_eq!(after, before, "each as it was written");
    assert!(after[3].recipe.as_ref().is_some_and(|recipe| recipe.contains("GREETING=hello-delta")));
    assert_eq!((&*after[3].restart.name, after[3].limits.memory), ("unless-stopped", 64 << 20));
    for hidden in ["GREETING", "unless-stopped", "67108864"] {
        let sql = format!("SELECT CAST(COUNT(*) AS TEXT) FROM sleepers WHERE body LIKE '%{hidden}%'");
        assert_eq!(place.text_of(&sql).await, "0", "{hidden}");
    }
}

#[tokio::test]
async fn a_record_that_changed_since_it_was_looked_at_is_not_signed() {
    let place = Place::of_format_4().await;
    let ledger = place.open().await;
    let unsigned = ledger.unsigned().await.unwrap();
    place.sql("UPDATE sleepers SET body = REPLACE(body, 'hello-delta', 'evil')").await;
    assert_eq!(ledger.sign(&unsigned).await.unwrap(), 3);
    assert_eq!(ledger.unsigned().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_ledger_of_a_newer_wakeboard_is_left_as_it_is() {
    let place = Place::of_format_4().await;
    place.sql("UPDATE wakeboard SET value = 99 WHERE name = 'format'").await;
    let error = Ledger::open(&place.at()).await.unwrap_err();
    assert!(matches!(error.fault, Fault::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("newer wakeboard"), "{error}");
    let changes = "SELECT CAST(value AS TEXT) FROM wakeboard WHERE name = 'changes'";
    let rows = "SELECT CAST(COUNT(*) AS TEXT) FROM wakeboard";
    assert_eq!(place.text_of(rows).await, "2", "no row more");
    let before = place.text_of(changes).await;
    assert!(Ledger::open(&place.at()).await.is_err());
    assert_eq!(place.text_of(changes).await, before);
}
