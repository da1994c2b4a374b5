//! The keeper on a real Docker, with a PostgreSQL that two keepers share: short steps, a hook in the container, a kill.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::keeper::Keeper;
use crate::engine::Engine;
use crate::freeze::has_swap;
use crate::ledger::place::Place;
use crate::tickets::Bench;

/// Only tenants of tier mid have steps here: other tests on this engine have none.
const RULES: &str = "tenants: {tiers: {kelp: mid, kale: vip, kudzu: mid}}
tiers: {high: [], low: [], mid: [{after: 2s, dump: FIRST}, {after: 14s, dump: checkpoint}]}
rules:
  idle: {network: ignore, cpu: 90%, connections: ignore, may_be_unknown: [request]}
  veto: {exec: [sh, -c, 'test ! -e /busy'], timeout: 5s, every: 1s}
";

/// A shell that counts in a variable ten times a second, and shows the number in a file.
const COUNTS: [&str; 3] =
    ["sh", "-c", "n=0; while :; do n=$((n+1)); echo $n >/new; mv /new /ticks; sleep 0.1; done"];

fn number(bench: &Bench, name: &str) -> u64 {
    bench.engine.act(&["exec", name, "cat", "/ticks"]).trim().parse().unwrap()
}

/// Woken, and asked for its number before the rule puts it to sleep again.
fn number_awake(bench: &Bench, name: &str) -> u64 {
    let begun = Instant::now();
    loop {
        bench.expect(&["wake", name], "woken");
        let read = bench.engine.docker(&["exec", name, "cat", "/ticks"]);
        if read.status.success() {
            return String::from_utf8_lossy(&read.stdout).trim().parse().unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{name} is never awake for long enough");
    }
}

fn done(bench: &Bench, tenant: &str) -> Vec<String> {
    let (out, _) = bench.say(&["tickets", "--json"]);
    let tickets: Vec<Value> = serde_json::from_str(&out).unwrap();
    let ours = tickets.iter().rev().filter(|ticket| ticket["tenant"] == tenant);
    ours.map(|it| format!("{} {} {}", it["door"], it["outcome"], it["method"]).replace('"', "")).collect()
}

fn wait_for(bench: &Bench, tenant: &str, what: &str) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let done = done(bench, tenant);
        if done.last().is_some_and(|last| last == what) {
            return done;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{tenant}: {done:?}, and no {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn tenants_sleep_by_rule_and_deeper_and_the_next_keeper_goes_on() {
    // Where there is no swap a freeze is refused, and the first step is another one.
    let first = if has_swap() { "freeze" } else { "checkpoint" };
    let ledger = Place::new().settings();
    let more = format!(
        "{ledger}{}",
        RULES
            .replace(
                "{after: 14s, dump: checkpoint}]",
                match first {
                    "freeze" => "{after: 14s, dump: checkpoint}]",
                    _ => "{after: 14s, dump: stop}]",
                }
            )
            .replace("FIRST", first)
    );
    let mut bench = Bench::new(Engine::docker_a(), &more);
    for name in ["kelp", "kale", "kudzu"] {
        bench.engine.run(name, &["--label", &format!("wakeboard.tenant={name}")], &COUNTS);
    }
    bench.engine.act(&["exec", "kudzu", "touch", "/busy"]);
    let before = number(&bench, "kelp");
    let one = Keeper::start(&bench.home, &[]);
    one.hear("works", None);
    let other = Keeper::start(&bench.home, &[]);
    other.hear("stands by: another keeper works", None);

    // By rule, but not who is vip, and not whom the program in the container keeps awake.
    let line = one.hear("dumped", Some("kelp"));
    assert_eq!((&line["method"], &line["by"]), (&first.into(), &"keeper".into()), "{line}");
    one.hear("vetoed: the hook says that it must not be put to sleep", Some("kudzu"));
    assert_eq!(bench.tenant("kale")["state"], "running");
    assert_eq!(bench.tenant("kudzu")["state"], "running");
    bench.engine.act(&["exec", "kudzu", "rm", "/busy"]);
    one.hear("dumped", Some("kudzu"));

    // Deeper, with all that it holds in memory, and without having been in use by that.
    if first == "freeze" {
        let slept = wait_for(&bench, "kelp", "keeper dumped checkpoint");
        assert_eq!(slept, ["keeper dumped freeze", "keeper dumped checkpoint"]);
        let lines = one.said("dumps");
        let deeper = lines.iter().find(|it| it["tenant"] == "kelp" && it["method"] == "checkpoint").unwrap();
        assert!(deeper["cause"].as_str().unwrap().contains("deeper than freeze"), "{deeper}");
        assert!(number_awake(&bench, "kelp") > before, "it went on where it was");
        wait_for(&bench, "kudzu", "keeper dumped checkpoint");
    } else {
        bench.expect(&["wake", "kelp"], "woken");
    }

    // The keeper that works is killed: the other one goes on, and does nothing twice.
    let killed = Instant::now();
    one.signal("-KILL");
    other.hear("works", None);
    eprintln!("the other keeper works {:?} after the kill", killed.elapsed());
    assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
    let slept = wait_for(&bench, "kelp", &format!("keeper dumped {first}"));
    let again = slept.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(again, None, "{slept:?}");
    assert_eq!(other.end(), Some(0));
    assert_eq!(done(&bench, "kale"), [""; 0]);
    let (told, _) = bench.say(&["changes", "who:keeper"]);
    assert!(told.contains("kelp") && told.contains("idle "), "{told}");
}
