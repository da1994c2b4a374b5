//! A layer of a run as far as its answers have come.

use std::sync::Arc;

use crate::model::callmap::layer::{Tally, tally, written};
use crate::model::callmap::map::{Layer, Need, OnBroken, Probe, Secrets};
use crate::model::callmap::report::{ProbeReport, Verdict};
use crate::model::callmap::tell;
use crate::model::plain::plain;

/// A layer of a run.
#[derive(Clone, Debug)]
pub struct LayerProgress {
    /// Its name.
    pub name: Arc<str>,
    /// What it needs: `all`, `any`, `2`, `50%`.
    pub need: String,
    /// Its questions, once they are known: target by target.
    pub rows: Vec<Row>,
    /// Why there are none.
    pub nobody: Option<String>,
    /// What it came to; nothing as long as answers are awaited.
    pub tally: Option<Tally>,
    /// Why it counts as skipped, whatever its targets answer: `2 nginx is broken`.
    pub skipped: Option<Arc<str>>,
    pub(super) wanted: Need,
    pub(super) on_broken: OnBroken,
}

/// One probe at one target.
#[derive(Clone, Debug)]
pub struct Row {
    /// The number of the target within the layer.
    pub number: usize,
    /// The target as it is shown.
    pub target: Arc<str>,
    /// `dns`, `http`, `https`, `tcp` or `tls`.
    pub kind: Arc<str>,
    /// The URL, the name or the port.
    pub ask: Arc<str>,
    /// The type of the DNS records.
    pub record: Option<Arc<str>>,
    /// What came of it.
    pub came: Option<Arc<ProbeReport>>,
}

impl Row {
    /// A question that nobody has answered yet. Free of secrets and harmless, like the report that will stand here.
    #[must_use]
    pub fn open(number: usize, target: &str, probe: &Probe, secrets: &Secrets) -> Self {
        let clean = |text: &str| Arc::from(&*plain(&secrets.hide(text)));
        Row {
            number,
            target: clean(target),
            kind: tell::kind(&probe.ask).into(),
            ask: clean(&tell::asked(&probe.ask)),
            record: tell::record(&probe.ask),
            came: None,
        }
    }
}

impl LayerProgress {
    /// A layer of which nothing is known yet.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        LayerProgress {
            name: layer.name.clone(),
            need: written(layer.need),
            rows: Vec::new(),
            nobody: None,
            tally: None,
            skipped: None,
            wanted: layer.need,
            on_broken: layer.on_broken,
        }
    }

    /// Whether all its answers are in. Never before its questions are known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.tally.is_some()
    }

    /// How many answers are in.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.rows.iter().filter(|row| row.came.is_some()).count()
    }

    /// The verdict, once that is clear.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let tally = self.tally?;
        Some(if self.skipped.is_some() { Verdict::Skipped } else { tally.verdict })
    }

    /// Sums it up, where all answers are in.
    pub(super) fn settle(&mut self) {
        let answers: Option<Vec<_>> =
            self.rows.iter().map(|row| Some((row.number, row.came.as_ref()?.verdict))).collect();
        self.tally = answers.map(|answers| tally(self.wanted, answers));
    }
}
