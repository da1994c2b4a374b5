//! `dump`, `wake`, `tickets` and `doctor`: names, usage, read-only, plans, and what is told at the end.

use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use wakeboard::config::scenario::{Call, CallFault, Fault, How};

use super::common::Home;
use super::{run, simulated, simulated_by};

#[test]
fn a_tenant_must_be_named() {
    let home = Home::new("");
    for verb in ["dump", "wake"] {
        run(&home, &[verb]).code(2).stderr(contains("<TENANT>..."));
    }
    run(&home, &["dump", "acme", "--by", "frezze"]).code(2).stderr(contains("freeze"));
    run(&home, &["wake", "acme", "--timeout", "30"]).code(2).stderr(contains("examples: 500ms"));
    run(&home, &["tickets", "12"]).code(2).stderr(contains("7 hex digits"));
}

#[test]
fn read_only_has_no_verb_that_changes_something() {
    let (_runtime, _running, home) = simulated("read_only: true\n");
    let changing = [&["dump", "acme"][..], &["dump", "--dry-run", "acme"], &["wake", "acme"], &["doctor"]];
    for words in changing {
        run(&home, words).code(2).stdout("").stderr(starts_with("wakeboard: read-only: "));
    }
    run(&home, &["ps"]).success();
    let (_runtime, _running, home) = simulated("");
    for words in changing {
        run(&home, &[&["--read-only"], words].concat()).code(2).stderr(contains("read-only: "));
        run(&home, &[words, &["--read-only"]].concat()).code(2).stderr(contains("read-only: "));
    }
    run(&home, &["ps", "--read-only"]).success().stdout(contains("acme"));
}

#[test]
fn an_unknown_name_is_told_before_anything_is_done() {
    let (_runtime, _running, home) = simulated("");
    run(&home, &["dump", "birch", "amce"])
        .code(1)
        .stdout("")
        .stderr(contains("there is no tenant `amce`").and(contains("did you mean `acme`?")));
    run(&home, &["dump", "web-1/acmee"]).code(1).stderr(contains("did you mean `web-1/acme`?"));
    run(&home, &["doctor", "wbe-1"]).code(1).stderr(contains("did you mean `web-1`?"));
}

#[test]
fn no_host_is_code_3() {
    let home = Home::new("hosts: {web-1: 'unix:///nonexistent/engine.sock'}\n");
    for verb in ["dump", "wake"] {
        run(&home, &[verb, "acme"]).code(3).stderr(contains("no host could be reached"));
    }
}

#[test]
fn a_plan_is_told_and_nothing_done() {
    let (_runtime, _running, home) = simulated("");
    let told = "web-1/acme: dump by stop: acme-app, acme-db\n";
    run(&home, &["dump", "acme", "--by", "stop", "--force", "--dry-run"]).success().stdout(told);
    run(&home, &["dump", "birch", "web-1/acme", "--by", "stop", "--force", "--dry-run"])
        .code(1)
        .stdout(contains(told.trim()).and(contains("web-1/birch: refused: nothing of it runs")))
        .stderr(contains("1 of 2 tenants"));
    // A refusal is told as the dump itself would.
    run(&home, &["dump", "birch", "web-1/acme", "--by", "stop", "--dry-run"])
        .code(1)
        .stdout(
            contains("web-1/birch: refused: nothing of it runs")
                .and(contains("web-1/acme: refused: tier vip")),
        )
        .stderr(contains("2 of 2 tenants"));
    let output = run(&home, &["dump", "acme", "--force", "--by", "freeze", "--dry-run", "--json"])
        .success()
        .get_output()
        .stdout
        .clone();
    let plan: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(plan["containers"], serde_json::json!(["acme-app", "acme-db"]), "dependents go first");
    assert_eq!((&plan["method"], &plan["refusal"]), (&"freeze".into(), &serde_json::Value::Null));
    run(&home, &["ps", "acme"]).success().stdout(contains("running"));
}

