//! What the console, the command line and the keeper all call: the live fleet, the feed of changes, and usage.

mod activity;
mod callmaps;
mod calls;
mod chronicle;
pub mod clock;
pub mod doctor;
pub mod duties;
mod holes;
pub mod hooks;
mod host;
mod inventory;
mod losses;
pub mod machine;
pub mod panics;
pub mod past;
mod reach;
mod recorder;
pub mod requests;
mod start;
mod tickets;
mod usage;
mod whereabouts;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::model::callmap::map::Callmap;
use crate::model::callmap::progress::Runs;
use crate::model::container::ContainerId;
use crate::model::door::Lead;
use crate::model::fleet::Fleet;
use crate::model::host::{HostName, HostSpec};
use crate::model::needs::Accepted;
use crate::model::reach::Candidate;
use crate::model::ticket::TicketId;
use crate::model::work::{Order, TenantKey, Work};
use duties::Duties;
use hooks::Hooks;
use past::Past;
use whereabouts::Atlas;

pub use callmaps::{Callmaps, RunOrder};
pub use chronicle::Changes;
pub use losses::Losses;
pub use tickets::Rules;
pub use usage::{Trend, Usages, Wanted, current};
pub use whereabouts::Nowhere;

/// A running service. Its tasks end when it is dropped.
pub struct Service {
    fleet: watch::Receiver<Arc<Fleet>>,
    changes: watch::Receiver<Arc<Changes>>,
    usages: watch::Receiver<Arc<Usages>>,
    wanted: watch::Sender<Arc<Wanted>>,
    forget: Arc<Notify>,
    reconcile: HashMap<HostName, Arc<Notify>>,
    orders: HashMap<HostName, mpsc::Sender<ContainerId>>,
    work: watch::Receiver<Arc<Work>>,
    commands: mpsc::Sender<tickets::Command>,
    numbers: Arc<tickets::Numbers>,
    callmaps: Callmaps,
    past: Past,
    atlas: Atlas,
    duties: Duties,
    hooks: Hooks,
    losses: Losses,
    read: watch::Receiver<Option<Timestamp>>,
    uses: activity::Uses,
    tasks: Mutex<JoinSet<()>>,
}

/// What ties one host's tasks and the inventory together.
struct Line {
    spec: HostSpec,
    /// Inspects that the inventory asks for.
    orders: mpsc::Sender<ContainerId>,
    /// List again, now.
    reconcile: Arc<Notify>,
}

/// The engine of one host while it is connected.
type Connected = Option<Arc<dyn Engine>>;

impl Service {
    /// The fleet as it is known at each moment.
    #[must_use]
    pub fn fleet(&self) -> watch::Receiver<Arc<Fleet>> {
        self.fleet.clone()
    }

