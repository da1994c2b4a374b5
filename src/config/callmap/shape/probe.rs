//! What a probe looks like. Its kind is told by the key that names what is asked.

use schemars::JsonSchema;
use serde::Deserialize;

use super::expect::{DnsExpect, HttpExpect, TcpExpect, TlsExpect};
use crate::config::callmap::words;
use crate::config::callmap::written::{At, Many, Pairs, Word, Written};

/// One question to each target of the layer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename = "$by_key", rename_all = "lowercase")]
#[schemars(rename = "Probe", untagged)]
pub enum Probe {
    /// A name.
    Dns(DnsProbe),
    /// A URL.
    Http(Box<HttpProbe>),
    /// A port.
    Tcp(TcpProbe),
    /// The certificate behind a port.
    Tls(TlsProbe),
}

/// Looks a name up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct DnsProbe {
    /// The name; an address for `type: PTR`.
    #[schemars(length(min = 1))]
    pub dns: At<String>,
    /// The resolver's address, with a port if it is not 53. Without this key: the layer's targets, or the system's
    /// resolver.
    pub resolver: Option<At<String>>,
    /// The type of the records. Without this key: A.
    #[serde(rename = "type")]
    pub kind: Option<At<RecordKind>>,
    /// Over what it is asked; `udp` changes to TCP where the answer does not fit. Without this key: udp.
    pub transport: Option<Transport>,
    /// What the answer must hold. Without this key: at least one record.
    pub expect: Option<At<DnsExpect>>,
    /// How long one attempt may take. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub timeout: Option<At<Written>>,
    /// How often it is asked again when it fails, at most 10. Without this key: as the layer says.
    #[schemars(with = "Option<words::Whole>")]
    pub retries: Option<At<Written>>,
    /// An answer that takes longer is slow. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// Asks for a URL, at the address of each target, with the URL's host as Host header and SNI.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct HttpProbe {
    /// The URL: `http://` or `https://`.
    #[schemars(length(min = 1, max = 8192))]
    pub http: Word,
    /// The method. Without this key: GET.
    pub method: Option<Method>,
    /// Headers to send; a `Host` replaces the URL's.
    pub headers: Option<Pairs<Many<Word>>>,
    /// The body to send.
    pub body: Option<Word>,
    /// How many redirects are followed, at most 20, never to another scheme. Without this key: 0.
    #[schemars(with = "Option<words::Whole>")]
    pub redirects: Option<At<Written>>,
    /// The version of HTTP: 1.1 or 2. Without this key: 2 where the server agrees over TLS, else 1.1.
    #[schemars(with = "Option<words::HttpVersion>")]
    pub version: Option<At<Written>>,
    /// A PEM file of authorities that are trusted instead of the system's, below this file's folder.
    pub ca: Option<At<String>>,
    /// A PEM file of the certificate that we show, below this file's folder.
    pub cert: Option<At<String>>,
    /// A PEM file of its key, below this file's folder.
    pub key: Option<At<String>>,
    /// Any certificate will do. Every report says so. Without this key: false.
    pub insecure: Option<At<bool>>,
    /// Whether all targets answer with the same body. With `false` bodies are not compared, neither between targets nor
    /// with earlier runs: for a page that changes with each request. Without this key: true.
    pub same_body: Option<At<bool>>,
    /// What the answer must be. Without this key: a status of 200 to 399.
    pub expect: Option<At<HttpExpect>>,
    /// How long one attempt may take. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub timeout: Option<At<Written>>,
    /// How often it is asked again when it fails, at most 10. Without this key: as the layer says.
    #[schemars(with = "Option<words::Whole>")]
    pub retries: Option<At<Written>>,
    /// An answer that takes longer is slow. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// Connects to a port.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct TcpProbe {
    /// The port, or `host:port` where the layer has no targets.
    #[schemars(with = "words::Port")]
    pub tcp: At<Written>,
    /// What comes back. Without this key: that it connects is enough.
    pub expect: Option<At<TcpExpect>>,
    /// How long one attempt may take. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub timeout: Option<At<Written>>,
    /// How often it is asked again when it fails, at most 10. Without this key: as the layer says.
    #[schemars(with = "Option<words::Whole>")]
    pub retries: Option<At<Written>>,
    /// An answer that takes longer is slow. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// Looks at a certificate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a map")]
pub struct TlsProbe {
    /// The name that the certificate must be for, with a port if it is not 443.
    #[schemars(length(min = 1))]
    pub tls: At<String>,
    /// A PEM file of authorities that are trusted instead of the system's, below this file's folder.
    pub ca: Option<At<String>>,
    /// A PEM file of the certificate that we show, below this file's folder.
    pub cert: Option<At<String>>,
    /// A PEM file of its key, below this file's folder.
    pub key: Option<At<String>>,
    /// Any certificate will do. Every report says so. Without this key: false.
    pub insecure: Option<At<bool>>,
    /// What the certificate and the connection must be. Without this key: that the certificate is trusted is enough.
    pub expect: Option<At<TlsExpect>>,
    /// How long one attempt may take. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub timeout: Option<At<Written>>,
    /// How often it is asked again when it fails, at most 10. Without this key: as the layer says.
    #[schemars(with = "Option<words::Whole>")]
    pub retries: Option<At<Written>>,
    /// An answer that takes longer is slow. Without this key: as the layer says.
    #[schemars(with = "Option<words::Span>")]
    pub slow: Option<At<Written>>,
}

/// Types of DNS records.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
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

/// Over what a resolver is asked.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Transport {
    Udp,
    Tcp,
}

/// Methods of HTTP.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the standard's names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}
