//! Runs of callmaps, as the console and the shell ask for them: one ticket a run, whose progress everybody can read.
//!
//! The *board* (`board.rs`) takes orders and cancels; each run is a task of its own (`run.rs`), which finds out where
//! tenants are (`find.rs`), asks, and publishes how far it is. The *scribe* (`scribe.rs`) writes runs into the ledger and
//! knows the last good one; what changed near a broken layer is gathered by `nearby.rs`.

mod board;
mod find;
mod nearby;
mod run;
mod scribe;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::tickets::Numbers;
use super::{Changes, Connected};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::progress::{Progress, Runs};
use crate::model::callmap::report::Report;
use crate::model::fleet::Fleet;
use crate::model::host::HostName;
use crate::model::ledger::Where;
use crate::model::ticket::{Door, TicketId};

/// How many orders may wait for the board.
const MOST_ORDERS: usize = 256;
/// How many runs that ended are kept for whoever reads them here; the ledger has more.
const MOST_ENDED: usize = 64;

/// How a callmap is to be run.
#[derive(Clone, Debug)]
pub struct RunOrder {
    /// Who asks.
    pub actor: Arc<str>,
    /// Through which door.
    pub door: Door,
    /// The report of an earlier run of the same callmap: what was well in it is not asked again.
    pub again: Option<Arc<Report>>,
}

/// What runs know of the world beside what they ask.
#[derive(Clone)]
pub(super) struct World {
    /// The engines, to ask where containers are.
    pub hosts: Vec<(HostName, watch::Receiver<Connected>)>,
    /// The fleet.
    pub fleet: watch::Receiver<Arc<Fleet>>,
    /// The changes.
    pub changes: watch::Receiver<Arc<Changes>>,
}

/// Runs callmaps. Its tasks end when it is dropped, and what runs with them.
pub struct Callmaps {
    runs: watch::Sender<Arc<Runs>>,
    orders: mpsc::Sender<board::Command>,
    numbers: Arc<Numbers>,
    _tasks: JoinSet<()>,
}

impl Callmaps {
    /// Runs callmaps without any host: those that ask for no tenant's containers need none, and no engine is waited for.
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn alone(ledger: Option<Where>) -> Self {
        let (_, fleet) = watch::channel(Arc::default());
        let (_, changes) = watch::channel(Arc::default());
        Callmaps::start(World { hosts: Vec::new(), fleet, changes }, ledger, Arc::default())
    }

    pub(super) fn start(world: World, ledger: Option<Where>, numbers: Arc<Numbers>) -> Self {
        let (runs, _) = watch::channel(Arc::default());
        let (orders, commands) = mpsc::channel(MOST_ORDERS);
        let mut tasks = JoinSet::new();
        tasks.spawn(board::keep(world, ledger, runs.clone(), commands));
        Callmaps { runs, orders, numbers, _tasks: tasks }
    }

    /// All runs as they are at each moment.
    #[must_use]
    pub fn runs(&self) -> watch::Receiver<Arc<Runs>> {
        self.runs.subscribe()
    }

    /// Runs a callmap. The run is among `runs` at once; one of the same file that still goes on is called off. Nothing
    /// where too many orders wait.
    #[must_use = "how it fares shows under this number"]
    pub fn run(&self, callmap: Arc<Callmap>, order: RunOrder) -> Option<TicketId> {
        let ticket = self.numbers.next();
        let place = self.orders.try_reserve().ok()?;
        let RunOrder { actor, door, again } = order;
        let progress = Progress::new(&callmap, ticket, actor, door, Timestamp::now());
        self.runs.send_modify(|runs| *runs = Arc::new(runs.with(progress.clone(), MOST_ENDED)));
        place.send(board::Command::Run(Box::new(board::Asked { callmap, progress, again })));
        Some(ticket)
    }

    /// Calls a run off.
    pub fn cancel(&self, ticket: TicketId) {
        // Full only where hundreds of orders wait; then it can be said again.
        let _ = self.orders.try_send(board::Command::Cancel(ticket));
    }
}
