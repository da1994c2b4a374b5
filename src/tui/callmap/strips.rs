//! The last verdicts of each layer, run by run.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::callmap::progress::{Progress, Stage};
use crate::model::callmap::report::Verdict;
use crate::model::ticket::TicketId;

/// How many runs are remembered.
const MOST: usize = 60;

/// The last verdicts of the layers of one callmap, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Strips {
    names: Vec<Arc<str>>,
    runs: VecDeque<(TicketId, Vec<Verdict>)>,
}

impl Strips {
    /// Takes in a run, once it is over. A run of other layers begins anew.
    pub fn take(&mut self, run: &Progress) {
        if run.stage != Stage::Over || self.runs.iter().any(|(ticket, _)| *ticket == run.ticket) {
            return;
        }
        let names: Vec<Arc<str>> = run.layers.iter().map(|layer| layer.name.clone()).collect();
        if names != self.names {
            *self = Strips { names, runs: VecDeque::new() };
        }
        let verdicts = run.layers.iter().map(|layer| layer.verdict().unwrap_or(Verdict::Skipped));
        self.runs.push_back((run.ticket, verdicts.collect()));
        if self.runs.len() > MOST {
            self.runs.pop_front();
        }
    }

    /// The last `most` verdicts of a layer, oldest first.
    pub fn of(&self, layer: usize, most: usize) -> impl Iterator<Item = Verdict> + '_ {
        let skipped = self.runs.len().saturating_sub(most);
        self.runs.iter().skip(skipped).filter_map(move |(_, verdicts)| verdicts.get(layer).copied())
    }

    /// How many runs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}
