use std::time::Duration;

use serde_json::json;

use super::*;
use crate::model::callmap::answer::{DnsSeen, Fault, FaultKind, HttpSeen, Phases};
use crate::model::callmap::map::{
    DnsAsk, DnsExpect, DnsTransport, HttpAsk, HttpExpect, HttpVersion, RecordKind, Text,
};

const NOW: i64 = 1_700_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn judged(ask: Ask, seen: Result<Seen, Fault>) -> (Verdict, String) {
    judged_with(ask, seen, &Secrets::default(), 10)
}

fn judged_with(ask: Ask, seen: Result<Seen, Fault>, secrets: &Secrets, took: u64) -> (Verdict, String) {
    let slow = Some(Duration::from_millis(300));
    let probe = Probe { ask, timeout: Duration::from_secs(5), retries: 0, slow };
    let phases = Phases { total: Some(Duration::from_millis(took)), ..Phases::default() };
    let answer = Answer { peer: None, phases, attempts: 1, missed: Vec::new(), seen };
    let judgement = judge(&probe, &answer, secrets, now());
    (judgement.verdict, judgement.reason)
}

#[test]
fn addresses_that_do_not_answer_are_told_beside_the_one_that_does() {
    let ask = Ask::Tcp(TcpAsk { host: None, port: 80, banner: None });
    let probe = Probe { ask, timeout: Duration::from_secs(5), retries: 0, slow: None };
    let mut answer = Answer {
        peer: Some("127.0.0.1:80".parse().unwrap()),
        phases: Phases::default(),
        attempts: 1,
        missed: vec![("::1".parse().unwrap(), "connection refused".to_owned())],
        seen: Ok(Seen::Tcp(Vec::new())),
    };
    let judged = |answer: &Answer| judge(&probe, answer, &Secrets::default(), now());
    let told = judged(&answer);
    assert_eq!(told.verdict, Verdict::Ok);
    assert_eq!(told.reason, "open; connection refused at ::1, answers at 127.0.0.1");
    answer.missed.clear();
    assert_eq!(judged(&answer).reason, "open");
}

