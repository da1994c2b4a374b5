//! The newer Docker on a host with cgroup v2, reached over TCP: memory goes into swap by a helper container.
//!
//! The machine is emulated and some ten times slower than this one. So there is one examination for all, and fewer rounds than
//! elsewhere; `WAKEBOARD_LAB_ROUNDS` asks for more.

mod near;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Bench, COUNTER, ask_at};
use crate::common::Home;
use crate::engine::{Engine, lab, virtual_machine};

const FREEZES: u32 = 20;
const CHECKPOINTS: u32 = 3;
const STOPS: u32 = 5;
const DESTROYS: u32 = 1;
const TENANT: &str = "rowan";

/// Ports of the virtual machine that can be reached from here, by the same number.
fn port(index: usize) -> u16 {
    lab("WAKEBOARD_LAB_V2_PORTS").split_whitespace().nth(index).unwrap().parse().unwrap()
}

/// The next number of the tenant.
fn count() -> u64 {
    let begun = Instant::now();
    loop {
        if let Some(number) = ask_at("127.0.0.1", port(0)) {
            return number;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the tenant does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Bytes that the kernel counts for the tenant: what no engine says.
fn in_memory(bench: &Bench, name: &str) -> u64 {
    let id = bench.inspect(name, "{{.Id}}");
    let file = format!("cat $(find /sys/fs/cgroup -name '*{id}*' | head -n 1)/memory.current");
    virtual_machine(&["run", &file]).parse().unwrap()
}

/// An idle connection that was used once.
fn idle_connection() -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port(0))).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: counter\r\n\r\n").unwrap();
    assert!(stream.read(&mut [0; 256]).unwrap() > 0);
    stream
}

fn start(bench: &mut Bench, mebibytes: &str) {
    let published = format!("{}:7070", port(0));
    let label = format!("wakeboard.tenant={TENANT}");
    let options = ["--label", &label, "--restart", "always", "-m", "128m", "-p", &published];
    bench.run_counter(TENANT, &options, mebibytes);
    count();
}

/// Everything of the container that a dump sets aside or could lose.
fn settings(bench: &Bench) -> String {
    bench.inspect(
        TENANT,
        "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} \
         {{json .HostConfig.PortBindings}} {{.State.OOMKilled}}",
    )
}

