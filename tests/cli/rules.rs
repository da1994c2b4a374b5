//! `wakeboard rules`: what will be done to whom, in words and as JSON.

use jiff::{SignedDuration, Timestamp};
use predicates::prelude::*;
use predicates::str::contains;

use super::{run, simulated_by};
use wakeboard::ledger::Ledger;
use wakeboard::model::keeper::{Activity, Kept};
use wakeboard::model::ledger::Where;

const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles: {app: {image: 'shop:1', memory: 256M}}
tenants:
  - {names: [acme], tiers: {vip: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [birch], tiers: {mid: 1}, roles: [app], start: {stopped: 1}, labelled: true}
  - {names: [cedar], tiers: {high: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [dogwood], tiers: {low: 1}, roles: [app], start: {running: 1}, labelled: true}
";

/// What a simulated container uses is left to chance.
const CONFIG: &str =
    "tiers: {high: [{after: 1s, dump: stop}], low: []}\nrules: {zone: UTC, idle: {cpu: ignore}}\n";

fn json(home: &super::Home, args: &[&str]) -> serde_json::Value {
    let output = run(home, args).success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn explain_says_what_will_be_done_and_what_is_not_known() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, CONFIG);
    run(&home, &["rules", "explain", "acme"]).success().stdout(
        contains("web-1/acme: tier vip, running")
            .and(contains("It is left alone: no rule puts a tenant of tier vip to sleep."))
            .and(contains("Tier vip: always running."))
            .and(contains("request      not measured yet, and must be"))
            .and(contains("cpu          ignored, says the config")),
    );
    run(&home, &["rules", "explain", "web-1/birch"]).success().stdout(contains(
        "It is left alone: it is stopped, and only what runs as it should is put to sleep.",
    ));
    run(&home, &["rules", "explain", "brich"]).code(1).stderr(contains("did you mean `birch`?"));
    run(&home, &["rules"]).code(2);
}

/// Writes what a keeper would have written of cedar, so many seconds ago.
fn keeper_has_watched(home: &super::Home, runtime: &tokio::runtime::Runtime, seconds: i64) {
    let ago = Timestamp::now() - SignedDuration::from_secs(seconds);
    let then = Some(ago);
    let activity = Activity { request: None, network: then, cpu: None, connections: then };
    let kept = Kept {
        key: ("web-1".into(), "cedar".into()),
        activity,
        counted: None,
        measured: then,
        until: then,
        answer: None,
    };
    runtime.block_on(async {
        let ledger =
            Ledger::open(&Where::Sqlite(home.path().join("state/wakeboard/ledger.db"))).await.unwrap();
        ledger.put_activity(&[kept]).await.unwrap();
        ledger.close().await;
    });
}

#[test]
fn what_a_keeper_has_measured_is_known_as_long_as_it_vouches_for_it() {
    let config = CONFIG.replace("cpu: ignore", "cpu: ignore, may_be_unknown: [request]");
    let (runtime, _running, home) = simulated_by(SCENARIO, &config);
    keeper_has_watched(&home, &runtime, 30);
    let told = json(&home, &["rules", "explain", "cedar", "--json"]);
    assert_eq!((told["decision"].as_str(), told["dump"].as_str()), (Some("dump"), Some("stop")), "{told}");
    assert!(told["known_use"]["network"].is_string() && told["known_use"]["request"].is_null(), "{told}");
    run(&home, &["rules", "explain", "cedar"]).success().stdout(contains("connections  last use at "));
    run(&home, &["rules", "plan"]).success().stdout(contains("1 to be dumped, 0 held"));
    keeper_has_watched(&home, &runtime, 61);
    let told = json(&home, &["rules", "explain", "cedar", "--json"]);
    assert_eq!(
        (told["decision"].as_str(), told["reason"].as_str()),
        (Some("held"), Some("unmeasured")),
        "{told}"
    );
}

#[test]
fn what_would_be_done_but_for_what_is_not_measured_is_told() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, CONFIG);
    let told = json(&home, &["rules", "explain", "cedar", "--json"]);
    // It has run for a second at least: to answer takes less than to be started.
    assert_eq!(told["decision"], "held", "{told}");
    assert_eq!(told["reason"], "unmeasured", "{told}");
    assert_eq!(told["dump"], "stop");
    assert_eq!(told["must_be_known"], serde_json::json!(["request", "network", "connections"]));
    assert!(told["known_use"]["request"].is_null());
    assert!(told["text"].as_str().unwrap().starts_with("It would be dumped by stop"), "{told}");
    run(&home, &["rules", "plan"]).success().stdout(
        contains("WHEN")
            .and(contains("cedar"))
            .and(contains("dumped by stop"))
            .and(contains("not measured"))
            .and(contains("0 to be dumped, 1 held, 3 left alone."))
            .and(contains("1  of tier vip"))
            .and(contains("1  of tiers without steps"))
            .and(contains("1  not running as they should")),
    );
    let plan = json(&home, &["rules", "plan", "--hours", "2", "--json"]);
    let plan = plan.as_array().unwrap();
    let of = |tenant: &str| plan.iter().find(|row| row["tenant"] == tenant).unwrap();
    assert_eq!(plan.len(), 4);
    assert_eq!((of("cedar")["decision"].as_str(), of("cedar")["at"].as_str()), (Some("held"), None));
    assert_eq!(of("acme")["reason"], "vip");
    run(&home, &["rules", "plan", "--hours", "49"]).code(2);
}
