//! The command line: what it prints, and with which code it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "cli/again.rs"]
mod again;
#[path = "cli/callmap.rs"]
mod callmap;
#[path = "cli/changes.rs"]
mod changes;
mod common;
#[path = "cli/keeper.rs"]
mod keeper;
#[path = "cli/needs.rs"]
mod needs;
#[path = "cli/rules.rs"]
mod rules;
#[path = "cli/runs.rs"]
mod runs;
#[path = "cli/work.rs"]
mod work;

use common::Home;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use wakeboard::config::scenario::Scenario;
use wakeboard::demo::{self, Running};

const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles: {app: {image: 'shop:1', memory: 256M}, db: {image: 'db:1', memory: 512M}}
tenants:
  - {names: [acme], tiers: {vip: 1}, roles: [app, db], start: {running: 1}, labelled: true}
  - {names: [birch], tiers: {low: 1}, roles: [app], start: {stopped: 1}, labelled: true}
";

/// A home whose config names one simulated host and one that is not there.
fn simulated(more: &str) -> (tokio::runtime::Runtime, Running, Home) {
    simulated_by(SCENARIO, more)
}

fn simulated_by(scenario: &str, more: &str) -> (tokio::runtime::Runtime, Running, Home) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let home = Home::new("");
    let scenario = Scenario::read(std::path::Path::new("cli.yaml"), scenario).unwrap();
    let running = {
        let _inside = runtime.enter();
        demo::spawn(&scenario, home.path()).unwrap()
    };
    let endpoint = running.hosts()[0].endpoint.to_string();
    std::fs::write(home.config(), format!("hosts:\n  web-1: '{endpoint}'\n{more}")).unwrap();
    (runtime, running, home)
}

fn run(home: &Home, args: &[&str]) -> assert_cmd::assert::Assert {
    let config = home.config().display().to_string();
    home.command(&[&["--config", &config], args].concat()).assert()
}

#[test]
fn ps_lists_tenants_and_takes_a_filter() {
    let (_runtime, _running, home) = simulated("");
    run(&home, &["ps"]).success().stdout(
        starts_with("TENANT").and(contains("acme")).and(contains("birch")).and(contains("● running")),
    );
    run(&home, &["ps", "tier:vip"]).success().stdout(contains("acme").and(contains("birch").not()));
    run(&home, &["ps", "state:runing"]).code(2).stderr(contains("did you mean \"running\"?"));
}

