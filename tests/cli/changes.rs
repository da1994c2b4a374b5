//! `changes`: what is asked, in which form it is told, and what must never reach a terminal.

use std::io::{BufRead, BufReader};

use jiff::{SignedDuration, Timestamp};
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use serde_json::Value;
use wakeboard::ledger::Ledger;
use wakeboard::model::change::{Act, Change, Confidence, Record, Source, Verb};
use wakeboard::model::ledger::Where;

use super::common::{self, Home};
use super::{run, simulated};

/// No host answers here: what is told is the ledger's.
fn quiet() -> Home {
    Home::new("hosts: {web-1: 'unix:///nonexistent/engine.sock'}\n")
}

fn place(home: &Home) -> std::path::PathBuf {
    home.path().join("state/wakeboard/ledger.db")
}

/// Writes records as another wakeboard would.
fn write(home: &Home, records: &[Record]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&Where::Sqlite(place(home))).await.unwrap();
        ledger.append(records).await.unwrap();
        ledger.close().await;
    });
}

fn record(key: &str, time: &str, verb: Verb, with: impl FnOnce(&mut Change)) -> Record {
    let time: Timestamp = time.parse().unwrap();
    let act = Record::act_of(Source::Engine, key);
    let mut change = Change {
        host: Some("web-1".into()),
        tenant: Some("acme".into()),
        container: Some("acme-app".into()),
        ..Change::new(Source::Engine, act, time, verb)
    };
    with(&mut change);
    Record::alone(key, format!("{verb} at {time}").into(), change)
}

fn two_days() -> Vec<Record> {
    vec![
        record("1", "2026-10-20T09:15:00Z", Verb::Crashed, |change| {
            change.detail = Some("exit 137".to_owned());
            change.count = 3;
        }),
        record("2", "2026-10-20T10:29:59Z", Verb::Dumped, |change| {
            change.source = Source::Ticket;
            change.actor = Some("op1@war-room".into());
            change.confidence = Confidence::Sure;
            change.ticket = "bf711bf".parse().ok();
        }),
        record("3", "2026-10-20T10:30:00Z", Verb::Started, |change| change.tenant = Some("birch".into())),
        record("4", "2026-10-21T00:00:00Z", Verb::Removed, |change| change.host = Some("web-2".into())),
    ]
}

