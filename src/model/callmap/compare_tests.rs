use super::*;
use crate::model::callmap::report::{Milliseconds, ProductVerdict};

fn probe(target: &str, ask: &str) -> ProbeReport {
    let detail = Detail {
        head: "HTTP/1.1 200".into(),
        headers: vec![("Server".into(), "web/1".into())],
        hash: Some("aa".repeat(32)),
        ..Detail::default()
    };
    ProbeReport {
        target: target.into(),
        kind: "http".into(),
        ask: ask.into(),
        record: None,
        verdict: Verdict::Ok,
        reason: Some("200".into()),
        milliseconds: Milliseconds { total: Some(12.0), ..Milliseconds::default() },
        detail: Some(std::sync::Arc::new(detail)),
    }
}

fn report(probes: Vec<ProbeReport>) -> Report {
    let total = u32::try_from(probes.len()).unwrap();
    let nginx = LayerReport {
        name: "nginx".into(),
        verdict: Verdict::Ok,
        need: "all".into(),
        ok: total,
        total,
        reason: None,
        probes,
    };
    Report {
        product: "www.example.com".into(),
        verdict: ProductVerdict::Ok,
        broken_layer: None,
        ticket: None,
        milliseconds: 20,
        began: jiff::Timestamp::UNIX_EPOCH,
        actor: "ops".into(),
        layers: vec![nginx],
        drift: Vec::new(),
    }
}

fn good() -> Report {
    report(vec![probe("10.1.0.2", "http://www.example.com/"), probe("10.1.0.3", "http://www.example.com/")])
}

/// What is told once the second probe has changed.
fn after(change: impl FnOnce(&mut ProbeReport)) -> Vec<String> {
    let mut now = good();
    change(&mut now.layers[0].probes[1]);
    compare(&good(), &now)
}

const PLACE: &str = "0 nginx, 10.1.0.3, http://www.example.com/:";

#[test]
fn the_same_is_nothing_to_tell() {
    assert!(compare(&good(), &good()).is_empty());
    assert!(after(|probe| probe.milliseconds.total = Some(100.0)).is_empty(), "a little later is no news");
}

#[test]
fn what_differs_is_told() {
    let broken = after(|probe| {
        probe.verdict = Verdict::Fail;
        probe.reason = Some("connection refused".into());
        probe.detail = None;
    });
    assert_eq!(broken, [format!("{PLACE} was ok, is fail: connection refused")]);
    let late = after(|probe| probe.milliseconds.total = Some(900.0));
    assert_eq!(late, [format!("{PLACE} took 12 ms, takes 900 ms")]);
    let upgraded = after(|probe| {
        let detail = std::sync::Arc::make_mut(probe.detail.as_mut().unwrap());
        detail.hash = Some("bb".repeat(32));
        detail.headers[0].1 = "web/2".into();
        detail.head = "HTTP/2 200".into();
    });
    let told = [
        format!("{PLACE} answered HTTP/1.1 200, answers HTTP/2 200"),
        format!("{PLACE} server was web/1, is web/2"),
        format!("{PLACE} another body"),
    ];
    assert_eq!(upgraded, told);
}

#[test]
fn records_are_compared_in_any_order() {
    let dns = |lines: &str| {
        let mut probe = probe("10.0.0.53", "www.example.com");
        probe.kind = "dns".into();
        probe.record = Some("A".into());
        probe.detail = Some(std::sync::Arc::new(Detail { body: lines.into(), ..Detail::default() }));
        report(vec![probe])
    };
    assert!(compare(&dns("203.0.113.7\n203.0.113.8"), &dns("203.0.113.8\n203.0.113.7")).is_empty());
    let told = "0 nginx, 10.0.0.53, www.example.com A: was 203.0.113.7, is nothing";
    assert_eq!(compare(&dns("203.0.113.7"), &dns("")), [told]);
}

#[test]
fn targets_and_layers_that_came_or_went_are_told() {
    let moved = after(|probe| probe.target = "10.1.0.9".into());
    let told = [
        "0 nginx: 10.1.0.9 is asked for http://www.example.com/, and was not",
        "0 nginx: 10.1.0.3 was asked for http://www.example.com/, and is not now",
    ];
    assert_eq!(moved, told);
    let mut now = good();
    now.layers[0].name = "proxy".into();
    let told = ["0 proxy: this layer was not there", "nginx: this layer was there, and is not now"];
    assert_eq!(compare(&good(), &now), told);
}

#[test]
fn sentences_are_bounded_and_verdicts_are_among_them() {
    let many = |verdict: Verdict| {
        let probes = (0..100).map(|n| probe(&format!("10.1.0.{n}"), "http://www.example.com/"));
        let mut report = report(probes.collect());
        for probe in &mut report.layers[0].probes {
            std::sync::Arc::make_mut(probe.detail.as_mut().unwrap()).hash = Some(format!("{verdict:?}"));
        }
        report.layers[0].probes[99].verdict = verdict;
        report
    };
    let told = compare(&many(Verdict::Ok), &many(Verdict::Fail));
    assert_eq!(told.len(), SENTENCES);
    assert!(told[0].contains("10.1.0.99") && told[0].contains("was ok, is fail"), "{}", told[0]);
}
