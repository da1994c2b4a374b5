//! DNS: one question to one resolver, by sockets of our own.

pub mod system;
mod wire;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Course, Stage};
use super::connect;
use super::fault::{fault, of_io};
use super::limits;
use super::plan::Whom;
use crate::model::callmap::answer::{Fault, FaultKind, Seen};
use crate::model::callmap::map::{DnsAsk, DnsTransport};
use wire::{Question, Read};

/// The largest UDP packet that is read; without extensions a resolver sends 512 bytes at most.
const PACKET: usize = 4096;

pub async fn ask(ask: &DnsAsk, whom: &Whom, course: &mut Course) -> Result<Seen, Fault> {
    let resolvers: Vec<SocketAddr> = match whom {
        Whom::At(target) => vec![SocketAddr::new(target.address, target.port.unwrap_or(53))],
        Whom::Resolvers(all) => all.to_vec(),
        Whom::Nobody(fault) => return Err(fault.clone()),
        Whom::Named => return Err(fault(FaultKind::NotTried, "there is no resolver to ask")),
    };
    course.peer = resolvers.first().copied();
    let question = Question::new(ask.name.value(), ask.kind)?;
    let by_udp = match ask.transport {
        DnsTransport::Udp => udp(&resolvers, &question, course).await?,
        DnsTransport::Tcp => None,
    };
    let answer = match by_udp {
        Some(answer) => answer,
        // By UDP one of them has answered already.
        None => tcp_of(&resolvers, &question, course).await.map_err(|error| Fault {
            text: match ask.transport {
                DnsTransport::Udp => format!("the answer is too long for UDP, and by TCP: {}", error.text),
                DnsTransport::Tcp => error.text,
            },
            ..error
        })?,
    };
    answer.map(Seen::Dns)
}

/// What the resolver says: records, or that there are none, or that it will not say.
type Said = Result<crate::model::callmap::answer::DnsSeen, Fault>;

/// What comes by UDP.
enum Came {
    Answer(Said),
    /// The answer does not fit.
    TooLong,
}

/// Asks by UDP, one resolver after the other until one answers; nothing where the answer does not fit.
async fn udp(
    resolvers: &[SocketAddr],
    question: &Question,
    course: &mut Course,
) -> Result<Option<Said>, Fault> {
    let began = Instant::now();
    let mut others = 0;
    course.stage = Stage::Records(0);
    // The attempt's time-out ends this.
    loop {
        let mut failed = None;
        let mut is_silent = false;
        for resolver in resolvers {
            course.peer = Some(*resolver);
            match udp_once(*resolver, question, course, &mut others).await {
                Ok(Some(Came::Answer(said))) => {
                    connect::add(&mut course.phases.first_byte, began);
                    return Ok(Some(said));
                }
                Ok(Some(Came::TooLong)) => return Ok(None),
                Ok(None) => is_silent = true,
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if !is_silent => return Err(error),
            _ => {}
        }
    }
}

/// Asks one resolver once, and waits for a while.
async fn udp_once(
    resolver: SocketAddr,
    question: &Question,
    course: &mut Course,
    others: &mut usize,
) -> Result<Option<Came>, Fault> {
    let doing = "while asking";
    let any: IpAddr =
        if resolver.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A port by chance, as the number of the question is: an answer in the resolver's place must have both right.
    let socket = UdpSocket::bind((any, 0)).await.map_err(|error| of_io(&error, doing))?;
    socket.connect(resolver).await.map_err(|error| of_io(&error, doing))?;
    let mut packet = vec![0; PACKET];
    socket.send(question.packet()).await.map_err(|error| of_io(&error, doing))?;
    let again = Instant::now() + limits::RESEND;
    while let Ok(came) = timeout_at(again, socket.recv(&mut packet)).await {
        let length = came.map_err(|error| of_io(&error, doing))?;
        match question.read(&packet[..length]) {
            Read::Answer(said) => return Ok(Some(Came::Answer(said))),
            Read::TooLong => return Ok(Some(Came::TooLong)),
            Read::Garbage(_) | Read::Other => *others += 1,
        }
        course.stage = Stage::Records(*others);
    }
    Ok(None)
}

/// Asks by TCP: the resolver that has answered already, else the first that takes the connection.
async fn tcp_of(resolvers: &[SocketAddr], question: &Question, course: &mut Course) -> Result<Said, Fault> {
    let first =
        course.peer.into_iter().chain(resolvers.iter().copied().filter(|it| Some(*it) != course.peer));
    let mut answer = Err(fault(FaultKind::NotTried, "there is no resolver to ask"));
    for resolver in first.collect::<Vec<_>>() {
        answer = tcp(resolver, question, course).await;
        if !matches!(&answer, Err(error) if matches!(error.kind, FaultKind::Refused | FaultKind::Unreachable))
        {
            break;
        }
    }
    answer
}

async fn tcp(resolver: SocketAddr, question: &Question, course: &mut Course) -> Result<Said, Fault> {
    let doing = "before the answer was whole";
    let mut stream = connect::to(resolver, course).await?;
    course.stage = Stage::Answer;
    let began = Instant::now();
    let packet = question.packet();
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX).to_be_bytes();
    stream.write_all(&[&length, packet].concat()).await.map_err(|error| of_io(&error, doing))?;
    let length = stream.read_u16().await.map_err(|error| of_io(&error, doing))?;
    connect::add(&mut course.phases.first_byte, began);
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.map_err(|error| of_io(&error, doing))?;
    match question.read(&answer) {
        Read::Answer(said) => Ok(said),
        Read::TooLong => Err(fault(FaultKind::Garbage, "the answer says that it is not whole")),
        Read::Other => Err(fault(FaultKind::Garbage, "what came back belongs to another question")),
        Read::Garbage(why) => Err(fault(FaultKind::Garbage, format!("what came back is not DNS: {why}"))),
    }
}
