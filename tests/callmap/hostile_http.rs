//! HTTP servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wakeboard::model::callmap::report::{ProbeReport, Verdict};

use crate::bench::*;

/// More than any answer may make us read: the limits, and what sockets hold.
const MOST_READ: usize = 16 * 1024 * 1024;

/// A server that answers with `start`, and then with `more` for ever. Counts what it got rid of.
async fn endless(start: &'static str, more: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let address = serve("127.0.0.1", move |mut stream| {
        let count = count.clone();
        async move {
            head(&mut stream).await;
            let more = more.repeat(1 + 16_000 / more.len());
            let mut next = start.as_bytes();
            while stream.write_all(next).await.is_ok() {
                count.fetch_add(next.len(), Ordering::Relaxed);
                next = more.as_bytes();
            }
        }
    })
    .await;
    (address, sent)
}

/// A server that answers with these bytes and closes.
async fn bytes(answer: &'static [u8]) -> SocketAddr {
    serve("127.0.0.1", move |mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(answer).await;
    })
    .await
}

async fn asked(target: SocketAddr) -> ProbeReport {
    ask_one(page(http(false, "www.example.com")), target).await
}

#[tokio::test]
async fn endless_headers_end() {
    let (target, sent) = endless("HTTP/1.1 200 OK\r\n", "x-more: and more\r\n").await;
    let report = asked(target).await;
    assert_eq!(reason(&report), "more than 100 headers, or more than 64 KiB of them");
    assert!(sent.load(Ordering::Relaxed) < MOST_READ);
    let (target, sent) = endless("HTTP/1.1 200 OK\r\nx: ", "aaaaaaaaaaaaaaaa").await;
    assert_eq!(reason(&asked(target).await), "more than 100 headers, or more than 64 KiB of them");
    assert!(sent.load(Ordering::Relaxed) < MOST_READ);
}

#[tokio::test]
async fn an_endless_body_is_read_to_its_limit() {
    let (target, sent) = endless("HTTP/1.1 200 OK\r\n\r\n", "and so on\n").await;
    let mut ask = http(false, "www.example.com");
    ask.expect.body = vec![contains("and so on")];
    let report = ask_one(page(ask.clone()), target).await;
    assert_eq!((report.verdict, reason(&report)), (Verdict::Ok, "200"));
    let detail = report.detail.unwrap();
    assert!(detail.body.starts_with("and so on\nand so on") && detail.body.len() < 4_096);
    assert!(sent.load(Ordering::Relaxed) < MOST_READ);
    ask.expect.body = vec![contains("the end")];
    let report = ask_one(page(ask), target).await;
    assert_eq!(reason(&report), "the first 1 MiB of the body does not have \"the end\"");
}

/// So many zeros, packed by gzip to a thousandth.
fn bomb(zeros: usize) -> Vec<u8> {
    use std::io::Write;
    let mut gzip = std::process::Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        input.write_all(&vec![0; zeros]).unwrap();
    });
    let packed = gzip.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    packed
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let packed = bomb(64 * 1024 * 1024);
    assert!((10_000..1_000_000).contains(&packed.len()), "{}", packed.len());
    let print = wakeboard::model::callmap::tell::fingerprint(&packed);
    let target = serve("127.0.0.1", move |mut stream| {
        let packed = packed.clone();
        async move {
            assert_eq!(
                header(&head(&mut stream).await, "accept-encoding"),
                None,
                "nothing compressed is asked for"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &packed].concat()).await;
        }
    })
    .await;
    let mut ask = http(false, "www.example.com");
    ask.expect.body = vec![contains("UP")];
    let report = ask_one(page(ask), target).await;
    let said = "the body does not have \"UP\"; the body came compressed (\"gzip\"), which was not asked for, and is not unpacked";
    assert_eq!(reason(&report), said);
    assert_eq!(report.detail.unwrap().hash, Some(print), "it is as it came");
}