fn rounds(bench: &Bench, method: &str, usual: u32, keeps: bool) {
    let rounds = std::env::var("WAKEBOARD_LAB_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap());
    let begun = Instant::now();
    let before_all = settings(bench);
    let mut before = count();
    for round in 0..rounds {
        let held = keeps.then(idle_connection);
        bench.expect(&["dump", TENANT, "--by", method], "dumped");
        let line = bench.expect(&["wake", TENANT, "--timeout", "90s"], "woken");
        assert!(line["fallbacks"].as_array().unwrap().is_empty(), "{method} {round}: {line}");
        let after = count();
        if keeps {
            // The connection that was held has asked once.
            assert_eq!(after, before + 2, "{method} {round}");
        } else {
            assert!(after <= 2, "{method} {round}: a cold start counts from the beginning, not from {after}");
        }
        before = after;
        drop(held);
    }
    assert_eq!(settings(bench), before_all, "{method}");
    assert_eq!(bench.tenant(TENANT)["state"], "running");
    eprintln!("{method}: {rounds} rounds in {} s", begun.elapsed().as_secs());
}

/// A freeze leaves at most a twentieth in memory, and the helper that did it is nobody's tenant and no news.
fn freeze_leaves_little(bench: &mut Bench) {
    start(bench, "48");
    let (before, number) = (in_memory(bench, TENANT), count());
    assert!(before > 48_000_000, "{before}");
    bench.expect(&["dump", TENANT, "--by", "freeze"], "dumped");
    let left = in_memory(bench, TENANT);
    eprintln!("freeze leaves {left} of {before} bytes");
    assert!(left * 20 <= before, "{left} of {before} bytes are left");
    assert_eq!(bench.tenant(TENANT)["state"], "dumped");
    let helpers = bench.engine.act(&["ps", "-aq", "--filter", "label=wakeboard.helper"]);
    assert_eq!(helpers, "", "a helper is left over");
    let (told, _) = bench.say(&["changes"]);
    assert!(told.contains(TENANT) && !told.contains("wakeboard-canary"), "{told}");
    bench.expect(&["wake", TENANT], "woken");
    assert_eq!(count(), number + 1);
}

/// The virtual machine without swap, until this is dropped.
struct NoSwap;

impl NoSwap {
    fn new() -> NoSwap {
        virtual_machine(&["swap", "off"]);
        NoSwap
    }
}

impl Drop for NoSwap {
    fn drop(&mut self) {
        virtual_machine(&["swap", "on"]);
    }
}

/// From here nobody can see that the host has no swap: it is found out with the tenant paused, who then runs on.
fn freeze_without_swap_is_refused(bench: &Bench) {
    let (before, number) = (settings(bench), count());
    let swap = NoSwap::new();
    let line = bench.dump(TENANT, "freeze");
    assert_eq!(line["outcome"], "refused", "{line}");
    assert!(line["reason"].as_str().unwrap().contains("no swap"), "{line}");
    assert_eq!(bench.tenant(TENANT)["state"], "running");
    assert_eq!(count(), number + 1, "its memory is as it was");
    drop(swap);
    assert_eq!(settings(bench), before);
    bench.expect(&["dump", TENANT, "--by", "freeze"], "dumped");
    bench.expect(&["wake", TENANT], "woken");
    assert_eq!(count(), number + 2);
}

/// Somebody has tidied up the images since the host was examined.
fn the_helpers_image_is_brought_back(bench: &Bench) {
    let number = count();
    // The tenants are of the same image: only its name can go.
    bench.engine.act(&["tag", COUNTER, "kept:1"]);
    bench.engine.act(&["rmi", COUNTER]);
    bench.expect(&["dump", TENANT, "--by", "freeze"], "dumped");
    bench.expect(&["wake", TENANT], "woken");
    assert_eq!(count(), number + 1);
    bench.engine.act(&["rmi", "-f", "kept:1"]);
}

/// Another image has its name: what runs privileged is ours all the same.
fn an_image_that_only_has_the_helpers_name_is_not_run(bench: &Bench) {
    let number = count();
    bench.engine.act(&["tag", COUNTER, "kept:1"]);
    bench.engine.act(&["tag", &lab("WAKEBOARD_LAB_IMAGE"), COUNTER]);
    bench.expect(&["dump", TENANT, "--by", "freeze"], "dumped");
    bench.expect(&["wake", TENANT], "woken");
    assert_eq!(count(), number + 1);
    bench.engine.act(&["rmi", "-f", "kept:1"]);
}

/// Where no privileged container is wanted, nothing is squeezed and the tenant runs on.
fn a_helper_that_is_forbidden_is_not_run(bench: &Bench) {
    let (config, number) = (std::fs::read_to_string(bench.home.config()).unwrap(), count());
    std::fs::write(bench.home.config(), format!("{config}dump: {{helper: never}}\n")).unwrap();
    let line = bench.dump(TENANT, "freeze");
    std::fs::write(bench.home.config(), config).unwrap();
    assert_ne!(line["outcome"], "dumped", "{line}");
    assert!(line["reason"].as_str().unwrap().contains("dump.helper: never"), "{line}");
    assert_eq!(bench.tenant(TENANT)["state"], "running");
    assert_eq!(count(), number + 1, "its memory is as it was");
}

#[test]
fn a_newer_docker_on_cgroup_v2() {
    let Some(engine) = Engine::docker_v2() else { return };
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", engine.endpoint));
    let mut bench = Bench { engine, home };
    let (told, code) = bench.say(&["doctor", "--json"]);
    assert_eq!(code, 0, "{told}");
    let abilities: serde_json::Value = serde_json::from_str(&told).unwrap();
    let abilities = abilities.as_array().unwrap();
    assert!(abilities.len() == 4 && abilities.iter().all(|it| it["fault"].is_null()), "{told}");
    freeze_leaves_little(&mut bench);
    freeze_without_swap_is_refused(&bench);
    the_helpers_image_is_brought_back(&bench);
    an_image_that_only_has_the_helpers_name_is_not_run(&bench);
    a_helper_that_is_forbidden_is_not_run(&bench);
    start(&mut bench, "4");
    rounds(&bench, "freeze", FREEZES, true);
    rounds(&bench, "checkpoint", CHECKPOINTS, true);
    rounds(&bench, "stop", STOPS, false);
    rounds(&bench, "destroy", DESTROYS, false);
}
