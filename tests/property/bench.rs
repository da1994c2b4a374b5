//! One simulated host, one ledger, and one process of ours that can be killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use wakeboard::config::scenario::{Act, CallFault, Fault, Scenario};
use wakeboard::demo::{self, Running};
use wakeboard::engine::{self, Engine};
use wakeboard::ledger::{self, Ledger};
use wakeboard::model::container::Phase;
use wakeboard::model::holder::Holder;
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::naming::Naming;
use wakeboard::model::particulars::{Limits, Particulars, Restart};
use wakeboard::model::policy::Policy;
use wakeboard::model::sleeper::{Sleeper, Stage};
use wakeboard::model::ticket::{Door, Task, TicketId};
use wakeboard::model::void::is_void;
use wakeboard::model::work::{Order, Record};
use wakeboard::service::{Rules, Service};

pub const TENANTS: [&str; 2] = ["acme", "birch"];
pub const CONTAINERS: [&str; 3] = ["acme-app", "birch-app", "birch-db"];

const SCENARIO: &str = "
time_scale: 40
hosts: [{names: [web-1], experimental: true}]
roles:
  app: {image: 'shop:1', memory: 256M, restart: unless-stopped, health: true, ready: 2s}
  db: {image: 'db:1', memory: 64M, restart: always, health: true, ready: 1s}
tenants:
  - {names: [acme], tiers: {low: 1}, roles: [app], start: {running: 1}}
  - {names: [birch], tiers: {low: 1}, roles: [app, db], start: {running: 1}}
";

/// A ticket that takes longer has gone wrong.
const TICKET: Duration = Duration::from_secs(30);
const SETTLES: Duration = Duration::from_secs(40);

pub struct Bench {
    running: Running,
    service: Option<Service>,
    engine: Box<dyn Engine>,
    ledger: Ledger,
    before: BTreeMap<&'static str, (Restart, Limits)>,
    folder: tempfile::TempDir,
}

