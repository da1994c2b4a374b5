//! `wakeboard keeper` on simulated engines: what it does, what it says, how it ends.

use std::time::{Duration, Instant};

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use super::common::Home;
use super::common::keeper::Keeper;
use super::{run, simulated_by};

const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles: {app: {image: 'shop:1', memory: 256M}}
tenants:
  - {names: [acme], tiers: {vip: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [birch], tiers: {mid: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [cedar], tiers: {high: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [dogwood], tiers: {low: 1}, roles: [app], start: {running: 1}, labelled: true}
";

/// What a simulated container uses is left to chance: here nothing is too much. Only that it is measured counts.
const IDLE: &str =
    "  idle: {network: ignore, cpu: '100000%', connections: ignore, may_be_unknown: [request]}\n";
const TIERS: &str = "tiers: {high: [{after: 1s, dump: freeze}, {after: 3s, dump: stop}], mid: [{after: 1s, dump: stop}], \
                     low: [{after: 10m, dump: stop}]}\nrules:\n";
/// Nobody waits for longer.
const SOON: Duration = Duration::from_secs(30);

fn tickets(home: &Home) -> Vec<Value> {
    let output = run(home, &["tickets", "--json"]).success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

fn of(tickets: &[Value], tenant: &str) -> Vec<String> {
    let ours = tickets.iter().rev().filter(|ticket| ticket["tenant"] == tenant);
    ours.map(|ticket| format!("{} {}", ticket["outcome"], ticket["method"]).replace('"', "")).collect()
}

/// Waits until cedar sleeps as deep as its tier goes.
fn has_gone_deeper(home: &Home) {
    let begun = Instant::now();
    while !of(&tickets(home), "cedar").iter().any(|ticket| ticket == "dumped stop") {
        assert!(begun.elapsed() < SOON);
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn idle_tenants_are_put_to_sleep_and_deeper_and_vip_is_left_alone() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{TIERS}{IDLE}"));
    let keeper = Keeper::start(&home, &[]);
    let started = keeper.hear("started", None);
    assert!(started["rules"].as_str().unwrap().contains("high: freeze after 1s, stop after 3s"), "{started}");
    keeper.hear("works", None);
    let birch = keeper.hear("dumped", Some("birch"));
    assert_eq!((&birch["by"], &birch["method"]), (&"keeper".into(), &"stop".into()), "{birch}");
    assert!(birch["cause"].as_str().unwrap().starts_with("idle "), "{birch}");
    has_gone_deeper(&home);
    run(&home, &["changes", "who:keeper"])
        .success()
        .stdout(contains("dumped").and(contains("birch")).and(contains("idle ")));
    let told = run(&home, &["rules", "explain", "cedar"]).success().get_output().stdout.clone();
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("dumped stop") && told.contains("The keeper works on "), "{told}");
    // A person wakes one: that is use, and it is idle again only later.
    run(&home, &["wake", "birch"]).success();
    keeper.hear("woken", Some("birch"));
    assert_eq!(keeper.end(), Some(0));
    let tickets = tickets(&home);
    assert_eq!(of(&tickets, "acme"), [""; 0]);
    assert_eq!(of(&tickets, "dogwood"), [""; 0]);
    assert!(tickets.iter().all(|ticket| !ticket["ended"].is_null()), "{tickets:#?}");
    // One that has given its lease back is not waited for.
    let told = run(&home, &["rules", "explain", "acme"]).success().get_output().stdout.clone();
    assert!(String::from_utf8(told).unwrap().contains("No keeper works on this ledger"));
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{TIERS}{IDLE}"));
    let keeper = Keeper::start(&home, &["--dry-run"]);
    let birch = keeper.hear("would dump", Some("birch"));
    assert_eq!(birch["method"], "stop", "{birch}");
    // Deeper, as if the first had been done.
    let begun = Instant::now();
    while keeper.said("would dump").iter().filter(|line| line["tenant"] == "cedar").count() < 2 {
        assert!(begun.elapsed() < SOON, "{:#?}", keeper.lines());
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(3));
    let said = keeper.said("would dump");
    assert_eq!(said.len(), 3, "each thing is said once: {said:#?}");
    assert_eq!(keeper.end(), Some(0));
    assert_eq!(tickets(&home), [] as [Value; 0]);
    run(&home, &["ps", "birch"]).success().stdout(contains("running"));
}

#[test]
fn of_two_keepers_one_works_and_the_other_takes_over() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{TIERS}{IDLE}"));
    let first = Keeper::start(&home, &[]);
    first.hear("works", None);
    let second = Keeper::start(&home, &[]);
    second.hear("stands by: another keeper works", None);
    first.hear("dumped", Some("birch"));
    has_gone_deeper(&home);
    let killed = Instant::now();
    first.signal("-KILL");
    second.hear("works", None);
    assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
    // It goes on where the first was.
    run(&home, &["wake", "birch"]).success();
    second.hear("dumped", Some("birch"));
    // A stop hands the work over at once.
    let third = Keeper::start(&home, &[]);
    third.hear("stands by: another keeper works", None);
    let stopped = Instant::now();
    assert_eq!(second.end(), Some(0));
    third.hear("works", None);
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(third.end(), Some(0));
    let tickets = tickets(&home);
    assert_eq!(of(&tickets, "birch"), ["dumped stop", "woken stop", "dumped stop"], "{tickets:#?}");
    assert_eq!(of(&tickets, "cedar"), ["dumped freeze", "dumped stop"], "{tickets:#?}");
}

/// Stops a keeper, but not in the middle of a word to the ledger: others on this machine would wait for its end.
fn freeze(keeper: &Keeper, home: &Home) {
    for _ in 0..20 {
        keeper.signal("-STOP");
        if home.command(&["note", "frozen"]).output().unwrap().status.success() {
            return;
        }
        keeper.signal("-CONT");
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the ledger is never free");
}

#[test]
fn one_that_was_frozen_for_too_long_has_lost_the_work_and_does_nothing_any_more() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{TIERS}{IDLE}"));
    let first = Keeper::start(&home, &[]);
    first.hear("works", None);
    let second = Keeper::start(&home, &[]);
    second.hear("stands by: another keeper works", None);
    has_gone_deeper(&home);
    // It is there, and silent: as from another machine only its lease tells.
    freeze(&first, &home);
    let frozen = Instant::now();
    second.hear("works", None);
    let lasted = frozen.elapsed();
    assert!(lasted > Duration::from_secs(5) && lasted < Duration::from_secs(15), "{lasted:?}");
    run(&home, &["wake", "birch"]).success();
    first.signal("-CONT");
    first.hear("another keeper has taken over, since this one was silent for too long", None);
    second.hear("dumped", Some("birch"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((first.end(), second.end()), (Some(0), Some(0)));
    let tickets = tickets(&home);
    assert_eq!(of(&tickets, "birch"), ["dumped stop", "woken stop", "dumped stop"], "{tickets:#?}");
}

#[test]
fn other_rules_hold_at_once_and_a_bad_config_changes_nothing() {
    let none = "tiers: {high: [], mid: [], low: []}\nrules:\n";
    let (_runtime, running, home) = simulated_by(SCENARIO, &format!("{none}{IDLE}"));
    let endpoint = running.hosts()[0].endpoint.to_string();
    let write = |rest: &str| {
        std::fs::write(home.config(), format!("hosts:\n  web-1: '{endpoint}'\n{rest}")).unwrap();
    };
    let keeper = Keeper::start(&home, &[]);
    keeper.hear("works", None);
    write("tiers: {high: [{after: soon, dump: freeze}]}\n");
    keeper.signal("-HUP");
    let fault = keeper.hear("reload: the config has a fault, and the one before stays", None);
    assert!(fault["fault"].as_str().unwrap().contains("wakeboard.yaml:3:"), "{fault}");
    write(&format!("  web-2: 'unix:///nonexistent/engine.sock'\n{TIERS}{IDLE}"));
    keeper.signal("-HUP");
    let part = keeper.hear("reload: this has changed, and holds after a restart only", None);
    assert_eq!(part["part"], "hosts");
    keeper.hear("dumped", Some("birch"));
    assert_eq!(keeper.end(), Some(0));
}

/// A file that somebody has emptied, or that an editor has half written, must not bring back defaults that destroy.
#[test]
fn a_config_that_has_lost_its_rules_changes_nothing() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, "tiers: {high: [], mid: [], low: []}\n");
    let path = home.config();
    let before = std::fs::read_to_string(&path).unwrap();
    let keeper = Keeper::start(&home, &[]);
    keeper.hear("works", None);
    let without_low = before.replace("low: []", "vip: []");
    let without_tiers = before.replace("tiers: {high: [], mid: [], low: []}\n", "");
    for (text, part) in [
        ("", "`tiers`"),
        ("# nothing\n", "`tiers`"),
        (&*without_tiers, "`tiers`"),
        (&without_low, "`tiers.low`"),
    ] {
        std::fs::write(&path, text).unwrap();
        let heard = keeper.said("reload: the config has a fault, and the one before stays").len();
        keeper.signal("-HUP");
        let begun = Instant::now();
        let fault = loop {
            let said = keeper.said("reload: the config has a fault, and the one before stays");
            if said.len() > heard {
                break said.last().unwrap()["fault"].as_str().unwrap().to_owned();
            }
            assert!(begun.elapsed() < SOON, "nothing is said of {text:?}");
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(fault.contains(part) && fault.contains("would fall back to its default"), "{fault}");
    }
    std::fs::remove_file(&path).unwrap();
    keeper.signal("-HUP");
    std::fs::write(&path, before).unwrap();
    keeper.signal("-HUP");
    keeper.hear("reload: the config is read", None);
    assert_eq!(keeper.end(), Some(0));
    assert!(tickets(&home).is_empty());
}

#[test]
fn a_check_finds_all_that_a_keeper_would_refuse() {
    let text = "\
keeper:
  token: ${env:WAKEBOARD_NO_SUCH_TOKEN}
  tls: {cert: no-such.pem, key: no-such.key}
";
    let (_runtime, _running, home) = simulated_by(SCENARIO, text);
    run(&home, &["config", "check"]).code(2).stderr(contains("WAKEBOARD_NO_SUCH_TOKEN"));
    let (_runtime, _running, home) =
        simulated_by(SCENARIO, "keeper:\n  tls: {cert: no-such.pem, key: no-such.key}\n");
    run(&home, &["config", "check"]).code(2).stderr(contains("no-such.pem"));
    let (_runtime, _running, home) =
        simulated_by(SCENARIO, "teirs: {low: []}\nkeeper: {port: 0}\nrules:\n  hurry: {below: 200%}\n");
    let told = run(&home, &["config", "check"]).code(2).get_output().stderr.clone();
    let told = String::from_utf8(told).unwrap();
    for fault in ["teirs", "0 is no number from 1 to 65535", "is no share of 0% to 90%"] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
}

#[test]
fn what_an_address_vetoes_stays_awake() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]);
            let status = if head.starts_with("GET /web-1/birch ") { "403 Forbidden" } else { "200 OK" };
            let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes());
        }
    });
    let veto = format!("  veto: {{url: 'http://{at}/{{host}}/{{tenant}}'}}\n");
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{TIERS}{IDLE}{veto}"));
    let keeper = Keeper::start(&home, &[]);
    keeper.hear("dumped", Some("cedar"));
    keeper.hear("vetoed: the hook says that it must not be put to sleep", Some("birch"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(keeper.end(), Some(0));
    assert_eq!(of(&tickets(&home), "birch"), [""; 0]);
    run(&home, &["ps", "birch"]).success().stdout(contains("running"));
}

#[test]
fn what_it_cannot_work_with_is_said_at_once() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, "read_only: true\n");
    run(&home, &["keeper"]).code(2).stderr(contains("read-only: ").and(contains("--dry-run")));
    run(&home, &["keeper", "--log-format", "xml"]).code(2).stderr(contains("json"));
    let home = Home::new("tiers: {vip: [{after: 1h, dump: stop}]}\n");
    run(&home, &["keeper"]).code(2).stderr(contains("wakeboard.yaml:1:"));
}

