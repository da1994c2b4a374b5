//! What the callmap pane shows: one run of one file, a layer of it, a probe of that.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use super::chooser::Listed;
use super::order::{listed, opened};
use super::places::{Places, places};
use super::strips::Strips;
use crate::model::callmap::progress::{LayerProgress, Progress, Row, Runs};
use crate::model::ticket::TicketId;
use crate::tui::tenant_list::scrolled;

/// How often a callmap can be run by itself, in seconds.
const EVERY: [i64; 3] = [10, 30, 60];

/// The callmap pane.
#[derive(Debug, Default)]
pub struct CallmapPane {
    /// The callmaps that were found, once somebody has asked for them.
    pub listed: Option<Arc<Vec<Listed>>>,
    /// All runs that are known.
    pub runs: Arc<Runs>,
    /// The file of the callmap that is shown.
    pub file: Option<PathBuf>,
    /// Vars in place of the file's own.
    pub vars: Vec<(String, String)>,
    /// The run of it that is shown.
    pub ticket: Option<TicketId>,
    /// What is wrong with the file, as it is now.
    pub fault: Option<String>,
    /// The list that keys go to.
    pub side: Side,
    /// The place among the layers.
    pub layers: Place,
    /// The place among the probes, by their order in the list.
    pub probes: Place,
    /// How many lines of what was before are scrolled away.
    pub notes_top: usize,
    /// The numbers of the selected layer's rows, in the order of the list.
    pub order: Vec<usize>,
    /// How often it is run by itself, and when next.
    pub every: Option<Every>,
    /// What its last runs came to.
    pub strips: Strips,
    /// The run whose end is told in the status line.
    pub awaited: Option<TicketId>,
}

/// One of the pane's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The layers.
    #[default]
    Layers,
    /// The probes of the selected one.
    Probes,
    /// What changed near, and what was before.
    Notes,
}

/// The place in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The selected line.
    pub at: usize,
    /// The first line on the screen.
    pub top: usize,
    /// Somebody has chosen it. Until then the worst is.
    pub is_chosen: bool,
}

/// How often a callmap is run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// In seconds.
    pub seconds: i64,
    /// When next.
    pub next: Timestamp,
}

impl CallmapPane {
    /// Shows the callmap of that file, of which nothing may be known yet.
    pub fn open(&mut self, file: &Path) {
        if self.file.as_deref() != Some(file) {
            self.ticket = self.runs.of(file).map(|run| run.ticket);
            self.file = Some(file.to_owned());
            (self.every, self.strips) = (None, Strips::default());
        }
        self.fault = None;
        self.look_anew();
    }

    /// A run of that file has begun.
    pub fn begun(&mut self, file: &Path, ticket: TicketId, is_awaited: bool) {
        if self.file.as_deref() != Some(file) {
            self.open(file);
        }
        (self.ticket, self.fault) = (Some(ticket), None);
        if is_awaited {
            self.awaited = Some(ticket);
        }
    }

    /// Goes to what is worst again, whatever was chosen.
    pub fn look_anew(&mut self) {
        (self.side, self.layers, self.probes) = (Side::Layers, Place::default(), Place::default());
        self.notes_top = 0;
    }

    /// Takes in how runs fare. Returns the run that is awaited, when it has come to its end.
    pub fn set_runs(&mut self, runs: Arc<Runs>) -> Option<Arc<Progress>> {
        self.runs = runs;
        if let Some(run) = self.run().cloned() {
            self.strips.take(&run);
        }
        let ended = self.awaited.and_then(|ticket| self.runs.run(ticket)).filter(|run| run.stage.is_end());
        let ended = ended.cloned();
        if ended.is_some() {
            self.awaited = None;
        }
        ended
    }

    /// The run that is shown.
    #[must_use]
    pub fn run(&self) -> Option<&Arc<Progress>> {
        self.runs.run(self.ticket?)
    }

