//! Runs of callmaps: open first, ended once, the last good one known, and one that was cut off seen as such.

use jiff::Timestamp;
use wakeboard::ledger::{Begun, Ledger, here};
use wakeboard::model::callmap::kept::{Run, RunBody, RunOutcome};
use wakeboard::model::callmap::report::{
    Detail, LayerReport, Milliseconds, ProbeReport, ProductVerdict, Report, Verdict,
};
use wakeboard::model::ticket::Door;

use super::place::Place;
use super::things::*;

fn run(number: u32, product: &str) -> Run {
    Run {
        id: id(number),
        product: product.into(),
        file: "callmaps/a\0b.yaml".into(),
        actor: "op1".into(),
        door: Door::Shell,
        asked: at(i64::from(number)),
        ended: None,
        outcome: None,
        reason: None,
    }
}

fn body(run: &Run, verdict: ProductVerdict, body: &str, probes: usize) -> RunBody {
    let detail = Detail { head: "HTTP/1.1 200".to_owned(), body: body.to_owned(), ..Detail::default() };
    let probe = ProbeReport {
        target: "203.0.113.7".into(),
        kind: "http".into(),
        ask: "http://www.example.com/".into(),
        record: None,
        verdict: Verdict::Ok,
        reason: Some("200".to_owned()),
        milliseconds: Milliseconds { total: Some(1.5), ..Milliseconds::default() },
        detail: Some(std::sync::Arc::new(detail)),
    };
    let layer = LayerReport {
        name: "nginx".into(),
        verdict: Verdict::Ok,
        need: "all".to_owned(),
        ok: 1,
        total: 1,
        reason: None,
        probes: vec![probe; probes],
    };
    let report = Report {
        product: run.product.clone(),
        verdict,
        broken_layer: None,
        ticket: Some(run.id),
        milliseconds: 12,
        began: run.asked,
        actor: run.actor.clone(),
        layers: vec![layer],
        drift: vec!["it's \"drift\"".to_owned()],
    };
    RunBody { report, last_good: None, differs: vec!["another body".to_owned()], near: Vec::new() }
}

/// Writes a whole run.
async fn ran(ledger: &Ledger, run: &Run, verdict: ProductVerdict) -> RunBody {
    let body = body(run, verdict, "hello", 1);
    assert!(ledger.begin_run(run, here(), at(999)).await.unwrap());
    assert!(ledger.end_run(&run.reported(&body.report, at(99)), Some(&body)).await.unwrap());
    body
}

#[tokio::test]
async fn a_run_is_open_first_and_ends_once() {
    let place = Place::new();
    let ledger = place.open().await;
    let run = run(1, "www.example.com");
    assert!(ledger.begin_run(&run, here(), at(100)).await.unwrap());
    assert!(!ledger.begin_run(&run, here(), at(100)).await.unwrap(), "its number is taken");
    let open = Run { file: "callmaps/a\0b.yaml".into(), ..run.clone() };
    assert_eq!(ledger.run(run.id, at(2)).await.unwrap(), Some((open.clone(), None)));
    assert_eq!(ledger.runs(9, at(2)).await.unwrap(), [open]);
    let body = body(&run, ProductVerdict::Degraded, "hello", 1);
    let ended = run.reported(&body.report, at(3));
    assert!(ledger.end_run(&ended, Some(&body)).await.unwrap());
    assert!(!ledger.end_run(&ended, Some(&body)).await.unwrap(), "it has ended");
    assert_eq!(ledger.run(run.id, at(4)).await.unwrap(), Some((ended, Some(body))));
    assert_eq!(ledger.run(id(2), at(4)).await.unwrap(), None);
}

#[tokio::test]
async fn a_number_means_one_run_or_one_ticket() {
    let place = Place::new();
    let ledger = place.open().await;
    assert!(ledger.begin_run(&run(1, "a"), here(), at(100)).await.unwrap());
    let begin = async |number: u32| {
        let containers = containers(&["a"]);
        ledger.begin(&ticket(number), here(), &containers, &[], at(0), LEASE).await.unwrap()
    };
    assert_eq!(begin(1).await, Begun::NumberTaken);
    assert!(!ledger.record(&ended(ticket(1))).await.unwrap());
    assert_eq!(begin(2).await, Begun::Ours, "its containers are free");
    assert!(!ledger.begin_run(&run(2, "a"), here(), at(100)).await.unwrap());
    assert!(ledger.record(&ended(ticket(3))).await.unwrap());
}

