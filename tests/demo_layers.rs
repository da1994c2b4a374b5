//! The demo's call chain: its callmap finds all well, and whatever breaks is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rstest::rstest;
use wakeboard::callmap::plan::Plan;
use wakeboard::callmap::run::{Order, run};
use wakeboard::config::{Env, callmap};
use wakeboard::demo::layers::{self, Layers, Place, Trouble};
use wakeboard::model::callmap::report::{ProductVerdict, Report, Verdict};

async fn ran(layers: &Layers) -> Report {
    let callmap = Arc::new(callmap::load(layers.callmap(), &[], &Env::default()).unwrap());
    let plan = Arc::new(Plan::new(&callmap, &|_| Err("the demo's chain has no tenant".to_owned())).unwrap());
    let order = Order { actor: "op1".into(), ticket: None, again: None };
    run(&callmap, &plan, &order, &mut |_| {}).await
}

/// Waits until all is well.
async fn well(layers: &Layers) -> Report {
    let begun = Instant::now();
    loop {
        let report = ran(layers).await;
        if report.verdict == ProductVerdict::Ok {
            return report;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{report:#?}");
    }
}

/// The faults of a report: layer, the number of the probe in it, how bad, and why.
fn faults(report: &Report) -> Vec<(String, usize, Verdict, String)> {
    let mut faults = Vec::new();
    for layer in &report.layers {
        let bad = layer.probes.iter().enumerate().filter(|(_, probe)| probe.verdict != Verdict::Ok);
        faults.extend(bad.map(|(at, probe)| {
            (layer.name.to_string(), at, probe.verdict, probe.reason.clone().unwrap_or_default())
        }));
    }
    faults
}

#[tokio::test]
async fn the_callmap_finds_all_well() {
    let folder = tempfile::tempdir().unwrap();
    let layers = layers::start(folder.path()).await.unwrap();
    let report = ran(&layers).await;
    assert_eq!((report.verdict, report.drift.len()), (ProductVerdict::Ok, 0), "{report:#?}");
    let shape: Vec<(&str, usize)> =
        report.layers.iter().map(|layer| (&*layer.name, layer.probes.len())).collect();
    assert_eq!(shape, [("dns", 2), ("edge", 2), ("web", 2), ("app", 1), ("db", 1)]);
}

#[rstest]
#[case(Trouble::Silence, "dns", &[0, 1], "no answer in 2 s")]
#[case(Trouble::NoName, "dns", &[0, 1], "there is no such name (NXDOMAIN)")]
#[case(Trouble::Elsewhere, "dns", &[0], "answered 203.0.113.99, wanted exactly 127.0.0.1")]
#[case(Trouble::Ended, "edge", &[1], "certificate ended 3 days ago")]
#[case(Trouble::OtherName, "edge", &[0], "certificate is for www.bakery.test, not www.shop.test")]
#[case(Trouble::BadGateway, "web", &[1], "answered 502, wanted 200")]
#[case(Trouble::OtherSite, "web", &[0], "answered 421, wanted 200")]
#[case(Trouble::OtherPage, "web", &[1], "the body does not have \"the shop\"")]
#[case(Trouble::Slow, "web", &[0], "took ")]
#[case(Trouble::NoDatabase, "app", &[0], "$.db is \"lost\", wanted \"ok\"")]
#[case(Trouble::Down(Place::Edge(2)), "edge", &[1], "connection refused")]
#[case(Trouble::Down(Place::Web(1)), "web", &[0], "connection refused")]
#[case(Trouble::Down(Place::App), "app", &[0], "connection refused")]
#[case(Trouble::Down(Place::Db), "db", &[0], "connection refused")]
#[tokio::test]
async fn what_breaks_is_named_and_mends(
    #[case] trouble: Trouble,
    #[case] layer: &str,
    #[case] probes: &[usize],
    #[case] reason: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let layers = layers::start(folder.path()).await.unwrap();
    well(&layers).await;
    layers.suffer(Some(trouble));
    // A server goes a moment later.
    let begun = Instant::now();
    let report = loop {
        let report = ran(&layers).await;
        if report.verdict != ProductVerdict::Ok {
            break report;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "nothing is wrong");
    };
    let found = faults(&report);
    let seen: Vec<(&str, usize)> = found.iter().map(|fault| (&*fault.0, fault.1)).collect();
    let expected: Vec<(&str, usize)> = probes.iter().map(|at| (layer, *at)).collect();
    assert_eq!(seen, expected, "{report:#?}");
    let verdict = if trouble == Trouble::Slow { Verdict::Slow } else { Verdict::Fail };
    for (.., bad, why) in &found {
        assert!(*bad == verdict && why.starts_with(reason), "{why:?}, not {reason:?}");
    }
    // One of the two web servers is enough.
    if layer == "web" {
        assert_eq!((report.verdict, report.broken_layer), (ProductVerdict::Degraded, None));
    } else {
        assert_eq!((report.verdict, report.broken_layer.as_deref()), (ProductVerdict::Broken, Some(layer)));
    }
    layers.suffer(None);
    well(&layers).await;
}

#[test]
fn every_trouble_of_the_demo_is_tried() {
    let cases = include_str!("demo_layers.rs");
    for trouble in Trouble::ALL {
        let name = format!("{trouble:?}");
        let tried = |line: &str| line.starts_with("#[case(") && line.replace("Place::", "").contains(&name);
        assert!(cases.lines().any(tried), "{name}");
    }
}

#[tokio::test]
async fn all_of_it_is_gone_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let layers = layers::start(folder.path()).await.unwrap();
    let text = std::fs::read_to_string(layers.callmap()).unwrap();
    let port = |var: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(&format!("{var}: "))).unwrap();
        line.parse::<std::net::SocketAddr>().unwrap()
    };
    let address = port("app");
    tokio::net::TcpStream::connect(address).await.unwrap();
    drop(layers);
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(5), "somebody still listens");
    }
}