    /// The selected layer.
    #[must_use]
    pub fn layer(&self) -> Option<&LayerProgress> {
        self.run()?.layers.get(self.layers.at).map(|layer| &**layer)
    }

    /// The selected probe.
    #[must_use]
    pub fn row(&self) -> Option<&Row> {
        self.layer()?.rows.get(*self.order.get(self.probes.at)?)
    }

    /// Where the parts of the pane are.
    #[must_use]
    pub fn places(&self, inner: Rect) -> Places {
        let layers = self.run().map_or(0, |run| run.layers.len());
        places(inner, layers, self.has_strips())
    }

    /// Whether what the last runs came to is shown.
    #[must_use]
    pub fn has_strips(&self) -> bool {
        self.every.is_some() || self.strips.len() > 1
    }

    /// Keeps what is selected among what there is, and on the screen.
    pub fn settle(&mut self, inner: Rect) {
        let places = self.places(inner);
        let Some(run) = self.run().cloned() else {
            self.order.clear();
            return;
        };
        if !self.layers.is_chosen {
            self.layers.at = opened(&run);
        }
        self.layers.settle(run.layers.len(), places.layers.height);
        let rows = run.layers.get(self.layers.at).map_or(&[][..], |layer| &layer.rows);
        // Answers that come change the order; who has chosen a probe stays with it.
        let chosen = self.order.get(self.probes.at).copied().filter(|_| self.probes.is_chosen);
        self.order = listed(rows);
        match chosen.and_then(|row| self.order.iter().position(|other| *other == row)) {
            Some(at) => self.probes.at = at,
            None => self.probes = Place::default(),
        }
        self.probes.settle(self.order.len(), places.probes.height);
    }

    /// Selects the line that is `by` further down, or up, in the list that keys go to. What was before is scrolled by at
    /// most `notes` lines.
    pub fn move_by(&mut self, by: isize, notes: usize) {
        match self.side {
            Side::Layers => self.choose_layer(self.layers.at.saturating_add_signed(by)),
            Side::Probes => self.choose_probe(self.probes.at.saturating_add_signed(by)),
            Side::Notes => self.notes_top = self.notes_top.saturating_add_signed(by).min(notes),
        }
    }

    /// Selects a layer.
    pub fn choose_layer(&mut self, at: usize) {
        let last = self.run().map_or(0, |run| run.layers.len().saturating_sub(1));
        self.layers = Place { at: at.min(last), is_chosen: true, ..self.layers };
        self.probes = Place::default();
        self.order.clear();
    }

    /// Selects a probe.
    pub fn choose_probe(&mut self, at: usize) {
        let last = self.order.len().saturating_sub(1);
        self.layers.is_chosen = true;
        self.probes = Place { at: at.min(last), is_chosen: true, ..self.probes };
    }

    /// Goes from one way of being run by itself to the next: 10 s, 30 s, 60 s, not at all.
    pub fn turn_every(&mut self, now: Timestamp) {
        let at =
            self.every.map_or(0, |every| 1 + EVERY.iter().position(|it| *it == every.seconds).unwrap_or(0));
        self.every = EVERY.get(at).map(|seconds| Every {
            seconds: *seconds,
            next: now.saturating_add(SignedDuration::from_secs(*seconds)).unwrap_or(now),
        });
    }

    /// Whether it is to be run by itself now. Then the next time is set.
    pub fn is_due(&mut self, now: Timestamp) -> bool {
        let Some(every) = self.every.as_mut().filter(|every| every.next <= now) else { return false };
        every.next = now.saturating_add(SignedDuration::from_secs(every.seconds)).unwrap_or(now);
        self.fault.is_none() && self.run().is_none_or(|run| run.stage.is_end())
    }
}

impl Place {
    fn settle(&mut self, count: usize, height: u16) {
        self.at = self.at.min(count.saturating_sub(1));
        self.top = scrolled(self.top, self.at, usize::from(height), count);
    }
}
