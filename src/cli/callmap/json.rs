//! A run as `--json` prints it. All that the ledger keeps of a run is told by `wakeboard tickets ID --json`.

use serde::Serialize;

use crate::model::callmap::report::{
    LayerReport, Milliseconds, ProbeReport, ProductVerdict, Report, Verdict,
};
use crate::model::ticket::TicketId;

/// A run.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    product: &'a str,
    verdict: ProductVerdict,
    broken_layer: Option<&'a str>,
    ticket: Option<TicketId>,
    milliseconds: u64,
    layers: Vec<LayerRow<'a>>,
    drift: &'a [String],
}

#[derive(Debug, Serialize)]
struct LayerRow<'a> {
    name: &'a str,
    verdict: Verdict,
    need: &'a str,
    ok: u32,
    total: u32,
    /// Only where no probe says why: nobody could be asked, or there are too few targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    probes: Vec<ProbeRow<'a>>,
}

#[derive(Debug, Serialize)]
struct ProbeRow<'a> {
    target: &'a str,
    kind: &'a str,
    ask: &'a str,
    verdict: Verdict,
    reason: Option<&'a str>,
    milliseconds: Milliseconds,
}

impl<'a> Row<'a> {
    /// Of a report.
    pub fn of(report: &'a Report) -> Self {
        Row {
            product: &report.product,
            verdict: report.verdict,
            broken_layer: report.broken_layer.as_deref(),
            ticket: report.ticket,
            milliseconds: report.milliseconds,
            layers: report.layers.iter().map(layer).collect(),
            drift: &report.drift,
        }
    }
}

fn layer(layer: &LayerReport) -> LayerRow<'_> {
    LayerRow {
        name: &layer.name,
        verdict: layer.verdict,
        need: &layer.need,
        ok: layer.ok,
        total: layer.total,
        reason: layer.reason.as_deref(),
        probes: layer.probes.iter().map(probe).collect(),
    }
}

fn probe(probe: &ProbeReport) -> ProbeRow<'_> {
    ProbeRow {
        target: &probe.target,
        kind: &probe.kind,
        ask: &probe.ask,
        verdict: probe.verdict,
        reason: probe.reason.as_deref(),
        milliseconds: probe.milliseconds,
    }
}
