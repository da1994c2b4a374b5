//! What people do to containers is on the screen in the right word.

use crate::common::{Console, Home, tenant_row};
use crate::engine::Engine;

fn watch(engine: &Engine) -> (Home, Console) {
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", engine.endpoint));
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], (150, 40), &[]);
    console.wait("the host is up", |screen| screen.contains("1 host ●"));
    (home, console)
}

fn expect(console: &Console, tenant: &str, state: &str) {
    console.wait(&format!("{tenant} {state}"), |screen| {
        tenant_row(screen, tenant).is_some_and(|row| row.contains(&format!(" {state}")))
    });
}

fn expect_gone(console: &Console, tenant: &str) {
    console.wait(&format!("{tenant} is gone"), |screen| tenant_row(screen, tenant).is_none());
}

fn expect_change(console: &Console, words: &[&str]) {
    console.wait_line(words);
}

fn life_of_a_container(mut engine: Engine) {
    let (_home, console) = watch(&engine);
    engine.run_sleeper("birch", &["--label", "wakeboard.tier=high"]);
    expect(&console, "birch", "running");
    assert!(tenant_row(&console.screen(), "birch").unwrap().contains("high"));
    expect_change(&console, &["started", "birch"]);

    engine.act(&["pause", "birch"]);
    expect(&console, "birch", "paused");
    engine.act(&["unpause", "birch"]);
    expect(&console, "birch", "running");
    expect_change(&console, &["unpaused", "birch"]);

    engine.act(&["stop", "birch"]);
    expect(&console, "birch", "stopped");
    engine.act(&["start", "birch"]);
    expect(&console, "birch", "running");
    engine.act(&["kill", "birch"]);
    expect(&console, "birch", "stopped (exit 137)");
    expect_change(&console, &["killed", "birch"]);

    engine.act(&["rm", "birch"]);
    expect_gone(&console, "birch");
}

#[test]
fn the_life_of_a_container_on_docker() {
    life_of_a_container(Engine::docker_a());
}

#[test]
fn the_life_of_a_container_on_docker_without_experimental() {
    life_of_a_container(Engine::docker_b());
}

#[test]
fn the_life_of_a_container_on_podman() {
    life_of_a_container(Engine::podman());
}

#[test]
fn a_restart_is_one_change() {
    let mut engine = Engine::docker_a();
    engine.run_sleeper("rowan", &[]);
    let (_home, console) = watch(&engine);
    engine.act(&["restart", "-t", "1", "rowan"]);
    expect_change(&console, &["restarted", "rowan"]);
    expect(&console, "rowan", "running");
    let told =
        console.screen().lines().filter(|line| line.contains("rowan") && line.contains("stopped")).count();
    assert_eq!(told, 0, "{}", console.screen());
}

#[test]
fn a_health_check_that_turns() {
    let mut engine = Engine::docker_a();
    let (_home, console) = watch(&engine);
    let check = ["--health-cmd", "test -e /tmp/ok", "--health-interval", "500ms", "--health-retries", "1"];
    engine.run_sleeper("cedar", &[&check[..], &["--health-start-period", "2s"]].concat());
    expect(&console, "cedar", "starting");
    expect(&console, "cedar", "unhealthy");
    engine.act(&["exec", "cedar", "touch", "/tmp/ok"]);
    expect(&console, "cedar", "running");
    expect_change(&console, &["healthy", "cedar"]);
    engine.act(&["exec", "cedar", "rm", "/tmp/ok"]);
    expect(&console, "cedar", "unhealthy");
}

#[test]
fn an_exit_with_an_error_and_one_for_want_of_memory() {
    let mut engine = Engine::docker_a();
    let (_home, console) = watch(&engine);
    engine.run("elm", &[], &["sh", "-c", "exit 3"]);
    expect(&console, "elm", "crashed (exit 3)");
    engine.run(
        "fir",
        &["-m", "16m"],
        &["sh", "-c", "dd if=/dev/zero of=/dev/shm/x bs=1M count=60; tail -f /dev/null"],
    );
    // `dd` is killed; where the kernel takes only it, its shell lives on. The change tells of it either way.
    expect_change(&console, &["crashed", "fir", "OOM"]);
    // A container that ends at once with its `dd` may take Docker's word of it along (docs/engine-facts.md).
    let greedy = "dd if=/dev/zero of=/dev/shm/x bs=1M count=60; code=$?; sleep 1; exit $code";
    engine.run("yew", &["-m", "16m"], &["sh", "-c", greedy]);
    expect(&console, "yew", "crashed (OOM)");
}

#[test]
fn containers_of_a_compose_project_are_one_tenant() {
    let mut engine = Engine::docker_a();
    let project = ["--label", "com.docker.compose.project=acme"];
    engine
        .run_sleeper("acme-app-1", &[&project[..], &["--label", "com.docker.compose.service=app"]].concat());
    engine.run_sleeper("acme-db-1", &[&project[..], &["--label", "com.docker.compose.service=db"]].concat());
    let (_home, console) = watch(&engine);
    expect(&console, "acme", "running");
    console.wait("both containers in their pane", |screen| {
        screen.contains("Containers of acme") && screen.contains("acme-app-1") && screen.contains("acme-db-1")
    });
    // Usage comes straight from the kernel here.
    console.wait("memory", |screen| {
        tenant_row(screen, "acme")
            .is_some_and(|row| row.contains('%') && row.contains('K') || row.contains('M'))
    });
    engine.act(&["pause", "acme-db-1"]);
    expect(&console, "acme", "paused");
}

#[test]
fn a_name_from_outside_cannot_steer_the_terminal() {
    let mut engine = Engine::docker_a();
    engine.run_sleeper("larch", &["--label", "wakeboard.tenant=\x1b[31mlarch\x1b]0;owned\x07\n"]);
    let (_home, console) = watch(&engine);
    console.wait("the label, made harmless", |screen| screen.contains("␛[31mlarch␛]0;owned␇␊"));
    let raw = console.raw();
    assert_eq!(crate::common::count(&raw, b"\x1b]0;"), 0);
}
