//! Dumps and wakes by key and by written line, on simulated hosts.

use super::common::{Console, Home, tenant_row};
use super::demo;
use wakeboard::config::scenario::Scenario;
use wakeboard::demo::Running;

const SCENARIO: &str = "
time_scale: 10
hosts: [{names: [web-1], experimental: true}]
roles: {app: {image: 'shop:1', memory: 256M, stop_exit: 143}}
tenants:
  - {names: [acme, birch, cedar], tiers: {low: 1}, roles: [app], start: {running: 1}}
  - {names: [dahlia], tiers: {vip: 1}, roles: [app], start: {running: 1}}
";

/// One calm host, served, and a home whose config names it.
fn served() -> (tokio::runtime::Runtime, Running, Home) {
    serve(SCENARIO)
}

fn serve(scenario: &str) -> (tokio::runtime::Runtime, Running, Home) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let home = Home::new("");
    let scenario = Scenario::read(std::path::Path::new("work.yaml"), scenario).unwrap();
    let running = {
        let _inside = runtime.enter();
        wakeboard::demo::spawn(&scenario, home.path()).unwrap()
    };
    let endpoint = running.hosts()[0].endpoint.to_string();
    std::fs::write(home.config(), format!("hosts:\n  web-1: '{endpoint}'\n")).unwrap();
    (runtime, running, home)
}

fn open(home: &Home, more: &[&str]) -> Console {
    let config = home.config().display().to_string();
    let console = home.console(&[&["--config", &config], more].concat(), (150, 40), &[]);
    console.wait("the tenants", |screen| screen.contains("4 tenants") && is(screen, "acme", "running"));
    console
}

/// Whether the row of that tenant has this word.
fn is(screen: &str, tenant: &str, word: &str) -> bool {
    tenant_row(screen, tenant).is_some_and(|row| row.contains(word))
}

#[test]
fn a_tenant_goes_to_sleep_and_comes_back() {
    let (_runtime, _running, home) = served();
    let mut console = open(&home, &[]);
    console.keys("d");
    console.wait("the question", |screen| {
        screen.contains("Put 1 tenant to sleep?") && screen.contains("freeze")
    });
    console.keys("n");
    console.wait("no", |screen| !screen.contains("Put 1 tenant to sleep?"));
    console.keys("dy");
    console.wait("under way", |screen| is(screen, "acme", "dumping") || is(screen, "acme", "dumped"));
    console.wait("asleep", |screen| is(screen, "acme", "dumped freeze"));
    console.wait("what it saves", |screen| screen.lines().next().unwrap().contains("saved "));
    console.wait("its change", |screen| screen.contains("dumped") && screen.contains("op1"));
    console.keys("T");
    console.wait("its ticket", |screen| {
        screen.contains("▸Tickets") && screen.lines().any(|it| it.contains("dump") && it.contains("dumped"))
    });
    console.keys("w");
    console.wait("awake", |screen| {
        is(screen, "acme", "running") && !screen.lines().next().unwrap().contains("saved ")
    });
    console.keys("q");
    assert!(console.wait_exit().success());
    console.is_clean().unwrap();
}

#[test]
fn many_are_marked_and_dumped_without_those_that_are_refused() {
    let (_runtime, _running, home) = served();
    let mut console = open(&home, &[]);
    console.keys(" jv");
    console.wait("three", |screen| screen.contains("3 marked"));
    console.keys("\x1b");
    console.wait("none", |screen| !screen.contains(" marked"));
    console.keys("*");
    console.wait("all", |screen| screen.contains("4 marked"));
    console.keys("d");
    console.wait("without vip", |screen| {
        screen.contains("Put 3 tenants to sleep?") && screen.contains("tier vip")
    });
    console.keys("y");
    for tenant in ["acme", "birch", "cedar"] {
        console.wait(tenant, |screen| is(screen, tenant, "dumped"));
    }
    assert!(is(&console.screen(), "dahlia", "running"));
    console.keys(":wake acme\r");
    console.wait("one awake", |screen| is(screen, "acme", "running"));
    console.keys(":dump acme --by stop\r");
    console.wait("the question", |screen| screen.contains("Put 1 tenant to sleep?"));
    console.keys("y");
    console.wait("stopped", |screen| is(screen, "acme", "dumped stop"));
}

#[test]
fn read_only_has_no_such_keys() {
    let (_runtime, _running, home) = served();
    let mut console = open(&home, &["--read-only"]);
    console.keys("dy*w");
    console.keys("?");
    let screen = console.wait("the help", |screen| screen.contains("─ Help"));
    for text in ["to sleep", "wake the marked", "mark the tenant", "cancel the tenant's ticket"] {
        assert!(!screen.contains(text), "{text}\n{screen}");
    }
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("─ Help"));
    console.keys(":dump acme\r");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let screen = console.screen();
    assert!(is(&screen, "acme", "running") && !screen.contains("Put 1 tenant to sleep?"), "{screen}");
}

#[test]
fn two_consoles_on_one_ledger_see_each_other() {
    let (_runtime, _running, home) = served();
    let mut one = open(&home, &[]);
    let mut other = open(&home, &[]);
    one.keys("dy");
    other.wait("it sleeps there as well", |screen| is(screen, "acme", "dumped freeze"));
    other.keys("T");
    other.wait("the other's ticket", |screen| {
        screen.contains("▸Tickets") && screen.lines().any(|it| it.contains("acme") && it.contains("op1"))
    });
    other.keys("w");
    one.wait("awake by the other", |screen| is(screen, "acme", "running"));
}

#[test]
fn a_wake_that_takes_too_long_is_called_off() {
    let scenario = "
time_scale: 10
hosts: [{names: [web-1]}]
roles: {app: {image: 'shop:1', memory: 256M, stop_exit: 143, health: true, ready: 900s}}
tenants: [{names: [acme], roles: [app], start: {running: 1}}]
";
    let (_runtime, _running, home) = serve(scenario);
    let config = home.config().display().to_string();
    let mut console = home.console(&["--config", &config], (150, 40), &[]);
    console.wait("the tenant", |screen| tenant_row(screen, "acme").is_some());
    console.keys(":dump acme --by stop\r");
    console.wait("the question", |screen| screen.contains("Put 1 tenant to sleep?"));
    console.keys("y");
    console.wait("asleep", |screen| is(screen, "acme", "dumped stop"));
    console.keys("T");
    console.wait("the tickets", |screen| screen.contains("▸Tickets"));
    console.keys("w");
    // Its health check would say nothing for a minute and a half.
    console.wait("it waits", |screen| screen.contains("wait for an answer"));
    // Its end would cut that off.
    console.keys("q");
    console.wait("the question", |screen| screen.contains("Quit anyway?"));
    console.keys("n");
    console
        .wait("it stays", |screen| !screen.contains("Quit anyway?") && screen.contains("wait for an answer"));
    console.keys("\x18");
    console.wait("called off", |screen| {
        screen.lines().any(|line| line.contains("wake") && line.contains("cancelled"))
    });
    console.wait("what was started runs on", |screen| is(screen, "acme", "starting"));
}

#[test]
fn the_demo_dumps_and_wakes() {
    let (_home, mut console) = demo((150, 40), &[]);
    console.keys(":dump web-1/acme --force\r");
    console.wait("the question", |screen| screen.contains("Put 1 tenant to sleep?"));
    console.keys("y");
    console.wait("asleep", |screen| is(screen, "acme", "dumped"));
    console.keys(":wake web-1/acme\r");
    console.wait("awake", |screen| is(screen, "acme", "running") || is(screen, "acme", "starting"));
}
