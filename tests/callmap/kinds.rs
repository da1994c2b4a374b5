//! Each kind of probe, answered well.

use std::convert::Infallible;
use std::net::SocketAddr;

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::{AAAA, MX, NS, PTR, SRV, TXT};
use hickory_proto::rr::{RData, Record};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use wakeboard::model::callmap::map::{Ask, DnsTransport, HttpVersion, Matcher, RecordKind, TcpAsk, Text};
use wakeboard::model::callmap::report::Verdict;

use crate::bench::*;
use crate::resolver::{a, alias, answer, name, record, resolver};
use crate::secure::{self, Authority};

const NAME: &str = "www.example.com";

/// Says what it was asked, over HTTP/2 and nothing else.
async fn two(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(|request: Request<Incoming>| async move {
        let (uri, method) = (request.uri().to_string(), request.method().to_string());
        let host = request.headers().contains_key("host");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let said = format!("{method} {uri} host={host} body={}", String::from_utf8_lossy(&body));
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(said))))
    });
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

#[tokio::test]
async fn https_goes_to_each_target_with_the_urls_host_and_sni() {
    let authority = Authority::new("lab authority");
    let shown = authority.signs(NAME, 2090);
    let targets = [secure::web("127.0.0.2", &shown).await, secure::web("127.0.0.3", &shown).await];
    let mut ask = http(true, NAME);
    ask.trust = authority.trust();
    ask.expect.body = vec![Matcher::Is(Text::open("sni=www.example.com host=www.example.com"))];
    ask.expect.cert_days = Some(14);
    let report = ran(callmap(vec![layer("nginx", at(&targets), vec![page(ask)])])).await;
    let layer = &report.layers[0];
    assert_eq!((layer.ok, layer.total), (2, 2), "{layer:#?}");
    for probe in &layer.probes {
        assert_eq!((&*probe.kind, &*probe.ask, reason(probe)), ("https", "https://www.example.com/", "200"));
        assert!(probe.milliseconds.tls.is_some());
        assert_eq!(probe.detail.as_ref().unwrap().certificate.as_ref().unwrap().names, [NAME]);
    }
    assert!(report.drift.is_empty(), "{:?}", report.drift);
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_agrees() {
    let authority = Authority::new("lab authority");
    let config = secure::config(&authority.signs(NAME, 2090), &[b"h2"], rustls::ALL_VERSIONS);
    let over_tls = secure::serve("127.0.0.1", config, two).await;
    let mut ask = http(true, NAME);
    ask.trust = authority.trust();
    let report = ask_one(page(ask.clone()), over_tls).await;
    let detail = report.detail.as_ref().unwrap();
    assert_eq!((reason(&report), detail.head.as_str()), ("200", "HTTP/2 200"));
    assert_eq!(detail.body, "GET https://www.example.com/ host=false body=");
    ask.version = HttpVersion::One;
    let report = ask_one(page(ask.clone()), over_tls).await;
    assert_eq!(reason(&report), "the server does not agree to the version of HTTP");

    let plain = serve("127.0.0.1", two).await;
    let mut ask = http(false, NAME);
    (ask.version, ask.method, ask.body) = (HttpVersion::Two, "POST".into(), Some(Text::open("hello")));
    let report = ask_one(page(ask), plain).await;
    assert_eq!(report.detail.unwrap().body, "POST http://www.example.com/ host=false body=hello");

    // A server without ALPN speaks HTTP/1.1 with whoever takes any.
    let one = secure::web("127.0.0.1", &authority.signs(NAME, 2090)).await;
    let mut ask = http(true, NAME);
    ask.trust = authority.trust();
    assert_eq!(ask_one(page(ask.clone()), one).await.detail.unwrap().head, "HTTP/1.1 200");
    ask.version = HttpVersion::Two;
    assert_eq!(reason(&ask_one(page(ask), one).await), "the server does not agree to HTTP/2");
}

#[tokio::test]
async fn targets_may_have_ipv6_addresses() {
    let target = web("::1", |head| page_of(200, "", &header(head, "host").unwrap())).await;
    let report = ask_one(page(http(false, NAME)), target).await;
    assert_eq!((reason(&report), report.detail.as_ref().unwrap().body.as_str()), ("200", NAME));
    assert_eq!(&*report.target, target.to_string());

    let authority = Authority::new("lab authority");
    let secured = secure::web("::1", &authority.signs("::1", 2090)).await;
    let mut ask = http(true, "::1");
    (ask.trust, ask.port) = (authority.trust(), secured.port());
    let whole =
        callmap(vec![layer("v6", wakeboard::model::callmap::map::Targets::OfProbes, vec![page(ask)])]);
    let report = ran(whole).await;
    let probe = &report.layers[0].probes[0];
    assert_eq!(reason(probe), "200");
    assert_eq!(&*probe.ask, format!("https://[::1]:{}/", secured.port()));
    // An address is no name, so there is no SNI.
    let said = format!("sni=- host=[::1]:{}", secured.port());
    assert_eq!(probe.detail.as_ref().unwrap().body, said);
}

#[tokio::test]
async fn without_targets_the_urls_host_is_looked_up() {
    let target = web("127.0.0.1", |_| page_of(200, "", "UP")).await;
    let mut ask = http(false, "localhost");
    ask.port = target.port();
    let asks = vec![
        page(ask),
        Ask::Tcp(TcpAsk { port: target.port(), host: Some(Text::open("localhost")), banner: None }),
    ];
    // Too long to be a name, so nobody is asked for it.
    let mut gone = http(false, &format!("{}.invalid", "a".repeat(64)));
    gone.port = target.port();
    let asks = asks.into_iter().chain([page(gone)]).collect();
    let report =
        ran(callmap(vec![layer("public", wakeboard::model::callmap::map::Targets::OfProbes, asks)])).await;
    let [page, port, gone] = report.layers[0].probes.as_slice() else { panic!("{report:#?}") };
    assert_eq!((&*page.target, reason(page)), ("localhost", "200"));
    assert!(page.milliseconds.dns.is_some());
    assert_eq!((&*port.target, reason(port)), ("localhost", "open"));
    assert!(reason(gone).starts_with("the name leads nowhere: "), "{}", reason(gone));
    assert_eq!((report.layers[0].ok, report.layers[0].total), (2, 3), "each probe is a target of its own");
}

#[tokio::test]
async fn banners_may_come_in_pieces() {
    let target = serve("127.0.0.1", |mut stream| async move {
        for piece in ["22", "0 mail.exa", "mple.com ESMTP\r\n"] {
            let _ = stream.write_all(piece.as_bytes()).await;
            let _ = stream.flush().await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let report = ask_one(tcp(Some(contains("ESMTP"))), target).await;
    assert_eq!((report.verdict, reason(&report)), (Verdict::Ok, "\"220 mail.example.com ESMTP\""));
    let report = ask_one(tcp(Some(contains("220"))), target).await;
    assert_eq!(report.verdict, Verdict::Ok);
}

fn zone(question: &Message, _: bool) -> Option<Vec<u8>> {
    let owner = question.queries[0].name.to_ascii();
    let own = |data: RData| vec![record(&owner, data)];
    let records: Vec<Record> = match question.queries[0].query_type.to_string().as_str() {
        "A" => vec![alias(&owner, "edge.example.net."), a("edge.example.net.", [203, 0, 113, 7])],
        "AAAA" => own(RData::AAAA(AAAA("2001:db8::1".parse().unwrap()))),
        "CNAME" => vec![alias(&owner, "edge.example.net.")],
        "TXT" => own(RData::TXT(TXT::new(vec!["v=spf1 ".into(), "-all \"x\"".into()]))),
        "MX" => own(RData::MX(MX::new(10, name("mail.example.com.")))),
        "NS" => own(RData::NS(NS(name("ns1.example.com.")))),
        "SRV" => own(RData::SRV(SRV::new(1, 2, 5060, name("sip.example.com.")))),
        "PTR" => vec![record(&owner, RData::PTR(PTR(name(&format!("of.{owner}")))))],
        other => panic!("{other}"),
    };
    answer(question, records).to_vec().ok()
}

#[tokio::test]
async fn dns_records_of_all_types_are_read_by_udp_and_tcp() {
    let by = |question: Message, is_tcp| zone(&question, is_tcp);
    let target: SocketAddr = resolver("127.0.0.1", by).await;
    let six: SocketAddr = resolver("::1", by).await;
    let kinds = [
        (RecordKind::A, "203.0.113.7"),
        (RecordKind::Aaaa, "2001:db8::1"),
        (RecordKind::Cname, "edge.example.net."),
        (RecordKind::Txt, "\"v=spf1 \" \"-all \\\"x\\\"\""),
        (RecordKind::Mx, "10 mail.example.com."),
        (RecordKind::Ns, "ns1.example.com."),
        (RecordKind::Srv, "1 2 5060 sip.example.com."),
    ];
    for (kind, said) in kinds {
        for (transport, target) in
            [(DnsTransport::Udp, target), (DnsTransport::Tcp, target), (DnsTransport::Udp, six)]
        {
            let mut ask = dns("_sip._tcp.Example.com", kind, target);
            ask.transport = transport;
            ask.expect.all = texts(&[&said.to_uppercase()]);
            if kind == RecordKind::Txt {
                ask.expect.all = texts(&["v=spf1 -all \"x\""]);
            }
            let report = ask_one(Ask::Dns(ask), target).await;
            assert_eq!((report.verdict, reason(&report)), (Verdict::Ok, said));
            assert_eq!((&*report.kind, &*report.ask), ("dns", "_sip._tcp.Example.com"));
        }
    }
    let of = async |address: &str| {
        reason(&ask_one(Ask::Dns(dns(address, RecordKind::Ptr, target)), target).await).to_owned()
    };
    assert_eq!(of("203.0.113.7").await, "of.7.113.0.203.in-addr.arpa.");
    assert!(of("2001:db8::1").await.starts_with("of.1.0.0.0."));
}
