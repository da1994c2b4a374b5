//! Questions, the box of a change, the timeline and a tenant's history, with a ledger beneath.

use super::common::{Console, Home, tenant_row};
use wakeboard::config::scenario::Scenario;
use wakeboard::demo::Running;

const SCENARIO: &str = "
time_scale: 10
hosts: [{names: [web-1], experimental: true}]
roles: {app: {image: 'shop:1', memory: 256M, stop_exit: 143}}
tenants:
  - {names: [acme, birch], tiers: {low: 1}, roles: [app], start: {running: 1}}
";

fn open() -> (tokio::runtime::Runtime, Running, Home, Console) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let home = Home::new("");
    let scenario = Scenario::read(std::path::Path::new("changes.yaml"), SCENARIO).unwrap();
    let running = {
        let _inside = runtime.enter();
        wakeboard::demo::spawn(&scenario, home.path()).unwrap()
    };
    let endpoint = running.hosts()[0].endpoint.to_string();
    std::fs::write(home.config(), format!("hosts:\n  web-1: '{endpoint}'\n")).unwrap();
    let console = again(&home, (150, 40));
    (runtime, running, home, console)
}

fn again(home: &Home, size: (u16, u16)) -> Console {
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], size, &[]);
    console.wait("the tenants", |screen| screen.contains("2 tenants"));
    console
}

/// Puts acme to sleep and wakes it: two changes by a known hand.
fn sleep_and_wake(console: &mut Console) {
    console.keys(":dump acme\r");
    console.wait("the question", |screen| screen.contains("Put 1 tenant to sleep?"));
    console.keys("y");
    console.wait("asleep", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("dumped")));
    console.keys(":wake acme\r");
    console.wait("awake", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains("running")));
}

#[test]
fn another_console_is_told_what_was_done_here_and_unfolds_it() {
    let (_runtime, _running, home, mut first) = open();
    sleep_and_wake(&mut first);
    first.keys("q");
    assert!(first.wait_exit().success());
    let mut console = again(&home, (150, 40));
    console.keys("\t/who:op1* tenant:acme\r");
    console.wait("both, in the order of time", |screen| {
        screen.contains("all times") && screen.contains(" woke ") && screen.contains(" dumped ")
    });
    console.keys("\r");
    console.wait("who, and how sure", |screen| {
        screen.contains("sure: it was done through wakeboard") && screen.contains("told in")
    });
    console.keys("t");
    console.wait("its ticket", |screen| screen.contains("─ Ticket "));
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("─ Ticket "));
    console.keys("/");
    console.wait("the question can be edited", |screen| {
        screen.lines().last().unwrap().contains("who:op1* tenant:acme")
    });
    console.keys("\x15yesterday\r");
    console.wait("nothing", |screen| {
        screen.contains("Nothing fits the question.") && screen.contains("to 24:00, UTC")
    });
    console.keys(":changes verb:dumped,woke\r");
    console.wait("from the written line", |screen| {
        screen.contains(" woke ") && screen.contains("/ verb:dumped,woke ")
    });
    console.keys("\x1b");
    console.wait("all again", |screen| screen.contains("Changes ── today"));
    console.keys("q");
    assert!(console.wait_exit().success());
    console.is_clean().unwrap();
}

#[test]
fn the_timeline_goes_to_a_moment_and_a_history_tells_states() {
    let (_runtime, _running, _home, mut console) = open();
    sleep_and_wake(&mut console);
    console.keys("m");
    console.wait("the moment", |screen| screen.contains("UTC") && screen.contains("◆"));
    console.keys("\r");
    console.wait("its changes", |screen| screen.contains(", UTC") && screen.contains(" woke "));
    console.keys("\x1b");
    console.wait("back", |screen| !screen.contains(", UTC"));
    console.keys("\x1b");
    console.wait("closed", |screen| screen.contains("m opens it"));
    console.keys("\x1b[Z");
    console.keys("/acme\rH");
    console.wait("its history", |screen| {
        screen.contains("▸History of acme ── 24 h")
            && screen.contains("to now UTC")
            && screen.contains("█ running")
    });
    console.keys("++");
    console.wait("an hour", |screen| screen.contains("History of acme ── 1 h"));
    console.keys("\r");
    console.wait("its last change", |screen| screen.contains("told in "));
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("told in "));
    console.resize(60, 15);
    console.wait("one pane", |screen| screen.contains("History of acme") && !screen.contains("─ Tenants"));
}

#[test]
fn the_demo_counts_and_records() {
    let (_home, mut console) = super::demo((150, 40), &[]);
    console.wait("the timeline", |screen| screen.contains("a column · m opens it"));
    console.keys("\t/verb:started,crashed,restarted,stopped,unhealthy,healthy\r");
    console.wait("an answer", |screen| {
        screen.contains("all times, UTC") && !screen.contains("asking the ledger")
    });
}
