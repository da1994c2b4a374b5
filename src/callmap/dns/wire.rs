//! DNS messages: a question into bytes, and bytes into what they say of it.

use std::net::IpAddr;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rustls::crypto::ring;

use crate::callmap::fault::fault;
use crate::callmap::limits;
use crate::model::callmap::answer::{DnsSeen, Fault, FaultKind};
use crate::model::callmap::map::RecordKind;
use crate::model::callmap::tell::record_name;

/// Where the bits of a header are: the flag of an answer, and the one that says that it did not fit.
const FLAGS: usize = 2;
const CUT: u8 = 0b10;

/// How many names of a chain of CNAMEs a reason tells.
const TOLD: usize = 4;

/// A question, and the bytes that ask it.
pub struct Question {
    name: Name,
    kind: RecordType,
    shown: &'static str,
    packet: Vec<u8>,
}

/// What bytes that came are.
pub enum Read {
    /// The answer to the question.
    Answer(Result<DnsSeen, Fault>),
    /// The answer to the question, cut off.
    TooLong,
    /// The answer to another one, or none.
    Other,
    /// No message.
    Garbage(String),
}

impl Question {
    /// Asks for the name; an address where its name is asked for.
    pub fn new(name: &str, kind: RecordKind) -> Result<Self, Fault> {
        let wrong = |why: String| {
            fault(FaultKind::NotTried, format!("{name} is no name that can be looked up: {why}"))
        };
        let name = match name.parse::<IpAddr>() {
            Ok(address) if kind == RecordKind::Ptr => Name::from(address),
            _ => Name::from_str_relaxed(name).map_err(|error| wrong(error.to_string()))?,
        };
        let mut name = name;
        name.set_fqdn(true);
        let record = match kind {
            RecordKind::A => RecordType::A,
            RecordKind::Aaaa => RecordType::AAAA,
            RecordKind::Cname => RecordType::CNAME,
            RecordKind::Txt => RecordType::TXT,
            RecordKind::Mx => RecordType::MX,
            RecordKind::Ns => RecordType::NS,
            RecordKind::Srv => RecordType::SRV,
            RecordKind::Ptr => RecordType::PTR,
        };
        let mut message = Message::new(by_chance()?, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name.clone(), record));
        let packet = message.to_vec().map_err(|error| wrong(error.to_string()))?;
        Ok(Question { name, kind: record, shown: record_name(kind), packet })
    }

    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// What the bytes say to this question.
    pub fn read(&self, bytes: &[u8]) -> Read {
        if bytes.len() < 12 {
            return Read::Garbage("it is too short".to_owned());
        }
        if bytes[..2] != self.packet[..2] {
            return Read::Other;
        }
        // An answer that was cut off may end within a record.
        if bytes[FLAGS] & CUT != 0 {
            return Read::TooLong;
        }
        let message = match Message::from_vec(bytes) {
            Ok(message) => message,
            Err(error) => return Read::Garbage(error.to_string()),
        };
        let is_ours = message.metadata.message_type == MessageType::Response
            && matches!(message.queries.as_slice(), [query] if query.name == self.name && query.query_type == self.kind);
        if !is_ours {
            return Read::Other;
        }
        Read::Answer(self.said(&message))
    }

    fn said(&self, message: &Message) -> Result<DnsSeen, Fault> {
        let unwilling = |text: &str| Err(fault(FaultKind::Unwilling, text));
        match message.metadata.response_code {
            ResponseCode::NoError => {}
            ResponseCode::NXDomain => {
                let mut void = "there is no such name (NXDOMAIN)".to_owned();
                if self.name.num_labels() == 1 {
                    void.push_str("; search lists of resolv.conf do not count here: write the whole name");
                }
                let void = Some(void);
                return Ok(DnsSeen { records: Vec::new(), void });
            }
            ResponseCode::ServFail => return unwilling("the resolver could not find out (SERVFAIL)"),
            ResponseCode::Refused => return unwilling("the resolver refuses to answer us (REFUSED)"),
            ResponseCode::FormErr => {
                return unwilling("the resolver does not understand the question (FORMERR)");
            }
            ResponseCode::NotImp => return unwilling("the resolver does not answer such questions (NOTIMP)"),
            other => return unwilling(&format!("the resolver will not answer ({other})")),
        }
        let answers = &message.answers[..message.answers.len().min(limits::RECORDS)];
        let chain = self.chain(answers)?;
        let last = chain.last().copied().unwrap_or(&self.name);
        let records: Vec<String> = answers
            .iter()
            .filter(|record| record.record_type() == self.kind && record.name == *last)
            .filter_map(|record| written(&record.data))
            .collect();
        let void = records.is_empty().then(|| match chain.last() {
            Some(last) => format!("it is an alias of {last}, which has no {} record", self.shown),
            None => format!("it has no {} record", self.shown),
        });
        Ok(DnsSeen { records, void })
    }

    /// The names to which aliases lead, in order.
    fn chain<'a>(&self, answers: &'a [Record]) -> Result<Vec<&'a Name>, Fault> {
        let mut chain: Vec<&Name> = Vec::new();
        if self.kind == RecordType::CNAME {
            return Ok(chain);
        }
        loop {
            let from = chain.last().copied().unwrap_or(&self.name);
            let next = answers.iter().find_map(|record| match &record.data {
                RData::CNAME(to) if record.name == *from => Some(&to.0),
                _ => None,
            });
            let Some(next) = next else { return Ok(chain) };
            if *next == self.name || chain.contains(&next) {
                let all = std::iter::once(&self.name).chain(chain);
                let mut names: Vec<String> = all.take(TOLD).map(ToString::to_string).collect();
                names.push(next.to_string());
                let circle = names.join(" -> ");
                return Err(fault(FaultKind::Garbage, format!("aliases (CNAME) lead in a circle: {circle}")));
            }
            chain.push(next);
        }
    }
}

/// A record as zone files have it.
fn written(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(address) => address.0.to_string(),
        RData::AAAA(address) => address.0.to_string(),
        RData::CNAME(name) => name.0.to_string(),
        RData::NS(name) => name.0.to_string(),
        RData::PTR(name) => name.0.to_string(),
        RData::MX(mx) => format!("{} {}", mx.preference, mx.exchange),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, srv.target),
        RData::TXT(text) => {
            let parts = text.txt_data.iter().map(|part| {
                let part = String::from_utf8_lossy(part);
                format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\""))
            });
            parts.collect::<Vec<_>>().join(" ")
        }
        _ => return None,
    })
}

/// A number that nobody can guess.
fn by_chance() -> Result<u16, Fault> {
    let mut bytes = [0; 2];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| fault(FaultKind::Ours, "this machine has no random numbers"))?;
    Ok(u16::from_be_bytes(bytes))
}
