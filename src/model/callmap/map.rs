//! What a callmap asks, as its file says it once all of that is checked.

mod text;
mod trust;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

pub use text::{Secrets, Text};
pub use trust::{Identity, TlsVersion, Trust};

/// The call chain of one product.
#[derive(Clone, Debug)]
pub struct Callmap {
    /// The product's name.
    pub product: Arc<str>,
    /// From the outside in.
    pub layers: Vec<Layer>,
    /// How long a whole run may take.
    pub deadline: Duration,
    /// How many probes run at once.
    pub parallel: usize,
    /// What must never be shown.
    pub secrets: Secrets,
    /// The files that it was read from: its own, then what it includes.
    pub files: Vec<PathBuf>,
}

/// One step of the chain.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub name: Arc<str>,
    /// How many of its targets must be well: those at which all of its probes are. Where each probe names its own target, each counts as one.
    pub need: Need,
    /// Whom its probes are put to.
    pub targets: Targets,
    /// What becomes of the layers behind it while it is broken.
    pub on_broken: OnBroken,
    /// What is asked of each target.
    pub probes: Vec<Probe>,
}

/// How many of a layer's targets must be well for the layer to be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// All of them.
    All,
    /// One of them.
    Any,
    /// So many.
    Count(u32),
    /// So many of a hundred, rounded up.
    Percent(u8),
}

/// What becomes of the layers behind a broken one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBroken {
    /// They are asked and judged all the same.
    #[default]
    GoOn,
    /// They count as skipped.
    Skip,
}

/// Whom the probes of a layer are put to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Nobody but whom each probe names itself: the resolver of a `dns` probe, the host of a URL.
    OfProbes,
    /// These.
    Addresses(Vec<Target>),
    /// The containers of a tenant, where they are when the callmap runs.
    Tenant {
        /// The tenant's name; on one host where it is written `host/tenant`.
        tenant: Arc<str>,
        /// Only containers of this role.
        role: Option<Arc<str>>,
        /// The port within the container; each probe's own where there is none.
        port: Option<u16>,
    },
}

/// One target of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its address.
    pub address: IpAddr,
    /// Its port, where that is another one than the probe's own.
    pub port: Option<u16>,
}

/// One question, put to each target of its layer.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is asked, and what the answer must be.
    pub ask: Ask,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often it is asked again when it fails.
    pub retries: u32,
    /// An answer that takes longer is slow.
    pub slow: Option<Duration>,
}

/// A question, and what is expected of its answer.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A name.
    Dns(DnsAsk),
    /// A URL.
    Http(Box<HttpAsk>),
    /// A port.
    Tcp(TcpAsk),
    /// The certificate behind a port.
    Tls(TlsAsk),
}

/// A question to a resolver.
#[derive(Clone, Debug)]
pub struct DnsAsk {
    /// The name that is looked up; an address for `PTR`.
    pub name: Text,
    /// The type of the records.
    pub kind: RecordKind,
    /// The resolver; the system's first one where there is none.
    pub resolver: Option<SocketAddr>,
    /// How it is asked.
    pub transport: DnsTransport,
    /// What the answer must hold.
    pub expect: DnsExpect,
}

/// Types of DNS records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the standard's names say it")]
pub enum RecordKind {
    A,
    Aaaa,
    Cname,
    Txt,
    Mx,
    Ns,
    Srv,
    Ptr,
}

/// How a resolver is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DnsTransport {
    /// By UDP, and by TCP where the answer does not fit.
    #[default]
    Udp,
    /// By TCP.
    Tcp,
}

/// What a DNS answer must hold. Nothing given: at least one record of the type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsExpect {
    /// One of these.
    pub any: Vec<Text>,
    /// All of these.
    pub all: Vec<Text>,
    /// These and no others, where given.
    pub exactly: Option<Vec<Text>>,
    /// So many records.
    pub count: Option<u32>,
}

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct HttpAsk {
    /// Whether it goes over TLS.
    pub secure: bool,
    /// The URL's host: the Host header, the SNI name, and the name in the certificate. An IPv6 address stands in brackets.
    pub host: Text,
    /// The URL's port, or the scheme's.
    pub port: u16,
    /// Path and query; begins with a slash.
    pub path: Text,
    /// The method, in capitals.
    pub method: Arc<str>,
    /// Headers to send, in order; a `Host` among them replaces the URL's.
    pub headers: Vec<(Arc<str>, Text)>,
    /// The body to send.
    pub body: Option<Text>,
    /// How many redirects are followed; 0 where not asked for. Never to another scheme, and always at the same target.
    pub redirects: u8,
    /// Which versions of HTTP are offered.
    pub version: HttpVersion,
    /// How the certificate is judged.
    pub trust: Trust,
    /// Whether the same body is expected each time, so that another one is told.
    pub same_body: bool,
    /// What the answer must be.
    pub expect: HttpExpect,
}

/// Versions of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/2 where the server agrees over TLS, else HTTP/1.1.
    #[default]
    Any,
    /// HTTP/1.1.
    One,
    /// HTTP/2, also without TLS.
    Two,
}

/// What an HTTP answer must be.
#[derive(Clone, Debug)]
pub struct HttpExpect {
    /// The statuses that are well.
    pub status: Vec<std::ops::RangeInclusive<u16>>,
    /// The certificate lasts at least so many days more.
    pub cert_days: Option<u32>,
    /// Headers that must be there, with what they must hold; nothing: whatever they hold.
    pub headers: Vec<(Arc<str>, Option<Matcher>)>,
    /// What the body must hold.
    pub body: Vec<Matcher>,
    /// What the JSON in the body must hold: where, by a path like `$.db.state` or `$.list[0]`, and what.
    pub json: Vec<(Arc<str>, serde_json::Value)>,
}

/// What a text must be like.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// It holds this.
    Contains(Text),
    /// It is this.
    Is(Text),
    /// This matches it.
    Matches(Regex),
}

/// A port that must take connections.
#[derive(Clone, Debug)]
pub struct TcpAsk {
    /// The port.
    pub port: u16,
    /// The host that is connected to where the layer has no targets; an address without brackets. Never there where it has some.
    pub host: Option<Text>,
    /// What the first bytes from it must be like.
    pub banner: Option<Matcher>,
}

/// A certificate that must be well.
#[derive(Clone, Debug)]
pub struct TlsAsk {
    /// The name that is asked for and that the certificate must be for; or an address, without brackets.
    pub name: Text,
    /// The port.
    pub port: u16,
    /// How the certificate is judged.
    pub trust: Trust,
    /// It lasts at least so many days more.
    pub cert_days: Option<u32>,
    /// The lowest version of TLS that will do.
    pub least: TlsVersion,
}
