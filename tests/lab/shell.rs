//! Without a screen, on real engines.

use predicates::prelude::*;
use predicates::str::contains;

use crate::common::Home;
use crate::engine::Engine;

#[test]
fn ps_tells_all_in_json() {
    let mut engine = Engine::docker_a();
    engine.run_sleeper(
        "oak-app",
        &["--label", "wakeboard.tenant=oak", "--label", "wakeboard.tier=vip", "-m", "64m"],
    );
    engine.run(
        "oak-db",
        &["--label", "wakeboard.tenant=oak", "--label", "wakeboard.role=db"],
        &["sh", "-c", "exit 4"],
    );
    engine.act(&["wait", "oak-db"]);
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", engine.endpoint));
    let config = home.config().display().to_string();
    let output =
        home.command(&["--config", &config, "ps", "oak", "--json"]).assert().success().get_output().clone();
    let tenants: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let tenant = &tenants[0];
    assert_eq!(tenant["tenant"], "oak");
    assert_eq!(tenant["tier"], "vip");
    assert_eq!(tenant["state"], "crashed");
    assert_eq!(tenant["host"], "lab");
    assert!(tenant["method"].is_null());
    let since: jiff::Timestamp = tenant["since"].as_str().unwrap().parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(since).as_secs() < 60);
    let containers = tenant["containers"].as_array().unwrap();
    let of = |name: &str| containers.iter().find(|it| it["name"] == name).unwrap();
    let app = of("oak-app");
    assert_eq!(app["state"], "running");
    assert_eq!(app["memory_limit_bytes"], 64 * 1024 * 1024);
    assert!(app["memory_bytes"].as_u64().unwrap() > 0);
    assert!(app["cpu_percent"].as_f64().unwrap() >= 0.0);
    assert_eq!(app["id"].as_str().unwrap().len(), 64);
    assert_eq!(app["image"], "busybox:lab");
    assert!(app["health"].is_null());
    let db = of("oak-db");
    assert_eq!(db["role"], "db");
    assert_eq!(db["state"], "crashed");
    assert!(db["memory_bytes"].is_null());
}

#[test]
fn without_a_config_docker_host_is_enough() {
    let mut engine = Engine::docker_b();
    engine.run_sleeper("linden", &[]);
    let home = Home::new("");
    home.command(&["ps", "linden"])
        .env("DOCKER_HOST", &engine.endpoint)
        .assert()
        .success()
        .stdout(contains("linden").and(contains("running")));
}

#[test]
fn changes_tell_what_the_engine_remembers() {
    let mut engine = Engine::docker_a();
    // The engine remembers the last run of this test too, and perhaps only the end of it.
    let maple = format!("maple-{}", std::process::id());
    engine.run_sleeper(&maple, &[]);
    engine.act(&["pause", &maple]);
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", engine.endpoint));
    let config = home.config().display().to_string();
    let output = home.command(&["--config", &config, "changes"]).assert().success().get_output().clone();
    let told = String::from_utf8(output.stdout).unwrap();
    let of = |verb: &str| told.lines().position(|line| line.contains(verb) && line.contains(&maple));
    assert!(of("started").unwrap() < of("paused").unwrap(), "{told}");
}
