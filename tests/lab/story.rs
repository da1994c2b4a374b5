//! What happened is told as it happened: forty acts by hand, by two operators, by compose and by crashes, with the engine
//! killed in the middle, and two consoles that both write it down.

use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

use crate::common::{Console, Home, program};
use crate::engine::{Engine, lab};
use crate::tickets::COUNTER;

/// Longer than a stop and a start may lie apart to be one restart.
const APART: Duration = Duration::from_millis(2_500);

/// What is told of it, oldest first; `IMAGE` stands for the lab's.
const STORY: [&str; 47] = [
    "- started ash IMAGE",
    "- paused ash",
    "- unpaused ash",
    "- restarted ash",
    "- signalled ash HUP",
    "- updated ash",
    "- renamed ash-2 was ash",
    "- stopped ash-2 exit 137",
    "- started ash-2",
    "- removed ash-2",
    "- started birch wakeboard/canary:1",
    "op1@desk dumped birch freeze",
    "op2@war-room woke birch",
    "op2@war-room dumped birch stop",
    "op1@desk woke birch",
    "op1@desk dumped birch checkpoint",
    "op2@war-room woke birch",
    "op2@war-room dumped birch destroy: with it went /ticks of birch",
    "op2@war-room woke birch",
    "- started cedar IMAGE",
    "op2@war-room refused cedar dump: its tier is vip: only with --force",
    "- started dogwood IMAGE",
    "- crashed dogwood exit 3",
    "- started elm IMAGE",
    "- crashed elm ×4 exit 1",
    "- started fir IMAGE",
    "- healthy fir",
    "- unhealthy fir",
    "- lost lab the connection was cut",
    "- connected lab",
    "- gap lab events may be missing  to",
    "- removed cedar",
    "- removed fir",
    "- started grove_app_1 IMAGE (compose grove)",
    "- started grove_db_1 IMAGE (compose grove)",
    "- paused grove_app_1 (compose grove)",
    "- paused grove_db_1 (compose grove)",
    "- unpaused grove_app_1 (compose grove)",
    "- unpaused grove_db_1 (compose grove)",
    "- restarted grove_app_1 (compose grove)",
    "- restarted grove_db_1 (compose grove)",
    "- stopped grove_app_1 exit 137 (compose grove)",
    "- stopped grove_db_1 exit 137 (compose grove)",
    "- started grove_app_1 (compose grove)",
    "- started grove_db_1 (compose grove)",
    "- removed grove_app_1 (compose grove)",
    "- removed grove_db_1 (compose grove)",
];

/// Two operators on one ledger, each with a console open.
struct WarRoom {
    engine: Engine,
    homes: Vec<Home>,
    consoles: Vec<Console>,
    opened: Timestamp,
}

impl WarRoom {
    fn open(engine: Engine) -> WarRoom {
        let folder = tempfile::tempdir().unwrap().keep();
        let ledger = folder.join("ledger.db");
        let home = |operator: &str| {
            Home::new(&format!(
                "hosts: {{lab: '{}'}}\nledger: {}\noperator: {operator}\n",
                engine.endpoint,
                ledger.display()
            ))
        };
        let homes = vec![home("op1@desk"), home("op2@war-room")];
        // Brings the image of the counter, and what the host can do is known from here on.
        say(&homes[0], &["doctor"]);
        let open = |home: &Home| {
            let config = home.config().display().to_string();
            let console = home.console(&["--config", &config], (150, 40), &[]);
            console.wait("the host is up", |screen| screen.contains("1 host ●"));
            console
        };
        let consoles = homes.iter().map(open).collect();
        WarRoom { engine, homes, consoles, opened: Timestamp::now() }
    }

    /// A dump or a wake from the shell of one of the two.
    fn ticket(&self, operator: usize, args: &[&str], outcome: &str) {
        let out = say(&self.homes[operator], &[args, &["--json"]].concat());
        let last: Value = serde_json::from_str(out.lines().last().unwrap_or_default()).unwrap();
        assert_eq!(last["outcome"], outcome, "{args:?}: {last}");
    }