#[test]
fn ps_json_has_the_promised_shape() {
    let (_runtime, _running, home) = simulated("");
    let output = run(&home, &["ps", "--json"]).success().get_output().stdout.clone();
    let tenants: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let keys = |value: &serde_json::Value| {
        value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(tenants.as_array().unwrap().len(), 2);
    assert_eq!(keys(&tenants[0]), "containers host method since state tenant tier");
    assert_eq!(
        keys(&tenants[0]["containers"][0]),
        "cpu_percent exit_code health id image memory_bytes memory_limit_bytes name oom ports restart_count role since state"
    );
    assert_eq!(tenants[0]["tier"], "vip");
    assert_eq!(tenants[0]["state"], "running");
    assert!(tenants[0]["containers"][0]["memory_bytes"].as_u64().unwrap() > 0);
    assert!(tenants[0]["containers"][0]["cpu_percent"].as_f64().is_some());
    assert_eq!(tenants[0]["containers"][0]["memory_limit_bytes"], 256 * 1024 * 1024);
    assert!(tenants[1]["since"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
}

#[test]
fn a_host_that_is_down_is_told_of_and_the_rest_is_shown() {
    let (_runtime, _running, home) = simulated("  web-2: 'unix:///nonexistent/engine.sock'\n");
    run(&home, &["ps"])
        .success()
        .stdout(contains("acme"))
        .stderr(contains("web-2").and(contains("no such socket")));
    run(&home, &["hosts"])
        .success()
        .stdout(contains("web-1").and(contains("up")).and(contains("unreachable")));
    let output = run(&home, &["hosts", "--json"]).success().get_output().stdout.clone();
    let hosts: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(hosts[0]["state"], "up");
    assert_eq!(hosts[0]["engine"], "Docker");
    assert_eq!(hosts[0]["containers"], 3);
    assert_eq!(hosts[1]["state"], "unreachable");
}

#[test]
fn no_host_at_all_is_code_3() {
    let home = Home::new("hosts: {web-1: 'unix:///nonexistent/engine.sock', web-2: 'tcp://127.0.0.1:1'}\n");
    for verb in [&["ps"][..], &["ps", "--json"], &["hosts"]] {
        run(&home, verb)
            .code(3)
            .stderr(contains("no host could be reached").and(contains("connection refused")));
    }
    // The ledger answers this.
    run(&home, &["changes"]).success().stdout("").stderr(contains("no host could be reached"));
}

#[test]
fn a_wrong_config_is_code_2_with_its_place() {
    let home = Home::new("hosts:\n  web-1: unix:///run/x.sock\nthem: dark\n");
    for verb in [&["ps"][..], &["config", "check"], &[]] {
        run(&home, verb).code(2).stderr(
            contains("wakeboard.yaml:3:1").and(contains("them")).and(contains("did you mean `theme`")),
        );
    }
}

#[test]
fn the_demo_takes_a_configs_look_and_looks_for_no_host() {
    let home = Home::new("theme: dark\n");
    let config = home.config().display().to_string();
    // Discovery would stop the program here: there is no such way to an engine.
    let mut command = home.command(&["--config", &config, "demo", "--list"]);
    command.env("DOCKER_HOST", "carrier-pigeon://web-1").assert().success().stdout(contains("acme"));
    let mut command = home.command(&["--config", &config, "ps"]);
    command.env("DOCKER_HOST", "carrier-pigeon://web-1").assert().code(2);
}

#[test]
fn wrong_usage_is_code_2() {
    let home = Home::new("");
    run(&home, &["pss"]).code(2);
    run(&home, &["ps", "--jsn"]).code(2);
    // Nothing to draw on.
    run(&home, &[]).code(2).stderr(contains("needs a terminal"));
}

#[test]
fn a_good_config_is_proved_and_the_schema_printed() {
    let (_runtime, _running, home) = simulated("ledger: postgres://me:geheim@db/x\nread_only: true\n");
    run(&home, &["config", "check"]).success().stdout(
        contains("good")
            .and(contains("host web-1"))
            .and(contains("ledger postgres://db/x"))
            .and(contains("read-only")),
    );
    let output = run(&home, &["config", "schema"]).success().get_output().stdout.clone();
    let schema: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert!(schema["properties"]["hosts"].is_object());
}

#[test]
fn completions_and_the_man_page_know_every_command() {
    let home = Home::new("");
    for shell in ["bash", "zsh", "fish"] {
        run(&home, &["completions", shell]).success().stdout(contains("changes").and(contains("tickets")));
    }
    run(&home, &["man"]).success().stdout(contains("wakeboard").and(contains("Exit codes")));
}

#[test]
fn changes_follow_what_happens() {
    use std::io::{BufRead, BufReader};
    let (_runtime, running, home) = simulated("");
    let mut child = std::process::Command::new(common::program())
        .args(["--config", &home.config().display().to_string(), "changes", "--follow", "--json"])
        .env("XDG_STATE_HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Acts go on until one is told: how long the follower takes to listen is its own affair.
    let acting = std::sync::atomic::AtomicBool::new(true);
    let told = std::thread::scope(|scope| {
        scope.spawn(|| {
            while acting.load(std::sync::atomic::Ordering::Relaxed) {
                for act in [demo::Act::Pause, demo::Act::Unpause] {
                    let _ = running.act("web-1", "acme-app", act);
                    std::thread::sleep(std::time::Duration::from_millis(200));
                }
            }
        });
        let told = lines
            .by_ref()
            .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap())
            .find(|change| change["verb"] == "paused");
        acting.store(false, std::sync::atomic::Ordering::Relaxed);
        told
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let told = told.unwrap();
    assert_eq!(told["tenant"], "acme");
    assert_eq!(told["host"], "web-1");
    assert!(told["actor"].is_null(), "an engine does not say who");
}

#[test]
fn ps_watch_prints_again_when_something_changes() {
    use std::io::{BufRead, BufReader};
    let (_runtime, running, home) = simulated("");
    let mut child = std::process::Command::new(common::program())
        .args(["--config", &home.config().display().to_string(), "ps", "--watch", "acme"])
        .env("XDG_STATE_HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = |word: &str| lines.by_ref().map(Result::unwrap).any(|line| line.contains(word));
    assert!(next("running"));
    running.act("web-1", "acme-app", demo::Act::Pause).unwrap();
    assert!(next("paused"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let home = Home::new("");
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {} man | head -1", common::program())])
        .env("XDG_STATE_HOME", home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty());
}

#[test]
fn the_log_goes_to_its_file_and_nowhere_else() {
    let (_runtime, _running, home) = simulated("");
    run(&home, &["ps", "--log-level", "debug"]).success().stderr("");
    let log = home.path().join("state/wakeboard/wakeboard.log");
    assert!(std::fs::read_to_string(&log).unwrap().contains("host known"));
    run(&home, &["ps", "--log-file", "/nonexistent/x.log"]).code(2).stderr(contains("/nonexistent/x.log"));
}