fn http() -> HttpAsk {
    HttpAsk {
        secure: false,
        host: Text::open("www.example.com"),
        port: 80,
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

fn page(status: u16, body: &str) -> HttpSeen {
    HttpSeen {
        version: "HTTP/1.1".into(),
        status,
        headers: vec![("server".into(), b"web/1".to_vec())],
        body: body.as_bytes().to_vec(),
        is_cut: false,
        redirects: Vec::new(),
        stopped: None,
        tls: None,
    }
}

fn asked(change: impl FnOnce(&mut HttpAsk), seen: HttpSeen) -> (Verdict, String) {
    let mut ask = http();
    change(&mut ask);
    judged(Ask::Http(Box::new(ask)), Ok(Seen::Http(Box::new(seen))))
}

fn fails(reason: &str) -> (Verdict, String) {
    (Verdict::Fail, reason.to_owned())
}

fn well(reason: &str) -> (Verdict, String) {
    (Verdict::Ok, reason.to_owned())
}

fn text(text: &str) -> Text {
    Text::open(text)
}

#[test]
fn statuses_are_compared_with_those_that_are_well() {
    assert_eq!(asked(|_| (), page(200, "")), well("200"));
    assert_eq!(asked(|_| (), page(502, "")), fails("answered 502, wanted 200"));
    let several = |ask: &mut HttpAsk| ask.expect.status = vec![200..=299, 301..=301];
    assert_eq!(asked(several, page(301, "")), well("301"));
    assert_eq!(asked(several, page(302, "")), fails("answered 302, wanted 200-299, 301"));
    let mut moved = page(301, "");
    moved.headers.push(("location".into(), b"https://www.example.com/".to_vec()));
    let reason = "answered 301, wanted 200: it leads to \"https://www.example.com/\"";
    assert_eq!(asked(|_| (), moved), fails(reason));
    let mut hops = page(200, "");
    hops.redirects = vec!["/a".to_owned(), "/b".to_owned()];
    assert_eq!(asked(|_| (), hops), well("200 after 2 redirects"));
}

#[test]
fn bodies_are_compared_and_what_they_lack_is_said() {
    let body = |wanted: Matcher| move |ask: &mut HttpAsk| ask.expect.body = vec![wanted];
    assert_eq!(asked(body(Matcher::Contains(text("UP"))), page(200, "is UP")), well("200"));
    let lacks = fails("the body does not have \"UP\"");
    assert_eq!(asked(body(Matcher::Contains(text("UP"))), page(200, "DOWN")), lacks);
    let empty = fails("the body, which is empty, does not have \"UP\"");
    assert_eq!(asked(body(Matcher::Contains(text("UP"))), page(200, "")), empty);
    let pattern = regex::Regex::new("v[0-9]+").unwrap();
    assert_eq!(asked(body(Matcher::Matches(pattern.clone())), page(200, "v12")), well("200"));
    assert_eq!(
        asked(body(Matcher::Matches(pattern)), page(200, "v")),
        fails("the body does not match \"v[0-9]+\"")
    );
    // The line break that most bodies end with counts for nobody.
    assert_eq!(asked(body(Matcher::Is(text("ok"))), page(200, "ok\n")), well("200"));
    let whole = regex::Regex::new("^ok$").unwrap();
    assert_eq!(asked(body(Matcher::Matches(whole.clone())), page(200, "ok\r\n")), well("200"));
    assert_eq!(
        asked(body(Matcher::Matches(whole)), page(200, "ok\nno\n")),
        fails("the body does not match \"^ok$\"")
    );
    assert_eq!(asked(body(Matcher::Contains(text("ok\n"))), page(200, "ok\n")), well("200"));
    assert_eq!(
        asked(body(Matcher::Is(text("ok"))), page(200, "no\u{1b}")),
        fails("the body is \"no␛\", wanted \"ok\"")
    );
    let mut cut = page(200, "ok");
    cut.is_cut = true;
    let longer = fails("the body is longer than 2 bytes, wanted \"ok\"");
    assert_eq!(asked(body(Matcher::Is(text("ok"))), cut), longer);
    // What is wrong with the page of an error is no news.
    assert_eq!(asked(body(Matcher::Contains(text("UP"))), page(502, "")), fails("answered 502, wanted 200"));
}

#[test]
fn a_body_that_came_compressed_is_said_to_be_so() {
    let mut seen = page(200, "\u{1f}\u{8b}");
    seen.headers.push(("Content-Encoding".into(), b"gzip".to_vec()));
    let wants = |ask: &mut HttpAsk| ask.expect.body = vec![Matcher::Contains(text("UP"))];
    let reason = "the body does not have \"UP\"; the body came compressed (\"gzip\"), which was not asked for, and is not unpacked";
    assert_eq!(asked(wants, seen), fails(reason));
}

#[test]
fn json_is_looked_into() {
    let json = |path: &str, value: serde_json::Value| {
        let all = vec![(path.into(), value)];
        move |ask: &mut HttpAsk| ask.expect.json = all
    };
    let body = r#"{"db": "ok", "list": [1, 2.0], "deep": {"x": null}}"#;
    assert_eq!(asked(json("$.db", json!("ok")), page(200, body)), well("200"));
    assert_eq!(asked(json("$.list[1]", json!(2)), page(200, body)), well("200"));
    assert_eq!(asked(json("$.deep", json!({"x": null})), page(200, body)), well("200"));
    assert_eq!(asked(json("$.db", json!("down")), page(200, body)), fails("$.db is \"ok\", wanted \"down\""));
    assert_eq!(asked(json("$.list[0]", json!("1")), page(200, body)), fails("$.list[0] is 1, wanted \"1\""));
    assert_eq!(asked(json("$.cache", json!(1)), page(200, body)), fails("the body's JSON has no $.cache"));
    assert_eq!(asked(json("$.db", json!(1)), page(200, "<p>")), fails("the body is no JSON: \"<p>\""));
}

#[test]
fn headers_must_be_there_and_be_like_that() {
    let header = |name: &str, wanted: Option<Matcher>| {
        let all = vec![(name.into(), wanted)];
        move |ask: &mut HttpAsk| ask.expect.headers = all
    };
    assert_eq!(asked(header("Server", None), page(200, "")), well("200"));
    assert_eq!(asked(header("X-App", None), page(200, "")), fails("there is no header X-App"));
    let wanted = header("Server", Some(Matcher::Contains(text("web/2"))));
    assert_eq!(asked(wanted, page(200, "")), fails("header Server is \"web/1\", wanted \"web/2\" in it"));
}

#[test]
fn a_late_answer_is_slow_and_a_wrong_one_is_wrong_however_late() {
    let seen = |status| Ok(Seen::Http(Box::new(page(status, ""))));
    let ask = || Ask::Http(Box::new(http()));
    let none = Secrets::default();
    let late = (Verdict::Slow, "took 412 ms, slow from 300 ms; 200".to_owned());
    assert_eq!(judged_with(ask(), seen(200), &none, 412), late);
    assert_eq!(judged_with(ask(), seen(200), &none, 300).0, Verdict::Ok);
    assert_eq!(judged_with(ask(), seen(502), &none, 412).0, Verdict::Fail);
}

#[test]
fn secrets_are_in_no_reason() {
    let secrets = Secrets::new(vec![("TOKEN".into(), "hunter22".into())]);
    let mut ask = http();
    ask.expect.body = vec![Matcher::Is(Text::masked("hunter22", "${env:TOKEN}"))];
    let seen = Ok(Seen::Http(Box::new(page(200, "got hunter22!"))));
    let (_, reason) = judged_with(Ask::Http(Box::new(ask)), seen, &secrets, 1);
    assert_eq!(reason, "the body is \"got ${env:TOKEN}!\", wanted \"${env:TOKEN}\"");
    let fault = Fault { kind: FaultKind::Name, text: "no hunter22 here".to_owned() };
    let (_, reason) = judged_with(Ask::Http(Box::new(http())), Err(fault), &secrets, 1);
    assert_eq!(reason, "no ${env:TOKEN} here");
}

fn certificate(days: i64, distrust: Option<&str>) -> TlsSeen {
    let moment = |second| Timestamp::from_second(second).unwrap();
    let certificate = Certificate {
        subject: "CN=www.example.com".to_owned(),
        names: vec!["www.example.com".to_owned()],
        issuer: "CN=ca".to_owned(),
        begins: moment(0),
        ends: moment(NOW + days * 86_400),
        fingerprint: "ab".repeat(32),
        chain: 1,
    };
    TlsSeen { version: "TLS 1.2".into(), certificate, distrust: distrust.map(str::to_owned) }
}

#[test]
fn certificates_are_judged_with_the_page_and_alone() {
    let secured = |insecure: bool, days: Option<u32>, seen: TlsSeen| {
        let mut ask = http();
        ask.secure = true;
        ask.trust.insecure = insecure;
        ask.expect.cert_days = days;
        let seen = HttpSeen { tls: Some(seen), ..page(200, "") };
        judged(Ask::Http(Box::new(ask)), Ok(Seen::Http(Box::new(seen))))
    };
    let ended = "certificate ended 3 days ago";
    assert_eq!(secured(false, Some(14), certificate(20, None)), well("200"));
    assert_eq!(
        secured(false, Some(14), certificate(5, None)),
        fails("certificate ends in 5 days, wanted 14 at least")
    );
    assert_eq!(secured(false, Some(14), certificate(-3, Some(ended))), fails(ended));
    let loud = "200; INSECURE: any certificate is taken (certificate ended 3 days ago)";
    assert_eq!(secured(true, None, certificate(-3, Some(ended))), well(loud));
    assert_eq!(secured(true, None, certificate(9, None)), well("200; INSECURE: any certificate is taken"));
    let (verdict, reason) = secured(true, Some(1), certificate(-3, Some(ended)));
    assert_eq!((verdict, reason.split("; ").next()), (Verdict::Fail, Some(ended)));

    let mut ask = TlsAsk {
        name: text("www.example.com"),
        port: 443,
        trust: Trust::default(),
        cert_days: None,
        least: TlsVersion::Two,
    };
    let seen = || Ok(Seen::Tls(Box::new(certificate(52, None))));
    assert_eq!(judged(Ask::Tls(ask.clone()), seen()), well("TLS 1.2, certificate for 52 days more"));
    ask.least = TlsVersion::Three;
    assert_eq!(judged(Ask::Tls(ask), seen()), fails("speaks TLS 1.2, wanted TLS 1.3"));
}

#[test]
fn dns_answers_are_compared_by_what_they_mean() {
    let judged = |kind, expect: DnsExpect, records: &[&str], void: Option<&str>| {
        let ask = DnsAsk {
            name: text("www.example.com"),
            kind,
            resolver: None,
            transport: DnsTransport::Udp,
            expect,
        };
        let records = records.iter().map(ToString::to_string).collect();
        judged(Ask::Dns(ask), Ok(Seen::Dns(DnsSeen { records, void: void.map(str::to_owned) })))
    };
    let texts = |all: &[&str]| all.iter().map(|one| text(one)).collect::<Vec<_>>();
    let any = |all: &[&str]| DnsExpect { any: texts(all), ..DnsExpect::default() };
    let all = |all: &[&str]| DnsExpect { all: texts(all), ..DnsExpect::default() };
    let exactly = |all: &[&str]| DnsExpect { exactly: Some(texts(all)), ..DnsExpect::default() };
    let count = |count| DnsExpect { count: Some(count), ..DnsExpect::default() };
    let (a, aaaa, cname, txt) = (RecordKind::A, RecordKind::Aaaa, RecordKind::Cname, RecordKind::Txt);
    let two = &["203.0.113.7", "203.0.113.8"];

    assert_eq!(judged(a, DnsExpect::default(), two, None), well("203.0.113.7, 203.0.113.8"));
    assert_eq!(judged(a, any(&["203.0.113.8"]), two, None).0, Verdict::Ok);
    let other = fails("answered 203.0.113.9, wanted 203.0.113.7 or 203.0.113.8");
    assert_eq!(judged(a, any(two), &["203.0.113.9"], None), other);
    let less = fails("answered 203.0.113.7, without 203.0.113.8");
    assert_eq!(judged(a, all(two), &["203.0.113.7"], None), less);
    let more = fails("answered 203.0.113.7, 203.0.113.8, wanted exactly 203.0.113.7");
    assert_eq!(judged(a, exactly(&["203.0.113.7"]), two, None), more);
    assert_eq!(judged(a, count(2), two, None).0, Verdict::Ok);
    assert_eq!(judged(a, count(3), two, None).0, Verdict::Fail);
    assert_eq!(judged(aaaa, all(&["2001:0DB8::1"]), &["2001:db8::1"], None).0, Verdict::Ok);
    assert_eq!(judged(cname, all(&["Edge.example.net"]), &["edge.example.net."], None).0, Verdict::Ok);
    assert_eq!(judged(txt, all(&["v=spf1 -all"]), &["\"v=spf1 \" \"-all\""], None).0, Verdict::Ok);
    assert_eq!(judged(txt, all(&["V=spf1"]), &["\"v=spf1\""], None).0, Verdict::Fail);
    let gone = Some("there is no such name (NXDOMAIN)");
    assert_eq!(judged(a, any(two), &[], gone), fails("there is no such name (NXDOMAIN)"));
    assert_eq!(judged(a, count(0), &[], gone), well("nothing"));
}

#[test]
fn banners_are_looked_at() {
    let ask = |banner| Ask::Tcp(TcpAsk { port: 22, host: None, banner });
    assert_eq!(judged(ask(None), Ok(Seen::Tcp(Vec::new()))), well("open"));
    let ssh = || Ok(Seen::Tcp(b"SSH-2.0-x\r\n".to_vec()));
    assert_eq!(judged(ask(Some(Matcher::Contains(text("SSH")))), ssh()), well("\"SSH-2.0-x\""));
    let wrong = fails("began with \"SSH-2.0-x\", wanted \"220\" in it");
    assert_eq!(judged(ask(Some(Matcher::Contains(text("220")))), ssh()), wrong);
}
