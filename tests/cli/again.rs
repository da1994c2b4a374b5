//! What a host could not do is tried again when it matters.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use predicates::prelude::*;
use predicates::str::contains;

use super::{common::Home, run, simulated_by};
use wakeboard::config::scenario::Scenario;
use wakeboard::demo;
use wakeboard::engine;
use wakeboard::ledger::Ledger;
use wakeboard::model::ability::{Ability, Fault};
use wakeboard::model::host::HostSpec;
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::naming::Naming;

const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles: {app: {image: 'shop:1', memory: 64M}}
tenants: [{names: [acme], tiers: {low: 1}, roles: [app], start: {running: 1}, labelled: true}]
";

/// The same with experimental features.
fn experimental() -> String {
    SCENARIO.replace("names: [web-1]", "names: [web-1], experimental: true")
}

const ORDER: &str = "dump: {methods: [checkpoint, stop]}\n";

/// Remembers that these methods did not work three hours ago.
fn remember(runtime: &tokio::runtime::Runtime, home: &Home, host: &HostSpec, methods: &[Method]) {
    let place = Where::Sqlite(home.path().join("state/wakeboard/ledger.db"));
    runtime.block_on(async {
        let engine = engine::connect(host, Arc::new(Naming::default())).await.unwrap();
        let label: Arc<str> = engine.label().await.unwrap().into();
        let ledger = Ledger::open(&place).await.unwrap();
        for method in Method::ALL {
            let fault = Fault { reason: "the moon was full".to_owned(), mend: None, cause: None };
            let ability = Ability {
                host: "web-1".into(),
                engine: label.clone(),
                method,
                fault: methods.contains(&method).then_some(fault),
                dump_seconds: None,
                wake_seconds: None,
                tried: Timestamp::now() - 3.hours(),
            };
            ledger.put_ability(&ability).await.unwrap();
        }
    });
}

/// The steps of the latest ticket.
fn steps(home: &Home) -> Vec<String> {
    let output = run(home, &["tickets", "--json"]).success().get_output().stdout.clone();
    let tickets: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let steps = tickets[0]["steps"].as_array().unwrap().iter();
    steps.map(|step| step["what"].as_str().unwrap().to_owned()).collect()
}

fn tries_again(home: &Home) -> bool {
    steps(home).iter().any(|step| step.starts_with("find out whether it can be done now"))
}

#[test]
fn an_order_that_would_be_refused_from_memory_is_tried_anew() {
    let (runtime, running, home) = simulated_by(&experimental(), "");
    remember(&runtime, &home, &running.hosts()[0], &[Method::Freeze]);
    run(&home, &["dump", "acme", "--by", "freeze", "--dry-run"]).success().stdout(contains(
        "dump by freeze: acme-app; freeze did not work on web-1, and is tried anew: the moon was full (found 3 h ago)",
    ));
    // Where another method will do, nothing is tried.
    run(&home, &["dump", "acme"]).success().stdout(contains("acme dumped by").and(contains("freeze").not()));
    assert!(!tries_again(&home), "{:?}", steps(&home));
    run(&home, &["wake", "acme"]).success();
    run(&home, &["dump", "acme", "--by", "freeze"]).success().stdout(contains("acme dumped by freeze"));
    assert!(tries_again(&home), "{:?}", steps(&home));
    // What was found out is remembered.
    run(&home, &["wake", "acme"]).success();
    run(&home, &["dump", "acme", "--by", "freeze"]).success();
    assert!(!tries_again(&home), "{:?}", steps(&home));
}

#[test]
fn what_still_does_not_work_is_refused_with_the_age_of_that_knowledge() {
    let (runtime, running, home) = simulated_by(SCENARIO, "");
    remember(&runtime, &home, &running.hosts()[0], &[Method::Checkpoint]);
    run(&home, &["dump", "acme", "--by", "checkpoint"])
        .code(1)
        .stderr(contains("experimental feature").and(contains("found just now")));
    run(&home, &["ps", "acme"]).success().stdout(contains("running"));
}

#[test]
fn experimental_features_that_are_switched_on_are_seen_at_the_next_dump() {
    let (runtime, running, home) = simulated_by(SCENARIO, ORDER);
    run(&home, &["dump", "acme"]).success().stdout(contains("acme dumped by stop"));
    run(&home, &["wake", "acme"]).success();
    run(&home, &["dump", "acme"]).success().stdout(contains("acme dumped by stop"));
    assert!(!tries_again(&home), "{:?}", steps(&home));
    run(&home, &["wake", "acme"]).success();
    drop(running);
    let scenario = Scenario::read(std::path::Path::new("cli.yaml"), &experimental()).unwrap();
    let _inside = runtime.enter();
    let _running = demo::spawn(&scenario, home.path()).unwrap();
    run(&home, &["dump", "acme"]).success().stdout(contains("acme dumped by checkpoint"));
    assert!(tries_again(&home), "{:?}", steps(&home));
}
