//! A resolver that answers by UDP and TCP on one port of loopback, as it is told.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::SocketAddr;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// Answers each question by what `answer` makes of it: whether it came by TCP, and the bytes that go back, if any do.
pub async fn resolver<F>(address: &str, answer: F) -> SocketAddr
where
    F: Fn(Message, bool) -> Option<Vec<u8>> + Clone + Send + Sync + 'static,
{
    let tcp = TcpListener::bind((address, 0)).await.unwrap();
    let bound = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(bound).await.unwrap();
    let by_tcp = answer.clone();
    tokio::spawn(async move {
        let mut packet = vec![0; 4096];
        while let Ok((length, peer)) = udp.recv_from(&mut packet).await {
            if let Some(back) = answer(Message::from_vec(&packet[..length]).unwrap(), false) {
                udp.send_to(&back, peer).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut packet = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut packet).await.unwrap();
            if let Some(back) = by_tcp(Message::from_vec(&packet).unwrap(), true) {
                let length = u16::try_from(back.len()).unwrap().to_be_bytes();
                let _ = stream.write_all(&[&length, back.as_slice()].concat()).await;
            }
        }
    });
    bound
}

/// The answer to a question, with these records.
pub fn answer(question: &Message, records: Vec<Record>) -> Message {
    let mut message = Message::new(question.metadata.id, MessageType::Response, question.metadata.op_code);
    message.add_queries(question.queries.clone());
    message.add_answers(records);
    message
}

/// Only a code.
pub fn code(question: &Message, code: ResponseCode) -> Vec<u8> {
    let mut message = answer(question, Vec::new());
    message.metadata.response_code = code;
    message.to_vec().unwrap()
}

pub fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

pub fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), 60, data)
}

pub fn a(owner: &str, address: [u8; 4]) -> Record {
    record(owner, RData::A(A::from(std::net::Ipv4Addr::from(address))))
}

pub fn alias(owner: &str, to: &str) -> Record {
    record(owner, RData::CNAME(CNAME(name(to))))
}
