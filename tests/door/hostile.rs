//! Whoever means harm, or is broken.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::stand::{Answer, Stand, request, send};

#[tokio::test(flavor = "multi_thread")]
async fn too_much_of_anything_is_refused() {
    let stand = Stand::open().await;
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(stand.get("/wake/acme", &many).await.status, 431);
    let long = format!("x-long: {}", "x".repeat(128 * 1024));
    let answer = stand.get("/wake/acme", &[&long]).await;
    assert!(matches!(answer.status, 0 | 431), "{answer:?}");
    // What a browser may bring along is taken.
    let cookies = format!("cookie: {}", "c".repeat(24 * 1024));
    assert_eq!(stand.get("/wake/acme", &[&cookies]).await.status, 200);
    let path = format!("/wake/{}", "a".repeat(16 * 1024));
    assert_eq!(stand.get(&path, &[]).await.status, 404);
    let query = format!("/api/strategies/blocking?{}", "names=acme&".repeat(2000));
    assert_eq!(stand.get(&query, &[]).await.status, 414);
    // A query that is cut would ask for another tenant: `acme` is half of a longer name.
    let half = format!("/api/strategies/blocking?x={}&names=acme%2Dother", "x".repeat(8192 - 13));
    assert_eq!(stand.get(&half, &[]).await.status, 414);
    let many = format!("/api/strategies/blocking?{}names=acme", "x&".repeat(200));
    assert_eq!(stand.get(&many, &[]).await.status, 414);
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_none() {
    let stand = Stand::open().await;
    for host in [
        &b"\xff\xfe.example.com"[..],
        b"acme.example.com\x1b[31m",
        b"acme\\.example.com",
        b"../acme",
        b"acme.example.com:99999x",
        b"",
    ] {
        let request = [b"GET /wake HTTP/1.1\r\nconnection: close\r\nhost: ", host, b"\r\n\r\n"].concat();
        let answer = send(stand.address(), &request).await;
        assert!(matches!(answer.status, 400 | 404), "{host:?}: {answer:?}");
        assert!(!answer.body.contains('\u{1b}'));
    }
    for path in
        ["/wake/%ff%fe", "/wake/%1b%5b31m", "/wake/..%2facme", "/wake/", "/wake//acme", "/waiting/%00"]
    {
        let answer = stand.get(path, &[]).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert!(!answer.body.contains('\u{1b}'), "{answer:?}");
    }
    assert!(stand.service.work().borrow().tickets.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_its_connection_and_nothing_else() {
    let stand = Stand::open().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET /wake/acme HTTP/9.9\r\n\r\n",
        b"GET /wake/acme HTTP/1.1\r\nhost: a\r\nhost : b\r\n\r\n",
        &[0xff; 4096],
    ] {
        let mut stream = TcpStream::connect(stand.address()).await.unwrap();
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        let mut text = Vec::new();
        let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut text)).await.unwrap();
        assert_ne!(Answer::read(&text).status, 200, "{garbage:?}");
    }
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_slow_are_cut_and_others_served_meanwhile() {
    let stand = Stand::open().await;
    let whole = request("/wake/acme", &[]);
    let began = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(stand.address()).await.unwrap();
        stream.write_all(&whole[..whole.len() - 4]).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..50 {
        assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for mut stream in slow {
        let mut text = Vec::new();
        let read = timeout(Duration::from_secs(15), stream.read_to_end(&mut text)).await;
        assert!(read.is_ok(), "one who says nothing is still heard after {:?}", began.elapsed());
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_there_are_seats_for_are_told_so() {
    let stand = Stand::with(|settings| settings.rules.queue_all = 1).await;
    let mut held = Vec::new();
    for _ in 0..1025 {
        held.push(TcpStream::connect(stand.address()).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answer = stand.get("/wake/acme", &[]).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("too many connections"), "{answer:?}");
    drop(held);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
}
