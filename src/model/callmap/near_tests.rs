use super::*;

use jiff::ToSpan;

use crate::model::callmap::map::Target;
use crate::model::callmap::report::{Detail, Milliseconds, ProbeReport, ProductVerdict};
use crate::model::change::{Act, Source};

/// When the run began.
fn began() -> Timestamp {
    "2026-05-04T14:00:00Z".parse().unwrap()
}

fn probe(target: &str, peer: Option<&str>, verdict: Verdict) -> ProbeReport {
    ProbeReport {
        target: target.into(),
        kind: "http".into(),
        ask: "http://www.example.com/".into(),
        record: None,
        verdict,
        reason: None,
        milliseconds: Milliseconds::default(),
        detail: Some(std::sync::Arc::new(Detail { peer: peer.map(str::to_owned), ..Detail::default() })),
    }
}

fn report(probes: Vec<ProbeReport>) -> Report {
    let layer = |name: &str, verdict, probes: Vec<ProbeReport>| LayerReport {
        name: name.into(),
        verdict,
        need: "all".to_owned(),
        ok: 0,
        total: u32::try_from(probes.len()).unwrap(),
        reason: None,
        probes,
    };
    Report {
        product: "www.example.com".into(),
        verdict: ProductVerdict::Broken,
        broken_layer: Some("nginx".into()),
        ticket: None,
        milliseconds: 500,
        began: began(),
        actor: "op1".into(),
        layers: vec![layer("dns", Verdict::Ok, Vec::new()), layer("nginx", Verdict::Fail, probes)],
        drift: Vec::new(),
    }
}

/// A change so many minutes before the run.
fn change(minutes: i64, host: &str, container: &str, verb: Verb) -> Change {
    let time = began() - minutes.minutes();
    let act = Act::from_number(minutes);
    Change {
        host: Some(host.into()),
        actor: Some("op2".into()),
        tenant: Some(container.split('-').next().unwrap().into()),
        container: Some(container.into()),
        id: Some(container.into()),
        ..Change::new(Source::Engine, act, time, verb)
    }
}

fn spot(address: &str, port: Option<u16>) -> Spot {
    Spot { address: address.parse().unwrap(), port }
}

fn targets() -> Targets {
    let target = |address: &str| Target { address: address.parse().unwrap(), port: None };
    Targets::Addresses(vec![target("10.1.0.2"), target("10.1.0.3")])
}

fn told(changes: Vec<Change>, whereabouts: &Whereabouts) -> Vec<(Touch, String)> {
    let report = report(vec![
        probe("10.1.0.2", Some("10.1.0.2:80"), Verdict::Ok),
        probe("10.1.0.3", Some("10.1.0.3:80"), Verdict::Fail),
    ]);
    let changes: Vec<_> = changes.into_iter().map(Arc::new).collect();
    let found = near(&report, &targets(), &changes, whereabouts, None);
    found.into_iter().map(|near| (near.touch, near.told(began(), &TimeZone::UTC))).collect()
}

#[test]
fn what_is_touched_goes_before_time_and_time_before_risk() {
    let whereabouts = Whereabouts {
        containers: HashMap::from([
            ("c-bad".into(), vec![spot("10.1.0.3", None)]),
            ("c-good".into(), vec![spot("10.1.0.2", None)]),
            ("c-other".into(), vec![spot("10.9.0.9", None)]),
        ]),
        hosts: BTreeMap::from([("web-3".into(), vec!["10.1.0.3".parse().unwrap()])]),
        files: vec![("callmaps/www.yaml".into(), began() - 9.minutes())],
    };
    let changes = vec![
        change(1, "web-9", "edge-nginx-2", Verb::Restarted),
        change(2, "web-3", "x-1", Verb::Stopped),
        change(3, "web-1", "c-good", Verb::Restarted),
        change(4, "web-1", "c-bad", Verb::Healthy),
        change(4, "web-1", "c-bad", Verb::Crashed),
        change(20, "web-1", "c-bad", Verb::Removed),
        change(1, "web-1", "c-other", Verb::Removed),
        change(31, "web-1", "c-bad", Verb::Removed),
        change(-1, "web-1", "c-bad", Verb::Removed),
    ];
    let told = told(changes, &whereabouts);
    let expected = [
        (Touch::Target, "13:56:00 op2 crashed c-bad (web-1), 4 minutes before"),
        (Touch::Target, "13:56:00 op2 healthy c-bad (web-1), 4 minutes before"),
        (Touch::Target, "13:40:00 op2 removed c-bad (web-1), 20 minutes before"),
        (Touch::Layer, "13:57:00 op2 restarted c-good (web-1), 3 minutes before"),
        (Touch::Layer, "13:51:00 somebody edited callmaps/www.yaml, 9 minutes before"),
        (Touch::Host, "13:58:00 op2 stopped x-1 (web-3), 2 minutes before"),
        (Touch::Name, "13:59:00 op2 restarted edge-nginx-2 (web-9), 1 minute before"),
    ];
    assert_eq!(told, expected.map(|(touch, text)| (touch, text.to_owned())));
}

