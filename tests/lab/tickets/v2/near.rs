//! wakeboard itself on a host with cgroup v2, as root: it pushes memory into swap by the kernel's own file, has it read back ahead,
//! and reads from the kernel who is used.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{Bench, COUNTER, ask_at, last_line};
use super::{in_memory, port};
use crate::common::{Home, program};
use crate::engine::{Engine, virtual_machine};

/// The CPU threshold is high because the emulated machine charges the time for which it is not scheduled to its processes: an idle
/// container then shows some per cent.
const CONFIG: &str = "
hosts: {here: 'unix:///run/docker.sock'}
ledger: /opt/state/ledger.db
tiers: {low: [{after: 15s, dump: freeze}], mid: []}
rules: {idle: {cpu: 50%, may_be_unknown: [request]}}
";
const SHELL: &str = "export HOME=/opt XDG_STATE_HOME=/opt/state XDG_RUNTIME_DIR=/run; /opt/wakeboard --config /opt/wakeboard.yaml";
const PATIENCE: Duration = Duration::from_secs(180);

fn inside(line: &str) -> String {
    virtual_machine(&["run", line])
}

/// Runs `wakeboard WORDS --json` in there; gives its last line.
fn ticket(words: &str) -> Value {
    last_line(&inside(&format!("{SHELL} {words} --json 2>/dev/null || true")))
}

fn until(what: &str, is_so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < PATIENCE,
            "{what} is still to come; {}",
            inside("tail -n 40 /opt/keeper.log || true")
        );
        std::thread::sleep(Duration::from_millis(300));
    }
    begun.elapsed()
}

/// Brings the program there, without what only debuggers read.
fn bring_program() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("wakeboard");
    assert!(Command::new("strip").arg("-o").arg(&small).arg(program()).status().unwrap().success());
    let bytes = std::fs::read(small).unwrap();
    let port = port(15);
    inside(&format!(
        "mkdir -p /opt/state; rm -f /opt/wakeboard; (nc -l -p {port} >/opt/wakeboard) >/dev/null 2>&1 &"
    ));
    let listens = format!("cat /proc/net/tcp /proc/net/tcp6 | grep -c ':{port:04X} .* 0A ' || true");
    until("whoever takes the program", || inside(&listens) == "1");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(&bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    until("the program", || inside("wc -c </opt/wakeboard") == bytes.len().to_string());
    inside(&format!("chmod +x /opt/wakeboard; cat >/opt/wakeboard.yaml <<'END'{CONFIG}END"));
}

fn start(bench: &mut Bench, name: &str, tier: &str, at: usize, mebibytes: &str) {
    let published = format!("{}:7070", port(at));
    let (tenant, tier) = (format!("wakeboard.tenant={name}"), format!("wakeboard.tier={tier}"));
    let options = ["--label", &tenant, "--label", &tier, "-p", &published];
    bench.engine.run_image(COUNTER, name, &options, &["/canary", "load", mebibytes]);
    until("its answer", || ask_at("127.0.0.1", port(at)).is_some());
}

fn state(bench: &Bench, name: &str) -> String {
    bench.inspect(name, "{{.State.Status}}")
}

/// No helper is needed where the kernel's file is at hand.
fn freezes_by_itself(bench: &mut Bench) {
    start(bench, "alder", "mid", 0, "48");
    let (before, number) = (in_memory(bench, "alder"), ask_at("127.0.0.1", port(0)).unwrap());
    let since = inside("date +%s");
    let dumped = ticket("dump alder --by freeze");
    assert_eq!(dumped["outcome"], "dumped", "{dumped}");
    let left = in_memory(bench, "alder");
    assert!(left * 20 <= before, "{left} of {before} bytes are left");
    let until_now = inside("date +%s");
    let made =
        bench.engine.act(&["events", "--since", &since, "--until", &until_now, "--filter", "event=create"]);
    assert_eq!(made, "", "nothing is created for a dump");
    let woken = ticket("wake alder");
    assert_eq!(woken["outcome"], "woken", "{woken}");
    let back = in_memory(bench, "alder");
    assert_eq!(ask_at("127.0.0.1", port(0)), Some(number + 1), "its memory is as it was");
    eprintln!(
        "{before} bytes, {left} left by {} s, {back} back after {} s",
        dumped["seconds"], woken["seconds"]
    );
    assert!(back * 5 >= before, "{back} of {before} bytes are back, and nobody has asked for them");
    bench.engine.act(&["rm", "-f", "alder"]);
}

/// `wakeboard keeper` in there, until this is dropped.
struct Keeper;

impl Keeper {
    fn start() -> Keeper {
        inside(&format!("({SHELL} keeper) >/opt/keeper.log 2>&1 &"));
        Keeper
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        inside("kill -TERM $(pidof wakeboard) || true");
    }
}

/// Who is asked all the time stays, who is not goes, and so does the other one once nobody asks any more.
fn the_keeper_sees_who_is_used(bench: &mut Bench) {
    start(bench, "birch", "low", 0, "1");
    start(bench, "cedar", "low", 1, "1");
    let over = Arc::new(AtomicBool::new(false));
    let asking = {
        let over = over.clone();
        std::thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                for _ in 0..20 {
                    ask_at("127.0.0.1", port(1));
                }
                std::thread::sleep(Duration::from_millis(500));
            }
        })
    };
    let keeper = Keeper::start();
    let idle = until("the dump of who is idle", || state(bench, "birch") == "paused");
    assert_eq!(state(bench, "cedar"), "running", "it is used");
    over.store(true, Ordering::SeqCst);
    asking.join().unwrap();
    let then = until("the dump of who was used", || state(bench, "cedar") == "paused");
    assert!(then > Duration::from_secs(8), "it has been idle since its last request, not for {then:?}");
    eprintln!("the idle one went after {idle:?}, the other one {then:?} after its last request");
    drop(keeper);
    until("the keeper's end", || inside("pidof wakeboard || true").is_empty());
}

#[test]
fn wakeboard_on_a_host_with_cgroup_v2() {
    let Some(engine) = Engine::docker_v2() else { return };
    let home = Home::new(&format!("hosts: {{lab: '{}'}}\n", engine.endpoint));
    let mut bench = Bench { engine, home };
    bring_program();
    let told: Value = serde_json::from_str(&inside(&format!("{SHELL} doctor --json 2>/dev/null"))).unwrap();
    let freeze = told.as_array().unwrap().iter().find(|ability| ability["method"] == "freeze").unwrap();
    assert!(freeze["fault"].is_null(), "{told}");
    freezes_by_itself(&mut bench);
    the_keeper_sees_who_is_used(&mut bench);
}
