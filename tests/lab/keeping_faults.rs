//! A keeper at work, while it, its engine and its ledger are killed in turn and tenants are asked for all the time. When all is
//! over nobody is lost, nobody is there twice, and the ledger says what the engine says. `tests/bench/kills` does that for a whole
//! day of 500 tenants.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::keeper::Keeper;
use crate::engine::Engine;
use crate::freeze::has_swap;
use crate::ledger::place::Place;
use crate::tickets::Bench;

/// Tenants of tier mid are destroyed and made again, those of tier high keep what they have in memory.
const TENANTS: [(&str, &str); 8] = [
    ("moss-1", "mid"),
    ("moss-2", "mid"),
    ("moss-3", "mid"),
    ("moss-4", "mid"),
    ("oak-1", "high"),
    ("oak-2", "high"),
    ("oak-3", "high"),
    ("oak-4", "high"),
];
/// Between two requests for one tenant, in milliseconds, by turns: now and then it sleeps meanwhile, now and then not.
const PAUSES: [u64; 5] = [300, 4500, 900, 3500, 6000];
const SETTLES_WITHIN: Duration = Duration::from_secs(120);

/// What people who ask all the time have seen.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    answered: AtomicU32,
    otherwise: AtomicU32,
}

fn ask(port: u16, tenant: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(40))).ok()?;
    let request = format!("GET /wake HTTP/1.1\r\nHost: {tenant}.shop.test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.take(1 << 16).read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

fn ask_all_the_time(port: u16, tenant: &str, first: usize, seen: &Seen) {
    for pause in PAUSES.iter().cycle().skip(first) {
        if seen.over.load(Ordering::SeqCst) {
            return;
        }
        let counted = if ask(port, tenant) == Some(200) { &seen.answered } else { &seen.otherwise };
        counted.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(*pause));
    }
}

fn postgres(verb: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/postgres");
    assert!(Command::new(script).arg(verb).status().unwrap().success(), "tests/lab/postgres {verb}");
}

/// Each container of ours by its name, with the engine's word for its state.
fn containers(bench: &Bench) -> BTreeMap<String, String> {
    let all = bench.engine.act(&[
        "ps",
        "-a",
        "--filter",
        "label=keeper-faults",
        "--format",
        "{{.Names}} {{.State}}",
    ]);
    all.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, state)| (name.into(), state.into()))
        .collect()
}

#[test]
fn kills_of_keeper_engine_and_ledger_lose_nobody() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let high = if has_swap() { "freeze" } else { "stop" };
    let more = format!(
        "{}tiers: {{low: [], mid: [{{after: 2s, dump: destroy}}], high: [{{after: 2s, dump: {high}}}]}}\n\
         rules: {{idle: {{network: ignore, cpu: ignore, connections: ignore}}, limits: {{dumps_a_minute: 1000}}}}\n\
         keeper: {{listen: '127.0.0.1:{port}', port: 7070, wait: 30s, tenants: {{host: '{{tenant}}.shop.test'}}}}\n",
        Place::new().settings()
    );
    let mut bench = Bench::new(Engine::docker_b(), &more);
    for (name, tier) in TENANTS {
        let script = "echo started >>/data/starts; mkdir -p /www; echo well >/www/index.html; \
                      exec httpd -f -p 7070 -h /www";
        let (tenant, tier) = (format!("wakeboard.tenant={name}"), format!("wakeboard.tier={tier}"));
        let volume = format!("{name}-data:/data");
        let options = [
            "-l",
            &tenant,
            "-l",
            &tier,
            "-l",
            "keeper-faults",
            "-v",
            &volume,
            "--stop-signal",
            "KILL",
            "--restart",
            "always",
        ];
        bench.engine.run_image("busybox:lab", name, &options, &["sh", "-c", script]);
    }
    let links = bench.engine.links();
    let mut keeper = Keeper::start(&bench.home, &[]);
    keeper.hear("works", None);
    let seen = Arc::new(Seen::default());
    let people: Vec<_> = (0..TENANTS.len())
        .map(|number| {
            let seen = seen.clone();
            std::thread::spawn(move || ask_all_the_time(port, TENANTS[number].0, number, &seen))
        })
        .collect();
    let work_goes_on = |after: &str| {
        // Enough that dumps and wakes were under way, and had ended.
        let (before, begun) = (seen.answered.load(Ordering::SeqCst), Instant::now());
        while seen.answered.load(Ordering::SeqCst) < before + 24 {
            assert!(begun.elapsed() < SETTLES_WITHIN, "nobody is answered any more after {after}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    work_goes_on("the start");
    keeper.signal("-KILL");
    drop(keeper);
    keeper = Keeper::start(&bench.home, &[]);
    work_goes_on("a kill of the keeper");
    bench.engine.control("kill");
    std::thread::sleep(Duration::from_secs(2));
    bench.engine.control("start");
    bench.engine.remove_leaked(&links);
    work_goes_on("a kill of the engine");
    postgres("kill");
    std::thread::sleep(Duration::from_secs(2));
    postgres("again");
    work_goes_on("a kill of the ledger");
    seen.over.store(true, Ordering::SeqCst);
    for person in people {
        person.join().unwrap();
    }
    eprintln!(
        "{} answered, {} not at the first try",
        seen.answered.load(Ordering::SeqCst),
        seen.otherwise.load(Ordering::SeqCst)
    );

    // Each of them answers.
    for (name, _) in TENANTS {
        let begun = Instant::now();
        while ask(port, name) != Some(200) {
            assert!(begun.elapsed() < SETTLES_WITHIN, "{name} is lost: {}", bench.tenant(name));
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    assert_eq!(keeper.end(), Some(0));
    agree(&bench);
    for (name, _) in TENANTS {
        bench.expect(&["wake", name], "woken");
        // With what it has on its disk.
        let starts = bench.engine.act(&["exec", name, "cat", "/data/starts"]);
        assert!(starts.lines().count() >= 1, "{name}");
    }
    let states = containers(&bench);
    let names: Vec<_> = states.keys().map(String::as_str).collect();
    assert_eq!(names, TENANTS.map(|(name, _)| name), "nobody is lost, and nobody there twice");
    assert!(states.values().all(|state| state == "running"), "{states:?}");
    let (out, code) = bench.say(&["changes", "verify"]);
    assert_eq!(code, 0, "{out}");
}

/// The ledger says of each tenant what the engine says, and no ticket is open.
fn agree(bench: &Bench) {
    let (out, _) = bench.say(&["tickets", "--json"]);
    let tickets: Vec<Value> = serde_json::from_str(&out).unwrap();
    let open: Vec<_> = tickets.iter().filter(|ticket| ticket["ended"].is_null()).collect();
    assert!(open.is_empty(), "{open:#?}");
    let states = containers(bench);
    for (name, _) in TENANTS {
        let tenant = bench.tenant(name);
        let method = tenant["method"].as_str().unwrap_or("");
        let state = states.get(name).map(String::as_str);
        let expected = match (tenant["state"].as_str().unwrap(), method) {
            ("running", _) => Some("running"),
            ("dumped", "freeze") => Some("paused"),
            ("dumped", "stop") => Some("exited"),
            ("dumped", "destroy") => None,
            _ => panic!("{tenant}, and the engine says {state:?}"),
        };
        assert_eq!(state, expected, "{tenant}");
    }
}
