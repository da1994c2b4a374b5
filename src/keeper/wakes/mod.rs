//! Wakes that requests ask for: one a tenant, however many ask.
//!
//! The *table* (`table.rs`) has every tenant, and where those answer that are awake. For the others a *flight* (`flight.rs`)
//! does what is to be done (`look.rs`); whoever asks meanwhile waits for the same one, in a bounded *queue* (`queue.rs`). A
//! flight belongs to nobody: those who hang up end nothing.

mod count;
mod failures;
mod flight;
mod follow;
pub mod look;
mod queue;
mod recheck;
pub mod table;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::Standing;
use crate::model::door::DoorRules;
use crate::model::host::HostName;
use crate::model::ticket::TicketId;
use crate::model::work::TenantKey;
use crate::service::Service;
use count::Counts;
use failures::Failures;
use flight::{Flight, Landing};
use follow::Pending;
use queue::Queue;
use table::{Entry, Place, Table};

pub use count::{BUCKETS, Counted};

/// Who orders the wakes of this door.
pub const ACTOR: &str = "wake door";

/// How long an engine may take to say where a tenant is that is awake.
const LOOK_WITHIN: Duration = Duration::from_secs(5);
/// So many tenants may wait to be looked at again; more are looked at in their turn.
const MOST_DOUBTS: usize = 64;

/// Wakes that requests ask for.
pub struct Wakes {
    service: Arc<Service>,
    standing: watch::Receiver<Standing>,
    rules: ArcSwap<DoorRules>,
    table: ArcSwap<Table>,
    /// Grows with each table, and by one more when the rules change.
    tables: watch::Sender<u64>,
    renew: Arc<Notify>,
    queue: Arc<Queue>,
    flights: Mutex<HashMap<TenantKey, Arc<Flight>>>,
    failures: Mutex<Failures>,
    pending: Pending,
    counts: Counts,
    /// Tenants whose places are to be looked at again now.
    doubts: mpsc::Sender<TenantKey>,
    tasks: Mutex<JoinSet<()>>,
}

/// What somebody who asks for a tenant is told.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is awake, and there. `waited` where it was not known at once.
    Awake {
        /// Where it answers.
        place: Arc<Place>,
        /// It was woken, or looked for.
        waited: bool,
    },
    /// Too many wait already.
    Full,
    /// It cannot be woken now; try again after that time.
    Failed {
        /// Why, in the words of engines: for operators, never for visitors.
        reason: Arc<str>,
        /// The ticket that says more, where one was asked for.
        ticket: Option<TicketId>,
        /// When to try again.
        after: Duration,
    },
    /// It is on its way, and takes longer than they wait.
    OnItsWay,
}

impl Wakes {
    /// Begins. Its tasks end when it is dropped.
    #[must_use]
    pub fn start(service: Arc<Service>, standing: watch::Receiver<Standing>, rules: DoorRules) -> Arc<Self> {
        // What is asked for by name can be any tenant, those too that are yet to come.
        service.requests().count_all();
        let (fleet, now) = (service.fleet().borrow().clone(), Instant::now().into_std());
        let first = Table::of(&fleet, &Table::default(), &service.requests(), now);
        let (doubts, doubted) = mpsc::channel(MOST_DOUBTS);
        let wakes = Arc::new(Wakes {
            standing,
            rules: ArcSwap::from_pointee(rules),
            table: ArcSwap::from_pointee(first),
            tables: watch::channel(0).0,
            renew: Arc::default(),
            queue: Arc::default(),
            flights: Mutex::default(),
            failures: Mutex::default(),
            pending: Pending::default(),
            counts: Counts::since(Timestamp::now()),
            doubts,
            tasks: Mutex::default(),
            service,
        });
        {
            let mut tasks = lock(&wakes.tasks);
            // They hold no `Wakes`, so that it can go, and they with it.
            let (fleet, renew) = (wakes.service.fleet(), wakes.renew.clone());
            tasks.spawn(follow::keep_table(Arc::downgrade(&wakes), fleet, renew));
            tasks.spawn(follow::follow(Arc::downgrade(&wakes), wakes.service.work()));
            tasks.spawn(recheck::keep(Arc::downgrade(&wakes), doubted));
        }
        wakes
    }

