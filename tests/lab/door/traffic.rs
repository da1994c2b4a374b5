//! Uploads, web sockets and kept connections, through a proxy to a tenant that sleeps.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rstest::rstest;

use super::proxy::Proxy;
use super::{Keeper, PATIENT, asleep, get};
use crate::tickets::{Bench, docker_a};

/// A server that answers an upload with its size in bytes, accepts a WebSocket handshake, and then echoes each byte.
const SERVER: &str = r#"
cat >/serve <<'END'
size=0 upgrade=
while read -r line; do
    line=$(printf %s "$line" | tr -d '\r')
    case $line in
    Content-Length:*) size=${line#*: } ;;
    Upgrade:*) upgrade=1 ;;
    '') break ;;
    esac
done
if [ -n "$upgrade" ]; then
    printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
    exec cat
fi
got=$(head -c "$size" | wc -c)
printf 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' ${#got} "$got"
END
exec nc -ll -p 7070 -e sh /serve
"#;

fn run_server(bench: &mut Bench) {
    let options = ["--label", "wakeboard.tenant=kalmia", "--stop-signal", "KILL"];
    bench.engine.run_image("busybox:lab", "kalmia", &options, &["sh", "-c", SERVER]);
}

fn connect(proxy: &Proxy, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(90))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The body is larger than the 1 MB that nginx accepts by default. The request that wakes the tenant must deliver it too.
#[rstest]
fn an_upload_to_a_sleeping_tenant_arrives_whole(#[values("nginx", "caddy")] name: &str) {
    const SIZE: usize = 5_000_000;
    let mut bench = docker_a();
    run_server(&mut bench);
    let keeper = Keeper::open(&bench, 7070, PATIENT);
    let proxy = Proxy::start(name, keeper.port, "kalmia", 0);
    asleep(&bench, "kalmia", "stop");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: kalmia.shop.test\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"
    );
    let mut stream = connect(&proxy, &head);
    let mut body = stream.try_clone().unwrap();
    let sent = std::thread::spawn(move || body.write_all(&vec![b'x'; SIZE]));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    sent.join().unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&format!("\r\n\r\n{SIZE}")), "{answer}");
}

#[rstest]
fn a_websocket_to_a_sleeping_tenant_is_opened(#[values("nginx", "caddy")] name: &str) {
    let mut bench = docker_a();
    run_server(&mut bench);
    let keeper = Keeper::open(&bench, 7070, PATIENT);
    let proxy = Proxy::start(name, keeper.port, "kalmia", 0);
    asleep(&bench, "kalmia", "stop");
    let handshake = "GET /socket HTTP/1.1\r\nHost: kalmia.shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    let mut stream = connect(&proxy, handshake);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert!(stream.read(&mut byte).unwrap() > 0, "{}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    for words in ["one", "and again"] {
        stream.write_all(words.as_bytes()).unwrap();
        let mut echo = vec![0; words.len()];
        stream.read_exact(&mut echo).unwrap();
        assert_eq!(String::from_utf8(echo).unwrap(), words);
    }
}

/// A connection that the proxy keeps open does not prevent the checkpoint, and the next request does not get a 502.
#[rstest]
fn a_tenant_sleeps_by_checkpoint_while_the_proxy_keeps_a_connection(#[values("nginx", "caddy")] name: &str) {
    let mut bench = docker_a();
    bench.run_counter("kalmia", &["--label", "wakeboard.tenant=kalmia"], "4");
    let keeper = Keeper::open(&bench, 7070, PATIENT);
    let proxy = Proxy::start(name, keeper.port, "kalmia", 0);
    for _ in 0..3 {
        let (status, before) = get(proxy.port, "kalmia.shop.test", "/", "*/*").unwrap();
        assert_eq!(status, 200, "{before}");
        asleep(&bench, "kalmia", "checkpoint");
        let (status, after) = get(proxy.port, "kalmia.shop.test", "/", "*/*").unwrap();
        assert_eq!(status, 200, "{after}");
        let number = |text: &str| text.trim().parse::<u64>().unwrap();
        assert_eq!(number(&after), number(&before) + 1, "its memory is as it was");
    }
}
