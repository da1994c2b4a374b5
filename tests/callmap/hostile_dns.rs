//! Resolvers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, ResponseCode};
use wakeboard::model::callmap::map::{Ask, DnsTransport, RecordKind};
use wakeboard::model::callmap::report::{ProbeReport, Verdict};

use crate::bench::*;
use crate::resolver::{a, alias, answer, code, resolver};

const NAME: &str = "www.example.com.";

async fn asked(resolver: SocketAddr) -> ProbeReport {
    ask_in(Ask::Dns(dns(NAME, RecordKind::A, resolver)), resolver, Duration::from_millis(400)).await
}

/// What is said of a resolver that gives this answer.
async fn said<F>(answer: F) -> String
where
    F: Fn(&Message) -> Vec<u8> + Clone + Send + Sync + 'static,
{
    let target = resolver("127.0.0.1", move |question, _| Some(answer(&question))).await;
    reason(&asked(target).await).to_owned()
}

#[tokio::test]
async fn codes_are_told_in_words() {
    let codes = [
        (ResponseCode::NXDomain, "there is no such name (NXDOMAIN)"),
        (ResponseCode::ServFail, "the resolver could not find out (SERVFAIL)"),
        (ResponseCode::Refused, "the resolver refuses to answer us (REFUSED)"),
        (ResponseCode::NoError, "it has no A record"),
    ];
    for (given, words) in codes {
        assert_eq!(said(move |question| code(question, given)).await, words);
    }
}

#[tokio::test]
async fn aliases_are_followed_and_circles_found() {
    let chain = said(|question| {
        let records = vec![alias(NAME, "edge.example.net."), a("edge.example.net.", [203, 0, 113, 7])];
        answer(question, records).to_vec().unwrap()
    });
    assert_eq!(chain.await, "203.0.113.7");
    let nowhere = said(|question| answer(question, vec![alias(NAME, "edge.example.net.")]).to_vec().unwrap());
    assert_eq!(nowhere.await, "it is an alias of edge.example.net., which has no A record");
    let circle = said(|question| {
        let records = vec![
            alias(NAME, "a.example.net."),
            alias("a.example.net.", "b.example.net."),
            alias("b.example.net.", "a.example.net."),
        ];
        answer(question, records).to_vec().unwrap()
    });
    let words = "aliases (CNAME) lead in a circle: www.example.com. -> a.example.net. -> b.example.net. -> a.example.net.";
    assert_eq!(circle.await, words);
    let itself = said(|question| answer(question, vec![alias(NAME, NAME)]).to_vec().unwrap());
    assert_eq!(itself.await, "aliases (CNAME) lead in a circle: www.example.com. -> www.example.com.");
    // Whoever slips in a record of another name is not heard.
    let other =
        said(|question| answer(question, vec![a("evil.example.net.", [203, 0, 113, 9])]).to_vec().unwrap());
    assert_eq!(other.await, "it has no A record");
}