impl Bench {
    pub async fn start() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Scenario::read(Path::new("property.yaml"), SCENARIO).unwrap();
        let running = demo::spawn(&scenario, folder.path()).unwrap();
        let engine = engine::connect(&running.hosts()[0], Arc::new(Naming::default())).await.unwrap();
        let ledger = Ledger::open(&Where::Sqlite(folder.path().join("ledger.db"))).await.unwrap();
        let mut before = BTreeMap::new();
        for name in CONTAINERS {
            let found = engine.particulars(name).await.unwrap().unwrap();
            before.insert(name, (found.restart, found.limits));
        }
        let mut bench = Bench { running, service: None, engine, ledger, before, folder };
        bench.begin().await;
        bench
    }

    /// A process of ours starts.
    async fn begin(&mut self) {
        let rules = Rules {
            policy: Policy {
                timeout: Duration::from_secs(10),
                grace: Duration::from_secs(2),
                ..Policy::default()
            },
            ledger: Some(Where::Sqlite(self.folder.path().join("ledger.db"))),
            copies: None,
            mends: true,
            brief: true,
            ..Rules::default()
        };
        let service = Service::start(self.running.hosts(), Naming::default(), rules);
        let (mut fleet, mut work) = (service.fleet(), service.work());
        let up = fleet.wait_for(|fleet| fleet.hosts.iter().all(|host| host.link.is_up()));
        tokio::time::timeout(TICKET, up).await.unwrap().unwrap();
        let open = work.wait_for(|work| work.record == Record::Open);
        tokio::time::timeout(TICKET, open).await.unwrap().unwrap();
        self.service = Some(service);
    }

    pub async fn ask(
        &mut self,
        task: Task,
        tenant: usize,
        method: Option<Method>,
        deeper: bool,
        wait: Option<u64>,
    ) {
        let ids = self.order(task, TENANTS[tenant], method, deeper);
        if let Some(wait) = wait {
            sleep(Duration::from_millis(wait)).await;
        } else {
            self.ended(&ids).await;
            self.running.fault("web-1", None).unwrap();
        }
    }

    fn order(&self, task: Task, tenant: &str, method: Option<Method>, deeper: bool) -> Vec<TicketId> {
        let order = Order {
            task,
            tenants: vec![("web-1".into(), tenant.into())],
            method,
            force: false,
            timeout: None,
            actor: "op1".into(),
            door: Door::Shell,
            cause: None,
            deeper,
        };
        self.service.as_ref().unwrap().ask(&order)
    }

    /// Waits for a ticket's end; faults that would keep it for ever end on the way. What came of it.
    async fn ended(&self, ids: &[TicketId]) -> String {
        let mut work = self.service.as_ref().unwrap().work();
        let ended = |work: &Arc<wakeboard::model::work::Work>| {
            ids.iter().all(|id| work.ticket(*id).is_some_and(|ticket| ticket.ended.is_some()))
        };
        if tokio::time::timeout(Duration::from_secs(2), work.wait_for(ended)).await.is_err() {
            self.running.fault("web-1", None).unwrap();
            let _ = tokio::time::timeout(TICKET, work.wait_for(ended)).await;
        }
        let work = work.borrow();
        let told = |id: &TicketId| {
            work.ticket(*id).map(|it| format!("{} {:?} {:?} {:#?}", it.task, it.outcome, it.reason, it.steps))
        };
        ids.iter().filter_map(told).collect()
    }

    pub async fn other(&self, container: usize, act: Act) {
        // Refused where it does not suit.
        let _ = self.running.act("web-1", CONTAINERS[container], act);
        sleep(Duration::from_millis(15)).await;
    }

    pub fn fault(&self, fault: CallFault) {
        self.running.fault("web-1", Some(Fault::Call(fault))).unwrap();
    }

    /// Our process is killed wherever it is, and the next one starts: whoever held its tickets is dead.
    pub async fn crash(&mut self) {
        drop(self.service.take());
        sleep(Duration::from_millis(30)).await;
        let dead = Holder { pid: u32::MAX, ..ledger::here().clone() };
        let later = Timestamp::now() + SignedDuration::from_secs(120);
        for open in self.ledger.open_tickets().await.unwrap() {
            self.ledger.adopt(open.ticket.id, &dead, later, Duration::from_secs(30)).await.unwrap();
        }
        self.running.fault("web-1", None).unwrap();
        self.begin().await;
    }

    /// Waits until ledger and engine agree.
    pub async fn settle(&mut self) -> Result<(), String> {
        self.running.fault("web-1", None).unwrap();
        self.service.as_ref().unwrap().reconcile();
        let until = Instant::now() + SETTLES;
        let mut in_a_row = 0;
        loop {
            let wrong = self.disagreement().await;
            in_a_row = if wrong.is_none() { in_a_row + 1 } else { 0 };
            match wrong {
                // Somebody's last act may still be under way.
                None if in_a_row > 3 => return Ok(()),
                Some(wrong) if Instant::now() > until => return Err(format!("never settled: {wrong}")),
                _ => sleep(Duration::from_millis(200)).await,
            }
        }
    }

    async fn disagreement(&self) -> Option<String> {
        let open = self.ledger.open_tickets().await.unwrap();
        if let Some(open) = open.first() {
            return Some(format!("open: {:#?}", open.ticket));
        }
        let sleepers = self.ledger.sleepers().await.unwrap();
        for sleeper in &sleepers {
            let found = self.engine.particulars(&sleeper.container).await.unwrap();
            if sleeper.stage != Stage::Asleep {
                return Some(format!("on its way: {sleeper:#?}"));
            }
            if !sleeps(sleeper, found.as_ref()) {
                return Some(format!("{sleeper:#?}\nis {found:#?}"));
            }
        }
        for name in CONTAINERS {
            let Some(found) = self.engine.particulars(name).await.unwrap() else { continue };
            if sleepers.iter().any(|sleeper| sleeper.container == found.facts.id) {
                continue;
            }
            if (&found.restart, &found.limits) != (&self.before[name].0, &self.before[name].1) {
                return Some(format!("{name} was {:?}, is {found:#?}", self.before[name]));
            }
        }
        None
    }

    /// Wakes all, and looks whether all that there were run as before.
    pub async fn wake_all(&self) -> Result<(), String> {
        let sleepers = self.ledger.sleepers().await.unwrap();
        let mut expected = Vec::new();
        for name in CONTAINERS {
            let is_there = self.engine.particulars(name).await.unwrap().is_some();
            if is_there || sleepers.iter().any(|sleeper| &*sleeper.name == name && sleeper.recipe.is_some()) {
                expected.push(name);
            }
        }
        let mut told = String::new();
        for tenant in TENANTS {
            // What fell down beside its sleep is woken by a second call.
            for _ in 0..2 {
                let ids = self.order(Task::Wake, tenant, None, false);
                told += &self.ended(&ids).await;
            }
        }
        for name in expected {
            let found = self.engine.particulars(name).await.unwrap();
            let fine = found.as_ref().is_some_and(|it| {
                it.facts.phase == Phase::Running
                    && (&it.restart, &it.limits) == (&self.before[name].0, &self.before[name].1)
            });
            if !fine {
                return Err(format!(
                    "{name} was {:?}, after all is {found:#?}\nsleepers: {sleepers:#?}\n{told}",
                    self.before[name]
                ));
            }
        }
        let left = self.ledger.sleepers().await.unwrap();
        if left.is_empty() { Ok(()) } else { Err(format!("still recorded: {left:#?}\n{told}")) }
    }
}

/// Whether it sleeps as recorded. What somebody removed is made again by a wake, or forgotten where nothing can.
fn sleeps(sleeper: &Sleeper, found: Option<&Particulars>) -> bool {
    let Some(it) = found else { return true };
    let lies = match sleeper.method {
        // Killed in its sleep, it has still not been woken.
        Method::Freeze => matches!(it.facts.phase, Phase::Paused | Phase::Exited(_)),
        Method::Checkpoint | Method::Stop => matches!(it.facts.phase, Phase::Exited(_)),
        Method::Destroy => false,
    };
    lies && !is_void(sleeper, found)
}