    /// New rules, at a reload.
    pub fn replace(&self, rules: DoorRules) {
        self.rules.store(Arc::new(rules));
        // Addresses were found out by the old ones.
        self.renew.notify_one();
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> arc_swap::Guard<Arc<DoorRules>> {
        self.rules.load()
    }

    /// The tenants.
    #[must_use]
    pub fn table(&self) -> arc_swap::Guard<Arc<Table>> {
        self.table.load()
    }

    /// The service behind it.
    #[must_use]
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// How this keeper stands beside others.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// How many wait on each host.
    #[must_use]
    pub fn waiting(&self) -> Vec<(HostName, usize)> {
        self.queue.lengths()
    }

    /// How many tenants are being looked after for those who wait.
    #[must_use]
    pub fn flights(&self) -> usize {
        lock(&self.flights).values().filter(|flight| flight.landed().is_none()).count()
    }

    /// How dumps and wakes went since this began.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.counts.read()
    }

    /// Somebody asks for that tenant, and waits so long: it is woken if it sleeps.
    pub async fn awake(self: &Arc<Self>, entry: &Entry, patience: Duration) -> Answer {
        entry.seen.mark(Timestamp::now());
        if let Some(place) = entry.warm() {
            return Answer::Awake { place, waited: false };
        }
        let (flight, waiting) = match self.board(&entry.key) {
            Boarded::Landed(landing) => return told(&landing),
            Boarded::Full => return Answer::Full,
            Boarded::On(flight, waiting) => (flight, waiting),
        };
        let landing = timeout(patience, flight.landing()).await;
        drop(waiting);
        landing.map_or(Answer::OnItsWay, |landing| told(&landing))
    }

    /// Where that tenant answers, if it is awake: nothing is woken, and nothing counts as use.
    pub async fn place(&self, entry: &Entry) -> Option<Arc<Place>> {
        if let Some(place) = entry.warm() {
            return Some(place);
        }
        if !table::can_lead(&entry.tenant) {
            return None;
        }
        let lead = self.rules.load().lead.clone();
        let at = timeout(LOOK_WITHIN, self.service.locate(&entry.key, &lead)).await.ok()?.ok()?;
        let place = Arc::new(Place::new(&entry.key.1, at));
        // The next requests need not ask again.
        entry.place.store(Some(place.clone()));
        Some(place)
    }

    /// Somebody did not reach that tenant at the place that is known of it: that is looked at again now.
    pub fn doubt(&self, entry: &Entry) {
        // Where many wait, its turn comes within seconds.
        let _ = self.doubts.try_send(entry.key.clone());
    }

    /// The flight of that tenant, a new one where there is none, and a place in the queue.
    fn board(self: &Arc<Self>, key: &TenantKey) -> Boarded {
        let (most, most_of_all) = {
            let rules = self.rules.load();
            (rules.queue, rules.queue_all)
        };
        let mut flights = lock(&self.flights);
        let known = flights.get(key).cloned();
        if let Some(landing) = known.as_ref().and_then(|flight| flight.landed()) {
            return Boarded::Landed(landing);
        }
        // Those whose callers have hung up go on, and count.
        if known.is_none() && flights.len() >= most_of_all.max(1) * 2 {
            return Boarded::Full;
        }
        let Some(waiting) = self.queue.enter(&key.0, most, most_of_all) else { return Boarded::Full };
        let flight = known.unwrap_or_else(|| {
            let flight = Arc::new(Flight::default());
            flights.insert(key.clone(), flight.clone());
            let mut tasks = lock(&self.tasks);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(flight::fly(Arc::downgrade(self), key.clone(), flight.clone()));
            flight
        });
        Boarded::On(flight, waiting)
    }
}

enum Boarded {
    Landed(Landing),
    On(Arc<Flight>, queue::Waiting),
    Full,
}

fn told(landing: &Landing) -> Answer {
    match landing {
        Ok(place) => Answer::Awake { place: place.clone(), waited: true },
        Err(failure) => Answer::Failed {
            reason: failure.reason.clone(),
            ticket: failure.ticket,
            after: failure.until.saturating_duration_since(Instant::now()),
        },
    }
}

/// Nothing is done under these locks that could leave anything half done.
fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}