#[tokio::test]
async fn a_slow_drip_is_cut_off_when_the_attempt_is_over() {
    let drip = |start: &'static str| async move {
        serve("127.0.0.1", move |mut stream| async move {
            head(&mut stream).await;
            let _ = stream.write_all(start.as_bytes()).await;
            while stream.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    };
    let began = Instant::now();
    let timeout = Duration::from_millis(500);
    let ask = || page(http(false, "www.example.com"));
    let (headers, body) = (drip("HTTP/1.1 200 OK\r\nx: ").await, drip("HTTP/1.1 200 OK\r\n\r\n").await);
    let report = ask_in(ask(), headers, timeout).await;
    assert_eq!(reason(&report), "connected, but no answer in 500 ms");
    let report = ask_in(ask(), body, timeout).await;
    let said = reason(&report);
    assert!(
        said.starts_with("the answer was not whole after 500 ms: ") && said.ends_with(" of the body came"),
        "{said}"
    );
    assert!(report.milliseconds.first_byte.is_some());
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn old_forms_of_headers_are_read_and_broken_ones_told_in_words() {
    let asked = async |answer: &'static [u8]| asked(bytes(answer).await).await;
    for head in ["X-Policy: a;\r\n  b\r\n", "X-A : 1\r\n"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 2\r\n\r\nUP");
        let report = asked(Box::leak(answer.into_bytes().into_boxed_slice())).await;
        assert_eq!(report.verdict, Verdict::Ok, "{}", reason(&report));
    }
    let report = asked(b"HTTP/1.1 200 OK\r\n X-A: 1\r\nContent-Length: 2\r\n\r\nUP").await;
    assert!(!reason(&report).contains("not HTTP"), "{}", reason(&report));
    let report = asked(b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\nUP").await;
    let said = "a line before the body breaks the rules of HTTP; the answer begins with \"HTTP/1.1 200 OK";
    assert!(reason(&report).starts_with(said), "{}", reason(&report));
}

#[tokio::test]
async fn sessions_that_are_handed_out_are_not_kept() {
    let answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=geheim\r\nX-Auth-Token: geheim\r\nX-Kind: open\r\nContent-Length: 2\r\n\r\nUP";
    let report = asked(bytes(answer).await).await;
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.contains("geheim") && json.contains("open") && json.contains("(not kept)"), "{json}");
}

#[tokio::test]
async fn what_is_not_http_is_said_to_be_so() {
    let said = |begins: &str| format!("what came back is not HTTP: it begins with \"{begins}\"");
    let asked = async |answer: &'static [u8]| asked(bytes(answer).await).await;
    assert_eq!(reason(&asked(b"<html>HTTP/0.9 has no head</html>").await), said("<html>HTTP/0.9 has no he"));
    assert_eq!(reason(&asked(b"SSH-2.0-OpenSSH_9.2\r\n").await), said("SSH-2.0-OpenSSH_9.2␍␊"));
    assert_eq!(reason(&asked(b"\x15\x03\x01\x00\x02\x02\x46").await), said("␕␃␁␀␂␂F"));
    assert_eq!(reason(&asked(b"").await), "connection closed before the answer was whole");
    let short = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nUP").await;
    assert_eq!(reason(&short), "connection closed after 2 bytes of the body");
    let chunks = asked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nUP\r\nzz\r\n").await;
    assert_eq!(chunks.verdict, Verdict::Fail);
    assert!(reason(&chunks).contains("after 2 bytes of the body"), "{}", reason(&chunks));
}

#[tokio::test]
async fn who_accepts_and_says_nothing_is_told_from_who_does_not_accept() {
    let silent = serve("127.0.0.1", |mut stream| async move {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
    })
    .await;
    let timeout = Duration::from_millis(300);
    let report = ask_in(page(http(false, "www.example.com")), silent, timeout).await;
    assert_eq!(reason(&report), "connected, but no answer in 300 ms");
    let report = ask_in(tcp(Some(contains("220"))), silent, timeout).await;
    assert_eq!(reason(&report), "connected, but it said nothing in 300 ms");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(reason(&asked(closed).await), "connection refused");

    // Whoever's queue is full lets packets drop, as a firewall does.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(timeout, tokio::net::TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    let report = ask_in(page(http(false, "www.example.com")), address, timeout).await;
    assert_eq!(reason(&report), "no answer in 300 ms while connecting");
    assert_eq!(report.milliseconds.connect, None);
}

#[tokio::test]
async fn a_reset_is_told_as_one() {
    let target = serve("127.0.0.1", |mut stream| async move {
        head(&mut stream).await;
        let _ = stream.set_zero_linger();
    })
    .await;
    assert_eq!(reason(&asked(target).await), "connection reset before the answer was whole");
}

#[tokio::test]
async fn what_a_server_says_is_harmless_and_short() {
    let target = web("127.0.0.1", |_| {
        page_of(200, &format!("x-a: \u{9b}31m{}\r\n", "z".repeat(9_000)), "\u{1b}[2J\u{202e}")
    })
    .await;
    let report = asked(target).await;
    let detail = report.detail.unwrap();
    assert_eq!(detail.body, "␛[2J\u{fffd}");
    let (_, value) = &detail.headers[1];
    assert!(value.chars().count() <= 513 && !value.contains('\u{9b}'), "{value}");
}

#[tokio::test]
async fn http_2_is_bounded_as_well() {
    // The preface's answer of a server that speaks only HTTP/1.1.
    let target = serve("127.0.0.1", |mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut ask = http(false, "www.example.com");
    ask.version = wakeboard::model::callmap::map::HttpVersion::Two;
    let report = ask_one(page(ask.clone()), target).await;
    assert_eq!(reason(&report), "what came back is not HTTP/2: it begins with \"HTTP/1.1 400 Bad Request\"");

    // Settings, and then a header block that goes on for ever.
    let endless = serve("127.0.0.1", |mut stream| async move {
        let mut start = vec![0, 0, 0, 4, 0, 0, 0, 0, 0];
        start.extend([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x88]);
        let mut more = vec![0, 0x40, 0, 9, 0, 0, 0, 0, 1];
        // A literal header field, never ended by the flag.
        more.extend([0, 1, b'a', 0x7f, 0xfa, 0x7e]);
        more.resize(9 + 0x4000, b'b');
        let _ = stream.write_all(&start).await;
        while stream.write_all(&more).await.is_ok() {}
    })
    .await;
    let began = Instant::now();
    let report = ask_one(page(ask), endless).await;
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(reason(&report).starts_with("HTTP/2 failed: "), "{}", reason(&report));
    assert!(began.elapsed() < Duration::from_secs(3));
}
