//! Callmaps made by hand, and servers on loopback.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wakeboard::callmap::plan::Plan;
use wakeboard::callmap::run::{Order, run};
use wakeboard::model::callmap::map::{
    Ask, Callmap, DnsAsk, DnsExpect, DnsTransport, HttpAsk, HttpExpect, HttpVersion, Layer, Matcher, Need,
    OnBroken, Probe, RecordKind, Secrets, Target, Targets, TcpAsk, Text, TlsAsk, TlsVersion, Trust,
};
use wakeboard::model::callmap::report::{ProbeReport, Report};

pub fn callmap(layers: Vec<Layer>) -> Callmap {
    Callmap {
        product: "www.example.com".into(),
        layers,
        deadline: Duration::from_secs(30),
        parallel: 256,
        secrets: Secrets::default(),
        files: vec![PathBuf::from("www.example.com.yaml")],
    }
}

pub fn layer(name: &str, targets: Targets, probes: Vec<Ask>) -> Layer {
    let probe = |ask| Probe { ask, timeout: Duration::from_secs(5), retries: 0, slow: None };
    Layer {
        name: name.into(),
        need: Need::All,
        targets,
        on_broken: OnBroken::GoOn,
        probes: probes.into_iter().map(probe).collect(),
    }
}

/// Targets with ports of their own.
pub fn at(targets: &[SocketAddr]) -> Targets {
    let target = |address: &SocketAddr| Target { address: address.ip(), port: Some(address.port()) };
    Targets::Addresses(targets.iter().map(target).collect())
}

/// `http://HOST/` or `https://HOST/`, which must answer 200.
pub fn http(secure: bool, host: &str) -> HttpAsk {
    HttpAsk {
        secure,
        host: Text::open(host),
        port: if secure { 443 } else { 80 },
        path: Text::open("/"),
        method: "GET".into(),
        headers: Vec::new(),
        body: None,
        redirects: 0,
        version: HttpVersion::Any,
        trust: Trust::default(),
        same_body: true,
        expect: HttpExpect {
            status: vec![200..=200],
            cert_days: None,
            headers: Vec::new(),
            body: Vec::new(),
            json: Vec::new(),
        },
    }
}

pub fn page(ask: HttpAsk) -> Ask {
    Ask::Http(Box::new(ask))
}

pub fn contains(text: &str) -> Matcher {
    Matcher::Contains(Text::open(text))
}

pub fn dns(name: &str, kind: RecordKind, resolver: SocketAddr) -> DnsAsk {
    DnsAsk {
        name: Text::open(name),
        kind,
        resolver: Some(resolver),
        transport: DnsTransport::Udp,
        expect: DnsExpect::default(),
    }
}

pub fn texts(all: &[&str]) -> Vec<Text> {
    all.iter().map(|text| Text::open(text)).collect()
}

pub fn tcp(banner: Option<Matcher>) -> Ask {
    Ask::Tcp(TcpAsk { port: 1, host: None, banner })
}

pub fn tls(name: &str, trust: Trust) -> TlsAsk {
    TlsAsk { name: Text::open(name), port: 443, trust, cert_days: None, least: TlsVersion::Two }
}

pub async fn ran(callmap: Callmap) -> Report {
    let callmap = Arc::new(callmap);
    let plan = Arc::new(Plan::new(&callmap, &|_| Err("no tenants here".to_owned())).unwrap());
    let order = Order { actor: "ops".into(), ticket: None, again: None };
    let mut heard = 0;
    let report = run(&callmap, &plan, &order, &mut |_| heard += 1).await;
    assert!(heard <= plan.count(), "each result is told once");
    report
}

/// Puts one probe to one target.
pub async fn ask_one(ask: Ask, target: SocketAddr) -> ProbeReport {
    ask_in(ask, target, Duration::from_secs(5)).await
}

/// Puts one probe to one target, with that time-out.
pub async fn ask_in(ask: Ask, target: SocketAddr, timeout: Duration) -> ProbeReport {
    let mut layer = layer("only", at(&[target]), vec![ask]);
    layer.probes[0].timeout = timeout;
    let report = ran(callmap(vec![layer])).await;
    report.layers[0].probes[0].clone()
}

pub fn reason(report: &ProbeReport) -> &str {
    report.reason.as_deref().unwrap_or_default()
}

/// Listens on that address, and lets `serve` do what it wants with each connection.
pub async fn serve<F, W>(address: &str, serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let address: IpAddr = address.parse().unwrap();
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let bound = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    bound
}

/// The head of a request.
pub async fn head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers each request on each connection with what `answer` makes of its head.
pub async fn web<F>(address: &str, answer: F) -> SocketAddr
where
    F: Fn(&str) -> String + Clone + Send + Sync + 'static,
{
    serve(address, move |mut stream| {
        let answer = answer.clone();
        async move {
            loop {
                let head = head(&mut stream).await;
                if head.is_empty() || stream.write_all(answer(&head).as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

/// An HTTP answer.
pub fn page_of(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// The value of a header in a head.
pub fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}
