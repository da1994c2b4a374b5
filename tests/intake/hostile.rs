//! Whoever means harm, or is broken.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::stand::{Stand, TOKEN, ask, hear, request};

const JSON: &str = "content-type: application/json";

#[test]
fn ten_megabytes_are_refused_with_a_clear_text_and_not_kept() {
    let stand = Stand::open();
    let event = |size: usize| {
        let data = "x".repeat(size);
        format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"t","data":"{data}"}}"#)
    };
    let ten = event(10 * 1024 * 1024);
    let (status, answer) = stand.post(&["content-type: application/cloudevents+json"], ten.as_bytes());
    assert_eq!(status, 413, "{answer}");
    assert!(answer.contains("larger than 256 KiB") && answer.contains("\"status\":413"), "{answer}");
    // Whoever asks first is told before they send.
    let mut stream = stand.socket();
    write!(stream, "POST /notes HTTP/1.1\r\nhost: x\r\n{JSON}\r\nexpect: 100-continue\r\ncontent-length: 10485760\r\n\r\n").unwrap();
    assert_eq!(hear(stream).0, 413);
    // In pieces nobody says how much is to come.
    let mut stream = stand.socket();
    write!(stream, "POST /notes HTTP/1.1\r\nhost: x\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    let chunk = [format!("{:x}\r\n", 65536).into_bytes(), vec![b'x'; 65536], b"\r\n".to_vec()].concat();
    for _ in 0..16 {
        stream.write_all(&chunk).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(hear(stream).0, 413);
    assert!(stand.book.records().is_empty());
    // What fits is taken, and cut.
    let fits = event(200 * 1024);
    assert_eq!(stand.post(&["content-type: application/cloudevents+json"], fits.as_bytes()).0, 202);
    let change = stand.book.changes().remove(0);
    assert!(change.detail.unwrap().len() <= 4096 && change.raw[0].len() <= 4096);
}

#[test]
fn hostile_texts_are_made_harmless() {
    let stand = Stand::open();
    let (status, _) = stand
        .note(r#"{"text":"\u001b[2J\u009b31m a\u202eb\nc","object":"\u001b]0;x\u0007","actor":"\u2066op1"}"#);
    assert_eq!(status, 202);
    let record = stand.book.records().remove(0);
    let change = record.reading.unwrap();
    let all = [
        &*record.raw,
        change.detail.as_deref().unwrap(),
        change.thing.as_deref().unwrap(),
        change.actor.as_deref().unwrap(),
    ];
    for text in all {
        let is_bad = |c: char| {
            c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!text.contains(is_bad), "{text:?}");
    }
    // What is said of a bad one is harmless too.
    let (status, answer) = stand.note("{\"text\":\"a\",\"\u{202e}\u{1b}[2J\":1}");
    assert_eq!(status, 400);
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    assert!(!body.contains(['\u{1b}', '\u{202e}']), "{body:?}");
    assert!(body.contains("\"line\":1"), "{body}");
}

#[test]
fn garbage_ends_the_connection_and_nothing_else() {
    let stand = Stand::open();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /notes HTTP/9.9\r\n\r\n",
        &[0xff; 4096],
    ] {
        let mut stream = stand.socket();
        let _ = stream.write_all(garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 202"));
    }
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(stand.post(&many, b"{}").0, 431);
    let long = format!("x-long: {}", "x".repeat(64 * 1024));
    let mut stream = stand.socket();
    let _ = stream.write_all(&request(&[&long], b"{}"));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(stand.note(r#"{"text":"still here"}"#).0, 202);
}

#[test]
fn a_body_that_breaks_off_is_not_taken() {
    let stand = Stand::open();
    let whole = request(&[JSON], br#"{"text":"a"}"#);
    let mut stream = stand.socket();
    stream.write_all(&whole[..whole.len() - 4]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 202"));
    assert!(stand.book.records().is_empty());
}

#[test]
fn slow_clients_are_cut_and_shut_the_door_for_nobody() {
    let stand = Stand::open();
    let started = Instant::now();
    let header = format!("authorization: Bearer {TOKEN}");
    let wrong = "authorization: Bearer 0000000000000000";
    // Many more than there is room for: each sends a little, and no more. Some over TCP have sent all but the body, without a
    // token that counts.
    let mut slow: Vec<Box<dyn Read>> = Vec::new();
    for n in 0..200 {
        let mut stream = stand.socket();
        let _ = stream.write_all(b"POST /notes HTTP/1.1\r\nhost:");
        slow.push(Box::new(stream));
        let mut stream = stand.tcp();
        let begun = match n % 2 {
            0 => "POST /notes HTTP/1.1\r\nhost:".to_owned(),
            _ => {
                format!("POST /notes HTTP/1.1\r\nhost: x\r\n{JSON}\r\n{wrong}\r\ncontent-length: 99\r\n\r\n")
            }
        };
        let _ = stream.write_all(begun.as_bytes());
        slow.push(Box::new(stream));
        let (status, answer) = stand.note(r#"{"text":"a"}"#);
        assert_eq!(status, 202, "after {n} slow ones: {answer}");
        if n % 10 == 0 {
            let (status, answer) = ask(stand.tcp(), &request(&[JSON, &header], br#"{"text":"b"}"#));
            assert_eq!(status, 202, "after {n} slow ones over TCP: {answer}");
        }
        // Slower than notes may come.
        std::thread::sleep(Duration::from_millis(15));
    }
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 202"));
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn a_flood_is_slowed_down_and_nothing_said_is_lost() {
    let stand = Stand::open();
    let body = br#"{"text":"a"}"#;
    let kept = String::from_utf8(request(&[JSON], body)).unwrap().replace("connection: close\r\n", "");
    let mut taken = 0;
    let mut slowed = 0;
    let mut stream = stand.socket();
    for _ in 0..5000 {
        if taken >= 200 && slowed >= 20 {
            break;
        }
        stream.write_all(kept.as_bytes()).unwrap();
        let mut answer = [0; 2048];
        let count = stream.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
        if answer.starts_with("HTTP/1.1 202") {
            taken += 1;
        } else {
            assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 1"), "{answer}");
            slowed += 1;
            stream = stand.socket();
        }
    }
    assert!(taken >= 200 && slowed > 0, "{taken} taken, {slowed} slowed down");
    assert_eq!(stand.book.records().len(), taken, "what was answered with 202 is there, and nothing else");
}

#[test]
fn guessing_tokens_is_slowed_down() {
    let stand = Stand::open();
    let guess =
        |n: usize| ask(stand.tcp(), &request(&[JSON, &format!("authorization: Bearer {n:016}")], b"{}")).0;
    let answers: Vec<u16> = (0..60).map(guess).collect();
    assert!(answers.iter().all(|status| [401, 429].contains(status)), "{answers:?}");
    assert!(answers.contains(&429));
    // Whoever knows it is not slowed down by those.
    let header = format!("authorization: Bearer {TOKEN}");
    assert_eq!(ask(stand.tcp(), &request(&[JSON, &header], br#"{"text":"b"}"#)).0, 202);
}
