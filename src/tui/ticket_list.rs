//! The list of tickets, dumps and wakes as well as runs of callmaps: newest first, and the line that is selected.

use std::sync::Arc;

use jiff::Timestamp;

use super::tenant_list::scrolled;
use crate::model::callmap::kept::Run;
use crate::model::callmap::progress::Runs;
use crate::model::ticket::{Ticket, TicketId};
use crate::model::work::Work;

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// A dump or a wake.
    Ticket(Arc<Ticket>),
    /// A run of a callmap.
    Run(Arc<Run>),
}

impl Asked {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> TicketId {
        match self {
            Asked::Ticket(ticket) => ticket.id,
            Asked::Run(run) => run.id,
        }
    }

    /// When it was asked for.
    #[must_use]
    pub fn asked(&self) -> Timestamp {
        match self {
            Asked::Ticket(ticket) => ticket.asked,
            Asked::Run(run) => run.asked,
        }
    }
}

/// The list and its place on the screen.
#[derive(Debug, Default)]
pub struct TicketList {
    /// The tickets and runs, the last asked for first.
    pub rows: Vec<Asked>,
    /// The number of the selected row.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
    /// The ticket that somebody selected; until then the newest is.
    selected: Option<TicketId>,
}

impl TicketList {
    /// Takes in other tickets and runs; the cursor stays with the selected one.
    pub fn set(&mut self, work: &Work, runs: &Runs) {
        self.rows = work.tickets.iter().cloned().map(Asked::Ticket).collect();
        self.rows.extend(all_runs(work, runs).map(Asked::Run));
        self.rows.sort_by_key(|row| std::cmp::Reverse((row.asked(), row.id())));
        if let Some(id) = self.selected
            && let Some(at) = self.rows.iter().position(|row| row.id() == id)
        {
            self.cursor = at;
        }
    }

    /// Keeps the selected row among the `height` rows on the screen.
    pub fn settle(&mut self, height: usize) {
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.top = scrolled(self.top, self.cursor, height, self.rows.len());
    }

    /// Selects the row that is `by` further down, or up.
    pub fn move_by(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Selects that row, or the last. On the newest the cursor stays at the top when newer ones come.
    pub fn select(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).filter(|_| self.cursor > 0).map(Asked::id);
    }

    /// The selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&Asked> {
        self.rows.get(self.cursor)
    }

    /// The row of that number.
    #[must_use]
    pub fn row(&self, id: TicketId) -> Option<&Asked> {
        self.rows.iter().find(|row| row.id() == id)
    }
}

/// The runs in the record, and those of this console that are not there, or not yet with their end.
fn all_runs<'a>(work: &'a Work, runs: &'a Runs) -> impl Iterator<Item = Arc<Run>> + 'a {
    let known = |id: TicketId| work.runs.iter().find(|run| run.id == id);
    let own = runs.newest_first.iter();
    let own = own.filter(move |run| known(run.ticket).is_none_or(|run| run.outcome.is_none()));
    let kept = work.runs.iter().filter(|run| run.outcome.is_some() || runs.run(run.id).is_none());
    kept.cloned().chain(own.map(|run| Arc::new(run.told())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, callmap};
    use crate::model::callmap::kept::RunOutcome;
    use crate::model::callmap::progress::{Progress, Stage};
    use crate::model::ticket::Door;

    #[test]
    fn a_run_is_listed_once_as_far_as_anybody_knows_it() {
        let text = "product: shop\nlayers: [{name: a, targets: [127.0.0.1], probes: [{tcp: 1}]}]\n";
        let map = callmap::read("shop.yaml".as_ref(), text, &[], &Env::default()).unwrap();
        let own = |number: u32| {
            let asked = Timestamp::from_second(i64::from(number)).unwrap();
            Progress::new(&map, TicketId::from_random(number), "op1".into(), Door::Console, asked)
        };
        let (mut called_off, ended, alone) = (own(1), own(2), own(3));
        called_off.stage = Stage::Cancelled("called off".into());
        let of_another = own(4).kept();
        let kept = |run: &Progress, outcome| Arc::new(Run { outcome, ..run.kept() });
        let work = Work {
            runs: vec![
                Arc::new(of_another),
                kept(&ended, Some(RunOutcome::Ok)),
                // The record has not its end yet.
                kept(&called_off, None),
            ],
            ..Work::default()
        };
        let runs = Runs { newest_first: [alone, ended, called_off].map(Arc::new).into() };
        let mut list = TicketList::default();
        list.set(&work, &runs);
        let told: Vec<(u32, Option<RunOutcome>)> = list
            .rows
            .iter()
            .map(|row| match row {
                Asked::Run(run) => (run.id.number(), run.outcome),
                Asked::Ticket(_) => panic!("no ticket was there"),
            })
            .collect();
        let expected = [(4, None), (3, None), (2, Some(RunOutcome::Ok)), (1, Some(RunOutcome::Cancelled))];
        assert_eq!(told, expected);
    }
}