#[tokio::test]
async fn answers_to_other_questions_and_garbage_do_not_count() {
    let began = Instant::now();
    let wrong_id = said(|question| {
        let mut message = answer(question, vec![a(NAME, [203, 0, 113, 9])]);
        message.metadata.id ^= 1;
        message.to_vec().unwrap()
    });
    assert_eq!(wrong_id.await, "no answer in 400 ms; 1 came that do not belong to the question");
    let wrong_question = said(|question| {
        let mut message = answer(question, vec![a(NAME, [203, 0, 113, 9])]);
        message.queries[0].set_name(crate::resolver::name("evil.example.net."));
        message.to_vec().unwrap()
    });
    assert_eq!(wrong_question.await, "no answer in 400 ms; 1 came that do not belong to the question");
    let no_question = said(|question| {
        let mut message = answer(question, vec![a(NAME, [203, 0, 113, 9])]);
        message.queries.clear();
        message.to_vec().unwrap()
    });
    assert_eq!(no_question.await, "no answer in 400 ms; 1 came that do not belong to the question");
    let garbage = said(|question| {
        let mut bytes = question.metadata.id.to_be_bytes().to_vec();
        bytes.extend([0x81, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0, 0x0c, 0xc0, 0x0c]);
        bytes
    });
    assert_eq!(garbage.await, "no answer in 400 ms; 1 came that do not belong to the question");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_right_answer_counts_after_wrong_ones() {
    let target = resolver("127.0.0.1", |question, _| {
        Some(answer(&question, vec![a(NAME, [203, 0, 113, 7])]).to_vec().unwrap())
    })
    .await;
    // A resolver between, which sends junk before it passes the answer on.
    let front = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = front.local_addr().unwrap();
    tokio::spawn(async move {
        let mut packet = [0; 4096];
        while let Ok((length, peer)) = front.recv_from(&mut packet).await {
            let back = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            back.send_to(&packet[..length], target).await.unwrap();
            for junk in [b"".as_slice(), b"x", &[0; 12], &[0xff; 512]] {
                front.send_to(junk, peer).await.unwrap();
            }
            let length = back.recv(&mut packet).await.unwrap();
            front.send_to(&packet[..length], peer).await.unwrap();
        }
    });
    assert_eq!(reason(&asked(address).await), "203.0.113.7");
}

#[tokio::test]
async fn what_does_not_fit_is_asked_for_by_tcp() {
    let cut = |question: &Message| {
        let mut message = answer(question, Vec::new());
        message.metadata.truncation = true;
        message.to_vec().unwrap()
    };
    let many = resolver("127.0.0.1", move |question, is_tcp| {
        if !is_tcp {
            return Some(cut(&question));
        }
        let records = (0..200).map(|n| a(NAME, [203, 0, 113, n]));
        Some(answer(&question, records.collect()).to_vec().unwrap())
    })
    .await;
    let report = asked(many).await;
    assert_eq!(reason(&report), "203.0.113.0, 203.0.113.1, 203.0.113.2, 203.0.113.3, 196 more");
    assert!(report.milliseconds.connect.is_some(), "it was asked by TCP");
    // Cut by TCP too.
    assert_eq!(
        said(cut).await,
        "the answer is too long for UDP, and by TCP: the answer says that it is not whole"
    );
}

#[tokio::test]
async fn garbage_by_tcp_is_told_at_once() {
    let by_tcp = async |back: fn(&Message) -> Option<Vec<u8>>| {
        let target = resolver("127.0.0.1", move |question, _| back(&question)).await;
        let mut ask = dns(NAME, RecordKind::A, target);
        ask.transport = DnsTransport::Tcp;
        reason(&ask_one(Ask::Dns(ask), target).await).to_owned()
    };
    assert_eq!(by_tcp(|_| None).await, "connection closed before the answer was whole");
    assert_eq!(by_tcp(|_| Some(vec![1, 2, 3])).await, "what came back is not DNS: it is too short");
    let other = |question: &Message| {
        let mut message = answer(question, Vec::new());
        message.metadata.id ^= 1;
        message.to_vec().ok()
    };
    assert_eq!(by_tcp(other).await, "what came back belongs to another question");
    let broken = |question: &Message| {
        let mut bytes = question.metadata.id.to_be_bytes().to_vec();
        bytes.extend([0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0xc0, 0x0c]);
        Some(bytes)
    };
    assert!(by_tcp(broken).await.starts_with("what came back is not DNS: "));
    let good = |question: &Message| answer(question, vec![a(NAME, [203, 0, 113, 7])]).to_vec().ok();
    assert_eq!(by_tcp(good).await, "203.0.113.7");
}

#[tokio::test]
async fn a_resolver_that_is_not_there_and_one_that_is_silent_are_told_apart() {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let report = asked(address).await;
    assert_eq!((report.verdict, reason(&report)), (Verdict::Fail, "no answer in 400 ms"));
    assert_eq!(&*report.target, address.to_string(), "the resolver is named");
    drop(socket);
    assert_eq!(reason(&asked(address).await), "connection refused");
}
