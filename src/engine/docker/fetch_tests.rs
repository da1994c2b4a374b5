use std::path::PathBuf;

use rstest::rstest;
use tokio::net::UnixListener;

use super::*;
use crate::engine::docker::transport::Dial;

/// An engine that says these pieces to whoever asks, one after the other, and hangs up. Gives what came of asking it.
async fn asked(pieces: &'static [&'static str]) -> Result<Option<Vec<u8>>, EngineError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let engine = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 1024];
        let length = stream.read(&mut request).await.unwrap();
        for piece in pieces {
            stream.write_all(piece.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        String::from_utf8(request[..length].to_vec()).unwrap()
    });
    let transport = Transport::new(Dial::Unix(path));
    let answer = fetch(&transport, "/containers/json?all=1", Duration::from_secs(5)).await;
    let request = engine.await.unwrap();
    assert_eq!(request, "GET /containers/json?all=1 HTTP/1.0\r\nHost: engine\r\n\r\n");
    answer.map(|body| body.map(|body| body.to_vec()))
}

#[rstest]
#[case(&["HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcde"])]
#[case(&["HTTP/1.1 200 OK\r\ncontent-length: 5\r\nServer: Docker/20.10.24 (linux)\r\n\r", "\nab", "cdefgh"])]
#[case(&["HTTP/1.0 200 OK\r\n\r\na", "bcd", "e"])]
#[tokio::test]
async fn an_answer_ends_with_its_length_or_with_the_connection(#[case] pieces: &'static [&'static str]) {
    assert_eq!(asked(pieces).await.unwrap().unwrap(), b"abcde");
}

#[rstest]
#[case(&["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"])]
#[case(&["HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"])]
#[tokio::test]
async fn who_speaks_no_http_1_0_is_asked_otherwise(#[case] pieces: &'static [&'static str]) {
    assert_eq!(asked(pieces).await.unwrap(), None);
}

#[rstest]
#[case(&[], "the connection was cut")]
#[case(&["HTTP/1.0 200 OK\r\n"], "the connection was cut")]
#[case(&["HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nabcde"], "the connection was cut")]
#[case(&["SSH-2.0-OpenSSH_9.2p1\r\n"], "not HTTP")]
#[case(&["HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\nabcde"], "a length that is none")]
#[case(&["HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"], "a length that is none")]
#[case(&["HTTP/1.0 500 No\r\nContent-Length: 23\r\n\r\n{\"message\":\"not today\"}"], "answered 500: not today")]
#[tokio::test]
async fn what_is_wrong_is_told(#[case] pieces: &'static [&'static str], #[case] told: &str) {
    let error = asked(pieces).await.unwrap_err().to_string();
    assert!(error.contains(told), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let engine = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
        while stream.write_all(&[b' '; 1 << 12]).await.is_ok() {}
    });
    let transport = Transport::new(Dial::Unix(path));
    let error = fetch(&transport, "/", Duration::from_secs(20)).await.unwrap_err();
    assert!(error.to_string().contains("an answer without end"), "{error}");
    engine.await.unwrap();
}
