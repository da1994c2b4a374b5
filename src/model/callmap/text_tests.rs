use super::*;

use crate::model::callmap::near::Touch;
use crate::model::callmap::report::Milliseconds;

fn probe(target: &str, verdict: Verdict, reason: &str, total: Option<f64>) -> ProbeReport {
    ProbeReport {
        target: target.into(),
        kind: "dns".into(),
        ask: "www.example.com".into(),
        record: Some("A".into()),
        verdict,
        reason: Some(reason.to_owned()),
        milliseconds: Milliseconds { total, ..Milliseconds::default() },
        detail: None,
    }
}

fn layer(name: &str, verdict: Verdict, ok: u32, probes: Vec<ProbeReport>) -> LayerReport {
    let total = u32::try_from(probes.len()).unwrap();
    LayerReport { name: name.into(), verdict, need: "any".to_owned(), ok, total, reason: None, probes }
}

fn report(verdict: ProductVerdict) -> Report {
    let mut nobody = layer("tomcat", Verdict::Fail, 0, Vec::new());
    nobody.reason = Some("there is no tenant acme".to_owned());
    Report {
        product: "www.example.com".into(),
        verdict,
        broken_layer: Some("tomcat".into()),
        ticket: None,
        milliseconds: 31,
        began: "2026-05-04T14:04:00Z".parse().unwrap(),
        actor: "op1".into(),
        layers: vec![
            layer(
                "dns",
                Verdict::Ok,
                1,
                vec![
                    probe("10.0.0.53", Verdict::Ok, "203.0.113.7", Some(4.21)),
                    probe("10.0.0.5:5353", Verdict::Fail, "no answer within 5 s", Some(5000.4)),
                ],
            ),
            nobody,
        ],
        drift: vec!["0 dns: it differs".to_owned()],
    }
}

fn plain(lines: &[Line]) -> Vec<String> {
    lines.iter().map(Line::plain).collect()
}

#[test]
fn a_report_reads_layer_by_layer_in_columns() {
    assert_eq!(
        plain(&super::report(&report(ProductVerdict::Broken))),
        [
            "step 0  dns",
            "  10.0.0.53      www.example.com A  OK       203.0.113.7  4.2 ms",
            "  10.0.0.5:5353  www.example.com A  FAIL     no answer within 5 s  5000 ms",
            "  1 of 2 well, needs any: works with losses",
            "step 1  tomcat",
            "  there is no tenant acme",
            "www.example.com: broken at 1 tomcat (0 of 0)  31 ms",
            "drift: 0 dns: it differs",
        ]
    );
}

#[test]
fn what_is_skipped_says_so_whatever_it_answered() {
    let probe = probe("10.0.0.53", Verdict::Ok, "203.0.113.7", Some(4.0));
    let line = row(Columns::default(), &probe, Some("2 nginx is broken"));
    assert_eq!(line.plain(), "  10.0.0.53  www.example.com A  SKIPPED  skipped (2 nginx is broken)");
    assert_eq!(line.0[1].0, Tone::Skipped);
}

#[test]
fn what_was_before_is_told_where_something_is_wrong() {
    let good: Timestamp = "2026-05-04T13:40:00Z".parse().unwrap();
    let near = Near {
        time: "2026-05-04T13:58:02Z".parse().unwrap(),
        actor: Some("op2".into()),
        what: "restarted nginx-2 (web-3)".to_owned(),
        ticket: None,
        touch: Touch::Target,
    };
    let differs = ["1 tomcat: this layer was not there".to_owned()];
    let told = |verdict, good: Option<Timestamp>| {
        plain(&past(&report(verdict), good, &differs, std::slice::from_ref(&near), &TimeZone::UTC))
    };
    assert_eq!(
        told(ProductVerdict::Broken, Some(good)),
        [
            "last good run: 13:40 (24 minutes before)",
            "  1 tomcat: this layer was not there",
            "changed near it:",
            "  13:58:02 op2 restarted nginx-2 (web-3), 5 minutes before",
        ]
    );
    let earlier = "2026-05-01T13:40:00Z".parse().unwrap();
    assert_eq!(
        told(ProductVerdict::Degraded, Some(earlier))[0],
        "last good run: 2026-05-01 13:40 (3 days before)"
    );
    assert_eq!(told(ProductVerdict::Broken, None)[0], "last good run: none is known");
    assert!(told(ProductVerdict::Ok, Some(good)).is_empty());
}
