//! A resolver that knows one site: by UDP, for A and CNAME.

use std::net::Ipv4Addr;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::sync::watch;

use super::{SITE, Trouble};

/// What the site is an alias of.
const EDGE: &str = "edge.shop.test.";
/// Where the site is not: an address for documentation.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 99);
/// How long an answer holds, in seconds.
const TTL: u32 = 5;

/// Answers for ever.
pub async fn serve(socket: UdpSocket, trouble: watch::Receiver<Option<Trouble>>) {
    let mut packet = [0; 512];
    loop {
        // An error here tells of an earlier answer that nobody took.
        let Ok((length, peer)) = socket.recv_from(&mut packet).await else { continue };
        let now = *trouble.borrow();
        if let Some(answer) = answer(&packet[..length], now) {
            let _ = socket.send_to(&answer, peer).await;
        }
    }
}

/// What goes back for a packet; nothing for one that is no question.
fn answer(packet: &[u8], trouble: Option<Trouble>) -> Option<Vec<u8>> {
    let question = Message::from_vec(packet).ok()?;
    let [query] = question.queries.as_slice() else { return None };
    if question.metadata.message_type != MessageType::Query || trouble == Some(Trouble::Silence) {
        return None;
    }
    let mut answer = Message::new(question.metadata.id, MessageType::Response, question.metadata.op_code);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let edge = Name::from_ascii(EDGE).ok()?;
    let site = Name::from_ascii(format!("{SITE}.")).ok()?;
    if (query.name != site && query.name != edge) || trouble == Some(Trouble::NoName) {
        answer.metadata.response_code = ResponseCode::NXDomain;
        return answer.to_vec().ok();
    }
    if query.name == site && matches!(query.query_type, RecordType::A | RecordType::CNAME) {
        answer.add_answer(Record::from_rdata(site, TTL, RData::CNAME(CNAME(edge.clone()))));
    }
    if query.query_type == RecordType::A {
        let is_elsewhere = trouble == Some(Trouble::Elsewhere);
        let address = if is_elsewhere { ELSEWHERE } else { Ipv4Addr::LOCALHOST };
        answer.add_answer(Record::from_rdata(edge, TTL, RData::A(A(address))));
    }
    answer.to_vec().ok()
}
