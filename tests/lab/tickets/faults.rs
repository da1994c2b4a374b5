//! What goes wrong around a dump or a wake, and what comes of it.

use std::thread;
use std::time::Duration;

use super::{Bench, docker_a, last_line};
use crate::engine::Engine;

fn text(value: &serde_json::Value) -> String {
    value.to_string()
}

#[test]
fn what_would_break_is_refused() {
    let mut bench = docker_a();
    bench.run_counter("hazel", &["--label", "wakeboard.tenant=hazel", "--label", "wakeboard.tier=vip"], "4");
    let line = bench.dump("hazel", "freeze");
    assert_eq!(line["outcome"], "refused", "{line}");
    assert!(text(&line["reason"]).contains("vip"), "{line}");
    let session = bench.engine.session("hazel", &["/canary", "load", "1", "7071"]);
    let line = bench.ticket(&["dump", "hazel", "--by", "freeze", "--force"]);
    assert_eq!(line["outcome"], "refused", "{line}");
    assert!(text(&line["reason"]).contains("session"), "{line}");
    drop(session);
    bench.engine.act(&["restart", "-t", "1", "hazel"]);
    bench.expect(&["dump", "hazel", "--by", "freeze", "--force"], "dumped");
    // Whoever is there already got there; but not by another method.
    assert_eq!(bench.expect(&["dump", "hazel", "--force"], "dumped")["method"], "freeze");
    let line = bench.ticket(&["dump", "hazel", "--force", "--by", "stop"]);
    assert_eq!(line["outcome"], "refused", "{line}");
    bench.expect(&["wake", "hazel"], "woken");
    bench.expect(&["wake", "hazel"], "woken");
}

#[test]
fn a_lost_checkpoint_becomes_a_cold_start() {
    let mut bench = docker_a();
    bench.run_counter("ivy", &["--label", "wakeboard.tenant=ivy", "--restart", "always"], "4");
    for damage in ["deleted", "truncated"] {
        bench.count("ivy");
        bench.expect(&["dump", "ivy", "--by", "checkpoint"], "dumped");
        bench.engine.damage_checkpoints("ivy", damage);
        let line = bench.expect(&["wake", "ivy"], "woken");
        let fallbacks = text(&line["fallbacks"]);
        assert!(fallbacks.contains("cold start"), "{damage}: {line}");
        assert!(bench.count("ivy") <= 3, "{damage}");
        assert_eq!(bench.inspect("ivy", "{{.HostConfig.RestartPolicy.Name}}"), "always");
    }
}

#[test]
fn a_container_removed_while_dumped_comes_back() {
    let mut bench = docker_a();
    for method in ["freeze", "checkpoint", "stop"] {
        bench.run_counter("juniper", &["--label", "wakeboard.tenant=juniper", "-v", "juniper:/data"], "4");
        bench.expect(&["dump", "juniper", "--by", method], "dumped");
        bench.engine.act(&["rm", "-f", "juniper"]);
        assert_eq!(bench.tenant("juniper")["state"], "absent", "{method}");
        bench.expect(&["wake", "juniper"], "woken");
        assert!(bench.count("juniper") <= 3);
        assert_eq!(bench.inspect("juniper", "{{range .Mounts}}{{.Name}}{{end}}"), "juniper");
    }
}

#[test]
fn one_that_was_started_by_hand_is_awake() {
    let mut bench = docker_a();
    bench.run_counter("kapok", &["--label", "wakeboard.tenant=kapok", "--restart", "always"], "4");
    bench.expect(&["dump", "kapok", "--by", "checkpoint"], "dumped");
    bench.engine.act(&["start", "kapok"]);
    assert_eq!(bench.tenant("kapok")["state"], "running");
    // The checkpoint is stale from here on; the next dump and wake must not use it.
    bench.expect(&["wake", "kapok"], "woken");
    assert_eq!(bench.inspect("kapok", "{{.HostConfig.RestartPolicy.Name}}"), "always");
    let before = bench.count("kapok");
    bench.expect(&["dump", "kapok", "--by", "checkpoint"], "dumped");
    bench.expect(&["wake", "kapok"], "woken");
    assert!(bench.count("kapok") > before);
}

#[test]
fn one_that_never_answers_is_told_and_runs_on() {
    let mut bench = Bench::new(Engine::docker_a(), "wake:\n  ready: {larch: 9999}\n");
    bench.run_counter("larch", &["--label", "wakeboard.tenant=larch"], "4");
    bench.expect(&["dump", "larch", "--by", "stop"], "dumped");
    let line = bench.ticket(&["wake", "larch", "--timeout", "2s"]);
    assert_eq!(line["outcome"], "failed", "{line}");
    assert!(text(&line["reason"]).contains("does not answer"), "{line}");
    assert_eq!(bench.tenant("larch")["state"], "running");
    assert_eq!(bench.count("larch"), 1);
}

