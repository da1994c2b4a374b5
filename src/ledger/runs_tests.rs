use super::*;

use std::sync::Arc;

use crate::ledger::here;
use crate::model::callmap::report::ProductVerdict;
use crate::model::ledger::Where;
use crate::model::ticket::Door;

fn at(number: u32) -> Timestamp {
    Timestamp::from_millisecond(i64::from(number)).unwrap()
}

fn report(run: &Run, verdict: ProductVerdict) -> Report {
    Report {
        product: run.product.clone(),
        verdict,
        broken_layer: None,
        ticket: Some(run.id),
        milliseconds: 1,
        began: run.asked,
        actor: run.actor.clone(),
        layers: Vec::new(),
        drift: Vec::new(),
    }
}

#[tokio::test]
async fn old_results_go_first_but_never_those_of_the_last_good_run() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Where::Sqlite(folder.path().join("ledger.db"))).await.unwrap();
    let good = |number: u32| [1, 2].contains(&number);
    for number in 1..=6 {
        let product: Arc<str> = if number == 4 { "other" } else { "shop" }.into();
        let id = TicketId::from_random(number);
        let (file, actor, asked) = ("a.yaml".into(), "op1".into(), at(number));
        let (ended, outcome, reason) = (None, None, None);
        let run = Run { id, product, file, actor, door: Door::Shell, asked, ended, outcome, reason };
        assert!(ledger.begin_run(&run, here(), Timestamp::MAX).await.unwrap());
        // The last one goes on.
        if number < 6 {
            let verdict = if good(number) { ProductVerdict::Ok } else { ProductVerdict::Broken };
            let report = report(&run, verdict);
            let body = RunBody { report, last_good: None, differs: Vec::new(), near: Vec::new() };
            assert!(ledger.end_run(&run.reported(&body.report, at(9)), Some(&body)).await.unwrap());
        }
    }
    let pruned = async |runs, bodies, of_product| {
        let mut writing = ledger.connections.write(Lasts::AtOnce).await.unwrap();
        prune(writing.connection(), "shop", Kept { runs, bodies, of_product }).await.unwrap();
        writing.commit().await.unwrap();
        let (mut kept, mut with_results) = (Vec::new(), Vec::new());
        for run in ledger.runs(9, at(9)).await.unwrap() {
            kept.push(run.id.number());
            if ledger.run(run.id, at(9)).await.unwrap().unwrap().1.is_some() {
                with_results.push(run.id.number());
            }
        }
        (kept, with_results)
    };
    let all = vec![6, 5, 4, 3, 2, 1];
    assert_eq!(pruned(9, 9, 9).await, (all.clone(), vec![5, 4, 3, 2, 1]));
    assert_eq!(pruned(9, 4, 9).await, (all.clone(), vec![5, 4, 3, 2]), "the oldest of all");
    assert_eq!(pruned(9, 9, 1).await, (all, vec![5, 4, 2]), "of one product, but its last good one");
    assert_eq!(pruned(2, 9, 9).await, (vec![6, 5], vec![5]), "rows; open ones stay");
}
