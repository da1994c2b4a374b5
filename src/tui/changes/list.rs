//! The list of changes: what is in memory, and older ones from the ledger as far as somebody scrolls or asks. It follows the
//! newest, or stands still where somebody reads.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::ask::{Ask, Range};
use crate::model::change::{Act, Change};
use crate::service::Changes;
use crate::service::past::{Page, Question};
use crate::tui::past::Asked;
use crate::tui::tenant_list::scrolled;

/// How many changes are asked of the ledger at a time.
pub const PAGE: usize = 200;
/// How many may be asked for at once where very many stand at the same moment.
const MOST_OF_A_PAGE: usize = 20_000;
/// How many from the ledger are kept here. Whoever wants to see more of them asks for a stretch of time.
pub const MOST_OLDER: usize = 10_000;

/// A question that the list answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posed {
    /// As it was written.
    pub text: String,
    /// As it was understood.
    pub ask: Ask,
    /// It is still being written: what is in memory answers it, the ledger is not asked yet.
    pub draft: bool,
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The change.
    pub change: Arc<Change>,
    /// It is among those in memory.
    pub in_memory: bool,
}

/// A change's place in the list: its time, its number, and what makes two of the ledger differ.
type Key = (Timestamp, u64, Reverse<Act>);

fn key(change: &Change) -> Key {
    (change.time, change.seq, Reverse(change.act))
}

/// The list, its question, and the place in it.
#[derive(Debug, Default)]
pub struct ChangeList {
    /// What is asked; everything where nothing is.
    pub posed: Option<Posed>,
    /// What is wrong with the question that is being written.
    pub error: Option<String>,
    /// What shows, newest first.
    pub rows: Vec<Row>,
    /// The question to the ledger.
    pub asked: Asked,
    /// From the ledger, and what has left the memory since; newest first.
    older: Vec<Arc<Change>>,
    /// The ledger has said all that there is.
    is_all: bool,
    /// The ledger has answered at least once.
    answered: bool,
    /// How many are asked for.
    limit: usize,
    /// Which state of the memory the rows are of.
    built: Option<Arc<Changes>>,
    /// The place of the change that is read; none while following.
    anchor: Option<Key>,
    /// The number that the next change had when following stopped.
    seen: u64,
    next_seq: u64,
    /// The selected line, counted from the newest.
    pub cursor: usize,
    /// The first line on the screen.
    pub top: usize,
}

