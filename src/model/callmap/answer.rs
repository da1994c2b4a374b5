//! What was seen when a probe was put to a target: facts, without a verdict.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How one probe went at one target, at its last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where it was put; nothing where no address was found.
    pub peer: Option<SocketAddr>,
    /// How long each phase took.
    pub phases: Phases,
    /// How often it was asked; more than once after failures.
    pub attempts: u32,
    /// Other addresses of the same name that had not answered by the time that one did, each with what became of it:
    /// `connection refused`.
    pub missed: Vec<(IpAddr, String)>,
    /// What came back.
    pub seen: Result<Seen, Fault>,
}

/// How long the phases of a probe took; nothing for those that it does not have or did not reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Looking the name up.
    pub dns: Option<Duration>,
    /// Connecting.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// All of it.
    pub total: Option<Duration>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Records.
    Dns(DnsSeen),
    /// An HTTP answer.
    Http(Box<HttpSeen>),
    /// A connection; the first bytes, where they were waited for.
    Tcp(Vec<u8>),
    /// A TLS connection.
    Tls(Box<TlsSeen>),
}

/// What a resolver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsSeen {
    /// The records of the type that was asked for, in the order of the answer, each in the notation of zone files; names end with a dot.
    pub records: Vec<String>,
    /// Why there are none, in words: `there is no such name (NXDOMAIN)`.
    pub void: Option<String>,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSeen {
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: Arc<str>,
    /// The status.
    pub status: u16,
    /// The headers, in order; values as they came.
    pub headers: Vec<(Arc<str>, Vec<u8>)>,
    /// The body, up to the limit.
    pub body: Vec<u8>,
    /// Whether there was more of it than the limit.
    pub is_cut: bool,
    /// The redirects that were followed, each the place that it led to.
    pub redirects: Vec<String>,
    /// Why the next one was not, though redirects are followed here.
    pub stopped: Option<String>,
    /// What TLS said.
    pub tls: Option<TlsSeen>,
}

/// What a TLS handshake showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSeen {
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: Arc<str>,
    /// The server's certificate.
    pub certificate: Certificate,
    /// What is wrong with it, in words; nothing where it is trusted.
    pub distrust: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Whom it is for.
    pub subject: String,
    /// The names that it is good for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// From when it is good.
    pub begins: Timestamp,
    /// Until when it is good.
    pub ends: Timestamp,
    /// SHA-256 of all of it, in hex.
    pub fingerprint: String,
    /// How many certificates came with it.
    pub chain: usize,
}

/// Why nothing came back, in a person's words: `connection refused`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// What kind of fault, for rules.
    pub kind: FaultKind,
    /// The words.
    pub text: String,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The name leads nowhere.
    Name,
    /// The port is closed.
    Refused,
    /// No way there.
    Unreachable,
    /// Too late, in whichever phase.
    TimedOut,
    /// Cut off by the other side.
    Cut,
    /// It says that it cannot or will not answer.
    Unwilling,
    /// TLS did not come about.
    Tls,
    /// Not what the protocol says, or more of it than we read.
    Garbage,
    /// It was not tried: there is nobody to ask, or the run is over.
    NotTried,
    /// This machine's own trouble.
    Ours,
}