#[test]
fn a_dead_host_does_not_delay_what_is_not_on_it() {
    // It takes connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (_runtime, _running, home) = simulated(&format!("  web-2: 'tcp://{address}'\n"));
    for (name, at_most) in [("web-1/acme", 3), ("acme", 6)] {
        let began = std::time::Instant::now();
        run(&home, &["dump", name, "--by", "stop", "--force", "--dry-run"]).success();
        assert!(began.elapsed().as_secs() < at_most, "{name}: {:?}", began.elapsed());
    }
}

#[test]
fn the_last_json_line_has_exactly_the_promised_keys() {
    let (_runtime, _running, home) = simulated("");
    let last = |words: &[&str], code, tenant: &str| -> serde_json::Value {
        let output = run(&home, &[words, &["--json"]].concat()).code(code).get_output().stdout.clone();
        let lines = String::from_utf8(output).unwrap();
        let mut lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.rfind(|line| line["tenant"] == tenant).unwrap()
    };
    // One lies down, and is awake the second time; the other is vip, and nobody insists.
    for (words, code, tenant, outcome, reason) in [
        (&["wake", "birch"], 0, "birch", "woken", None),
        (&["wake", "birch"], 0, "birch", "woken", Some("is awake already")),
        (&["dump", "acme"], 1, "acme", "refused", Some("its tier is vip: only with --force")),
    ] {
        let last = last(words, code, tenant);
        let keys: Vec<&str> = last.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.join(" "), "fallbacks method outcome reason seconds tenant ticket");
        assert_eq!(last["outcome"], outcome);
        assert_eq!(last["reason"].as_str(), reason, "{last}");
        assert_eq!(last["fallbacks"], serde_json::json!([]));
        assert_eq!(last["ticket"].as_str().unwrap().len(), 7);
    }
    run(&home, &["dump", "acme"]).code(1).stdout("").stderr(contains("acme refused: its tier is vip"));
}

#[test]
fn a_tenant_is_dumped_by_each_method_and_woken() {
    let (_runtime, running, home) = simulated("");
    let json = |words: &[&str], code| -> serde_json::Value {
        let output = run(&home, &[words, &["--json"]].concat()).code(code).get_output().stdout.clone();
        let lines = String::from_utf8(output).unwrap();
        serde_json::from_str(lines.lines().last().unwrap()).unwrap()
    };
    // Vip, and not forced to.
    let line = json(&["dump", "acme"], 1);
    assert_eq!((&line["outcome"], &line["method"]), (&"refused".into(), &serde_json::Value::Null));
    for method in ["freeze", "stop", "destroy"] {
        let line = json(&["dump", "acme", "--force", "--by", method], 0);
        assert_eq!((&line["outcome"], &line["method"]), (&"dumped".into(), &method.into()), "{line}");
        run(&home, &["ps", "acme"]).success().stdout(contains("dumped").and(contains(method)));
        let line = json(&["wake", "acme", "--timeout", "30s"], 0);
        assert_eq!(line["outcome"], "woken", "{line}");
        assert_eq!(line["fallbacks"], serde_json::json!([]), "{line}");
        run(&home, &["ps", "acme"]).success().stdout(contains("running"));
    }
    // This engine makes none, and the canary has found that out before the tenant was touched.
    let line = json(&["dump", "acme", "--force", "--by", "checkpoint"], 1);
    assert!(line["reason"].as_str().unwrap().contains("experimental"), "{line}");
    let output = run(&home, &["tickets", "--json"]).success().get_output().stdout.clone();
    let tickets: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let outcomes: Vec<&str> =
        tickets.as_array().unwrap().iter().rev().map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(
        outcomes.join(" "),
        "refused dumped woken dumped woken dumped woken refused",
        "newest first, each with its end"
    );
    drop(running);
}

