use super::*;

use std::time::Duration;

use crate::model::callmap::map::{Ask, Layer, Need, Probe, Secrets, Targets, TcpAsk};
use crate::model::callmap::report::{LayerReport, Milliseconds, ProductVerdict};

fn probe() -> Probe {
    let ask = Ask::Tcp(TcpAsk { port: 80, host: None, banner: None });
    Probe { ask, timeout: Duration::from_secs(1), retries: 0, slow: None }
}

fn layer(name: &str, need: Need, on_broken: OnBroken) -> Layer {
    Layer { name: name.into(), need, targets: Targets::OfProbes, on_broken, probes: vec![probe()] }
}

fn callmap() -> Callmap {
    Callmap {
        product: "www.example.com".into(),
        layers: vec![
            layer("dns", Need::All, OnBroken::GoOn),
            layer("nginx", Need::Any, OnBroken::Skip),
            layer("tomcat", Need::All, OnBroken::GoOn),
        ],
        deadline: Duration::from_secs(9),
        parallel: 9,
        secrets: Secrets::default(),
        files: vec!["www.yaml".into()],
    }
}

fn report(target: &str, verdict: Verdict) -> ProbeReport {
    ProbeReport {
        target: target.into(),
        kind: "tcp".into(),
        ask: "80".into(),
        record: None,
        verdict,
        reason: None,
        milliseconds: Milliseconds::default(),
        detail: None,
    }
}

fn begun(ticket: u32) -> Progress {
    let now = Timestamp::UNIX_EPOCH;
    Progress::new(&callmap(), TicketId::from_random(ticket), "op1".into(), Door::Console, now)
}

/// Two targets a layer.
fn planned() -> Vec<(Vec<Row>, Option<String>)> {
    let row = |number, target: &str| Row::open(number, target, &probe(), &Secrets::default());
    (0..3).map(|_| (vec![row(0, "10.0.0.1"), row(1, "10.0.0.2")], None)).collect()
}

#[test]
fn a_layer_has_a_verdict_once_all_its_answers_are_in() {
    let mut run = begun(1);
    run.plan(planned(), None);
    assert_eq!(run.stage, Stage::Asks);
    run.take(0, 1, report("10.0.0.2", Verdict::Fail));
    assert_eq!((run.layers[0].answered(), run.layers[0].verdict()), (1, None));
    run.take(0, 0, report("10.0.0.1", Verdict::Ok));
    assert_eq!(run.layers[0].verdict(), Some(Verdict::Fail));
    assert_eq!(run.layers[0].tally, Some(Tally { verdict: Verdict::Fail, ok: 1, total: 2 }));
    assert_eq!(run.layers[2].skipped, None, "that layer lets the others go on");
}

#[test]
fn what_is_behind_a_broken_layer_is_skipped_where_that_is_asked_and_only_then() {
    let mut run = begun(1);
    run.plan(planned(), None);
    run.take(2, 0, report("10.0.0.1", Verdict::Ok));
    run.take(1, 0, report("10.0.0.1", Verdict::Fail));
    assert_eq!(run.layers[2].skipped, None, "one of two may do");
    run.take(1, 1, report("10.0.0.2", Verdict::Fail));
    assert_eq!(run.layers[2].skipped.as_deref(), Some("1 nginx is broken"));
    run.take(2, 1, report("10.0.0.2", Verdict::Ok));
    assert_eq!(run.layers[2].verdict(), Some(Verdict::Skipped));
}

#[test]
fn a_layer_with_nobody_to_ask_is_broken_at_once() {
    let mut run = begun(1);
    let mut all = planned();
    all[1] = (Vec::new(), Some("there is no tenant acme".to_owned()));
    run.plan(all, None);
    assert_eq!(run.layers[1].verdict(), Some(Verdict::Fail));
    assert_eq!(run.layers[2].skipped.as_deref(), Some("1 nginx is broken"));
    assert_eq!(run.layers[0].verdict(), None);
}

#[test]
fn again_only_what_was_not_well_is_open() {
    let probes = vec![report("10.0.0.1", Verdict::Ok), report("10.0.0.2", Verdict::Fail)];
    let moved = vec![report("10.0.0.9", Verdict::Ok), report("10.0.0.2", Verdict::Slow)];
    let fewer = vec![report("10.0.0.1", Verdict::Ok)];
    let layer = |probes: Vec<ProbeReport>| LayerReport {
        name: "l".into(),
        verdict: Verdict::Fail,
        need: "all".to_owned(),
        ok: 1,
        total: 2,
        reason: None,
        probes,
    };
    let earlier = Report {
        product: "www.example.com".into(),
        verdict: ProductVerdict::Broken,
        broken_layer: None,
        ticket: None,
        milliseconds: 1,
        began: Timestamp::UNIX_EPOCH,
        actor: "op1".into(),
        layers: vec![layer(probes), layer(moved), layer(fewer)],
        drift: Vec::new(),
    };
    let mut run = begun(1);
    run.plan(planned(), Some(&earlier));
    let open: Vec<Vec<bool>> =
        run.layers.iter().map(|layer| layer.rows.iter().map(|row| row.came.is_none()).collect()).collect();
    assert_eq!(open, [[false, true], [true, false], [true, true]]);
}

#[test]
fn few_runs_that_ended_are_kept_and_all_that_go_on() {
    let mut runs = Runs::default();
    for ticket in 1..=4 {
        let mut run = begun(ticket);
        if ticket != 2 {
            run.stage = Stage::Cancelled("called off".into());
        }
        runs = runs.with(run, 2);
    }
    let tickets = |runs: &Runs| runs.newest_first.iter().map(|run| run.ticket.number()).collect::<Vec<_>>();
    assert_eq!(tickets(&runs), [4, 3, 2]);
    let mut second = begun(2);
    second.stage = Stage::Over;
    runs = runs.with(second, 2);
    assert_eq!(tickets(&runs), [4, 3], "it has ended, and is the third");
    assert_eq!(runs.of(Path::new("www.yaml")).unwrap().ticket.number(), 4);
    assert!(runs.run(TicketId::from_random(1)).is_none());
}
