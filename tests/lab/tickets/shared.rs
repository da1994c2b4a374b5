//! Two consoles on one ledger: the one sees what the other did, and ends what the other left.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Bench, docker_a, last_line};
use crate::common::Home;
use crate::engine::Engine;
use crate::ledger::place::Place;

#[test]
fn another_console_wakes_what_this_one_dumped() {
    let mut bench = docker_a();
    bench.run_counter("quince", &["--label", "wakeboard.tenant=quince"], "4");
    let before = bench.count("quince");
    bench.expect(&["dump", "quince", "--by", "freeze"], "dumped");
    let ledger = bench.home.path().join("state/wakeboard/ledger.db");
    let other =
        Home::new(&format!("hosts: {{there: '{}'}}\nledger: {}\n", bench.engine.endpoint, ledger.display()));
    let config = other.config().display().to_string();
    let output = other.command(&["--config", &config, "wake", "quince", "--json"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert!(bench.count("quince") > before);
    assert_eq!(bench.tenant("quince")["state"], "running");
}

/// What a config says of a PostgreSQL ledger of the lab, in a new database.
fn on_a_server() -> String {
    Place::new().settings()
}

/// Another console on the same host and ledger: with a home of its own, and a name of its own for who sits there.
fn console(endpoint: &str, ledger: &str, user: &str) -> Home {
    Home::new(&format!("hosts: {{lab: '{endpoint}'}}\n{ledger}operator: {user}\n"))
}

/// Runs a command there; gives the last line about the tenant.
fn ticket(home: &Home, args: &[&str], crash_at: Option<&str>) -> Option<Value> {
    let config = home.config().display().to_string();
    let mut command = home.command(&[&["--config", &config], args, &["--json"]].concat());
    if let Some(point) = crash_at {
        command.env("WAKEBOARD_CRASH_AT", point);
    }
    let output = command.output().unwrap();
    eprintln!("{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    if output.status.code().is_none() {
        assert!(crash_at.is_some(), "{args:?} was killed: {text}");
        return None;
    }
    Some(last_line(&text))
}

#[test]
fn on_a_server_one_console_dumps_and_another_wakes() {
    let ledger = on_a_server();
    let mut bench = Bench::new(Engine::docker_a(), &ledger);
    bench.run_counter("rue", &["--label", "wakeboard.tenant=rue", "--restart", "always"], "4");
    let other = console(&bench.engine.endpoint, &ledger, "op2@war-room");
    let mut number = bench.count("rue");
    for method in ["freeze", "checkpoint"] {
        bench.expect(&["dump", "rue", "--by", method], "dumped");
        let line = ticket(&other, &["wake", "rue"], None).unwrap();
        assert_eq!(line["outcome"], "woken", "{line}");
        number += 1;
        assert_eq!(bench.count("rue"), number, "{method}");
        assert_eq!(bench.tenant("rue")["state"], "running");
        assert_eq!(bench.inspect("rue", "{{.HostConfig.RestartPolicy.Name}}"), "always");
    }
    // Each sees who did what.
    let (told, _) = bench.say(&["tickets"]);
    assert!(told.contains("op1@") && told.contains("op2@war-room"), "{told}");
}

#[test]
fn on_a_server_one_of_two_at_once_does_it() {
    let ledger = on_a_server();
    let mut bench = Bench::new(Engine::docker_a(), &ledger);
    bench.run_counter("sage", &["--label", "wakeboard.tenant=sage"], "24");
    let homes = ["op2@war-room", "op3@war-room"].map(|user| console(&bench.engine.endpoint, &ledger, user));
    let mut number = bench.count("sage");
    for (task, outcome) in [("dump", "dumped"), ("wake", "woken"), ("dump", "dumped"), ("wake", "woken")] {
        let args: &[&str] = match task {
            "dump" => &["dump", "sage", "--by", "checkpoint"],
            _ => &["wake", "sage"],
        };
        let lines = thread::scope(|scope| {
            let both = homes.each_ref().map(|home| scope.spawn(move || ticket(home, args, None).unwrap()));
            both.map(|one| one.join().unwrap())
        });
        // The other is refused while the one is at it, and finds it done where it comes afterwards.
        assert!(lines.iter().any(|line| line["outcome"] == outcome), "{lines:?}");
        if let Some(other) = lines.iter().position(|line| line["outcome"] != outcome) {
            let first = ["op3@war-room", "op2@war-room"][other];
            let refused = &lines[other];
            assert_eq!(refused["outcome"], "refused", "{lines:?}");
            assert!(refused["reason"].as_str().unwrap().contains(first), "{refused}");
        }
        let acted = lines.iter().filter(|line| {
            let (out, _) = bench.say(&["tickets", line["ticket"].as_str().unwrap(), "--json"]);
            out.contains("\"what\":\"checkpoint\"") || out.contains("\"what\":\"restore\"")
        });
        assert_eq!(acted.count(), 1, "{lines:?}");
    }
    number += 1;
    assert_eq!(bench.count("sage"), number);
}

#[test]
fn on_a_server_another_console_mends_at_once_what_was_killed() {
    let ledger = on_a_server();
    let mut bench = Bench::new(Engine::docker_a(), &ledger);
    let options = ["--label", "wakeboard.tenant=thyme", "--restart", "always", "-m", "64m"];
    bench.run_counter("thyme", &options, "8");
    let other = console(&bench.engine.endpoint, &ledger, "op2@war-room");
    let first = console(&bench.engine.endpoint, &ledger, "op3@war-room");
    let look = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}} {{.State.Status}}";
    let mut number = bench.count("thyme");
    for point in ["1", "3", "5", "7"] {
        let line = ticket(&first, &["dump", "thyme", "--by", "freeze"], Some(point));
        assert!(line.is_none(), "point {point}: it was not killed: {line:?}");
        let begun = Instant::now();
        let line = ticket(&other, &["wake", "thyme"], None).unwrap();
        // Its lease would hold for 30 s; that its process is dead can be seen.
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        eprintln!("point {point}: {line}");
        assert_eq!(bench.tenant("thyme")["state"], "running", "point {point}: {line}");
        assert_eq!(bench.inspect("thyme", look), "always 67108864 running", "point {point}");
        number += 1;
        assert_eq!(bench.count("thyme"), number, "point {point}");
        let (told, _) = bench.say(&["tickets", "--json"]);
        let all: Value = serde_json::from_str(&told).unwrap();
        assert!(all.as_array().unwrap().iter().all(|it| !it["ended"].is_null()), "{told}");
    }
}