#[tokio::test]
async fn a_run_whose_process_is_dead_or_late_was_cut_off() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.begin_run(&run(1, "a"), &dead(), at(100)).await.unwrap();
    ledger.begin_run(&run(2, "a"), here(), at(100)).await.unwrap();
    ledger.begin_run(&run(3, "a"), &elsewhere(1), at(50)).await.unwrap();
    let outcomes = async |now| -> Vec<_> {
        ledger.runs(9, now).await.unwrap().iter().map(|run| (run.id, run.outcome)).collect()
    };
    let cut_off = Some(RunOutcome::CutOff);
    assert_eq!(outcomes(at(10)).await, [(id(3), None), (id(2), None), (id(1), cut_off)]);
    assert_eq!(outcomes(at(60)).await, [(id(3), cut_off), (id(2), None), (id(1), cut_off)]);
    let (run, body) = ledger.run(id(3), at(60)).await.unwrap().unwrap();
    assert_eq!((run.outcome, body), (cut_off, None), "no verdict");
}

#[tokio::test]
async fn the_last_good_run_is_of_the_same_callmap_and_before() {
    let place = Place::new();
    let ledger = place.open().await;
    let last_good = async |number, product| ledger.last_good(&run(number, product)).await.unwrap();
    assert_eq!(last_good(9, "a").await, None);
    let first = ran(&ledger, &run(1, "a"), ProductVerdict::Ok).await;
    let second = ran(&ledger, &run(2, "a"), ProductVerdict::Ok).await;
    ran(&ledger, &run(3, "a"), ProductVerdict::Broken).await;
    ran(&ledger, &run(4, "b"), ProductVerdict::Ok).await;
    ran(&ledger, &Run { file: "other.yaml".into(), ..run(5, "a") }, ProductVerdict::Ok).await;
    ledger.begin_run(&run(6, "a"), here(), at(100)).await.unwrap();
    assert_eq!(last_good(9, "a").await, Some(second.report.clone()));
    assert_eq!(last_good(2, "a").await, Some(first.report));
    assert_eq!(last_good(1, "a").await, None);
    let elsewhere = Run { file: "/srv/a\0b.yaml".into(), ..run(9, "a") };
    assert_eq!(ledger.last_good(&elsewhere).await.unwrap(), Some(second.report));
}

#[tokio::test]
async fn a_run_has_no_tickets_number() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.record(&ended(ticket(7))).await.unwrap();
    assert!(!ledger.begin_run(&run(7, "a"), here(), at(100)).await.unwrap());
    assert!(ledger.runs(9, Timestamp::UNIX_EPOCH).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_a_large_report_what_is_compared_is_kept() {
    let place = Place::new();
    let ledger = place.open().await;
    let run = run(1, "a");
    ledger.begin_run(&run, here(), at(100)).await.unwrap();
    let large = body(&run, ProductVerdict::Ok, &"x".repeat(2_048), 4_000);
    assert!(ledger.end_run(&run.reported(&large.report, at(2)), Some(&large)).await.unwrap());
    let kept = ledger.last_good(&Run { asked: at(9), ..run }).await.unwrap().unwrap();
    let probes = &kept.layers[0].probes;
    assert_eq!(probes.len(), 4_000);
    let detail = probes[0].detail.as_deref().unwrap();
    assert_eq!((&*detail.head, &*detail.body), ("HTTP/1.1 200", ""));
}

#[tokio::test]
async fn an_older_ledger_gets_the_table_and_keeps_what_it_has() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.record(&ended(ticket(1))).await.unwrap();
    ledger.close().await;
    let tables = "DROP INDEX sleepers_key; ALTER TABLE sleepers DROP COLUMN seal; DROP TABLE runs; DROP TABLE records; DROP TABLE chain; DROP TABLE stretches; DROP TABLE acts; \
                  DROP TABLE words; DROP TABLE activity; DROP TABLE duties; \
                  UPDATE wakeboard SET value = 1 WHERE name = 'format'";
    place.sql(tables).await;
    let ledger = place.open().await;
    assert!(ledger.begin_run(&run(2, "a"), here(), at(100)).await.unwrap());
    assert_eq!(ledger.tickets(9).await.unwrap(), [ended(ticket(1))]);
}
