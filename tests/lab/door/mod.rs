//! The wake door behind real proxies, on real containers: whoever asks is led to a tenant that has just woken.

mod proxy;
mod traffic;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::common::program;
use crate::tickets::{Bench, docker_a};
use proxy::Proxy;

/// A keeper with its door, beside an engine of the lab. It ends with the test.
struct Keeper {
    child: Child,
    port: u16,
}

impl Keeper {
    /// Puts the door into the bench's config, and opens it. Nobody is put to sleep by rule here.
    fn open(bench: &Bench, inner: u16, more: &str) -> Keeper {
        let port = free_port();
        let config = bench.home.config();
        let mut text = std::fs::read_to_string(&config).unwrap();
        let door = format!("\nkeeper:\n  listen: 127.0.0.1:{port}\n  port: {inner}\n");
        text += "\ntiers: {high: [], mid: [], low: []}";
        text += &door;
        text += "  tenants: {host: '{tenant}.shop.test'}\n";
        text += more;
        std::fs::write(&config, text).unwrap();
        let home = bench.home.path().display().to_string();
        let child = Command::new(program())
            .args(["--config", &config.display().to_string(), "keeper"])
            .env_clear()
            .envs([("HOME", &home), ("XDG_STATE_HOME", &format!("{home}/state")), ("XDG_RUNTIME_DIR", &home)])
            .env("PATH", std::env::var("PATH").unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let keeper = Keeper { child, port };
        let begun = Instant::now();
        while keeper.get("/healthz").is_none_or(|(status, _)| status != 200) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the keeper does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        keeper
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        get(self.port, "127.0.0.1", path, "*/*")
    }

    /// A figure of `/metrics`.
    fn figure(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody has, nor gets by chance later: the system takes those of outgoing connections from higher ones.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let from = 19_100 + u16::try_from(std::process::id() % 500).unwrap();
    let ports = std::iter::repeat_with(|| from + NEXT.fetch_add(1, Ordering::Relaxed));
    ports.take(100).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// Asks as a browser would; the status and the body.
fn get(port: u16, host: &str, path: &str, accept: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(90))).ok()?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.take(1 << 20).read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// The same, and how long the first byte took.
fn first_byte_at(place: (&str, u16), host: &str) -> (Duration, String) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0];
    stream.read_exact(&mut answer).unwrap();
    let took = begun.elapsed();
    stream.take(1 << 20).read_to_end(&mut answer).unwrap();
    (took, String::from_utf8(answer).unwrap())
}

/// A web server whose page is its name.
fn run_busybox(bench: &mut Bench, name: &str, options: &[&str]) {
    let script = format!("mkdir -p /www; echo I am {name} >/www/index.html; exec httpd -f -p 7070 -h /www");
    let label = format!("wakeboard.tenant={name}");
    let options = [&["--label", &label, "--stop-signal", "KILL"], options].concat();
    bench.engine.run_image("busybox:lab", name, &options, &["sh", "-c", &script]);
}

const PATIENT: &str = "  wait: 60s\n  page_after: 60s\n";