/// Two tenants, one of which has written outside of its volume.
const WRITTEN: &str = "
hosts: [{names: [web-1]}]
roles:
  app: {image: 'shop:1', labels: {wakeboard.simulated.written: '/opt/state,/tmp/x,/data'}, volume: /data/}
  clean: {image: 'shop:1', labels: {wakeboard.simulated.written: '/tmp/x'}}
tenants:
  - {names: [acme], tiers: {low: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [birch], tiers: {low: 1}, roles: [clean], start: {running: 1}, labelled: true}
";

#[test]
fn what_goes_with_a_destroyed_tenant_is_told_before_and_after() {
    let (_runtime, running, home) = simulated_by(WRITTEN, "");
    let lost = "/opt/state of acme-app";
    run(&home, &["dump", "acme", "birch", "--by", "destroy", "--dry-run"]).success().stdout(
        contains(format!("acme: dump by destroy: acme-app; with it goes {lost}"))
            .and(contains("birch-clean\n")),
    );
    run(&home, &["dump", "acme", "--by", "stop", "--dry-run"]).success().stdout(contains("with it").not());
    let output = run(&home, &["dump", "acme", "--by", "destroy", "--dry-run", "--json"]).success();
    let plan: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(plan["loses"], "/opt/state of acme-app");
    // Who asks for it by hand gets it.
    run(&home, &["dump", "acme", "--by", "destroy"])
        .success()
        .stdout(contains("acme dumped by destroy").and(contains(format!("with it went {lost}"))));
    run(&home, &["dump", "birch", "--by", "destroy"]).success().stdout(contains("with it").not());
    run(&home, &["changes", "verb:dumped"]).success().stdout(contains(lost));
    run(&home, &["ps"]).success().stdout(contains("rehearsal").not());
    run(&home, &["wake", "acme"]).success();
    drop(running);
}

#[test]
fn what_cannot_be_created_again_is_not_removed() {
    let (_runtime, running, home) = simulated_by(WRITTEN, "");
    run(&home, &["dump", "acme", "--by", "stop"]).success();
    run(&home, &["wake", "acme"]).success();
    let fault = CallFault { of: Call::Create, times: 1, how: How::Status(400) };
    running.fault("web-1", Some(Fault::Call(fault))).unwrap();
    run(&home, &["dump", "acme", "--by", "destroy"])
        .code(1)
        .stderr(contains("acme refused").and(contains("acme-app cannot be created again")));
    let output = run(&home, &["tickets", "--json"]).success();
    let tickets: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let steps: Vec<&str> =
        tickets[0]["steps"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert!(!steps.contains(&"stop") && !steps.contains(&"remove"), "{steps:?}");
    run(&home, &["ps", "acme"]).success().stdout(contains("running"));
    // What comes after it in the order is taken.
    running.fault("web-1", Some(Fault::Call(fault))).unwrap();
    let config = std::fs::read_to_string(home.config()).unwrap();
    std::fs::write(home.config(), format!("{config}dump: {{methods: [destroy, stop]}}\n")).unwrap();
    run(&home, &["dump", "acme"]).success().stdout(contains("acme dumped by stop"));
}

#[test]
fn a_pause_that_the_runtime_could_not_bring_about_is_tried_again() {
    let (_runtime, running, home) = simulated_by(WRITTEN, "");
    let fault = CallFault { of: Call::Pause, times: 2, how: How::UnableToFreeze };
    running.fault("web-1", Some(Fault::Call(fault))).unwrap();
    run(&home, &["dump", "acme", "--by", "freeze"]).success().stdout(contains("acme dumped by freeze"));
    // Another refusal is one at once.
    run(&home, &["wake", "acme"]).success();
    let fault = CallFault { how: How::Status(500), times: 1, ..fault };
    running.fault("web-1", Some(Fault::Call(fault))).unwrap();
    run(&home, &["dump", "acme", "--by", "freeze"]).code(1);
}
