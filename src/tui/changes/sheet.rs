//! The box of one change: all that is known of it, and its parts.

use std::sync::Arc;

use crate::model::change::Change;
use crate::service::Changes;
use crate::service::past::{Part, Question};
use crate::tui::past::Asked;

/// How many parts are read from the ledger.
pub const MOST_PARTS: usize = 500;

/// The box of one change.
#[derive(Debug)]
pub struct ChangeSheet {
    /// The change, as it reads now.
    pub change: Arc<Change>,
    /// Its parts, once the ledger has told them.
    pub parts: Option<Vec<Part>>,
    /// The question to the ledger.
    pub asked: Asked,
    /// Scrolled down by so many lines.
    pub top: usize,
    /// The number of the change whose parts were asked for last.
    asked_of: Option<u64>,
}

impl ChangeSheet {
    /// The box of that change.
    #[must_use]
    pub fn new(change: Arc<Change>) -> Self {
        ChangeSheet { change, parts: None, asked: Asked::default(), top: 0, asked_of: None }
    }

    /// Takes in what the change reads like now, and asks for its parts.
    pub fn settle(&mut self, changes: &Changes) {
        let act = self.change.act;
        if let Some(now) = changes.newest_first.iter().find(|change| change.act == act) {
            self.change = now.clone();
        }
        let seq = self.change.seq;
        // What was told a moment ago is not in the ledger yet.
        let is_told = changes.recorded_to.is_some() && changes.has_recorded(&self.change);
        if is_told && !self.asked.is_busy() && self.asked_of != Some(seq) {
            self.asked_of = Some(seq);
            self.asked.ask(Question::Parts(act, MOST_PARTS));
        }
    }
}
