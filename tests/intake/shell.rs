//! `wakeboard note`, and the door of a real console.

use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use wakeboard::ledger::Ledger;
use wakeboard::model::ask::Ask;
use wakeboard::model::change::{Change, Confidence, Verb};
use wakeboard::model::ledger::Where;

use super::common::Home;
use super::stand::runtime;

fn changes(home: &Home) -> Vec<Change> {
    runtime().block_on(async {
        let ledger =
            Ledger::open(&Where::Sqlite(home.path().join("state/wakeboard/ledger.db"))).await.unwrap();
        let answer = ledger.changes(&Ask::default(), 100).await.unwrap();
        ledger.close().await;
        answer.newest_first
    })
}

#[test]
fn a_note_is_in_the_ledger_once_and_by_whom() {
    let home = Home::new("operator: op1@war-room\nhosts: {web-1: 'unix:///nonexistent'}\n");
    let config = home.config().display().to_string();
    let note = |more: &[&str]| home.command(&[&["--config", &config, "note"], more].concat()).assert();
    note(&["deployed", "1.4.2", "--object", "shop", "--id", "build-7"])
        .success()
        .stdout(starts_with("noted: "));
    note(&["deployed 1.4.2", "--id", "build-7"]).success().stdout(starts_with("was noted before: "));
    note(&["deployed 1.4.3", "--object", "shop", "--id", "build-7"])
        .code(1)
        .stderr(contains("another content").and(contains("an id of its own")));
    // A note changes nothing on a host.
    note(&["a\u{1b}[2J", "--actor", "ci", "--verb", "updated", "--host", "web-1", "--read-only"]).success();
    let changes = changes(&home);
    let [second, first] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((first.detail.as_deref(), first.thing.as_deref()), (Some("deployed 1.4.2"), Some("shop")));
    assert_eq!((first.actor.as_deref(), first.confidence), (Some("op1@war-room"), Confidence::Likely));
    assert_eq!(
        (second.verb, second.actor.as_deref(), second.host.as_deref()),
        (Verb::Updated, Some("ci"), Some("web-1"))
    );
    assert_eq!(second.detail.as_deref(), Some("a␛[2J"));
}

#[test]
fn what_cannot_be_meant_is_told_with_its_option() {
    let home = Home::new("");
    let config = home.config().display().to_string();
    let note = |more: &[&str]| home.command(&[&["--config", &config, "note"], more].concat()).assert();
    note(&["a", "--time", "yesterday"]).code(2).stderr(contains("--time").and(contains("is no time")));
    note(&["a", "--verb", "udated"]).code(2).stderr(contains("did you mean `updated`?"));
    note(&["a", "--verb", "dumped"]).code(2).stderr(contains("no verb of a note"));
    note(&[" "]).code(2).stderr(contains("there is no text"));
    note(&[]).code(2).stderr(contains("<TEXT>..."));
    note(&[&"x".repeat(5000)]).code(2).stderr(contains("4096"));
    let broken = Home::new("ledger: /proc/none/ledger.db\n");
    broken
        .command(&["--config", &broken.config().display().to_string(), "note", "a"])
        .assert()
        .code(1)
        .stderr(contains("ledger /proc/none/ledger.db"));
}

#[test]
fn a_console_has_the_door_open_and_its_config_watched() {
    use std::io::{Read, Write};
    let home = Home::new("operator: op1\nhosts: {web-1: 'unix:///nonexistent'}\n");
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], (100, 30), &[]);
    let socket = home.path().join("wakeboard/notes.sock");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !socket.exists() || !home.path().join("state/wakeboard/watched.json").exists() {
        assert!(std::time::Instant::now() < until, "no door");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let post = |body: &str| {
        let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
        stream
            .write_all(&super::stand::request(&["content-type: application/json"], body.as_bytes()))
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let first = post(r#"{"text":"deployed","actor":"ci","id":"417"}"#);
    assert!(first.starts_with("HTTP/1.1 202"), "{first}");
    // Sent again as it was, whatever the order of its keys: the same change.
    let again = post(r#"{"id":"417","actor":"ci","text":"deployed"}"#);
    assert!(again.starts_with("HTTP/1.1 202"), "{again}");
    let other = post(r#"{"text":"rolled back","actor":"ci","id":"417"}"#);
    assert!(other.starts_with("HTTP/1.1 409") && other.contains("application/problem+json"), "{other}");
    // As another program that opens and closes the ledger.
    let noted = |change: &Change| change.verb == Verb::Noted;
    assert_eq!(changes(&home).into_iter().filter(noted).count(), 1);
    std::thread::sleep(std::time::Duration::from_millis(200));
    std::fs::write(home.config(), "operator: op2\nhosts: {web-1: 'unix:///nonexistent'}\n").unwrap();
    while !changes(&home).iter().any(|change| change.verb == Verb::Edited) {
        assert!(std::time::Instant::now() < until, "{:?}", changes(&home));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let found = changes(&home);
    let edited = found.iter().find(|change| change.verb == Verb::Edited).unwrap();
    assert_eq!(
        (edited.thing.as_deref(), edited.after.as_deref()),
        (Some("wakeboard.yaml"), Some("operator: op2"))
    );
    assert!(found.iter().any(|change| change.detail.as_deref() == Some("deployed")), "{found:?}");
    drop(console);
}
