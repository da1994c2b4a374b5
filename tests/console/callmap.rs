//! A callmap in the console, against small servers on loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use super::common::{Console, Home};

/// An HTTP server that answers all with one status, which may be changed.
struct Server {
    address: SocketAddr,
    status: Arc<AtomicU16>,
}

impl Server {
    fn start(status: u16) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(status));
        let answered = status.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 1024];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                        _ => break,
                    }
                }
                let status = answered.load(Ordering::SeqCst);
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nServer: small/1.0\r\nContent-Length: 3\r\nConnection: close\r\n\r\nUP\n"
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Server { address, status }
    }
}

/// A port of loopback where nobody listens.
fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn callmap(edge: &Server, nginx: [SocketAddr; 2]) -> String {
    let [one, two] = nginx.map(|it| it.port());
    let edge = edge.address.port();
    format!(
        "product: www.example.com\nlayers:\n\
         - {{name: edge, targets: ['127.0.0.1:{edge}'], probes: [{{http: 'http://www.example.com/'}}]}}\n\
         - {{name: nginx, targets: ['127.0.0.1:{one}', '127.0.0.1:{two}'], probes: [{{http: 'http://www.example.com/', timeout: 2s}}]}}\n\
         - {{name: banner, targets: [127.0.0.1], probes: [{{tcp: {edge}}}]}}\n"
    )
}

fn home(text: &str) -> Home {
    let home = Home::new("hosts: {nowhere: 'unix:///nonexistent/engine.sock'}\n");
    std::fs::create_dir(home.path().join("callmaps")).unwrap();
    std::fs::write(home.path().join("callmaps/www.yaml"), text).unwrap();
    home
}

fn open(home: &Home, size: (u16, u16)) -> Console {
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], size, &[]);
    console.wait("the console", |screen| screen.contains("Tenants"));
    console
}

#[test]
fn the_first_broken_layer_is_named_and_mended() {
    let (edge, good, bad) = (Server::start(200), Server::start(200), Server::start(502));
    let home = home(&callmap(&edge, [good.address, bad.address]));
    let mut console = open(&home, (150, 40));
    console.keys("c");
    console.wait("the list", |screen| screen.contains("─ Callmaps") && screen.contains("www.example.com"));
    console.keys("www\r");
    console.wait("a ticket, then the result", |screen| {
        screen.contains("Your ticket is '") || screen.contains("www.example.com broken at 1 nginx (1 of 2)")
    });
    let screen = console.wait("the verdict", |screen| {
        screen.contains("first broken layer: 1 nginx (1 of 2)")
            && screen.lines().last().unwrap().contains("www.example.com broken at 1 nginx (1 of 2)")
    });
    assert!(
        screen.contains("✔ 0 edge") && screen.contains("✖ 1 nginx") && screen.contains("✔ 2 banner"),
        "{screen}"
    );
    // The broken layer is opened, what failed first.
    let opened = screen.lines().find(|line| line.contains("✖ 127.0.0.1")).unwrap();
    assert!(opened.contains("502"), "{opened}");
    console.keys("\t\r");
    console.wait("all of the probe", |screen| {
        screen.contains("Phases") && screen.contains("HTTP/1.1 502") && screen.contains("server: small/1.0")
    });
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("Phases"));
    bad.status.store(200, Ordering::SeqCst);
    console.keys("R");
    console.wait("mended", |screen| screen.contains("all 3 layers ok"));
    console.keys("y");
    console.wait("copied", |screen| screen.contains("terminal's clipboard"));
    let raw = String::from_utf8_lossy(&console.raw()).into_owned();
    assert!(raw.contains("\x1b]52;c;"), "no clipboard sequence");
    console.keys("x");
    console.wait("written", |screen| screen.contains("written to ") && screen.contains("www.example.com-"));
    let folder = home.path().join("state/wakeboard/callmaps");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!((&report["verdict"], &report["layers"][1]["ok"]), (&"ok".into(), &2.into()));
    console.keys("\x1b");
    console.wait("the containers again", |screen| screen.contains("▸Containers"));
    console.keys("q");
    assert!(console.wait_exit().success());
    console.is_clean().unwrap();
}

#[test]
fn the_demo_has_its_own_callmap_and_no_other() {
    let home =
        home("product: www.example.com\nlayers: [{name: edge, targets: [127.0.0.1], probes: [{tcp: 9}]}]\n");
    let mut console = home.console(&["demo"], (150, 40), &[]);
    console.wait("the demo's tenants", |screen| screen.contains("64 tenants"));
    console.keys("c");
    let screen = console.wait("the list", |screen| screen.contains("─ Callmaps") && screen.contains("demo"));
    assert!(!screen.contains("www.example.com"), "it would ask servers of the real world:\n{screen}");
}

#[test]
fn a_written_line_runs_it_an_edit_is_seen_and_it_runs_by_itself() {
    let (edge, good) = (Server::start(200), Server::start(200));
    let text = callmap(&edge, [good.address, closed()]);
    let home = home(&text);
    let mut console = open(&home, (100, 30));
    console.keys(":!! callmap www\r");
    console.wait("the reason", |screen| {
        screen.contains("first broken layer: 1 nginx (1 of 2)") && screen.contains("connection refused")
    });
    let file = home.path().join("callmaps/www.yaml");
    std::fs::write(&file, text.replace("layers:", "layer:")).unwrap();
    console.wait("the fault with its place", |screen| {
        screen.contains("www.yaml:2:1: unknown key `layer`") && screen.contains("the file has a fault")
    });
    std::fs::write(&file, callmap(&edge, [good.address, edge.address])).unwrap();
    console.wait("read again", |screen| screen.contains("www.yaml was read again"));
    console.keys("r");
    console.wait("well", |screen| screen.contains("all 3 layers ok"));
    console.keys(".");
    console.wait("by itself", |screen| screen.contains("runs again every 10 s"));
    edge.status.store(503, Ordering::SeqCst);
    console.wait_for("a run that nobody asked for", Duration::from_secs(30), |screen| {
        screen.contains("first broken layer: 0 edge")
    });
    console.keys(":callmap nowhere\r");
    console.wait("no such file", |screen| screen.contains("nowhere: cannot be read: No such file"));
    console.resize(60, 15);
    console.wait("one pane", |screen| screen.contains("Callmap") && !screen.contains("─ Tenants"));
}

#[test]
fn the_list_is_searched_and_says_when_there_is_nothing() {
    let empty = Home::new("hosts: {nowhere: 'unix:///nonexistent/engine.sock'}\n");
    let mut console = open(&empty, (150, 40));
    console.keys("c");
    console.wait("nothing, and where it would be", |screen| {
        screen.contains("There is no callmap.") && screen.contains("beside the config")
    });
    let home =
        home("product: www.example.com\nlayers: [{name: a, targets: [127.0.0.1], probes: [{tcp: 1}]}]\n");
    std::fs::write(home.path().join("callmaps/bad.yaml"), "product: x\nlayers: [\n").unwrap();
    let mut console = open(&home, (100, 30));
    console.keys("c");
    console.wait("both, and the fault of one", |screen| {
        screen.contains("www.example.com") && screen.contains("1 layer") && screen.contains("bad.yaml:")
    });
    console.keys("exam");
    console.wait("what fits", |screen| screen.contains("www.example.com") && !screen.contains("bad.yaml"));
    console.keys("zzz");
    console.wait("nothing fits", |screen| !screen.contains("www.example.com"));
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("─ Callmaps"));
}