    /// Waits until the engine says that a container's health check has turned.
    fn turns(&self, container: &str, health: &str) {
        let begun = Instant::now();
        while self.engine.act(&["inspect", "-f", "{{.State.Health.Status}}", container]) != health {
            assert!(begun.elapsed() < Duration::from_secs(30), "{container} is never {health}");
            std::thread::sleep(Duration::from_millis(100));
        }
        // Both consoles have heard it.
        std::thread::sleep(Duration::from_secs(1));
    }

    fn compose(&self, args: &[&str]) {
        let file = self.homes[0].path().join("compose.yaml");
        if !file.exists() {
            let image = lab("WAKEBOARD_LAB_IMAGE");
            let service = format!("{{image: '{image}', command: sleep 1000, stop_grace_period: 0s}}");
            let text = format!("version: '3'\nservices: {{app: {service}, db: {service}}}\n");
            std::fs::write(&file, text).unwrap();
        }
        let output = Command::new("docker-compose")
            .args(["-H", &self.engine.endpoint, "-p", "grove", "-f"])
            .arg(&file)
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "compose {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What the ledger tells, oldest first: who, verb, object, and what more is said without what differs each time.
    fn story(&self) -> Vec<String> {
        let changing = Regex::new(r" ?\d+\.\d+s| frees [\d.]+[KMG]|\d\d:\d\d:\d\d").unwrap();
        let out = say(&self.homes[1], &["changes", "last 1h", "--json", "--limit", "1000"]);
        let all: Value = serde_json::from_str(&out).unwrap();
        let line = |change: &Value| {
            let word = |field: &str| change[field].as_str().unwrap_or("-").to_owned();
            let times = match change["count"].as_u64() {
                Some(1) | None => String::new(),
                Some(times) => format!(" ×{times}"),
            };
            let text = changing.replace_all(change["text"].as_str().unwrap_or_default(), "").into_owned();
            // Whichever of two calls notices first that the engine is killed.
            let text = text.replace("connection refused", "the connection was cut");
            let line = format!("{} {} {}{times} {text}", word("actor"), word("verb"), word("object"));
            line.trim_end().to_owned()
        };
        let mut told: Vec<(Timestamp, String)> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|change| (change["time"].as_str().unwrap().parse().unwrap(), line(change)))
            // The engine remembers other tests too.
            .filter(|(time, _)| *time >= self.opened)
            .collect();
        told.sort();
        let mut story: Vec<String> = told.into_iter().map(|(_, line)| line).collect();
        // Compose does the same to all services at once, in any order.
        for pair in
            story.chunk_by_mut(|a, b| verb(a) == verb(b) && a.contains("grove") && b.contains("grove"))
        {
            pair.sort();
        }
        story
    }

    /// Takes out what became of those that ran when the engine was killed. It stops them when it comes back, but how far it
    /// tells so before it is asked differs; what it does not tell is found by looking.
    fn take_what_the_kill_did(story: &mut Vec<String>) -> Vec<String> {
        let is_of_kill = |line: &String| {
            ["birch", "cedar", "fir"].iter().any(|name| {
                *line == format!("- stopped {name}") || *line == format!("- observed {name} now stopped")
            })
        };
        story.extract_if(.., |line| is_of_kill(line)).collect()
    }
}

fn verb(line: &str) -> Option<&str> {
    line.split(' ').nth(1)
}