fn json(assert: &assert_cmd::assert::Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

fn verbs(value: &Value) -> String {
    value.as_array().unwrap().iter().map(|it| it["verb"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_ledger_answers_without_any_host() {
    let home = quiet();
    write(&home, &two_days());
    run(&home, &["changes", "2026-10-20"])
        .success()
        .stdout(
            "2026-10-20 09:15:00 -      crashed    acme-app ×3 exit 137  [web-1]\n\
             2026-10-20 10:29:59 op1@war-room dumped     acme-app  [web-1]\n\
             2026-10-20 10:30:00 -      started    birch/acme-app  [web-1]\n",
        )
        .stderr("changes: 2026-10-20 00:00 to 24:00, UTC\n");
    for (query, told) in [
        (&["2026-10-20", "between", "09:00", "and", "10:30"][..], "crashed dumped"),
        (&["2026-10-20..2026-10-21"], "crashed dumped started removed"),
        (&["2026-10-20", "who:op1"], "dumped"),
        (&["2026-10-20", "who:-", "!tenant:birch"], "crashed"),
        (&["2026-10-20..2026-10-21", "host:web-2"], "removed"),
        (&["2026-10-20", "ticket:bf7"], "dumped"),
        (&["2026-10-20", "exit 137"], "crashed"),
        (&["2026-10-20", "verb:started,crashed", "source:engine"], "crashed started"),
        (&["2026-10-19"], ""),
    ] {
        let told_now = run(&home, &[&["changes", "--json"], query].concat()).success();
        assert_eq!(verbs(&json(&told_now)), told, "{query:?}");
    }
}

#[test]
fn days_are_those_of_the_time_zone() {
    let home = quiet();
    write(&home, &two_days());
    let config = home.config().display().to_string();
    let mut command = home.command(&["--config", &config, "changes", "--json", "2026-10-20"]);
    let told = command.env("TZ", "America/Los_Angeles").assert().success();
    // Midnight in London is still the day before there.
    assert_eq!(verbs(&json(&told)), "crashed dumped started removed");
    told.stderr(contains("2026-10-20 00:00 to 24:00, America/Los_Angeles"));
}

#[test]
fn json_has_exactly_the_promised_keys() {
    let home = quiet();
    write(&home, &two_days());
    let told = json(&run(&home, &["changes", "2026-10-20", "--json"]).success());
    let keys: Vec<&str> = told[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys.join(" "),
        "actor confidence container count host id object source tenant text ticket time verb"
    );
    assert_eq!(told[0]["id"], Record::act_of(Source::Engine, "1").to_string());
    assert_eq!((&told[0]["actor"], &told[0]["count"]), (&Value::Null, &3.into()));
    assert_eq!((&told[0]["time"], &told[0]["text"]), (&"2026-10-20T09:15:00Z".into(), &"exit 137".into()));
    assert_eq!((&told[1]["actor"], &told[1]["confidence"]), (&"op1@war-room".into(), &"sure".into()));
    assert_eq!((&told[1]["ticket"], &told[1]["source"]), (&"bf711bf".into(), &"ticket".into()));
}

#[test]
fn csv_and_cloudevents_can_be_taken_elsewhere() {
    let home = quiet();
    let mut records = two_days();
    records.push(record("5", "2026-10-20T11:00:00Z", Verb::Crashed, |change| {
        change.tenant = Some("=HYPERLINK(\"http://example.com\",1)".into());
        change.container = None;
        change.detail = Some("a\nb".to_owned());
    }));
    write(&home, &records);
    let csv = run(&home, &["changes", "2026-10-20", "--csv"]).success();
    let text = String::from_utf8(csv.get_output().stdout.clone()).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(
        lines[0],
        "id,time,source,actor,confidence,verb,object,host,tenant,container,ticket,text,count"
    );
    assert!(
        lines[2].ends_with(",ticket,op1@war-room,sure,dumped,acme-app,web-1,acme,acme-app,bf711bf,,1"),
        "{text}"
    );
    assert!(lines[4].contains(",\"'=HYPERLINK(\"\"http://example.com\"\",1)\",web-1,"), "{text}");
    assert!(lines[4].ends_with(",,a␊b,1"), "{text}");

    let events = json(&run(&home, &["changes", "2026-10-20", "--cloudevents", "verb:dumped"]).success());
    assert_eq!(events.as_array().unwrap().len(), 1);
    assert_eq!(events[0]["specversion"], "1.0");
    assert_eq!(events[0]["type"], "wakeboard.change.dumped");
    assert_eq!(events[0]["subject"], "acme-app");
    assert_eq!(events[0]["data"]["actor"], "op1@war-room");
    let act = Record::act_of(Source::Engine, "2");
    assert!(events[0]["id"].as_str().unwrap().starts_with(&act.to_string()));
}

#[test]
fn of_too_many_the_newest_are_told_and_that_there_are_more() {
    let home = quiet();
    write(&home, &two_days());
    let told = run(&home, &["changes", "2026-10-20", "--json", "--limit", "2"]).success();
    assert_eq!(verbs(&json(&told)), "dumped started");
    told.stderr(contains("there are more: only the newest 2 are told"));
    run(&home, &["changes", "2026-10-20", "--limit", "3"]).success().stderr(contains("there are more").not());
    run(&home, &["changes", "--limit", "0"]).code(2);
}

#[test]
fn what_cannot_be_understood_is_told_with_its_place() {
    let home = quiet();
    for (query, told) in [
        ("verb:dumpt", "at 6, `dumpt`: no such verb; did you mean `dumped`?"),
        ("2026-10-20 whoo:op1", "at 12, `whoo:`: no such field; did you mean `who`?"),
        ("yesteday", "did you mean `yesterday`?"),
        ("2026-02-30", "no such day"),
    ] {
        run(&home, &["changes", query]).code(2).stdout("").stderr(contains(told));
        run(&home, &["changes", "summary", query]).code(2).stdout("").stderr(contains(told));
    }
    run(&home, &["changes", "yesterday", "--follow"]).code(2).stderr(contains("nothing to follow"));
    run(&home, &["changes", "--json", "--csv"]).code(2);
}

#[test]
fn hostile_texts_reach_no_terminal() {
    let home = quiet();
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}a\r\nb\u{7f}";
    let mut bad = record("1", "2026-10-20T09:15:00Z", Verb::Noted, |change| {
        change.actor = Some(evil.into());
        change.tenant = Some(evil.into());
        change.container = Some(evil.into());
        change.host = Some(evil.into());
        change.detail = Some(evil.to_owned());
        change.cause = Some(evil.into());
    });
    bad.raw = evil.into();
    let id = bad.act.to_string();
    write(&home, &[bad]);
    for (words, lines) in [
        (&["changes", "2026-10-20"][..], 1),
        (&["changes", "2026-10-20", "--ids"], 1),
        (&["changes", "2026-10-20", "--json"], 1),
        (&["changes", "2026-10-20", "--cloudevents"], 1),
        (&["changes", "2026-10-20", "--csv"], 2),
        (&["changes", "show", &id], 2),
        (&["changes", "show", &id, "--json"], 1),
        (&["changes", "summary", "2026-10-20"], 0),
        (&["changes", "summary", "2026-10-20", "--json"], 1),
    ] {
        let told = run(&home, words).success();
        let text = String::from_utf8(told.get_output().stdout.clone()).unwrap();
        assert!(text.contains("owned"), "{words:?}: {text}");
        let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\r') || c == '\u{202e}';
        assert!(!text.contains(steers), "{words:?}: {text:?}");
        assert!(lines == 0 || text.lines().count() == lines, "{words:?}: {text:?}");
    }
    let rows = json(&run(&home, &["changes", "2026-10-20", "--json"]).success());
    assert_eq!(rows[0]["tenant"], evil, "JSON says what it was");
}

#[test]
fn one_change_is_unfolded() {
    let home = quiet();
    let first = record("1", "2026-10-20T09:15:00Z", Verb::Signalled, |_| {});
    let mut second = record("1b", "2026-10-20T09:15:02.5Z", Verb::Stopped, |_| {});
    second.act = first.act;
    second.reading.as_mut().unwrap().act = first.act;
    let ticket = Act::of_ticket("bf711bf".parse().unwrap());
    let mut dumped = record("2", "2026-10-20T10:00:00Z", Verb::Dumped, |change| change.act = ticket);
    dumped.raw = "dumped by freeze".into();
    let id = first.act.to_string();
    write(&home, &[first, second, dumped]);
    let told = run(&home, &["changes", "2026-10-20", "--ids"]).success();
    told.stdout(starts_with(format!("{id} 2026-10-20 09:15:02 -      stopped ")));
    run(&home, &["changes", "show", &id]).success().stdout(
        starts_with("RECORD").and(contains("2026-10-20 09:15:00.000  engine")).and(contains("stopped at")),
    );
    let parts = json(&run(&home, &["changes", "show", &id, "--json"]).success());
    let raws: Vec<&str> =
        parts.as_array().unwrap().iter().map(|part| part["raw"].as_str().unwrap()).collect();
    assert_eq!(raws, ["signalled at 2026-10-20T09:15:00Z", "stopped at 2026-10-20T09:15:02.5Z"]);
    run(&home, &["changes", "show", "bf711bf"]).success().stdout(contains("dumped by freeze"));
    run(&home, &["changes", "show", "0000000000000000"]).code(1).stderr(contains("not recorded"));
    run(&home, &["changes", "show", "xyz"]).code(2).stderr(contains("16 hex digits, a ticket's 7"));
}

#[test]
fn a_summary_counts_and_draws() {
    let home = quiet();
    write(&home, &two_days());
    run(&home, &["changes", "summary", "2026-10-20"]).success().stdout(
        starts_with("2026-10-20 00:00 to 24:00, UTC: 3 changes\n")
            .and(contains("\n  op1@war-room  1 █"))
            .and(contains("\n  dumped   1 █"))
            .and(contains("\n  2026-10-20 09:00  1 █"))
            .and(contains("busiest quarter of an hour: 2026-10-20 09:15 to 09:30, 1 change\n"))
            .and(contains("\u{1b}").not()),
    );
    let told = json(&run(&home, &["changes", "summary", "2026-10-20", "who:-", "--json"]).success());
    assert_eq!((&told["total"], &told["zone"]), (&2.into(), &"UTC".into()));
    assert_eq!(told["by_actor"], serde_json::json!([{"actor": null, "count": 2}]));
    assert_eq!(told["busiest"]["count"], 1);
    // Yesterday, where nothing is said.
    run(&home, &["changes", "summary"]).success().stdout(contains(": 0 changes"));
}

#[test]
fn a_broken_record_is_named() {
    let home = quiet();
    write(&home, &two_days());
    run(&home, &["changes", "verify"])
        .success()
        .stdout(contains("is whole").and(contains("records  4")).and(contains("head     ")))
        .stderr("");
    let whole = json(&run(&home, &["changes", "verify", "--json"]).success());
    assert_eq!((&whole["whole"], &whole["records"], &whole["newest"]), (&true.into(), &4.into(), &4.into()));
    assert_eq!(whole["head"].as_str().unwrap().len(), 64);
    tamper(&home, "UPDATE records SET raw = 'nothing happened' WHERE seq = 2");
    run(&home, &["changes", "verify"]).code(1).stdout("").stderr(contains("is broken: record 2 "));
    let broken = json(&run(&home, &["changes", "verify", "--json"]).code(1));
    assert_eq!((&broken["whole"], &broken["broken"]), (&false.into(), &2.into()));
}

/// What somebody does who can write the file.
fn tamper(home: &Home, sql: &str) {
    use sqlx::{AnyConnection, Connection};
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection =
            AnyConnection::connect(&format!("sqlite://{}", place(home).display())).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn what_only_an_engine_remembers_is_told_with_the_rest_and_nothing_twice() {
    let (_runtime, running, home) = simulated("");
    running.act("web-1", "acme-app", wakeboard::demo::Act::Pause).unwrap();
    let now = Timestamp::now();
    let earlier = now.checked_sub(SignedDuration::from_mins(30)).unwrap().to_string();
    write(&home, &[record("1", &earlier, Verb::Removed, |change| change.tenant = Some("cedar".into()))]);
    let told = json(&run(&home, &["changes", "last 1h", "--json"]).success());
    assert_eq!(
        verbs(&told).split(' ').filter(|verb| ["removed", "paused"].contains(verb)).count(),
        2,
        "{told}"
    );
    let told = json(&run(&home, &["changes", "last 1h", "verb:paused", "--json"]).success());
    assert_eq!(verbs(&told), "paused");
    // Of what is over for long, engines know nothing: none is asked, so none is missed.
    run(&home, &["changes", "2026-10-20"])
        .success()
        .stdout("")
        .stderr("changes: 2026-10-20 00:00 to 24:00, UTC\n");
}

#[test]
fn neither_a_ledger_nor_a_host_is_code_3() {
    let home = quiet();
    std::fs::create_dir_all(place(&home)).unwrap();
    run(&home, &["changes"])
        .code(3)
        .stderr(contains("only what engines remember is told").and(contains("no host could be reached")));
    // Where engines could not help anyway, it is the ledger that is missing.
    run(&home, &["changes", "2026-10-20"]).code(1).stdout("").stderr(contains("ledger.db"));
    run(&home, &["changes", "summary"]).code(1).stdout("").stderr(contains("ledger.db"));
}

#[test]
fn a_follower_without_a_host_tells_what_another_console_records() {
    let home = quiet();
    let time =
        |seconds: i64| Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).unwrap().to_string();
    write(&home, &[record("before", &time(-5), Verb::Created, |_| {})]);
    let mut child = std::process::Command::new(common::program())
        .args([
            "--config",
            &home.config().display().to_string(),
            "changes",
            "--follow",
            "--json",
            "last 1m",
            "source:engine",
        ])
        .env("XDG_STATE_HOME", home.path().join("state"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["verb"], "created");
    let other = record("other", &time(0), Verb::Paused, |change| change.source = Source::Note);
    write(&home, &[other, record("live", &time(0), Verb::Killed, |_| {})]);
    let told = next();
    assert_eq!((&told["verb"], &told["object"]), (&"killed".into(), &"acme-app".into()));
    child.kill().unwrap();
    child.wait().unwrap();
}