#[rstest]
fn a_proxy_wakes_a_tenant_and_shows_a_page_where_that_takes_long(
    #[values("nginx", "caddy", "traefik")] name: &str,
) {
    let mut bench = docker_a();
    let published = free_port();
    run_busybox(&mut bench, "kalmia", &["-p", &format!("127.0.0.1:{published}:7070")]);
    bench.expect(&["dump", "kalmia", "--by", "stop"], "dumped");
    let keeper = Keeper::open(&bench, 7070, "  page_after: 0s\n");
    let proxy = Proxy::start(name, keeper.port, "kalmia", published);
    // A browser that is not kept at all gets the page at once, and later the tenant.
    let (status, page) = get(proxy.port, "kalmia.shop.test", "/", "text/html").unwrap();
    assert_eq!(status, 503, "{page}");
    assert!(page.contains("kalmia is waking up") && page.contains("http-equiv=\"refresh\""), "{page}");
    let begun = Instant::now();
    loop {
        let (status, body) = get(proxy.port, "kalmia.shop.test", "/", "text/html").unwrap();
        if (status, body.trim()) == (200, "I am kalmia") {
            break;
        }
        assert_eq!(status, 503, "{body}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{body}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (status, body) = get(proxy.port, "nobody.shop.test", "/", "text/html").unwrap();
    // Traefik knows each tenant by itself.
    assert_eq!((status, body.contains("no tenant is meant")), (404, name != "traefik"), "{body}");
    // What the tenant itself answers is handed on as it is.
    let (status, body) = get(proxy.port, "kalmia.shop.test", "/nothing", "text/html").unwrap();
    assert_eq!((status, body.contains("no tenant is meant")), (404, false), "{body}");
    assert!((keeper.figure("wakeboard_wakes_total{outcome=\"woken\"}") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_thousand_clients_at_once_on_fifty_sleeping_tenants() {
    const TENANTS: usize = 50;
    const CLIENTS: usize = 1000;
    let mut bench = docker_a();
    let names: Vec<String> = (0..TENANTS).map(|number| format!("larch-{number}")).collect();
    for name in &names {
        run_busybox(&mut bench, name, &[]);
    }
    let mut words = vec!["dump"];
    words.extend(names.iter().map(String::as_str));
    words.extend(["--by", "stop"]);
    let (out, code) = bench.say(&words);
    assert_eq!(code, 0, "{out}");
    let keeper = Keeper::open(&bench, 7070, PATIENT);
    let nginx = Proxy::nginx(keeper.port);
    let (port, together) = (nginx.port, Arc::new(Barrier::new(CLIENTS)));
    let begun = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (name, together) = (names[number % TENANTS].clone(), together.clone());
            let client = move || {
                together.wait();
                let answer = get(port, &format!("{name}.shop.test"), "/", "text/html");
                (name, answer)
            };
            std::thread::Builder::new().stack_size(128 * 1024).spawn(client).unwrap()
        })
        .collect();
    for client in clients {
        let (name, answer) = client.join().unwrap();
        assert_eq!(answer, Some((200, format!("I am {name}\n"))), "{name}");
    }
    eprintln!("{CLIENTS} clients on {TENANTS} sleeping tenants: all answered after {:.1?}", begun.elapsed());
    let woken = keeper.figure("wakeboard_wakes_total{outcome=\"woken\"}");
    let refused = keeper.figure("wakeboard_wakes_total{outcome=\"refused\"}");
    let failed = keeper.figure("wakeboard_wakes_total{outcome=\"failed\"}");
    assert_eq!(format!("{woken} {refused} {failed}"), format!("{TENANTS} 0 0"));
}

/// The first byte through nginx beside the wake alone: from the wake's beginning to the tenant's first byte, asked straight. Who
/// was frozen has answered its port long before it has its pages back. By turns; the medians are printed.
/// `WAKEBOARD_LAB_ROUNDS` says how many, for figures that mean something.
fn rounds(bench: &Bench, tenant: &str, inner: u16, method: &str) {
    let rounds = std::env::var("WAKEBOARD_LAB_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let keeper = Keeper::open(bench, inner, PATIENT);
    let nginx = Proxy::nginx(keeper.port);
    let host = format!("{tenant}.shop.test");
    let (mut through, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        asleep(bench, tenant, method);
        let begun = Instant::now();
        let (status, text) = get(keeper.port, &host, "/wake", "*/*").unwrap();
        assert_eq!(status, 200, "{text}");
        let woken = begun.elapsed();
        let (took, answer) = first_byte_at((bench.address(tenant).as_str(), inner), &host);
        assert!(answer.contains(" 200"), "{answer}");
        alone.push((woken + took).as_secs_f64());

        asleep(bench, tenant, method);
        let (took, answer) = first_byte_at(("127.0.0.1", nginx.port), &host);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        through.push(took.as_secs_f64());
    }
    let woken = keeper.figure("wakeboard_wakes_total{outcome=\"woken\"}");
    assert_eq!(format!("{woken}"), format!("{}", 2 * rounds), "each of them was a wake");
    for all in [&mut through, &mut alone] {
        all.sort_by(f64::total_cmp);
    }
    let (took, alone) = (through[rounds / 2], alone[rounds / 2]);
    eprintln!(
        "{tenant} by {method}: first byte through nginx {:.1} ms, its wake alone {:.1} ms: {:.2} times and {:.1} ms more",
        took * 1e3,
        alone * 1e3,
        took / alone,
        (took - alone) * 1e3
    );
}

fn asleep(bench: &Bench, tenant: &str, method: &str) {
    bench.expect(&["dump", tenant, "--by", method], "dumped");
    // The keeper reads the ledger once a second.
    std::thread::sleep(Duration::from_millis(1500));
}

#[rstest]
fn the_first_byte_of_a_busybox(#[values("freeze", "checkpoint", "stop")] method: &str) {
    let mut bench = docker_a();
    run_busybox(&mut bench, "rowan", &[]);
    rounds(&bench, "rowan", 7070, method);
}

#[rstest]
fn the_first_byte_of_a_tomcat(#[values("freeze", "checkpoint")] method: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/image-tomcat");
    assert!(Command::new(script).arg("docker-a").status().unwrap().success());
    let mut bench = docker_a();
    bench.engine.run_image("tomcat:lab", "sorrel", &["--label", "wakeboard.tenant=sorrel"], &["/tomcat"]);
    let address = bench.address("sorrel");
    let begun = Instant::now();
    while TcpStream::connect((address.as_str(), 8080)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the Tomcat does not come up");
        std::thread::sleep(Duration::from_millis(200));
    }
    rounds(&bench, "sorrel", 8080, method);
}
