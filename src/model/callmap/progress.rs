//! Runs of callmaps as they go on, and those that have just ended: the snapshot that the console and the shell read.

mod layer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::kept::{Run, RunOutcome};
use super::layer::{Tally, numbered};
use super::map::{Callmap, OnBroken};
use super::near::Near;
use super::report::{ProbeReport, Report, Verdict};
use crate::model::plain::plain;
use crate::model::ticket::{Door, TicketId};

pub use layer::{LayerProgress, Row};

/// All runs that are known to this process: those under way, and the latest that ended.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// By when they were asked for, newest first.
    pub newest_first: Vec<Arc<Progress>>,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Its ticket.
    pub ticket: TicketId,
    /// The product.
    pub product: Arc<str>,
    /// The callmap's own file.
    pub file: PathBuf,
    /// Who asked.
    pub actor: Arc<str>,
    /// Through which door.
    pub door: Door,
    /// When it was asked for.
    pub began: Timestamp,
    /// How far it is.
    pub stage: Stage,
    /// Every layer of the callmap, from the outside in.
    pub layers: Vec<Arc<LayerProgress>>,
    /// What it came to. There before `past` is.
    pub report: Option<Arc<Report>>,
    /// What of earlier runs and of changes goes with the report; nothing until that has been looked up. Empty where all is
    /// well.
    pub past: Option<Arc<Past>>,
    /// Whether it is in the ledger.
    pub record: RunRecord,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Others are at it.
    Waits,
    /// The tenants that it asks are looked for.
    Finds,
    /// It asks.
    Asks,
    /// It has a report.
    Over,
    /// It was called off, and why. There is no report.
    Cancelled(Arc<str>),
    /// It could not be begun, and why. There is no report.
    Refused(Arc<str>),
}

/// Whether a run is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunRecord {
    /// Not yet; the ledger is at it.
    Pending,
    /// It is, with all that is known of it.
    Written,
    /// It is not, and why.
    Missing(Arc<str>),
}

/// What was before a run.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The last run of the same callmap (by the name of its file, and its product) that was well.
    pub last_good: Option<Arc<Report>>,
    /// What differs from it, a sentence each.
    pub differs: Vec<String>,
    /// What changed near the first broken layer, nearest first.
    pub near: Vec<Near>,
}

impl Runs {
    /// The run of that ticket.
    #[must_use]
    pub fn run(&self, ticket: TicketId) -> Option<&Arc<Progress>> {
        self.newest_first.iter().find(|run| run.ticket == ticket)
    }

    /// The newest run of the callmap in that file.
    #[must_use]
    pub fn of(&self, file: &Path) -> Option<&Arc<Progress>> {
        self.newest_first.iter().find(|run| run.file == file)
    }

    /// With a run as it is now, in its place or, if it is new, as the newest. Of those that ended `most` are kept.
    #[must_use]
    pub fn with(&self, run: Progress, most: usize) -> Self {
        let mut newest_first = self.newest_first.clone();
        match newest_first.iter_mut().find(|other| other.ticket == run.ticket) {
            Some(place) => *place = Arc::new(run),
            None => newest_first.insert(0, Arc::new(run)),
        }
        let mut ended = 0;
        newest_first.retain(|run| {
            ended += usize::from(run.stage.is_end());
            !run.stage.is_end() || ended <= most
        });
        Runs { newest_first }
    }
}

impl Stage {
    /// Whether nothing more will come of it.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self, Stage::Over | Stage::Cancelled(_) | Stage::Refused(_))
    }
}

impl Progress {
    /// A run that was just asked for.
    #[must_use]
    pub fn new(callmap: &Callmap, ticket: TicketId, actor: Arc<str>, door: Door, now: Timestamp) -> Self {
        Progress {
            ticket,
            product: callmap.product.clone(),
            file: callmap.files.first().cloned().unwrap_or_default(),
            actor,
            door,
            began: now,
            stage: Stage::Waits,
            layers: callmap.layers.iter().map(|layer| Arc::new(LayerProgress::of(layer))).collect(),
            report: None,
            past: None,
            record: RunRecord::Pending,
        }
    }

