//! What is done for one tenant that somebody asks for, until it answers or cannot be woken. All who ask wait for the same.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tracing::warn;

use super::failures::FIRST_PAUSE;
use super::look::{Next, next};
use super::table::{Place, can_lead};
use super::{ACTOR, Wakes, lock};
use crate::model::plain::{plain, plain_to};
use crate::model::ticket::{Door, Outcome, Task, TicketId};
use crate::model::work::{Order, TenantKey};
use crate::service::Nowhere;

/// No flight takes longer.
const LONGEST: Duration = Duration::from_secs(900);
/// How often a wake is asked for that is refused, since somebody else is at the tenant.
const MOST_ASKED: u32 = 4;
/// Others' tickets show once a second.
const OTHERS_SHOW: Duration = Duration::from_millis(1200);
/// How long a tenant that has just woken may take to show where it is.
const SHOWS_WITHIN: Duration = Duration::from_secs(5);
/// How long a tenant that runs may take until it takes connections, before those who wait are told so. Whoever asks next has it
/// looked at again.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// It is looked at so often, less often with time.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const LONGEST_LOOK: Duration = Duration::from_millis(500);
/// How long an answer holds that nothing shows to be true. A tenant that is dumped again at once may never be seen awake:
/// snapshots leave out what lasted for less than their distance.
const HOLDS: Duration = Duration::from_millis(300);
/// How long a tenant may be on its way without any ticket.
const ON_ITS_WAY: Duration = Duration::from_secs(120);
/// How long a reason may be.
const LONGEST_REASON: usize = 200;

/// How a flight ends.
pub(super) type Landing = Result<Arc<Place>, Failure>;

/// Why a tenant could not be woken.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// Why, in the words of engines: for operators, never for visitors.
    pub reason: Arc<str>,
    /// The ticket that says more, where one was asked for.
    pub ticket: Option<TicketId>,
    /// It is not tried again before.
    pub until: Instant,
}

/// One flight, which many may wait for.
#[derive(Debug)]
pub(super) struct Flight {
    landed: watch::Sender<Option<Landing>>,
}

impl Default for Flight {
    fn default() -> Self {
        Flight { landed: watch::channel(None).0 }
    }
}

impl Flight {
    /// How it ended, if it has.
    pub fn landed(&self) -> Option<Landing> {
        self.landed.borrow().clone()
    }

    /// How it ends.
    pub async fn landing(&self) -> Landing {
        let mut landed = self.landed.subscribe();
        let lost = || {
            let reason = "the keeper is being ended".into();
            Err(Failure { reason, ticket: None, until: Instant::now() + FIRST_PAUSE })
        };
        match landed.wait_for(Option::is_some).await {
            Ok(landing) => landing.clone().unwrap_or_else(lost),
            Err(_) => lost(),
        }
    }
}

/// What went wrong, and whether that was a wake.
struct Fault {
    reason: String,
    ticket: Option<TicketId>,
    counts: bool,
}

fn fault(reason: impl Into<String>) -> Fault {
    Fault { reason: reason.into(), ticket: None, counts: false }
}

/// Does it, tells it, and stays for as long as the answer holds: nobody begins another one meanwhile.
pub(super) async fn fly(wakes: Weak<Wakes>, key: TenantKey, flight: Arc<Flight>) {
    let Some(wakes) = wakes.upgrade() else { return };
    let course = Course { wakes: &wakes, key: &key, turn: 0, asked: 0, has_looked: false };
    let result = timeout(LONGEST, course.run()).await.unwrap_or_else(|_| Err(fault("it takes too long")));
    match result {
        Ok(place) => {
            lock(&wakes.failures).forget(&key);
            flight.landed.send_replace(Some(Ok(place)));
            shown(&wakes, &key).await;
        }
        Err(Fault { reason, ticket, counts }) => {
            let reason: Arc<str> = plain_to(&reason, LONGEST_REASON).into();
            let (pause, is_news) = {
                let mut failures = lock(&wakes.failures);
                let pause = if counts { failures.add(&key) } else { FIRST_PAUSE };
                (pause, failures.is_news(&key, &reason))
            };
            if is_news {
                // Visitors are told nothing of it: operators find it here.
                let (tenant, host) = (plain(&key.1), &key.0);
                let ticket = ticket.map_or_else(|| "-".to_owned(), |ticket| ticket.to_string());
                warn!(%tenant, %host, %reason, %ticket, "a request could not be served");
            }
            let until = Instant::now() + pause;
            flight.landed.send_replace(Some(Err(Failure { reason, ticket, until })));
            sleep_until(until).await;
        }
    }
    lock(&wakes.flights).remove(&key);
}