fn say(home: &Home, args: &[&str]) -> String {
    let config = home.config().display().to_string();
    let output = home
        .command(&[&["--config", &config], args].concat())
        .timeout(Duration::from_secs(120))
        .output()
        .unwrap();
    eprintln!("{} {args:?}: {}", program(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn forty_acts_are_told_as_they_were_done() {
    let mut room = WarRoom::open(Engine::docker_a());
    let image = lab("WAKEBOARD_LAB_IMAGE");

    // By hand.
    let of = |tenant: &str| format!("wakeboard.tenant={tenant}");
    room.engine.run_sleeper("ash", &["--label", &of("ash")]);
    for act in [
        &["pause", "ash"][..],
        &["unpause", "ash"],
        &["restart", "-t", "0", "ash"],
        &["kill", "-s", "HUP", "ash"],
        &["update", "--restart", "no", "ash"],
        &["rename", "ash", "ash-2"],
        &["stop", "-t", "0", "ash-2"],
    ] {
        room.engine.act(act);
        std::thread::sleep(Duration::from_millis(300));
    }
    std::thread::sleep(APART);
    room.engine.act(&["start", "ash-2"]);
    room.engine.act(&["rm", "-f", "ash-2"]);

    // By two operators.
    room.engine.run_image(COUNTER, "birch", &["--label", &of("birch")], &["/canary", "load", "4"]);
    for (method, dumps, wakes) in [("freeze", 0, 1), ("stop", 1, 0), ("checkpoint", 0, 1), ("destroy", 1, 1)]
    {
        room.ticket(dumps, &["dump", "birch", "--by", method], "dumped");
        room.ticket(wakes, &["wake", "birch"], "woken");
    }
    room.engine.run_sleeper("cedar", &["--label", &of("cedar"), "--label", "wakeboard.tier=vip"]);
    room.ticket(1, &["dump", "cedar"], "refused");

    // By themselves.
    room.engine.run("dogwood", &["--label", &of("dogwood")], &["sh", "-c", "sleep 1; exit 3"]);
    std::thread::sleep(APART);
    room.engine.run("elm", &["--label", &of("elm"), "--restart", "on-failure:3"], &["sh", "-c", "exit 1"]);
    std::thread::sleep(APART + APART);
    let check = ["--health-cmd", "test ! -e /sick", "--health-interval", "1s", "--health-retries", "1"];
    room.engine.run_sleeper("fir", &[&["--label", &of("fir")], &check[..]].concat());
    room.turns("fir", "healthy");
    room.engine.act(&["exec", "fir", "touch", "/sick"]);
    room.turns("fir", "unhealthy");

    // The engine is killed and comes back.
    room.engine.control("kill");
    for console in &room.consoles {
        console.wait_line(&["lost", "lab"]);
    }
    room.engine.control("start");
    for console in &room.consoles {
        console.wait_for("the engine is back", Duration::from_secs(40), |screen| {
            screen.lines().any(|line| line.contains("connected") && line.contains("lab"))
        });
    }
    std::thread::sleep(APART);
    room.engine.act(&["rm", "-f", "cedar"]);
    room.engine.act(&["rm", "-f", "fir"]);

    // By compose.
    room.compose(&["up", "-d"]);
    room.compose(&["pause"]);
    room.compose(&["unpause"]);
    room.compose(&["restart", "-t", "0"]);
    room.compose(&["stop", "-t", "0"]);
    std::thread::sleep(APART);
    room.compose(&["start"]);
    room.compose(&["down", "-t", "0"]);

    let expected = STORY.map(|line| line.replace("IMAGE", &image));
    let begun = Instant::now();
    let (told, killed) = loop {
        let mut told = room.story();
        let killed = WarRoom::take_what_the_kill_did(&mut told);
        if told == expected || begun.elapsed() > Duration::from_secs(20) {
            break (told, killed);
        }
        std::thread::sleep(Duration::from_millis(300));
    };
    assert!(killed.iter().any(|line| line.contains("birch")), "{killed:?}");
    assert!(killed.len() <= 3, "told once each: {killed:?}");
    assert_eq!(told, expected, "\n{}", told.join("\n"));
    let verified = say(&room.homes[0], &["changes", "verify"]);
    assert!(verified.contains("is whole"), "{verified}");
}
