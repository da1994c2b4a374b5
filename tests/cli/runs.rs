//! `callmap run` and `callmap list`: real servers on loopback, exit codes, forms, and what must never be shown.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};

use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use serde_json::Value;

use super::common::Home;
use super::{run, simulated};

/// A server that answers every request so; it shows what it was sent where the body says `%`.
fn web(status: u16, body: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut head).unwrap_or(0) > 2 {}
            let body = body.replace('%', &head);
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}");
        }
    });
    address
}

/// Nobody listens there.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn callmap(home: &Home, name: &str, layers: &str) -> String {
    let folder = home.path().join("callmaps");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let head = "product: www.example.com\nvars: {site: www.example.com}\n";
    std::fs::write(&file, format!("{head}layers:\n{layers}")).unwrap();
    file.display().to_string()
}

fn layer(name: &str, targets: &[SocketAddr], more: &str) -> String {
    let targets: Vec<String> = targets.iter().map(|target| format!("\"{target}\"")).collect();
    format!(
        "  - {{name: {name}, targets: [{}], {more}probes: [{{http: \"http://${{site}}/\"}}]}}\n",
        targets.join(", ")
    )
}

fn json(assert: &assert_cmd::assert::Assert) -> Vec<Value> {
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn keys(value: &Value) -> String {
    value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_exit_code_is_the_verdict() {
    let home = Home::new("");
    let good = web(200, "UP");
    let ok = callmap(&home, "ok.yaml", &layer("nginx", &[good], ""));
    let losses = callmap(&home, "losses.yaml", &layer("nginx", &[good, nobody()], "need: any, "));
    let broken = callmap(&home, "broken.yaml", &layer("nginx", &[good, nobody()], ""));
    run(&home, &["callmap", "run", &ok]).success();
    run(&home, &["callmap", "run", &losses]).code(1).stderr("");
    run(&home, &["callmap", "run", &broken]).code(4).stderr("");
    run(&home, &["callmap", "run", &broken, &ok, &losses]).code(4);
    let bad = callmap(&home, "bad.yaml", "  []\n");
    // A bad file beside a good one: nothing is asked.
    run(&home, &["callmap", "run", &ok, &bad]).code(2).stdout("").stderr(contains("bad.yaml:"));
    run(&home, &["callmap", "run", &ok, &ok]).code(2).stderr(contains("named twice"));
    run(&home, &["callmap", "run", "none.yaml"]).code(2).stderr(contains("none.yaml"));
}

#[test]
fn the_text_reads_like_the_callmap_and_knows_the_last_good_run() {
    let home = Home::new("");
    let good = web(200, "UP");
    let file = callmap(&home, "www.yaml", &(layer("edge", &[good], "") + &layer("nginx", &[good], "")));
    // Without the verb, as hands remember it.
    run(&home, &["!!", "callmap", &file]).success().stdout(
        starts_with("Your ticket is '")
            // Each thing once, however often something is new.
            .and(contains("Your ticket is '").count(1))
            .and(contains("step 0  edge\n").count(1))
            .and(contains("'.\nproduct: www.example.com\nstep 0  edge\n"))
            .and(contains("\nstep 1  nginx\n"))
            .and(contains(format!("  {good}  http://www.example.com/  OK       200  ")))
            .and(contains("\nwww.example.com: ok  "))
            .and(contains('\u{1b}').not()),
    );
    let gone = nobody();
    callmap(&home, "www.yaml", &(layer("edge", &[good], "") + &layer("nginx", &[good, gone], "")));
    run(&home, &["callmap", "run", &file]).code(4).stdout(
        contains(format!("  {gone}  http://www.example.com/  FAIL     connection refused"))
            .and(contains("\n  1 of 2 well, needs all: broken\n"))
            .and(contains("\nwww.example.com: broken at 1 nginx (1 of 2)  "))
            .and(contains("\nlast good run: "))
            .and(contains(format!("\n  1 nginx: {gone} is asked for http://www.example.com/, and was not\n")))
            .and(contains("\nchanged near it:\n").and(contains("somebody edited "))),
    );
}

#[test]
fn json_has_exactly_the_promised_keys_and_a_line_a_run() {
    let home = Home::new("");
    let good = web(200, "UP");
    let ok = callmap(&home, "ok.yaml", &layer("nginx", &[good], ""));
    let broken =
        callmap(&home, "broken.yaml", &(layer("edge", &[good], "") + &layer("nginx", &[nobody()], "")));
    let rows = json(&run(&home, &["callmap", "run", "--json", &broken, &ok]).code(4));
    assert_eq!(rows.len(), 2, "in the order of the files");
    let broken = &rows[0];
    assert_eq!(keys(broken), "broken_layer drift layers milliseconds product ticket verdict");
    let layer = &broken["layers"][1];
    assert_eq!(keys(layer), "name need ok probes total verdict");
    let probe = &layer["probes"][0];
    assert_eq!(keys(probe), "ask kind milliseconds reason target verdict");
    assert_eq!(keys(&probe["milliseconds"]), "connect dns first_byte tls total");
    assert_eq!((&broken["verdict"], &broken["broken_layer"]), (&"broken".into(), &"nginx".into()));
    assert_eq!((&layer["verdict"], &layer["need"]), (&"fail".into(), &"all".into()));
    assert_eq!((&layer["ok"], &layer["total"]), (&0.into(), &1.into()));
    assert_eq!((&probe["kind"], &probe["reason"]), (&"http".into(), &"connection refused".into()));
    assert!(probe["milliseconds"]["dns"].is_null());
    assert_eq!((&rows[1]["verdict"], &rows[1]["broken_layer"]), (&"ok".into(), &Value::Null));
    assert!(rows[1]["layers"][0]["probes"][0]["milliseconds"]["first_byte"].as_f64().unwrap() > 0.0);
    assert_eq!(rows[1]["ticket"].as_str().unwrap().len(), 7);
}

#[test]
fn junit_is_one_well_formed_document() {
    let home = Home::new("");
    let layers =
        "  - {name: \"<a> & 'b'\", targets: [\"TARGET\"], probes: [{http: \"http://${site}/?a=1&b=c\"}]}\n";
    let broken = callmap(&home, "broken.yaml", &layers.replace("TARGET", &nobody().to_string()));
    let ok = callmap(&home, "ok.yaml", &layer("nginx", &[web(200, "UP")], ""));
    let output = run(&home, &["callmap", "run", "--junit", &broken, &ok]).code(4).get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{text}");
    assert_eq!(text.matches("<failure message=\"connection refused\"/>").count(), 1, "{text}");
    assert!(
        text.contains("tests=\"1\" failures=\"1\"") && text.contains("tests=\"1\" failures=\"0\""),
        "{text}"
    );
    // Every tag that opens closes, and nothing stands raw between them.
    let mut open = Vec::new();
    for tag in text.split('<').skip(2) {
        let (inside, after) = tag.split_once('>').unwrap();
        assert!(!after.contains('&') || after.contains(';'), "{after}");
        match inside {
            it if it.starts_with('/') => assert_eq!(open.pop(), Some(&it[1..]), "{text}"),
            it if it.ends_with('/') => {}
            it => open.push(it.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_secret_is_never_shown_nor_written_down() {
    let home = Home::new("");
    // The server sends back all that it was sent.
    let echo = web(403, "you sent %");
    let layers = format!(
        "  - name: api\n    targets: [\"{echo}\"]\n    probes:\n      - http: \"http://${{site}}/?key=${{env:CALLMAP_KEY}}\"\n        \
         headers: {{Authorization: \"Bearer ${{env:CALLMAP_KEY}}\"}}\n"
    );
    let file = callmap(&home, "secret.yaml", &layers);
    let config = home.config().display().to_string();
    let mut shown = Vec::new();
    for form in ["--text", "--json", "--junit"] {
        let mut command =
            home.command(&["--config", &config, "--log-level", "trace", "callmap", "run", form, &file]);
        let output = command.env("CALLMAP_KEY", "geheim-4711").assert().code(4).get_output().clone();
        shown.extend([output.stdout, output.stderr]);
    }
    let list = json(&run(&home, &["tickets", "--json"]).success());
    assert_eq!(list[0].as_array().unwrap().len(), 3);
    for ticket in list[0].as_array().unwrap() {
        let id = ticket["id"].as_str().unwrap();
        shown.push(run(&home, &["tickets", id]).success().get_output().stdout.clone());
        let kept = run(&home, &["tickets", id, "--json"]).success().get_output().stdout.clone();
        assert!(String::from_utf8_lossy(&kept).contains("you sent"), "the body is kept");
        shown.push(kept);
    }
    for file in std::fs::read_dir(home.path().join("state/wakeboard")).unwrap() {
        let mut bytes = Vec::new();
        std::fs::File::open(file.unwrap().path()).unwrap().read_to_end(&mut bytes).unwrap();
        shown.push(bytes);
    }
    for bytes in shown {
        assert!(!String::from_utf8_lossy(&bytes).contains("geheim"), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_run_is_a_ticket() {
    let home = Home::new("operator: op1@war-room\n");
    let file = callmap(&home, "www.yaml", &layer("nginx", &[nobody()], ""));
    let rows = json(&run(&home, &["callmap", "run", "--json", &file]).code(4));
    let id = rows[0]["ticket"].as_str().unwrap();
    run(&home, &["tickets"]).success().stdout(
        contains(id).and(contains("callmap  www.example.com")).and(contains("broken at 0 nginx (0 of 1)")),
    );
    run(&home, &["tickets", id]).success().stdout(
        contains("op1@war-room")
            .and(contains("step 0  nginx\n"))
            .and(contains("FAIL     connection refused"))
            .and(contains("last good run: none is known")),
    );
    let kept = json(&run(&home, &["tickets", id, "--json"]).success());
    assert_eq!((&kept[0]["task"], &kept[0]["outcome"]), (&"callmap".into(), &"broken".into()));
    assert_eq!(kept[0]["results"]["report"]["layers"][0]["probes"][0]["verdict"], "fail");
}

#[test]
fn without_a_ledger_it_runs_all_the_same_and_says_so() {
    let home = Home::new("ledger: /proc/none/ledger.db\n");
    let file = callmap(&home, "www.yaml", &layer("nginx", &[web(200, "UP")], ""));
    run(&home, &["callmap", "run", &file])
        .success()
        .stdout(contains("www.example.com: ok"))
        .stderr(starts_with("wakeboard: not written down: ledger /proc/none/ledger.db: "));
}

#[test]
fn a_dead_engine_is_not_asked_where_no_tenant_is() {
    // It takes connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let home = Home::new(&format!("hosts: {{web-1: 'tcp://{}'}}\n", listener.local_addr().unwrap()));
    let file = callmap(&home, "www.yaml", &layer("nginx", &[web(200, "UP")], ""));
    run(&home, &["callmap", "run", &file]).success();
    assert!(listener.accept().is_err(), "somebody asked it");
}

#[test]
fn a_tenants_containers_are_found_or_it_is_said_why_not() {
    let (_runtime, _running, home) = simulated("  web-2: 'unix:///nonexistent/engine.sock'\n");
    let cases = [
        ("{tenant: birch}", "it is stopped", "birch-app"),
        ("{tenant: web-1/birch, role: app, port: 8080}", "it is stopped", "birch-app"),
        ("{tenant: acme, role: cache}", "tenant acme has no container of the role cache", ""),
        ("{tenant: cedar}", "there is no tenant cedar; web-2 does not answer: no such socket", ""),
        ("{tenant: web-2/acme}", "there is no tenant acme; web-2 does not answer: no such socket", ""),
        ("{tenant: web-9/acme}", "there is no host web-9 in the config", ""),
    ];
    for (targets, told, target) in cases {
        let layers =
            format!("  - {{name: tomcat, targets: {targets}, probes: [{{http: \"http://${{site}}/\"}}]}}\n");
        let file = callmap(&home, "www.yaml", &layers);
        let rows = json(&run(&home, &["callmap", "run", "--json", &file]).code(4));
        let layer = &rows[0]["layers"][0];
        assert_eq!(layer["verdict"], "fail", "{targets}");
        let (reason, shown) = match target {
            "" => (&layer["reason"], ""),
            _ => (&layer["probes"][0]["reason"], layer["probes"][0]["target"].as_str().unwrap()),
        };
        assert!(reason.as_str().unwrap().starts_with(told), "{targets}: {reason}");
        assert_eq!(shown, target);
    }
}

#[test]
fn every_run_knows_who_sleeps() {
    let (_runtime, _running, home) = simulated("");
    run(&home, &["dump", "acme", "--by", "stop", "--force"]).success();
    let layers = "  - {name: tomcat, targets: {tenant: acme}, probes: [{tcp: 80}]}\n";
    let file = callmap(&home, "www.yaml", layers);
    for _ in 0..4 {
        let rows = json(&run(&home, &["callmap", "run", "--json", &file]).code(4));
        assert_eq!(rows[0]["layers"][0]["probes"][0]["reason"], "it sleeps (dumped stop)");
    }
}

#[test]
fn watching_runs_again_until_stopped_and_takes_the_edited_file() {
    let home = Home::new("");
    let file = callmap(&home, "www.yaml", &layer("before", &[web(200, "UP")], ""));
    let mut child = std::process::Command::new(super::common::program())
        .args(["--config", &home.config().display().to_string()])
        .args(["callmap", "run", &file, "--json", "--watch", "1s"])
        .env("XDG_STATE_HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["layers"][0]["name"], "before");
    callmap(&home, "www.yaml", &layer("after", &[nobody()], ""));
    // The round that was about to begin may have read the file before.
    assert!((0..3).any(|_| next()["layers"][0]["name"] == "after"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "the verdict of the last round");
}

#[test]
fn callmaps_are_listed_with_their_last_runs_and_run_by_name() {
    let home = Home::new("");
    callmap(&home, "www.yaml", &layer("nginx", &[nobody()], ""));
    callmap(&home, "bad.yaml", "  []\n");
    let elsewhere = home.path().join("shop.yaml");
    std::fs::write(&elsewhere, "product: shop\nlayers: [{name: db, probes: [{dns: a}]}]\n").unwrap();
    std::fs::write(home.config(), "callmaps: [shop.yaml]\n").unwrap();
    run(&home, &["callmap", "run", "www"]).code(4);
    let rows = json(&run(&home, &["callmap", "list", "--json"]).success());
    let rows = rows[0].as_array().unwrap();
    let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(keys(of("www")), "fault file last_run layers name product");
    assert_eq!((&of("www")["product"], &of("www")["layers"]), (&"www.example.com".into(), &1.into()));
    assert_eq!(of("www")["last_run"]["outcome"], "broken");
    assert_eq!(of("shop")["product"], "shop");
    assert!(of("shop")["last_run"].is_null());
    assert!(of("bad")["fault"].as_str().unwrap().contains("there is no layer"));
    run(&home, &["callmap", "list"])
        .success()
        .stdout(starts_with("NAME").and(contains("broken at 0 nginx (0 of 1)")).and(contains("shop.yaml")));
}
