//! What a run came to: verdicts and reasons, layer by layer. Serializes as `--json` shows it and as the ledger keeps it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::Certificate;
use crate::model::ticket::TicketId;

/// One run of a callmap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The product.
    pub product: Arc<str>,
    /// Of the whole chain.
    pub verdict: ProductVerdict,
    /// The first layer that is broken.
    pub broken_layer: Option<Arc<str>>,
    /// The ticket of the run.
    pub ticket: Option<TicketId>,
    /// How long the run took.
    pub milliseconds: u64,
    /// When it began.
    pub began: Timestamp,
    /// Who ran it.
    pub actor: Arc<str>,
    /// From the outside in.
    pub layers: Vec<LayerReport>,
    /// Where targets of one layer, or layers that meet, do not agree: a sentence each.
    pub drift: Vec<String>,
}

/// The verdict on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductVerdict {
    /// All is well.
    Ok,
    /// It works: slowly, or with losses that the need of a layer allows.
    Degraded,
    /// A layer does not work.
    Broken,
}

/// The verdict on a probe or a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// As it should be, but late.
    Slow,
    /// Not as it should be.
    Fail,
    /// Not judged, and why is said.
    Skipped,
}

/// What became of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Its name.
    pub name: Arc<str>,
    /// Of the layer.
    pub verdict: Verdict,
    /// What it needs: `all`, `any`, `2`, `50%`.
    pub need: String,
    /// How many of its targets are well.
    pub ok: u32,
    /// How many targets it has.
    pub total: u32,
    /// Why it is skipped, or cannot be judged.
    #[serde(default)]
    pub reason: Option<String>,
    /// Each probe at each target.
    pub probes: Vec<ProbeReport>,
}

/// What became of a probe at a target. All texts are harmless for a terminal and free of secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// Whom it was put to: an address, with the port where that is not the probe's own, or a container's name before it.
    pub target: Arc<str>,
    /// `dns`, `http`, `https`, `tcp` or `tls`.
    pub kind: Arc<str>,
    /// The URL, the name or the port.
    pub ask: Arc<str>,
    /// The type of the DNS records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Arc<str>>,
    /// Of the probe.
    pub verdict: Verdict,
    /// Why it is not `ok`; for one that is, what came back in a few words.
    pub reason: Option<String>,
    /// How long its phases took.
    pub milliseconds: Milliseconds,
    /// What came back, for whoever looks closely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Arc<Detail>>,
}

/// Phases in milliseconds, to the microsecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Milliseconds {
    /// Looking the name up.
    pub dns: Option<f64>,
    /// Connecting.
    pub connect: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// From the request to the first byte.
    pub first_byte: Option<f64>,
    /// All of it.
    pub total: Option<f64>,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The first line: `HTTP/1.1 502`.
    pub head: String,
    /// Headers, the first of them.
    pub headers: Vec<(String, String)>,
    /// The start of the body, or the DNS records a line each.
    pub body: String,
    /// SHA-256 of the body as far as it was read, in hex; nothing where it may change with each request.
    pub hash: Option<String>,
    /// The certificate.
    pub certificate: Option<Certificate>,
    /// Whom it was really put to: address and port.
    pub peer: Option<String>,
    /// How often it was asked.
    pub attempts: u32,
}