/// By rule nothing is lost that nobody has allowed to be.
#[test]
fn what_was_written_is_not_destroyed_by_rule() {
    const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles:
  app: {image: 'shop:1', labels: {wakeboard.simulated.written: '/opt/state,/opt/other'}}
  clean: {image: 'shop:1', labels: {wakeboard.simulated.written: '/run/x,/var'}}
tenants:
  - {names: [birch], tiers: {mid: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [cedar], tiers: {low: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [dogwood], tiers: {mid: 1}, roles: [clean], start: {running: 1}, labelled: true}
";
    let tiers = "tiers: {mid: [{after: 1s, dump: destroy}], low: [{after: 1s, dump: destroy}]}\n\
                 destroy: {writable: {low: discard}}\nrules:\n";
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{tiers}{IDLE}"));
    let keeper = Keeper::start(&home, &[]);
    assert_eq!(keeper.hear("dumped", Some("birch"))["method"], "stop");
    assert_eq!(keeper.hear("dumped", Some("cedar"))["method"], "destroy");
    assert_eq!(keeper.hear("dumped", Some("dogwood"))["method"], "destroy");
    assert_eq!(keeper.end(), Some(0));
    let tickets = tickets(&home);
    let reason = |tenant: &str| {
        let ticket = tickets.iter().find(|ticket| ticket["tenant"] == tenant).unwrap();
        ticket["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(reason("birch"), "not destroyed, which would lose /opt/other, /opt/state of birch-app");
    assert_eq!(reason("cedar"), "with it went /opt/other, /opt/state of cedar-app");
    assert_eq!(reason("dogwood"), "");
    run(&home, &["changes", "birch"]).success().stdout(contains("/opt/other, /opt/state of birch-app"));
}

#[test]
fn more_connections_than_files_allow_keep_a_keeper_from_nothing() {
    let at = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let door = format!("keeper: {{listen: '{at}', tenants: {{host: '{{tenant}}.example.com'}}}}\n");
    let (_runtime, _running, home) = simulated_by(SCENARIO, &format!("{TIERS}{IDLE}{door}"));
    let keeper = Keeper::start_with_files(&home, 256);
    let said = keeper.hear("the limit of open files (ulimit -n) allows fewer connections at once", None);
    assert_eq!(said["connections"], 128);
    keeper.hear("the wake door is open", None);
    let held: Vec<_> = (0..400).filter_map(|_| std::net::TcpStream::connect(&at).ok()).collect();
    assert_eq!(held.len(), 400);
    // Meanwhile it works for its hosts and its ledger as ever.
    keeper.hear("dumped", Some("birch"));
    has_gone_deeper(&home);
    drop(held);
    assert_eq!(keeper.end(), Some(0));
}