impl ChangeList {
    /// Whether the newest change is always shown.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.anchor.is_none()
    }

    /// How many changes came since following stopped.
    #[must_use]
    pub fn unseen(&self) -> usize {
        if self.follows() {
            return 0;
        }
        self.rows.iter().filter(|row| row.in_memory && row.change.seq >= self.seen).count()
    }

    /// Follows again. What was read of the past is let go.
    pub fn follow(&mut self) {
        self.anchor = None;
        if self.posed.is_none() {
            self.let_go();
        }
    }

    /// Shows what fits this question, or all again.
    pub fn pose(&mut self, posed: Option<Posed>) {
        self.anchor = None;
        self.posed = posed;
        self.let_go();
    }

    /// The memory forgets, and so does the list. A question is asked of the ledger anew.
    pub fn forget(&mut self) {
        self.anchor = None;
        self.rows.clear();
        self.let_go();
    }

    fn let_go(&mut self) {
        self.older.clear();
        (self.is_all, self.answered, self.limit) = (false, false, PAGE);
        self.asked.drop_it();
        self.built = None;
    }

    /// Stands still at the selected line.
    pub fn stand(&mut self) {
        if self.follows() {
            self.seen = self.next_seq;
        }
        let read = self.rows.get(self.cursor);
        self.anchor =
            Some(read.map_or((Timestamp::MIN, 0, Reverse(Act::from_number(0))), |row| key(&row.change)));
    }

    /// Selects the line that is `by` further down, or up. Reading stops the following.
    pub fn move_by(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Selects that line, or the last.
    pub fn select(&mut self, line: usize) {
        self.cursor = line.min(self.rows.len().saturating_sub(1));
        self.stand();
    }

    /// The selected change.
    #[must_use]
    pub fn selected(&self) -> Option<&Arc<Change>> {
        self.rows.get(self.cursor).map(|row| &row.change)
    }

    /// As many are kept here as may be, and the ledger has more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.is_all && self.older.len() >= MOST_OLDER
    }

    /// Whether what shows is all that fits.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_all
    }

    /// Takes in what is in memory now, keeps the read change selected and on the screen, and asks the ledger for what is
    /// missing.
    pub fn settle(&mut self, changes: &Arc<Changes>, height: usize) {
        if self.built.as_ref().is_none_or(|built| !Arc::ptr_eq(built, changes)) {
            self.keep_what_left(changes);
            self.build(changes);
            self.built = Some(changes.clone());
        }
        self.next_seq = changes.next_seq;
        match self.anchor {
            None => (self.cursor, self.top) = (0, 0),
            Some(anchor) => {
                let before = self.cursor;
                self.cursor = self
                    .rows
                    .partition_point(|row| key(&row.change) > anchor)
                    .min(self.rows.len().saturating_sub(1));
                // What comes in above pushes the whole page down, not the reader's line.
                self.top = self.top.saturating_add(self.cursor.saturating_sub(before));
                self.top = scrolled(self.top, self.cursor, height, self.rows.len());
            }
        }
        if changes.recorded_to.is_some() {
            self.ask(height);
        }
    }

    /// What has left the memory since stands between it and what came from the ledger.
    fn keep_what_left(&mut self, changes: &Changes) {
        let Some(oldest) = changes.newest_first.last().filter(|_| self.answered) else { return };
        let there: HashSet<Act> = changes.newest_first.iter().map(|change| change.act).collect();
        let left =
            |row: &&Row| row.in_memory && row.change.time <= oldest.time && !there.contains(&row.change.act);
        let left: Vec<Arc<Change>> = self.rows.iter().filter(left).map(|row| row.change.clone()).collect();
        if left.is_empty() {
            return;
        }
        self.older.extend(left);
        self.older.sort_by_key(|change| Reverse(key(change)));
        self.bound();
    }

    fn bound(&mut self) {
        if self.older.len() > MOST_OLDER {
            self.older.truncate(MOST_OLDER);
            self.is_all = false;
        }
    }

    fn build(&mut self, changes: &Changes) {
        let passes = |change: &&Arc<Change>| self.posed.as_ref().is_none_or(|posed| posed.ask.passes(change));
        // What is older than the oldest of the ledger's answer may have others between that are not known yet.
        let is_partial = self.posed.is_some() && self.answered && !self.is_all;
        let floor = self.older.last().filter(|_| is_partial).map(|change| change.time);
        let known = changes.newest_first.iter().filter(passes);
        let known = known.filter(|change| floor.is_none_or(|floor| change.time >= floor));
        let mut rows: Vec<Row> = known.map(|it| Row { change: it.clone(), in_memory: true }).collect();
        if !self.older.is_empty() {
            // The memory knows best what an act reads like now, also where that does not fit any more.
            let there: HashSet<Act> = changes.newest_first.iter().map(|change| change.act).collect();
            let older = self.older.iter().filter(|change| !there.contains(&change.act));
            rows.extend(older.map(|it| Row { change: it.clone(), in_memory: false }));
            rows.sort_by_key(|row| Reverse(key(&row.change)));
        }
        self.rows = rows;
    }

    /// Asks for the next page where somebody comes near the end, and for the first one of a question at once.
    fn ask(&mut self, height: usize) {
        let is_draft = self.posed.as_ref().is_some_and(|posed| posed.draft);
        if self.is_all || is_draft || self.asked.is_busy() || self.older.len() >= MOST_OLDER {
            return;
        }
        let is_near_end = self.top + 2 * height.max(1) >= self.rows.len();
        let wants = match &self.posed {
            Some(_) => !self.answered || is_near_end,
            None => !self.follows() && is_near_end,
        };
        if !wants {
            return;
        }
        let base = self.posed.as_ref().map(|posed| posed.ask.clone()).unwrap_or_default();
        let last = match self.posed {
            Some(_) => self.older.last(),
            None => self.rows.last().map(|row| &row.change),
        };
        // Others may stand at the same moment as the last: what is here already is not taken twice.
        let after = SignedDuration::from_nanos(1);
        let until = last.map(|last| last.time.checked_add(after).unwrap_or(Timestamp::MAX));
        self.limit = self.limit.max(PAGE);
        self.asked.ask(Question::Changes(before(base, until), self.limit));
    }

    /// The ledger has answered.
    pub fn told(&mut self, page: Page) {
        self.answered = true;
        self.is_all = !page.more;
        let before = self.older.len();
        let there: HashSet<Act> = self.older.iter().map(|change| change.act).collect();
        self.older.extend(page.newest_first.into_iter().filter(|change| !there.contains(&change.act)));
        // Where more than a page stand at one moment only a larger page leads on.
        let leads_on = self.older.len() > before || self.is_all;
        self.limit = if leads_on { PAGE } else { self.limit * 4 };
        self.is_all |= self.limit > MOST_OF_A_PAGE;
        self.older.sort_by_key(|change| Reverse(key(change)));
        self.bound();
        self.built = None;
    }
}

/// The same question, up to that moment.
fn before(ask: Ask, until: Option<Timestamp>) -> Ask {
    let Some(until) = until else { return ask };
    let range = ask.range.unwrap_or(Range { from: Timestamp::MIN, to: None });
    let to = range.to.map_or(until, |to| to.min(until));
    Ask { range: Some(Range { to: Some(to), ..range }), ..ask }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