#[test]
fn a_published_port_leads_to_its_container_alone() {
    let report = report(vec![probe("127.0.0.1:8081", Some("127.0.0.1:8081"), Verdict::Fail)]);
    let whereabouts = Whereabouts {
        containers: HashMap::from([
            ("a-1".into(), vec![spot("127.0.0.1", Some(8081))]),
            ("b-1".into(), vec![spot("127.0.0.1", Some(8082))]),
        ]),
        ..Whereabouts::default()
    };
    let changes = ["a-1", "b-1"].map(|name| Arc::new(change(1, "web-1", name, Verb::Restarted)));
    let found = near(&report, &Targets::OfProbes, &changes, &whereabouts, None);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].touch, &*found[0].what), (Touch::Target, "restarted a-1 (web-1)"));
}

#[test]
fn of_a_tenant_its_containers_count_and_the_loss_of_its_host() {
    let report = report(vec![probe("acme-app", None, Verdict::Fail)]);
    let tenant = |name: &str| Targets::Tenant { tenant: name.into(), role: None, port: None };
    let lost = Change {
        tenant: None,
        container: None,
        id: None,
        actor: None,
        detail: Some("connection\u{1b} refused".to_owned()),
        ..change(1, "web-1", "x", Verb::Lost)
    };
    let changes = [
        lost,
        change(2, "web-1", "acme-db", Verb::Stopped),
        change(3, "web-1", "acme-app", Verb::Crashed),
        change(4, "web-2", "acme-app", Verb::Crashed),
        change(4, "web-1", "birch-app", Verb::Crashed),
    ]
    .map(Arc::new);
    let texts = |targets: &Targets| -> Vec<_> {
        let found = near(&report, targets, &changes, &Whereabouts::default(), None);
        found.into_iter().map(|near| near.what).collect()
    };
    assert_eq!(
        texts(&tenant("web-1/acme")),
        ["crashed acme-app (web-1)", "stopped acme-db (web-1)", "lost web-1: connection␛ refused",]
    );
    assert_eq!(texts(&tenant("acme")).len(), 4, "on whichever host it is");
    assert!(texts(&tenant("cedar")).len() == 1, "the loss of a host that it may be on");
}

#[test]
fn the_last_good_run_bounds_how_far_back_is_looked_and_a_ticket_is_told_once() {
    let mut old = change(50, "web-1", "nginx-2", Verb::Dumped);
    old.ticket = Some(TicketId::from_random(7));
    let report = report(vec![probe("10.1.0.3", None, Verdict::Fail)]);
    let changes = [Arc::new(old.clone()), Arc::new(old)];
    let found = |last_good| near(&report, &targets(), &changes, &Whereabouts::default(), last_good);
    assert!(found(None).is_empty());
    assert!(found(Some(began() - 49.minutes())).is_empty());
    let near = found(Some(began() - 51.minutes()));
    assert_eq!(near.len(), 1);
    assert!(near[0].told(began(), &TimeZone::UTC).ends_with("50 minutes before ‹0000007›"));
}

#[test]
fn names_are_matched_as_words() {
    for (text, word, is_there) in [
        ("edge-nginx-2", "nginx", true),
        ("nginx", "nginx", true),
        ("nginxx", "nginx", false),
        ("db-1", "db", false),
    ] {
        assert_eq!(has_word(text, word), is_there, "{text}");
    }
}

#[test]
fn where_nothing_is_broken_the_layer_with_losses_is_the_scene() {
    let mut all = report(vec![probe("10.1.0.3", None, Verdict::Ok)]);
    all.layers[1].verdict = Verdict::Ok;
    assert_eq!(scene(&all), Some(1));
    all.layers[1].ok = 1;
    assert_eq!(scene(&all), None);
    assert!(near(&all, &targets(), &[], &Whereabouts::default(), None).is_empty());
}
