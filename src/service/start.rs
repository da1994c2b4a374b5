//! How all tasks of a service are started, and tied together.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::callmaps::{self, Callmaps};
use super::clock::Clock;
use super::duties::Duties;
use super::hooks::Hooks;
use super::losses::Losses;
use super::past::Past;
use super::whereabouts::Atlas;
use super::{
    Connected, Line, Rules, Service, Usages, Wanted, activity, host, inventory, recorder, tickets, usage,
};
use crate::canary;
use crate::engine;
use crate::model::container::ContainerId;
use crate::model::fleet::Fleet;
use crate::model::host::{HostName, HostSpec};
use crate::model::naming::Naming;
use crate::model::work::Work;

/// How many reports may wait for the inventory; then the hosts wait.
pub(super) const MOST_NEWS: usize = 1024;
/// How many inspects may wait for one host; more than that, and it lists instead.
const MOST_ORDERS: usize = 256;
/// How much the ledger may say before the inventory has heard it.
const MOST_SAID: usize = 64;
/// How many tickets may be asked for before the desk has seen them.
const MOST_COMMANDS: usize = 4096;

/// A host that is about to be watched.
struct Place {
    spec: HostSpec,
    orders: mpsc::Sender<ContainerId>,
    orders_seen: mpsc::Receiver<ContainerId>,
    reconcile: Arc<Notify>,
}

/// What the tasks of all hosts share.
struct Watching<'a> {
    naming: Arc<Naming>,
    rules: &'a Rules,
    news: mpsc::Sender<host::News>,
    fleet: watch::Receiver<Arc<Fleet>>,
    wanted: watch::Receiver<Arc<Wanted>>,
    readings: mpsc::Sender<usage::Read>,
    clock: Clock,
}

impl Service {
    /// Starts watching these hosts, and takes orders by these rules. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(hosts: Vec<HostSpec>, naming: Naming, rules: Rules) -> Service {
        let clock = Clock::start();
        let (news_in, news) = mpsc::channel(MOST_NEWS);
        let (wanted, wanted_seen) = watch::channel(Arc::new(Wanted::default()));
        let (readings_in, readings) = mpsc::channel(MOST_NEWS);
        let (usages_in, usages) = watch::channel(Arc::new(Usages::default()));
        let mut tasks = JoinSet::new();
        let places: Vec<Place> = hosts.into_iter().map(place).collect();
        let lines: Vec<Line> = places.iter().map(line).collect();
        let orders = lines.iter().map(|line| (line.spec.name.clone(), line.orders.clone())).collect();
        let reconcile = lines.iter().map(|line| (line.spec.name.clone(), line.reconcile.clone())).collect();
        let forget = Arc::new(Notify::new());
        let (told_in, told) = mpsc::channel(recorder::MOST_TOLD);
        let (said_in, said) = mpsc::channel(MOST_SAID);
        let (looked_in, looked) = watch::channel(None);
        let recorded = rules.ledger.clone().filter(|_| rules.records);
        let (inventory, fleet, changes) =
            inventory::Inventory::new(lines, clock, recorded.is_some().then_some(told_in));
        let numbers = Arc::new(tickets::Numbers::default());
        let (commands_in, commands) = mpsc::channel(MOST_COMMANDS);
        let (work_in, work) = watch::channel(Arc::new(Work::default()));
        let watching = Watching {
            naming: Arc::new(naming),
            rules: &rules,
            news: news_in,
            fleet: fleet.clone(),
            wanted: wanted_seen.clone(),
            readings: readings_in,
            clock,
        };
        let (connections, measured) = watching.all(places, &mut tasks);
        let world =
            callmaps::World { hosts: connections.clone(), fleet: fleet.clone(), changes: changes.clone() };
        let callmaps = Callmaps::start(world, rules.ledger.clone(), numbers.clone());
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
            hosts: measured,
            fleet: fleet.clone(),
            rules: rules.measures.clone(),
            ledger: rules.ledger.clone(),
            clock,
        };
        let uses = activity::start(measuring, &mut tasks);
        let losses = Losses {
            hosts: connections.clone().into(),
            fleet: fleet.clone(),
            ignore: rules.policy.losses.ignore.clone().into(),
        };
        let atlas = Atlas { hosts: connections.clone().into(), fleet: fleet.clone() };
        let desk = tickets::Start {
            rules,
            hosts: connections,
            fleet: fleet.clone(),
            commands,
            work: work_in,
            looked: looked_in,
            last_look: uses.last_look(),
            numbers: numbers.clone(),
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
            orders,
            work,
            commands,
            numbers,
            callmaps,
            past,
            atlas,
            duties,
            hooks,
            losses,
            read,
            uses,
            tasks,
        }
    }
}

fn place(spec: HostSpec) -> Place {
    let (orders, orders_seen) = mpsc::channel(MOST_ORDERS);
    Place { spec, orders, orders_seen, reconcile: Arc::new(Notify::new()) }
}

fn line(place: &Place) -> Line {
    let Place { spec, orders, reconcile, .. } = place;
    Line { spec: spec.clone(), orders: orders.clone(), reconcile: reconcile.clone() }
}

impl Watching<'_> {
    /// Starts the tasks of all hosts. Gives the ways to their engines, and what is needed to measure there.
    fn all(
        &self,
        places: Vec<Place>,
        tasks: &mut JoinSet<()>,
    ) -> (Vec<(HostName, watch::Receiver<Connected>)>, Vec<activity::Place>) {
        let (mut connections, mut measured) = (Vec::new(), Vec::new());
        for (index, place) in places.into_iter().enumerate() {
            let Place { spec, orders, orders_seen, reconcile } = place;
            let (connected_in, connected) = watch::channel::<Connected>(None);
            connections.push((spec.name.clone(), connected.clone()));
            let (name, connected_seen) = (spec.name.clone(), connected.clone());
            measured.push(activity::Place { name, connected: connected_seen, orders: orders.clone() });
            tasks.spawn(usage::watch_host(
                spec.name.clone(),
                connected,
                self.fleet.clone(),
                self.wanted.clone(),
                orders,
                self.readings.clone(),
                self.clock,
            ));
            let task = host::HostTask {
                index,
                spec,
                naming: self.naming.clone(),
                options: engine::Options {
                    exports: self.rules.copies.clone(),
                    helper: canary::helper(self.rules.policy.helper),
                },
                news: self.news.clone(),
                orders: orders_seen,
                reconcile,
                connected: connected_in,
                clock: self.clock,
                brief: self.rules.brief,
            };
            tasks.spawn(task.run());
        }
        (connections, measured)
    }
}