/// Waits until the table shows that the tenant is awake, and answers for itself. Where it does not show, nothing is taken for
/// granted: whoever asks next has the tenant looked at anew.
async fn shown(wakes: &Wakes, (host, tenant): &TenantKey) {
    let mut tables = wakes.tables.subscribe();
    let shows = async {
        loop {
            tables.mark_unchanged();
            let fleet = wakes.service.fleet().borrow().clone();
            if fleet.tenant(host, tenant).is_some_and(|tenant| can_lead(tenant)) {
                // The table comes right after the fleet.
                let _ = timeout(Duration::from_millis(100), tables.changed()).await;
                return;
            }
            if tables.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = timeout(HOLDS, shows).await;
}

struct Course<'a> {
    wakes: &'a Arc<Wakes>,
    key: &'a TenantKey,
    /// What was done to it shows from this turn on.
    turn: u64,
    asked: u32,
    /// Others had time to show what they do.
    has_looked: bool,
}

impl Course<'_> {
    async fn run(mut self) -> Result<Arc<Place>, Fault> {
        let (mut fleet, mut work) = (self.wakes.service.fleet(), self.wakes.service.work());
        let mut waits_since = None;
        loop {
            let step = {
                let rules = self.wakes.rules();
                let (fleet, work) = (fleet.borrow_and_update().clone(), work.borrow_and_update().clone());
                next(&fleet, &work, self.key, &rules, self.turn)
            };
            if !matches!(step, Next::Wait) {
                waits_since = None;
            }
            match step {
                Next::Lead => {
                    if let Some(place) = self.lead().await? {
                        return Ok(place);
                    }
                }
                Next::Lies(_) if !self.has_looked => {
                    self.has_looked = true;
                    sleep(OTHERS_SHOW).await;
                }
                Next::Lies(reason) | Next::Hopeless(reason) => return Err(fault(reason)),
                Next::Await(ticket) => {
                    if self.ended(ticket).await == Some(Outcome::Woken)
                        && let Some(place) = self.lead().await?
                    {
                        return Ok(place);
                    }
                }
                Next::CallOff(ticket) => {
                    self.wakes.service.cancel(ticket);
                    if let Some(place) = self.wake().await? {
                        return Ok(place);
                    }
                }
                Next::Wake => {
                    if let Some(place) = self.wake().await? {
                        return Ok(place);
                    }
                }
                Next::Wait => {
                    let since = *waits_since.get_or_insert_with(Instant::now);
                    let changed = async {
                        tokio::select! {
                            changed = fleet.changed() => changed,
                            changed = work.changed() => changed,
                        }
                    };
                    match timeout_at(since + ON_ITS_WAY, changed).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Err(fault("the keeper is being ended")),
                        Err(_) => return Err(fault(format!("{} takes too long to come up", self.key.1))),
                    }
                }
            }
        }
    }

    /// Asks for a wake. Nothing where somebody else was faster, and it must be looked at anew.
    async fn wake(&mut self) -> Result<Option<Arc<Place>>, Fault> {
        if self.wakes.standing.borrow().dry_run {
            return Err(fault("this keeper only says what it would do: nothing is woken"));
        }
        let order = Order {
            task: Task::Wake,
            tenants: vec![self.key.clone()],
            method: None,
            force: false,
            timeout: None,
            actor: ACTOR.into(),
            door: Door::Request,
            cause: None,
            deeper: false,
        };
        self.asked += 1;
        let tickets = self.wakes.service.ask(&order);
        let Some(ticket) = tickets.first() else { return Err(fault("too many orders wait already")) };
        let ended = self.wakes.pending.ended(*ticket, &self.wakes.service).await;
        self.turn = self.wakes.service.work().borrow().turn;
        let Some(ended) = ended else { return Ok(None) };
        let reason = || ended.reason.clone().unwrap_or_else(|| "why is not known".to_owned());
        match ended.outcome {
            Some(Outcome::Woken) => self.lead().await,
            Some(Outcome::Refused) if self.asked < MOST_ASKED => {
                // Somebody else is at it; who, shows soon.
                let is_seen =
                    self.wakes.service.work().borrow().ticket_of(&self.key.0, &self.key.1).is_some();
                if !is_seen {
                    sleep(OTHERS_SHOW).await;
                }
                Ok(None)
            }
            // It may be up all the same: its health check has not run yet, or it was slow.
            _ => match self.found().await {
                Ok(place) => Ok(Some(place)),
                Err(_) => Err(Fault { reason: reason(), ticket: Some(ended.id), counts: true }),
            },
        }
    }

    async fn ended(&mut self, ticket: TicketId) -> Option<Outcome> {
        let ended = self.wakes.pending.ended(ticket, &self.wakes.service).await;
        self.turn = self.wakes.service.work().borrow().turn;
        ended.filter(|ended| ended.task == Task::Wake).and_then(|ended| ended.outcome)
    }

    /// Finds out where it answers. One that has just woken may show in the fleet a moment later, and may take its time until it
    /// takes connections: nobody is led to it before. Nothing where it turns out to sleep: it was put to sleep as it was looked for.
    async fn lead(&self) -> Result<Option<Arc<Place>>, Fault> {
        let began = Instant::now();
        let mut fleet = self.wakes.service.fleet();
        let mut pause = FIRST_LOOK;
        loop {
            fleet.mark_unchanged();
            let (reason, until) = match self.found().await {
                Ok(place) => return Ok(Some(place)),
                Err(Nowhere::Never(reason)) => return Err(fault(reason)),
                Err(Nowhere::NotYet(reason)) => (reason, began + SHOWS_WITHIN),
                Err(Nowhere::Silent(reason)) => {
                    // It is asked again, whatever the fleet shows.
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_LOOK);
                    fleet.mark_changed();
                    (reason, began + ANSWERS_WITHIN)
                }
            };
            if Instant::now() >= until || !matches!(timeout_at(until, fleet.changed()).await, Ok(Ok(()))) {
                return Err(fault(reason));
            }
            let (fleet, work) = (fleet.borrow().clone(), self.wakes.service.work().borrow().clone());
            let rules = self.wakes.rules();
            if let Next::Wake | Next::Await(_) | Next::CallOff(_) | Next::Lies(_) =
                next(&fleet, &work, self.key, &rules, self.turn)
            {
                return Ok(None);
            }
        }
    }

    /// Where it answers now.
    async fn found(&self) -> Result<Arc<Place>, Nowhere> {
        let lead = self.wakes.rules().lead.clone();
        let at = self.wakes.service.locate(self.key, &lead).await?;
        let place = Arc::new(Place::new(&self.key.1, at));
        self.keep(&place);
        Ok(place)
    }

    /// The next requests need not ask again.
    fn keep(&self, place: &Arc<Place>) {
        let table = self.wakes.table();
        let is_it = |entry: &&Arc<super::Entry>| entry.key == *self.key && can_lead(&entry.tenant);
        if let Some(entry) = table.by_key(self.key).filter(|entry| is_it(entry)) {
            entry.place.store(Some(place.clone()));
        }
    }
}