    /// The changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<Changes>> {
        self.changes.clone()
    }

    /// What the ledger can be asked of the past.
    #[must_use]
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// What only one process of those on the ledger may do.
    #[must_use]
    pub fn duties(&self) -> Duties {
        self.duties.clone()
    }

    /// Programs in containers and addresses that are asked whether something may be done.
    #[must_use]
    pub fn hooks(&self) -> Hooks {
        self.hooks.clone()
    }

    /// What would go with tenants whose containers are removed.
    #[must_use]
    pub fn losses(&self) -> Losses {
        self.losses.clone()
    }

    /// When the ledger was last read: `work` shows all that others had written by then.
    #[must_use]
    pub fn read(&self) -> watch::Receiver<Option<Timestamp>> {
        self.read.clone()
    }

    /// What the wanted containers use.
    #[must_use]
    pub fn usages(&self) -> watch::Receiver<Arc<Usages>> {
        self.usages.clone()
    }

    /// Says whose usage is looked at now. All others are not read, since reading costs the engines.
    pub fn want(&self, wanted: Wanted) {
        self.wanted.send_if_modified(|before| {
            let differs = **before != wanted;
            if differs {
                *before = Arc::new(wanted);
            }
            differs
        });
    }

    /// The address at which a tenant answers now: its engine is asked, and the address takes connections.
    ///
    /// # Errors
    /// It does not run, it or its engine does not answer, or it cannot be told which container and port is meant.
    pub async fn locate(&self, tenant: &TenantKey, lead: &Lead) -> Result<Candidate, Nowhere> {
        self.atlas.locate(tenant, lead).await
    }

    /// Whether that address takes connections now.
    pub async fn answers(&self, candidate: Candidate) -> bool {
        reach::answering(&[candidate]).await.is_ok()
    }

    /// Tickets, sleepers, and what the hosts can do.
    #[must_use]
    pub fn work(&self) -> watch::Receiver<Arc<Work>> {
        self.work.clone()
    }

    /// Asks for work: one ticket a tenant, whose numbers are returned. How they fare shows in `work`. Where too many wait
    /// already, the rest gets no ticket.
    #[must_use = "how they fare shows under these numbers"]
    pub fn ask(&self, order: &Order) -> Vec<TicketId> {
        self.ask_accepting(order, &[])
    }

    /// As `ask`, for a wake that goes on without what the operator accepts as lost.
    #[must_use = "how they fare shows under these numbers"]
    pub fn ask_accepting(&self, order: &Order, accepted: &[Accepted]) -> Vec<TicketId> {
        let mut numbers = Vec::new();
        for ticket in tickets::tickets(order, &self.numbers, Timestamp::now()) {
            let id = ticket.id;
            let asked = tickets::Asked {
                ticket,
                force: order.force,
                deeper: order.deeper,
                timeout: order.timeout,
                accepted: accepted.to_vec(),
            };
            if self.commands.try_send(tickets::Command::Ask(Box::new(asked))).is_err() {
                break;
            }
            numbers.push(id);
        }
        numbers
    }

    /// Calls a ticket off, where its step allows it.
    pub fn cancel(&self, ticket: TicketId) {
        // Full only where thousands of orders wait: then it is one of many, and can be said again.
        let _ = self.commands.try_send(tickets::Command::Cancel(ticket));
    }

    /// Waits until what was cut off, by whomever, is finished or undone as far as its hosts answer now.
    pub async fn mended(&self) {
        if self.work().borrow().is_calm() {
            return;
        }
        let (done, looked) = oneshot::channel();
        if self.commands.send(tickets::Command::Look(done)).await.is_err() || looked.await.is_err() {
            return;
        }
        let _ = self.work().wait_for(|work| work.own == 0).await;
    }

    /// Runs a callmap; see `Callmaps::run`.
    #[must_use = "how it fares shows under this number"]
    pub fn run_callmap(&self, callmap: Arc<Callmap>, order: RunOrder) -> Option<TicketId> {
        self.callmaps.run(callmap, order)
    }

    /// Calls a run of a callmap off.
    pub fn cancel_callmap(&self, ticket: TicketId) {
        self.callmaps.cancel(ticket);
    }

    /// The runs of callmaps, those under way and the latest that ended.
    #[must_use]
    pub fn callmap_runs(&self) -> watch::Receiver<Arc<Runs>> {
        self.callmaps.runs()
    }

    /// Has a container inspected. Nothing where too many wait already.
    pub fn inspect(&self, host: &str, container: &ContainerId) {
        if let Some(orders) = self.orders.get(host) {
            let _ = orders.try_send(container.clone());
        }
    }

    /// Lists all hosts again now; those that wait to be tried again are tried at once.
    pub fn reconcile(&self) {
        for notify in self.reconcile.values() {
            notify.notify_one();
        }
    }

    /// Forgets the changes told so far.
    pub fn forget_changes(&self) {
        self.forget.notify_one();
    }

    /// Waits until a task of this program panics, here or in any other room, or one of the service ends. None does by itself:
    /// this is how a fault of ours is found out.
    ///
    /// # Errors
    /// Always: the panic's message, or that a task ended.
    pub async fn watch_tasks(&self) -> Result<(), String> {
        let mut tasks = self.tasks.lock().await;
        tokio::select! {
            biased;
            message = panics::first() => Err(message),
            ended = tasks.join_next() => match ended {
                Some(Err(error)) if error.is_panic() => Err(panics::message(&*error.into_panic())),
                _ => Err("a task of the service ended".to_owned()),
            },
        }
    }
}