#[test]
fn one_that_ends_at_once_is_told() {
    let mut bench = docker_a();
    bench.engine.run(
        "maple",
        &["--label", "wakeboard.tenant=maple"],
        &["sh", "-c", "[ ! -e /x ] && touch /x && sleep 1000"],
    );
    bench.expect(&["dump", "maple", "--by", "stop"], "dumped");
    let line = bench.ticket(&["wake", "maple"]);
    assert!(line["outcome"] == "failed" || bench.tenant("maple")["state"] != "dumped", "{line}");
}

#[test]
fn without_swap_a_freeze_is_refused_and_the_tenant_runs_on() {
    let mut bench = docker_a();
    bench.run_counter("nutmeg", &["--label", "wakeboard.tenant=nutmeg", "-m", "64m"], "8");
    let swap = Engine::swap_off();
    let line = bench.dump("nutmeg", "freeze");
    drop(swap);
    assert_eq!(line["outcome"], "refused", "{line}");
    assert!(text(&line["reason"]).contains("swap"), "{line}");
    assert_eq!(bench.tenant("nutmeg")["state"], "running");
    assert_eq!(bench.inspect("nutmeg", "{{.HostConfig.Memory}} {{.State.OOMKilled}}"), "67108864 false");
    assert_eq!(bench.count("nutmeg"), 1);
}

#[test]
fn two_consoles_at_once_do_it_once() {
    let mut bench = docker_a();
    bench.run_counter("oleander", &["--label", "wakeboard.tenant=oleander"], "8");
    let bench = &bench;
    for _ in 0..5 {
        for (task, outcome) in [("dump", "dumped"), ("wake", "woken")] {
            let both = thread::scope(|scope| {
                let one = || bench.ticket(&[task, "oleander"]);
                let (one, other) = (scope.spawn(one), scope.spawn(one));
                [one.join().unwrap(), other.join().unwrap()]
            });
            // The other is refused while the one is at it, and finds it done afterwards.
            let got_there = both.iter().filter(|line| line["outcome"] == outcome).count();
            let refused = both.iter().filter(|line| line["outcome"] == "refused").count();
            assert!(got_there >= 1 && got_there + refused == 2, "{both:?}");
            let acts = both.iter().map(|line| {
                let (out, _) = bench.say(&["tickets", line["ticket"].as_str().unwrap(), "--json"]);
                out.matches("\"what\":\"pause\"").count() + out.matches("\"what\":\"unpause\"").count()
            });
            assert_eq!(acts.sum::<usize>(), 1, "{both:?}");
        }
    }
    assert!(bench.count("oleander") > 0);
}

/// The engine is killed while a ticket is at work, and started again.
fn engine_killed(task: &'static str, method: &str, after: Duration) {
    let mut bench = docker_a();
    bench.run_counter(
        "poplar",
        &["--label", "wakeboard.tenant=poplar", "--restart", "always", "-m", "96m"],
        "48",
    );
    if task == "wake" {
        bench.expect(&["dump", "poplar", "--by", method], "dumped");
    }
    let bench = &bench;
    let links = bench.engine.links();
    let line = thread::scope(|scope| {
        let args: Vec<&str> = match task {
            "dump" => vec!["dump", "poplar", "--by", method, "--json"],
            _ => vec!["wake", "poplar", "--timeout", "60s", "--json"],
        };
        let at_work = scope.spawn(move || bench.say(&args).0);
        thread::sleep(after);
        bench.engine.control("kill");
        thread::sleep(Duration::from_secs(1));
        bench.engine.control("start");
        last_line(&at_work.join().unwrap())
    });
    eprintln!("{task} {method} {after:?}: {line}");
    bench.engine.remove_leaked(&links);
    // Whatever it came to: it is told, and the tenant can be had.
    let state = bench.tenant("poplar")["state"].clone();
    if state != "running" {
        eprintln!("wake: {}", bench.ticket(&["wake", "poplar"]));
    }
    assert_eq!(bench.tenant("poplar")["state"], "running", "{line}");
    assert!(bench.count("poplar") > 0);
    let look = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}";
    assert_eq!(bench.inspect("poplar", look), "always 100663296", "{line}");
}

#[test]
fn the_engine_is_killed_in_the_middle() {
    for after in [100, 250, 450] {
        engine_killed("dump", "checkpoint", Duration::from_millis(after));
        engine_killed("wake", "checkpoint", Duration::from_millis(after));
    }
    engine_killed("dump", "freeze", Duration::from_millis(60));
}
