//! What the console, the command line and the keeper all call: the live fleet, the feed of changes, and usage.

mod activity;
mod callmaps;
mod calls;
mod chronicle;
pub mod clock;
pub mod doctor;
pub mod duties;
pub mod hooks;
mod host;
mod inventory;
pub mod machine;
pub mod past;
mod recorder;
pub mod requests;
mod tickets;
mod usage;
mod whereabouts;

use std::collections::HashMap;
use std::net::SocketAddr;
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
use crate::model::naming::Naming;
use crate::model::ticket::TicketId;
use crate::model::work::{Order, TenantKey, Work};
use clock::Clock;
use duties::Duties;
use hooks::Hooks;
use past::Past;
use whereabouts::Atlas;

pub use callmaps::{Callmaps, RunOrder};
pub use chronicle::Changes;
pub use tickets::Rules;
pub use usage::{Trend, Usages, Wanted, current};
pub use whereabouts::Nowhere;

/// How many reports may wait for the inventory; then the hosts wait.
const MOST_NEWS: usize = 1024;
/// How many inspects may wait for one host; more than that, and it lists instead.
const MOST_ORDERS: usize = 256;
/// How much the ledger may say before the inventory has heard it.
const MOST_SAID: usize = 64;
/// How many tickets may be asked for before the desk has seen them.
const MOST_COMMANDS: usize = 4096;

/// A running service. Its tasks end when it is dropped.
pub struct Service {
    fleet: watch::Receiver<Arc<Fleet>>,
    changes: watch::Receiver<Arc<Changes>>,
    usages: watch::Receiver<Arc<Usages>>,
    wanted: watch::Sender<Arc<Wanted>>,
    forget: Arc<Notify>,
    reconcile: HashMap<HostName, Arc<Notify>>,
    work: watch::Receiver<Arc<Work>>,
    commands: mpsc::Sender<tickets::Command>,
    callmaps: Callmaps,
    past: Past,
    atlas: Atlas,
    duties: Duties,
    hooks: Hooks,
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
    /// Starts watching these hosts, and takes orders by these rules. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(hosts: Vec<HostSpec>, naming: Naming, rules: Rules) -> Service {
        let clock = Clock::start();
        let naming = Arc::new(naming);
        let (news_in, news) = mpsc::channel(MOST_NEWS);
        let (wanted, wanted_seen) = watch::channel(Arc::new(Wanted::default()));
        let (readings_in, readings) = mpsc::channel(MOST_NEWS);
        let (usages_in, usages) = watch::channel(Arc::new(Usages::default()));
        let mut tasks = JoinSet::new();
        let mut lines = Vec::new();
        let mut pending = Vec::new();
        for (index, spec) in hosts.into_iter().enumerate() {
            let (orders, orders_seen) = mpsc::channel(MOST_ORDERS);
            let reconcile = Arc::new(Notify::new());
            let line = Line { spec: spec.clone(), orders: orders.clone(), reconcile: reconcile.clone() };
            lines.push(line);
            pending.push((index, spec, orders, orders_seen, reconcile));
        }
        let reconcile = lines.iter().map(|line| (line.spec.name.clone(), line.reconcile.clone())).collect();
        let forget = Arc::new(Notify::new());
        let (told_in, told) = mpsc::channel(recorder::MOST_TOLD);
        let (said_in, said) = mpsc::channel(MOST_SAID);
        let (looked_in, looked) = watch::channel(None);
        let recorded = rules.ledger.clone().filter(|_| rules.records);
        let (inventory, fleet, changes) =
            inventory::Inventory::new(lines, clock, recorded.is_some().then_some(told_in));
        let (commands_in, commands) = mpsc::channel(MOST_COMMANDS);
        let (work_in, work) = watch::channel(Arc::new(Work::default()));
        let (mut connections, mut places) = (Vec::new(), Vec::new());
        for (index, spec, orders, orders_seen, reconcile) in pending {
            let (connected_in, connected) = watch::channel::<Connected>(None);
            connections.push((spec.name.clone(), connected.clone()));
            let (name, connected_seen) = (spec.name.clone(), connected.clone());
            places.push(activity::Place { name, connected: connected_seen, orders: orders.clone() });
            tasks.spawn(usage::watch_host(
                spec.name.clone(),
                connected,
                fleet.clone(),
                wanted_seen.clone(),
                orders,
                readings_in.clone(),
                clock,
            ));
            let task = host::HostTask {
                index,
                spec,
                naming: naming.clone(),
                copies: rules.copies.clone(),
                news: news_in.clone(),
                orders: orders_seen,
                reconcile,
                connected: connected_in,
                clock,
                brief: rules.brief,
            };
            tasks.spawn(task.run());
        }
        let world =
            callmaps::World { hosts: connections.clone(), fleet: fleet.clone(), changes: changes.clone() };
        let callmaps = Callmaps::start(world, rules.ledger.clone());
        let past = Past::new(rules.ledger.clone());
        let duties = Duties::new(rules.ledger.clone());
        let hooks = Hooks::new(connections.clone());
        let read = looked.clone();
        if let Some(place) = recorded {
            let hosts = connections.iter().map(|(host, _)| host.clone()).collect();
            let (retention, work) = (rules.retention, work.clone());
            let start = recorder::Start { place, retention, hosts, told, work, looked, out: said_in };
            tasks.spawn(recorder::keep(start));
        }
        let measuring = activity::Start {
            hosts: places,
            fleet: fleet.clone(),
            rules: rules.measures.clone(),
            ledger: rules.ledger.clone(),
            clock,
        };
        let uses = activity::start(measuring, &mut tasks);
        let atlas = Atlas { hosts: connections.clone().into(), fleet: fleet.clone() };
        let desk = tickets::Start {
            rules,
            hosts: connections,
            fleet: fleet.clone(),
            commands,
            work: work_in,
            looked: looked_in,
        };
        tasks.spawn(tickets::keep(desk));
        let sources = inventory::Sources { news, work: work.clone(), ledger: said };
        tasks.spawn(inventory.run(sources, forget.clone()));
        tasks.spawn(usage::collect(readings, usages_in, wanted_seen));
        let (commands, tasks) = (commands_in, Mutex::new(tasks));
        Service {
            fleet,
            changes,
            usages,
            wanted,
            forget,
            reconcile,
            work,
            commands,
            callmaps,
            past,
            atlas,
            duties,
            hooks,
            read,
            uses,
            tasks,
        }
    }

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

    /// The address at which a tenant answers now: its engine is asked.
    ///
    /// # Errors
    /// It does not run, its engine does not answer, or it cannot be told which container and port is meant.
    pub async fn locate(&self, tenant: &TenantKey, lead: &Lead) -> Result<SocketAddr, Nowhere> {
        self.atlas.locate(tenant, lead).await
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
        let mut numbers = Vec::new();
        for ticket in tickets::tickets(order, Timestamp::now()) {
            let id = ticket.id;
            let asked =
                tickets::Asked { ticket, force: order.force, deeper: order.deeper, timeout: order.timeout };
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

    /// Waits until a task ends. They never do by themselves: this is how a fault of ours is found out.
    ///
    /// # Errors
    /// Always: the panic's message, or that a task ended.
    pub async fn watch_tasks(&self) -> Result<(), String> {
        match self.tasks.lock().await.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                let panic = error.into_panic();
                let text = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned());
                Err(text.unwrap_or_else(|| "a panic without a message".to_owned()))
            }
            _ => Err("a task of the service ended".to_owned()),
        }
    }
}
