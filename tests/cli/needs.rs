//! A sleeper whose volumes, image or networks are not as they were: it is not woken, and nothing is created, until a person
//! accepts the loss at a terminal.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use predicates::str::contains;
use rstest::rstest;

use super::common::{Console, Home};
use super::{run, simulated_by};

const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles:
  app: {image: 'shop:1', memory: 256M}
  db: {image: 'db:1', memory: 512M, volume: /data}
tenants:
  - {names: [acme], tiers: {low: 1}, roles: [app, db], start: {running: 1}, labelled: true}
";

/// Asks the engine of the home's config.
fn engine(home: &Home, method: &str, path: &str) -> String {
    let config = std::fs::read_to_string(home.config()).unwrap();
    let socket = config.split("unix://").nth(1).unwrap().split('\'').next().unwrap();
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn remove(home: &Home, path: &str) {
    let answer = engine(home, "DELETE", path);
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

fn containers(home: &Home) -> usize {
    engine(home, "GET", "/containers/json?all=1").matches("\"Names\"").count()
}

#[rstest]
#[case("destroy", "/volumes/acme-db-data", "the volume acme-db-data is gone: it was removed after the dump")]
#[case("destroy", "/images/db:1", "the image db:1 is gone: sha256:")]
#[case("destroy", "/networks/bridge", "the network bridge is gone: it was removed after the dump")]
#[case("stop", "/volumes/acme-db-data", "the volume acme-db-data is gone: it was removed after the dump")]
fn what_is_gone_is_named_and_nothing_is_created(
    #[case] method: &str,
    #[case] path: &str,
    #[case] told: &str,
) {
    let (_runtime, _running, home) = simulated_by(SCENARIO, "");
    run(&home, &["dump", "acme", "--by", method]).success();
    if method == "stop" {
        // As `docker container prune` does.
        remove(&home, "/containers/acme-db");
        remove(&home, "/containers/acme-app");
    }
    assert_eq!(containers(&home), 0);
    remove(&home, path);
    run(&home, &["wake", "acme"]).code(1).stderr(contains(told));
    assert_eq!(containers(&home), 0);
    // It sleeps on, and nobody tries again by himself.
    let shown = if method == "stop" { "absent" } else { "dumped" };
    run(&home, &["ps", "acme"]).success().stdout(contains(shown));
}

#[test]
fn a_loss_is_accepted_for_one_tenant_by_a_person_at_a_terminal() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, "");
    run(&home, &["dump", "acme", "--by", "destroy"]).success();
    remove(&home, "/volumes/acme-db-data");
    let words = ["wake", "acme", "--with-empty-volume", "acme-db-data"];
    run(&home, &words).code(2).stderr(contains("at a terminal only"));
    run(&home, &["wake", "acme", "birch", "--with-empty-volume", "acme-db-data"])
        .code(2)
        .stderr(contains("one tenant at a time"));
    let ask = |words: &[&str], answer: &str, code: u32| {
        let config = home.config().display().to_string();
        let mut console = home.console(&[&["--config", &config], words].concat(), (100, 30), &[]);
        console.wait("the question", |screen| screen.contains("[y/N]"));
        console.keys(answer);
        let screen = Console::wait_for(&console, "its end", Duration::from_secs(30), |screen| {
            ["woken", "nothing was done", "is lost that could"].iter().any(|word| screen.contains(word))
        });
        assert_eq!(console.wait_exit().exit_code(), code, "{screen}");
        screen
    };
    ask(&words, "n\r", 1);
    assert_eq!(containers(&home), 0);
    // One that is not lost is not meant.
    let screen = ask(&["wake", "acme", "--with-empty-volume", "acme-data"], "y\r", 1);
    assert!(screen.contains("no volume acme-data is lost"), "{screen}");
    let screen = ask(&words, "y\r", 0);
    assert!(screen.contains("woken"), "{screen}");
    assert_eq!(containers(&home), 2);
    // From now on that volume is the one that it had.
    run(&home, &["dump", "acme", "--by", "destroy"]).success();
    run(&home, &["wake", "acme"]).success();
}

#[test]
fn another_volume_of_that_name_is_not_the_same() {
    let (_runtime, _running, home) = simulated_by(SCENARIO, "");
    run(&home, &["dump", "acme", "--by", "destroy"]).success();
    remove(&home, "/volumes/acme-db-data");
    let config = std::fs::read_to_string(home.config()).unwrap();
    let socket = config.split("unix://").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    let body = r#"{"Image": "db:1", "HostConfig": {"Binds": ["acme-db-data:/x"]}}"#;
    let mut stream = UnixStream::connect(socket).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /containers/create?name=thief HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    run(&home, &["wake", "acme"])
        .code(1)
        .stderr(contains("the volume acme-db-data is not the one that was dumped"));
}
