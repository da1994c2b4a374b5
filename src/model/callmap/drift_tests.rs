use super::*;
use crate::model::callmap::answer::Certificate;
use crate::model::callmap::report::{Detail, Milliseconds};

fn probe(target: &str, record: Option<&str>, detail: Detail) -> ProbeReport {
    ProbeReport {
        target: target.into(),
        kind: if record.is_some() { "dns" } else { "https" }.into(),
        ask: if record.is_some() { "www.example.com" } else { "https://www.example.com/" }.into(),
        record: record.map(Into::into),
        verdict: Verdict::Ok,
        reason: None,
        milliseconds: Milliseconds::default(),
        detail: Some(std::sync::Arc::new(detail)),
    }
}

fn layer(name: &str, probes: Vec<ProbeReport>) -> LayerReport {
    let total = u32::try_from(probes.len()).unwrap();
    LayerReport {
        name: name.into(),
        verdict: Verdict::Ok,
        need: "all".into(),
        ok: total,
        total,
        reason: None,
        probes,
    }
}

fn records(lines: &str) -> Detail {
    Detail { body: lines.into(), ..Detail::default() }
}

fn page(hash: &str, server: &str) -> Detail {
    Detail {
        head: "HTTP/1.1 200".into(),
        headers: vec![("Server".into(), server.into())],
        hash: Some(hash.repeat(8)),
        ..Detail::default()
    }
}

#[test]
fn an_address_that_no_target_behind_has_is_told() {
    let dns = vec![
        probe("10.0.0.53", Some("A"), records("203.0.113.7\n203.0.113.9")),
        probe("10.0.0.54", Some("A"), records("203.0.113.7\n203.0.113.9")),
        probe("10.0.0.53", Some("CNAME"), records("edge.example.net.")),
    ];
    let layers = [layer("dns", dns), layer("public ip", Vec::new())];
    let behind = [None, Some(vec!["203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap()])];
    let told = ["0 dns: www.example.com is 203.0.113.9, which no target of 1 public ip has"];
    assert_eq!(drift(&layers, &behind), told);
    assert!(
        drift(&layers, &[None, None]).is_empty(),
        "probes that name their own targets say nothing about others"
    );
    assert!(drift(&layers[..1], &[None]).is_empty());
}

#[test]
fn targets_that_answer_differently_are_told_the_most_first() {
    let nginx = vec![
        probe("10.1.0.2", None, page("aa", "web/1")),
        probe("10.1.0.3", None, page("bb", "web/2")),
        probe("10.1.0.4", None, page("bb", "web/2")),
    ];
    let told = [
        "0 nginx: https://www.example.com/ has different versions (server): 10.1.0.3, 10.1.0.4 (web/2); 10.1.0.2 (web/1)",
        "0 nginx: https://www.example.com/ has different bodies: 10.1.0.3, 10.1.0.4 (bbbbbbbb); 10.1.0.2 (aaaaaaaa)",
    ];
    assert_eq!(drift(&[layer("nginx", nginx)], &[None]), told);
}

#[test]
fn a_page_that_is_another_each_time_is_told_in_short() {
    let three = |hashes: [&str; 3]| {
        let targets = ["10.1.0.2", "10.1.0.3", "10.1.0.4"].into_iter().zip(hashes);
        [layer("nginx", targets.map(|(target, hash)| probe(target, None, page(hash, "web/1"))).collect())]
    };
    let told = "0 nginx: https://www.example.com/ has another body at each of 3 targets; of a page that changes with \
                each request `same_body: false` can be said";
    assert_eq!(drift(&three(["aa", "bb", "cc"]), &[None]), [told]);
    let mut silent = three(["aa", "bb", "cc"]);
    for probe in &mut silent[0].probes {
        std::sync::Arc::make_mut(probe.detail.as_mut().unwrap()).hash = None;
    }
    assert!(drift(&silent, &[None]).is_empty());
}

#[test]
fn certificates_are_told_once_for_all_urls_and_broken_targets_are_no_drift() {
    let certificate = |print: &str| Certificate {
        subject: String::new(),
        names: Vec::new(),
        issuer: String::new(),
        begins: jiff::Timestamp::UNIX_EPOCH,
        ends: jiff::Timestamp::UNIX_EPOCH,
        fingerprint: print.repeat(32),
        chain: 1,
    };
    let with = |target: &str, ask: &str, print: &str| {
        let detail = Detail { certificate: Some(certificate(print)), ..Detail::default() };
        ProbeReport { ask: ask.into(), ..probe(target, None, detail) }
    };
    let mut probes = vec![
        with("10.1.0.2", "https://www.example.com/", "ab"),
        with("10.1.0.2", "https://www.example.com/x", "ab"),
        with("10.1.0.3", "https://www.example.com/", "cd"),
        with("10.1.0.3", "https://www.example.com/x", "cd"),
    ];
    let told = [
        "0 nginx: https://www.example.com/ has different certificates: 10.1.0.2 (until 1970-01-01, abababab); 10.1.0.3 (until 1970-01-01, cdcdcdcd)",
    ];
    assert_eq!(drift(&[layer("nginx", probes.clone())], &[None]), told);
    for probe in &mut probes[2..] {
        probe.verdict = Verdict::Fail;
    }
    assert!(drift(&[layer("nginx", probes)], &[None]).is_empty());
}

#[test]
fn resolvers_that_disagree_are_told_and_their_order_does_not_count() {
    let two = |second: &str| {
        let one = probe("10.0.0.53", Some("A"), records("203.0.113.7\n203.0.113.8"));
        [layer("dns", vec![one, probe("10.0.0.54", Some("A"), records(second))])]
    };
    assert!(drift(&two("203.0.113.8\n203.0.113.7"), &[None]).is_empty());
    let told = "0 dns: www.example.com has different records: 10.0.0.53 (203.0.113.7, 203.0.113.8); 10.0.0.54 (203.0.113.7)";
    assert_eq!(drift(&two("203.0.113.7"), &[None]), [told]);
}

#[test]
fn sentences_are_bounded() {
    let many: Vec<String> = (0..200).map(|n| format!("203.0.113.{n}")).collect();
    let dns = probe("10.0.0.53", Some("A"), records(&many.join("\n")));
    let layers = [layer("dns", vec![dns]), layer("public ip", Vec::new())];
    assert_eq!(drift(&layers, &[None, Some(Vec::new())]).len(), SENTENCES);
}
