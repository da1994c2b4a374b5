//! A run as the ledger keeps it: what it was, what came of it, and all results as long as there is room for them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::drift::VERSION_HEADERS;
use super::layer;
use super::near::Near;
use super::report::{Detail, ProductVerdict, Report, Verdict};
use crate::model::ticket::{Door, TicketId};

/// A run, without its results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its ticket.
    pub id: TicketId,
    /// The product.
    pub product: Arc<str>,
    /// The callmap's file, as it was named.
    pub file: Arc<str>,
    /// Who asked.
    pub actor: Arc<str>,
    /// Through which door.
    pub door: Door,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What came of it; nothing while it goes on.
    pub outcome: Option<RunOutcome>,
    /// The verdict in words: `broken at 2 nginx (1 of 2)`; or why there is none.
    pub reason: Option<String>,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// All was well.
    Ok,
    /// It worked: slowly, or with losses.
    Degraded,
    /// A layer did not work.
    Broken,
    /// It was called off. No verdict.
    Cancelled,
    /// It could not be begun. No verdict.
    Refused,
    /// Its process ended before it did. No verdict; never written, but seen by whoever looks.
    CutOff,
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunBody {
    /// What came of each layer and probe.
    pub report: Report,
    /// When the last run began that was well.
    pub last_good: Option<Timestamp>,
    /// What differed from it.
    pub differs: Vec<String>,
    /// What had changed near the first broken layer.
    pub near: Vec<Near>,
}

impl RunOutcome {
    /// The one word for the screen and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RunOutcome::Ok => "ok",
            RunOutcome::Degraded => "degraded",
            RunOutcome::Broken => "broken",
            RunOutcome::Cancelled => "cancelled",
            RunOutcome::Refused => "refused",
            RunOutcome::CutOff => "cut off",
        }
    }

    /// Whether it is a verdict, with a report behind it.
    #[must_use]
    pub fn has_report(self) -> bool {
        matches!(self, RunOutcome::Ok | RunOutcome::Degraded | RunOutcome::Broken)
    }
}

impl From<ProductVerdict> for RunOutcome {
    fn from(verdict: ProductVerdict) -> Self {
        match verdict {
            ProductVerdict::Ok => RunOutcome::Ok,
            ProductVerdict::Degraded => RunOutcome::Degraded,
            ProductVerdict::Broken => RunOutcome::Broken,
        }
    }
}

impl Run {
    /// The file's name, without the folders that it lies in.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or_default()
    }

    /// The same, ended with that report.
    #[must_use]
    pub fn reported(&self, report: &Report, now: Timestamp) -> Self {
        Run {
            ended: Some(now),
            outcome: Some(report.verdict.into()),
            reason: Some(layer::told(report.verdict, &report.layers)),
            ..self.clone()
        }
    }

    /// The same, ended without a report.
    #[must_use]
    pub fn ended(&self, outcome: RunOutcome, reason: &str, now: Timestamp) -> Self {
        Run { ended: Some(now), outcome: Some(outcome), reason: Some(reason.to_owned()), ..self.clone() }
    }
}

/// Which part of a report is kept where it is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    All,
    /// Without bodies and most headers of probes that were well; what a later run is compared with stays.
    Compared,
    /// Without what came back.
    Verdicts,
}

/// That part of a report.
#[must_use]
pub fn part(report: &Report, part: Part) -> Report {
    let mut report = report.clone();
    if part == Part::All {
        return report;
    }
    for probe in report.layers.iter_mut().flat_map(|layer| &mut layer.probes) {
        if part == Part::Verdicts {
            probe.detail = None;
        } else if probe.verdict == Verdict::Ok
            && probe.record.is_none()
            && let Some(detail) = &mut probe.detail
        {
            shorten(Arc::make_mut(detail));
        }
    }
    report
}

fn shorten(detail: &mut Detail) {
    detail.body.clear();
    detail.headers.retain(|(name, _)| VERSION_HEADERS.iter().any(|kept| kept.eq_ignore_ascii_case(name)));
    if let Some(certificate) = &mut detail.certificate {
        certificate.names.clear();
    }
}
