//! Notes and events that come as they should.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;

use wakeboard::intake::door::Standing;
use wakeboard::model::change::{Confidence, Source, Verb};

use super::stand::{Stand, TOKEN, ask, hear, request};

const EVENT: &str = r#"{"specversion":"1.0","id":"7","source":"/ci/shop","type":"com.example.deployed",
    "subject":"acme","time":"TIME","actor":"ci","data":{"text":"1.4.2"}}"#;

fn event() -> String {
    EVENT.replace("TIME", &jiff::Timestamp::now().to_string())
}

#[test]
fn a_note_is_kept_before_it_is_answered() {
    let stand = Stand::open();
    let (status, answer) =
        stand.note(r#"{"text":"deployed 1.4.2","object":"acme","actor":"op1","host":"web-1"}"#);
    assert_eq!(status, 202, "{answer}");
    let changes = stand.book.changes();
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((change.source, change.verb), (Source::Note, Verb::Noted));
    assert_eq!((change.tenant.as_deref(), change.host.as_deref()), (Some("acme"), Some("web-1")));
    assert_eq!((change.actor.as_deref(), change.confidence), (Some("op1"), Confidence::Likely));
    assert_eq!(change.detail.as_deref(), Some("deployed 1.4.2"));
    assert!(answer.contains(&format!("{{\"change\":\"{}\"}}", change.act)), "{answer}");
}

#[test]
fn an_event_comes_in_both_modes_and_is_the_same() {
    let stand = Stand::open();
    let (status, answer) = stand.post(&["content-type: application/cloudevents+json"], event().as_bytes());
    assert_eq!(status, 202, "{answer}");
    let binary = [
        "content-type: application/json",
        "ce-specversion: 1.0",
        "ce-id: 7",
        "ce-source: /ci/shop",
        "ce-type: com.example.deployed",
    ];
    assert_eq!(stand.post(&binary, br#"{"text":"1.4.2"}"#).0, 202, "told again is no fault");
    let changes = stand.book.changes();
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(change.detail.as_deref(), Some("com.example.deployed: 1.4.2"));
    assert_eq!((change.cause.as_deref(), change.actor.as_deref()), (Some("/ci/shop"), Some("ci")));
    assert_eq!(stand.note(r#"{"text":"other","id":"7"}"#).0, 202);
    assert_eq!(stand.book.changes().len(), 2, "the same id of another source is another change");
}

#[test]
fn the_socket_is_for_its_owner_only_and_goes_with_its_console() {
    let mut stand = Stand::open();
    let socket = stand.run().join("notes.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(stand.run()).unwrap().permissions().mode() & 0o777, 0o700);
    let next = stand.another();
    let first = stand.doors.replace(next);
    stand.wait(|socket, http| *socket == Standing::Elsewhere && *http == Standing::Elsewhere);
    assert_eq!(stand.note(r#"{"text":"to the first"}"#).0, 202);
    drop(first);
    stand.wait(|socket, http| matches!((socket, http), (Standing::Open(_), Standing::Open(_))));
    assert_eq!(stand.note(r#"{"text":"to the second"}"#).0, 202);
    stand.doors = None;
    // What is dropped ends at the next turn of its runtime.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while socket.exists() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(!socket.exists());
}

#[test]
fn a_socket_that_is_tidied_away_is_made_again() {
    let stand = Stand::open();
    std::fs::remove_file(stand.run().join("notes.sock")).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !stand.run().join("notes.sock").exists() {
        assert!(std::time::Instant::now() < until, "no socket");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(stand.note(r#"{"text":"a"}"#).0, 202);
}

#[test]
fn over_http_only_whoever_says_the_token_is_heard() {
    let stand = Stand::open();
    let body = br#"{"text":"a"}"#;
    let over_http = |token: Option<&str>| {
        let header = token.map(|token| format!("authorization: {token}"));
        let headers: Vec<&str> =
            ["content-type: application/json"].into_iter().chain(header.as_deref()).collect();
        ask(stand.tcp(), &request(&headers, body))
    };
    for wrong in
        [None, Some("Bearer"), Some("Bearer 0123456789abcdeF"), Some("Basic 0123456789abcdef"), Some(TOKEN)]
    {
        let (status, answer) = over_http(wrong);
        assert_eq!(status, 401, "{wrong:?}: {answer}");
        assert!(answer.contains("www-authenticate: Bearer") && !answer.contains(TOKEN), "{answer}");
    }
    assert!(stand.book.records().is_empty());
    assert_eq!(over_http(Some(&format!("Bearer {TOKEN}"))).0, 202);
    assert_eq!(over_http(Some(&format!("bearer {TOKEN}"))).0, 202);
    assert_eq!(stand.book.records().len(), 2);
}

#[test]
fn what_cannot_be_written_down_is_not_taken() {
    let stand = Stand::open();
    stand.book.fail(Some("the disk is full"));
    let (status, answer) = stand.note(r#"{"text":"a","id":"1"}"#);
    assert!(
        status == 503 && answer.contains("the disk is full") && answer.contains("retry-after"),
        "{answer}"
    );
    stand.book.fail(None);
    assert_eq!(stand.note(r#"{"text":"a","id":"1"}"#).0, 202);
}

#[test]
fn several_come_over_one_connection_and_a_closed_side_still_hears() {
    let stand = Stand::open();
    let one = String::from_utf8(request(&["content-type: application/json"], br#"{"text":"a"}"#)).unwrap();
    let kept = one.replace("connection: close\r\n", "");
    let mut stream = stand.socket();
    stream.write_all(format!("{kept}{kept}{one}").as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let (_, answers) = hear(stream);
    assert_eq!(answers.matches("HTTP/1.1 202").count(), 3, "{answers}");
    assert_eq!(stand.book.records().len(), 3);
}

#[test]
fn other_requests_are_told_what_is_there() {
    let stand = Stand::open();
    let told = |first: &str| {
        let mut stream = stand.socket();
        stream
            .write_all(format!("{first} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = told("GET /notes");
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: POST"), "{answer}");
    let answer = told("POST /");
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("there is only /notes"), "{answer}");
    assert!(answer.contains("application/problem+json"));
}
