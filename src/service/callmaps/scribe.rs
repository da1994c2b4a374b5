//! What of runs is written into the ledger, and read there.
//!
//! A run only asks: it changes nothing, and nobody relies on its record. So its first question does not wait for the
//! ledger. That it begins is written while the first answers are under way, and before anything is said of its end; a
//! process that is killed in between leaves an open row, which everybody can tell for one that was cut off. Only a kill
//! within the milliseconds before that row is there leaves nothing, as if nobody had asked.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::ledger::{self, Ledger};
use crate::model::ask::{Ask, Range};
use crate::model::callmap::kept::{Run, RunBody};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::report::Report;
use crate::model::change::Change;
use crate::model::ledger::Where;
use crate::model::ticket::Ticket;

/// How long after its deadline a run is over for sure.
const AND_THEN: Duration = Duration::from_secs(120);
/// How many tickets are looked at for changes.
const MOST_TICKETS: usize = 200;
/// How many changes are: those of the last minutes of a busy fleet, or of days of a calm one.
const MOST_CHANGES: usize = 5000;

/// The ledger, opened by the first run.
pub(super) struct Scribe {
    place: Option<Where>,
    ledger: OnceCell<Ledger>,
}

impl Scribe {
    pub fn new(place: Option<Where>) -> Self {
        Scribe { place, ledger: OnceCell::new() }
    }

    /// Writes that a run begins.
    pub async fn begin(&self, run: &Run, callmap: &Callmap) -> Result<(), Arc<str>> {
        let until = run.asked.checked_add(callmap.deadline + AND_THEN).unwrap_or(Timestamp::MAX);
        match self.ledger().await?.begin_run(run, ledger::here(), until).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("something else has its number already".into()),
            Err(error) => Err(error.to_string().into()),
        }
    }

    /// The last run of the same callmap that was well, as far as that can be read.
    pub async fn last_good(&self, run: &Run) -> Option<Arc<Report>> {
        self.ledger().await.ok()?.last_good(run).await.ok().flatten().map(Arc::new)
    }

    /// Writes the end of a run whose beginning was written.
    pub async fn end(&self, run: &Run, body: Option<&RunBody>) -> Result<(), Arc<str>> {
        match self.ledger().await?.end_run(run, body).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("its beginning is not in the ledger any more".into()),
            Err(error) => Err(error.to_string().into()),
        }
    }

    /// The latest tickets; none where they cannot be read.
    pub async fn tickets(&self) -> Vec<Ticket> {
        match self.ledger().await {
            Ok(ledger) => ledger.tickets(MOST_TICKETS).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// What changed since then, newest first; none where it cannot be read.
    pub async fn changes_since(&self, from: Timestamp) -> Vec<Arc<Change>> {
        let ask = Ask { range: Some(Range { from, to: None }), terms: Vec::new() };
        let answer = match self.ledger().await {
            Ok(ledger) => ledger.changes(&ask, MOST_CHANGES).await.unwrap_or_default(),
            Err(_) => return Vec::new(),
        };
        answer.newest_first.into_iter().map(Arc::new).collect()
    }

    async fn ledger(&self) -> Result<&Ledger, Arc<str>> {
        let Some(place) = &self.place else { return Err("there is no ledger".into()) };
        self.ledger.get_or_try_init(|| Ledger::open(place)).await.map_err(|error| error.to_string().into())
    }
}