    /// As the ledger keeps it while it goes on.
    #[must_use]
    pub fn kept(&self) -> Run {
        Run {
            id: self.ticket,
            product: self.product.clone(),
            file: plain(&self.file.to_string_lossy()).into(),
            actor: self.actor.clone(),
            door: self.door,
            asked: self.began,
            ended: None,
            outcome: None,
            reason: None,
        }
    }

    /// As a list of tickets shows it: as it is kept, with what came of it so far.
    #[must_use]
    pub fn told(&self) -> Run {
        let run = self.kept();
        let without_end =
            |outcome, why: &str| Run { outcome: Some(outcome), reason: Some(why.to_owned()), ..run.clone() };
        match (&self.stage, &self.report) {
            (_, Some(report)) => {
                let took =
                    SignedDuration::from_millis(i64::try_from(report.milliseconds).unwrap_or(i64::MAX));
                run.reported(report, self.began.saturating_add(took).unwrap_or(self.began))
            }
            (Stage::Cancelled(why), None) => without_end(RunOutcome::Cancelled, why),
            (Stage::Refused(why), None) => without_end(RunOutcome::Refused, why),
            (Stage::Waits | Stage::Finds | Stage::Asks | Stage::Over, None) => run,
        }
    }

    /// The questions are known: for each layer, or why there are none. What was well in `again` stands there already.
    pub fn plan(&mut self, planned: Vec<(Vec<Row>, Option<String>)>, again: Option<&Report>) {
        self.stage = Stage::Asks;
        for (at, (rows, nobody)) in planned.into_iter().enumerate() {
            let Some(layer) = self.layers.get_mut(at).map(Arc::make_mut) else { return };
            let count = rows.len();
            layer.rows = rows;
            for (number, row) in layer.rows.iter_mut().enumerate() {
                row.came = kept(again, (at, number), count, &row.target).cloned().map(Arc::new);
            }
            layer.nobody = nobody;
            layer.settle();
        }
        self.skip();
    }

    /// An answer came.
    pub fn take(&mut self, layer: usize, question: usize, report: ProbeReport) {
        let Some(layer) = self.layers.get_mut(layer).map(Arc::make_mut) else { return };
        if let Some(row) = layer.rows.get_mut(question) {
            row.came = Some(Arc::new(report));
        }
        layer.settle();
        if layer.is_complete() && layer.on_broken == OnBroken::Skip {
            self.skip();
        }
    }

    /// It is over. What the report says stands from now on.
    pub fn end(&mut self, report: Arc<Report>) {
        self.stage = Stage::Over;
        for (layer, told) in self.layers.iter_mut().map(Arc::make_mut).zip(&report.layers) {
            for (row, probe) in layer.rows.iter_mut().zip(&told.probes) {
                row.came = Some(Arc::new(probe.clone()));
            }
            layer.tally = Some(Tally { verdict: told.verdict, ok: told.ok, total: told.total });
            layer.nobody = told.reason.clone();
        }
        self.report = Some(report);
    }

    /// Marks what is behind the first broken layer of which that is asked. It is broken for sure only once all answers
    /// are in.
    fn skip(&mut self) {
        let broken = self.layers.iter().position(|layer| {
            layer.on_broken == OnBroken::Skip && layer.tally.is_some_and(|it| it.verdict == Verdict::Fail)
        });
        let Some(broken) = broken else { return };
        let why: Arc<str> = format!("{} is broken", numbered(broken, &self.layers[broken].name)).into();
        for layer in self.layers[broken + 1..].iter_mut().map(Arc::make_mut) {
            layer.skipped = Some(why.clone());
        }
    }
}

/// What an earlier run of the same plan found to be well at this place (layer, question), so that it need not be asked
/// again. A container may have moved since: then its target is another one.
#[must_use]
pub fn kept<'a>(
    again: Option<&'a Report>,
    (layer, question): (usize, usize),
    questions: usize,
    target: &str,
) -> Option<&'a ProbeReport> {
    let probes = &again?.layers.get(layer)?.probes;
    let probe = probes.get(question).filter(|_| probes.len() == questions)?;
    let is_well = matches!(probe.verdict, Verdict::Ok | Verdict::Slow);
    (is_well && *probe.target == *target).then_some(probe)
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
