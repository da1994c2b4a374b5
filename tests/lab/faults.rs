//! Engines that die, freeze and come back.

use std::time::{Duration, Instant};

use crate::common::{Console, Home, tenant_row};
use crate::engine::Engine;

fn watch_both(a: &Engine, b: &Engine) -> (Home, Console) {
    let home = Home::new(&format!("hosts:\n  one: '{}'\n  two: '{}'\n", a.endpoint, b.endpoint));
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], (150, 40), &[]);
    console.wait("both hosts are up", |screen| screen.contains("2 hosts ●●"));
    (home, console)
}

fn shows(screen: &str, tenant: &str, words: &str) -> bool {
    tenant_row(screen, tenant).is_some_and(|row| row.contains(words))
}

#[test]
fn a_dockerd_that_is_killed_and_comes_back() {
    let (mut a, mut b) = (Engine::docker_a(), Engine::docker_b());
    a.run_sleeper("alder", &[]);
    b.run_sleeper("birch", &["--restart", "always"]);
    let (_home, mut console) = watch_both(&a, &b);
    console.wait("both tenants", |screen| {
        shows(screen, "alder", "running") && shows(screen, "birch", "running")
    });

    b.control("kill");
    console.wait("unreachable, and what was known", |screen| shows(screen, "birch", "unreachable (was ru"));
    console.wait_line(&["lost", "two"]);
    console.keys("h");
    console.wait("the reason", |screen| screen.contains("connection refused") || screen.contains("was cut"));
    console.keys("h");
    // The other host is none the worse.
    a.act(&["pause", "alder"]);
    console.wait("alder paused", |screen| shows(screen, "alder", "paused"));

    b.control("start");
    console.wait_for("birch is back", Duration::from_secs(40), |screen| {
        shows(screen, "birch", "running") && screen.contains("2 hosts ●●")
    });
    console.wait_line(&["connected", "two"]);
    console.wait_line(&["gap", "events may be missing"]);
}

#[test]
fn a_frozen_dockerd_is_noticed_and_holds_nobody_up() {
    let (mut a, mut b) = (Engine::docker_a(), Engine::docker_b());
    a.run_sleeper("alder", &[]);
    b.run_sleeper("birch", &[]);
    let (_home, mut console) = watch_both(&a, &b);
    console.wait("both tenants", |screen| {
        shows(screen, "alder", "running") && shows(screen, "birch", "running")
    });

    b.control("freeze");
    let frozen = Instant::now();
    a.act(&["pause", "alder"]);
    // Before the frozen one is given up, which takes 3 s.
    console.wait_for("the other host at once", Duration::from_millis(2_500), |screen| {
        shows(screen, "alder", "paused")
    });
    console.wait("unreachable", |screen| shows(screen, "birch", "unreachable (was ru"));
    assert!(frozen.elapsed() < Duration::from_secs(14), "noticed after {:?}", frozen.elapsed());
    console.keys("h");
    console.wait("the reason", |screen| screen.contains("no answer within 3 s"));
    console.keys("h");

    b.control("thaw");
    console.wait_for("it is back", Duration::from_secs(30), |screen| shows(screen, "birch", "running"));
}

#[test]
fn a_host_that_is_down_at_the_start_joins_when_it_comes() {
    let (a, mut b) = (Engine::docker_a(), Engine::docker_b());
    b.run_sleeper("birch", &["--restart", "always"]);
    b.control("kill");
    let home = Home::new(&format!("hosts:\n  one: '{}'\n  two: '{}'\n", a.endpoint, b.endpoint));
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], (150, 40), &[]);
    console.wait("one up, one down", |screen| screen.contains("2 hosts ●✖"));
    b.control("start");
    console.wait_for("it joins", Duration::from_secs(40), |screen| shows(screen, "birch", "running"));
}
