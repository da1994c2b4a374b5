//! Killed at every point of its way, wakeboard leaves nothing that its next start does not mend.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::{Bench, docker_a};
use crate::engine::Engine;

/// More points than any dump or wake has.
const MOST_POINTS: u32 = 60;

/// Runs a command that is killed at each point in turn, until one gets through.
fn at_every_point(bench: &Bench, args: &[&str], mut prepare: impl FnMut(), mut check: impl FnMut(u32)) {
    for point in 1..=MOST_POINTS {
        prepare();
        let number = point.to_string();
        let (_, code) = bench.say_with(args, &[("WAKEBOARD_CRASH_AT", &number)]);
        if code != -1 {
            assert!(point > 5, "only {point} points: it was never killed at work");
            assert_eq!(code, 0, "{args:?} at point {point}");
            return;
        }
        check(point);
    }
    panic!("{args:?} is still killed at point {MOST_POINTS}");
}

/// Whatever the method, a tenant that was being dumped is either asleep or awake after the next command, and wakes.
fn dump_survives(method: &str, keeps: bool) {
    let mut bench = docker_a();
    bench.run_counter(
        "gum",
        &["--label", "wakeboard.tenant=gum", "--restart", "always", "-m", "64m", "-p", "127.0.0.1::7070"],
        "8",
    );
    let bench = &bench;
    let last = std::cell::Cell::new(bench.count("gum"));
    at_every_point(
        bench,
        &["dump", "gum", "--by", method],
        || {},
        |point| {
            // The next start: another tenant is asked for, and this one is mended on the way.
            let (_, code) = bench.say(&["wake", "gum", "--timeout", "60s"]);
            assert!(code == 0 || bench.tenant("gum")["state"] == "running", "point {point}");
            let number = bench.count("gum");
            if keeps {
                assert!(number > last.get(), "point {point}: from {} to {number}", last.get());
            }
            last.set(number);
            assert_untouched(bench, point);
        },
    );
    assert_eq!(bench.tenant("gum")["state"], "dumped");
    assert_eq!(bench.wake("gum")["outcome"], "woken");
    assert_untouched(bench, 0);
}

/// Nothing that was set aside is left so.
fn assert_untouched(bench: &Bench, point: u32) {
    let look = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}} {{.State.Status}}";
    assert_eq!(bench.inspect("gum", look), "always 67108864 running", "point {point}");
    let (out, _) = bench.say(&["tickets", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    let open: Vec<_> = all.as_array().unwrap().iter().filter(|it| it["ended"].is_null()).collect();
    assert!(open.is_empty(), "point {point}: {open:?}");
}

#[test]
fn a_freeze() {
    dump_survives("freeze", true);
}

#[test]
fn a_checkpoint() {
    dump_survives("checkpoint", true);
}

#[test]
fn a_stop() {
    dump_survives("stop", false);
}

#[test]
fn a_destroy() {
    dump_survives("destroy", false);
}

/// A wake that was cut off is finished by the next.
fn wake_survives(method: &str, keeps: bool) {
    let mut bench = docker_a();
    bench.run_counter("gum", &["--label", "wakeboard.tenant=gum", "--restart", "always", "-m", "64m"], "8");
    let bench = &bench;
    let last = std::cell::Cell::new(bench.count("gum"));
    at_every_point(
        bench,
        &["wake", "gum"],
        || {
            bench.expect(&["dump", "gum", "--by", method], "dumped");
        },
        |point| {
            let (_, code) = bench.say(&["wake", "gum"]);
            assert!(code == 0 || bench.tenant("gum")["state"] == "running", "point {point}");
            let number = bench.count("gum");
            if keeps {
                assert!(number > last.get(), "point {point}: from {} to {number}", last.get());
            }
            last.set(number);
            assert_untouched(bench, point);
        },
    );
    assert_untouched(bench, 0);
}

#[test]
fn waking_from_a_freeze() {
    wake_survives("freeze", true);
}

#[test]
fn waking_from_a_checkpoint() {
    // The engine may restore it twice; then the second fails, and a cold start counts anew.
    wake_survives("checkpoint", false);
}

#[test]
fn waking_from_a_stop() {
    wake_survives("stop", false);
}

#[test]
fn waking_from_a_destroy() {
    wake_survives("destroy", false);
}

/// Begins a command and ends it by that signal once the engine has begun to stop the container.
fn ended_in_its_stop(bench: &Bench, args: &[&str], signal: &str) {
    let mut child: Child = bench.home.command_in_background(args);
    let begun = Instant::now();
    let since = jiff::Timestamp::now().as_second().to_string();
    let told = || {
        let until = jiff::Timestamp::now().as_second() + 1;
        let filters = ["events", "--since", &since, "--until", &until.to_string(), "--filter", "event=kill"];
        !bench.engine.act(&filters).is_empty()
    };
    while !told() {
        assert!(begun.elapsed() < Duration::from_secs(30), "no stop began");
    }
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    child.wait().unwrap();
}

/// An engine goes on with a stop when the process that asked for it is gone. It is waited for: otherwise a tenant would be taken
/// for one that runs, and end for good some seconds later.
fn stop_goes_on(method: &str, signal: &str) {
    let mut bench = Bench::new(Engine::docker_a(), "dump: {grace: 4s}\n");
    let stubborn = "trap : TERM; while :; do sleep 0.1; done";
    bench.engine.run(
        "gum-app",
        &["--label", "wakeboard.tenant=gum", "--restart", "unless-stopped"],
        &["sh", "-c", stubborn],
    );
    ended_in_its_stop(&bench, &["dump", "gum", "--by", method], signal);
    let (out, code) = bench.say(&["wake", "gum", "--json"]);
    assert_eq!(code, 0, "{signal}: {out}");
    // Longer than the engine had left.
    let watched = Instant::now();
    while watched.elapsed() < Duration::from_secs(8) {
        assert_eq!(bench.inspect("gum-app", "{{.State.Status}}"), "running", "{method} {signal}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(bench.tenant("gum")["state"], "running");
}

#[test]
fn a_stop_that_goes_on_after_a_kill() {
    stop_goes_on("stop", "-KILL");
}

#[test]
fn a_stop_that_goes_on_after_a_hang_up() {
    stop_goes_on("stop", "-HUP");
}

#[test]
fn a_destroy_that_goes_on_after_a_kill() {
    stop_goes_on("destroy", "-KILL");
}

/// A seeded sample of `tests/bench/crashes`: work cut off at random moments, of which nothing is lost.
#[test]
fn random_ends_leave_nothing_down() {
    let engine = Engine::docker_a();
    let output = Command::new("python3")
        .args(["tests/bench/crashes.py", "--only-process", "--rounds", "60", "--seconds", "12"])
        .env("WAKEBOARD_BENCH_PROGRAM", crate::common::program())
        .output()
        .unwrap();
    drop(engine);
    let told = String::from_utf8_lossy(&output.stdout);
    // With its seed, by which the same can be done again.
    eprintln!("{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
}
