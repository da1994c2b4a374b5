//! The keeper at work: a round whenever something changed or something is due, at most once a second.

mod end;
mod see;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::info;

use super::Standing;
use super::lease::Right;
use super::round::Go;
use super::say::Said;
use super::veto::Veto;
use crate::model::container::Phase;
use crate::model::fleet::Fleet;
use crate::model::keeper::patience::Patience;
use crate::model::keeper::{Activities, Calendar, Rules, Sight};
use crate::model::method::Method;
use crate::model::plain::plain;
use crate::model::ticket::{Door, Task, TicketId};
use crate::model::work::{Order, Record, TenantKey, Work as Tickets};
use crate::service::{Service, machine};

/// Who asks.
const ACTOR: &str = "keeper";
/// Rounds are at least so far from each other.
const REST: Duration = Duration::from_secs(1);
/// And at most so far: what nobody tells of is seen by then.
const LONGEST: Duration = Duration::from_secs(30);
/// When is looked again where ledger and snapshot were not of one moment.
const SOON: Duration = Duration::from_millis(100);
/// A ticket that has not been seen for so long was not taken.
const UNSEEN: Duration = Duration::from_secs(60);

/// The wish that it ends.
pub struct Stop {
    pub patience: Duration,
    pub done: oneshot::Sender<()>,
}

/// What the work needs.
pub struct Begin {
    pub service: Arc<Service>,
    pub rules: watch::Receiver<Arc<Rules>>,
    pub zone: TimeZone,
    pub dry_run: bool,
    pub right: Right,
    pub standing: watch::Receiver<Standing>,
    pub stops: mpsc::Receiver<Stop>,
}

/// The keeper at work.
pub struct Work {
    service: Arc<Service>,
    zone: TimeZone,
    dry_run: bool,
    right: Right,
    standing: watch::Receiver<Standing>,
    rules: watch::Receiver<Arc<Rules>>,
    /// The rules of the round before: what was said by others is forgotten.
    by: Arc<Rules>,
    stops: mpsc::Receiver<Stop>,
    fleet: watch::Receiver<Arc<Fleet>>,
    tickets: watch::Receiver<Arc<Tickets>>,
    activity: watch::Receiver<Arc<Activities>>,
    veto: Veto,
    patience: Patience,
    said: Said,
    /// What was asked for and has not ended, as far as is known.
    own: HashMap<TicketId, Asked>,
    /// What was only said, as if it had been done.
    imagined: HashMap<TenantKey, (Method, Timestamp)>,
    is_active: bool,
}

/// A ticket of ours.
struct Asked {
    key: TenantKey,
    at: Instant,
}

/// Why a look was not possible.
enum Unready {
    /// Nothing is to be done until something changes.
    Waits,
    /// What was read is not of one moment: it soon is.
    Soon,
}

impl Work {
    pub fn new(begin: Begin) -> Work {
        let Begin { service, rules, zone, dry_run, right, standing, stops } = begin;
        let by = rules.borrow().clone();
        Work {
            zone,
            dry_run,
            right,
            standing,
            by,
            rules,
            stops,
            fleet: service.fleet(),
            tickets: service.work(),
            activity: service.activity(),
            veto: Veto::new(service.hooks()),
            patience: Patience::default(),
            said: Said::new(Timestamp::now()),
            own: HashMap::new(),
            imagined: HashMap::new(),
            is_active: false,
            service,
        }
    }

    pub async fn run(mut self) {
        loop {
            let next = self.round();
            let began = Instant::now();
            let stop = tokio::select! {
                () = sleep_until(began + REST) => None,
                Some(stop) = self.stops.recv() => Some(stop),
            };
            let stop = match stop {
                Some(stop) => Some(stop),
                None => self.wait(next).await,
            };
            if let Some(stop) = stop {
                self.end(stop.patience).await;
                // Whoever asked may be gone.
                let _ = stop.done.send(());
                // The one who asked ends us.
                return std::future::pending().await;
            }
        }
    }

    /// Waits until something changes or something is due; or until it is to end.
    async fn wait(&mut self, next: Instant) -> Option<Stop> {
        tokio::select! {
            () = sleep_until(next) => None,
            Some(stop) = self.stops.recv() => Some(stop),
            _ = self.fleet.changed() => None,
            _ = self.tickets.changed() => None,
            _ = self.activity.changed() => None,
            _ = self.rules.changed() => None,
            _ = self.standing.changed() => None,
            () = self.veto.hear() => None,
        }
    }

    /// One round; says when the next one is due.
    fn round(&mut self) -> Instant {
        let began = Instant::now();
        let now = Timestamp::now();
        let (fleet, tickets) =
            (self.fleet.borrow_and_update().clone(), self.tickets.borrow_and_update().clone());
        let activity = self.activity.borrow_and_update().clone();
        let rules = self.rules.borrow_and_update().clone();
        if !Arc::ptr_eq(&rules, &self.by) {
            self.by = rules.clone();
            self.veto.forget();
            self.imagined.clear();
        }
        self.stand();
        for (key, answer) in self.veto.fresh() {
            self.service.answered(key, answer);
        }
        self.said.hosts(&fleet);
        self.said.tickets(&tickets, self.is_active);
        let undone = self.patience.learn(&tickets.tickets);
        self.said.undone(&undone, &fleet, self.is_active);
        self.own.retain(|id, asked| match tickets.ticket(*id) {
            Some(ticket) => ticket.ended.is_none(),
            None => began.duration_since(asked.at) < UNSEEN,
        });
        match self.ready(&fleet, &tickets) {
            Err(Unready::Waits) => return began + LONGEST,
            Err(Unready::Soon) => return began + SOON,
            Ok(()) => {}
        }
        self.forget_who_is_gone(&fleet);
        self.stop_imagining(&fleet, &activity, &rules);
        let sight = Sight::new(&fleet, &tickets, machine::free(), now);
        let calendar = Calendar::new(&rules, &self.zone, now);
        let found = self.look(&calendar, &fleet, &tickets, &activity, &sight);
        if let Some(hook) = &rules.veto {
            for key in found.ask {
                let containers = running(&fleet, &key);
                self.veto.ask(hook, key, containers);
            }
        }
        for go in &found.go {
            self.act(go, now);
        }
        let due = found.next.map(|next| next.duration_since(now).unsigned_abs().min(LONGEST));
        began + due.unwrap_or(LONGEST)
    }

    /// Hears whether it works. What it has asked for and nobody has begun is called off where it does so no more: whoever works
    /// now asks for it again.
    fn stand(&mut self) {
        let active = self.standing.borrow_and_update().active;
        if active != self.is_active {
            self.service.leads(active && !self.dry_run);
            if !active {
                self.call_off(&self.tickets.borrow(), true);
            }
        }
        self.is_active = active;
    }

    /// Whether all is there that a look needs, and of one moment.
    fn ready(&self, fleet: &Fleet, tickets: &Tickets) -> Result<(), Unready> {
        if !self.is_active || !self.right.holds() || tickets.record != Record::Open {
            return Err(Unready::Waits);
        }
        // All that the keeper before wrote must have been read.
        let since = self.standing.borrow().since;
        let has_read = self.service.read().borrow().is_some_and(|read| self.dry_run || read >= since);
        if fleet.turn < tickets.turn || !has_read {
            return Err(Unready::Soon);
        }
        Ok(())
    }

    /// Has one tenant dumped, or says that it would.
    fn act(&mut self, go: &Go, now: Timestamp) {
        let (tenant, host, method) = (plain(&go.key.1), go.key.0.clone(), go.due.method);
        let cause = go.cause(now);
        if self.dry_run {
            info!(%tenant, %host, %method, %cause, "would dump");
            self.imagined.insert(go.key.clone(), (method, now));
            return;
        }
        // The round may have taken its time, or the machine may have slept.
        if !self.right.holds() {
            return;
        }
        let order = Order {
            task: Task::Dump,
            tenants: vec![go.key.clone()],
            method: Some(method),
            force: false,
            timeout: None,
            actor: ACTOR.into(),
            door: Door::Keeper,
            cause: Some(cause.as_str().into()),
            deeper: go.due.from.is_some(),
        };
        for id in self.service.ask(&order) {
            info!(%tenant, %host, %method, %cause, ticket = %id, "dumps");
            self.own.insert(id, Asked { key: go.key.clone(), at: Instant::now() });
        }
    }
}

/// The containers of a tenant that run, in their order.
fn running(fleet: &Fleet, key: &TenantKey) -> Vec<Arc<str>> {
    let tenant = fleet.tenant(&key.0, &key.1);
    let all = tenant.iter().flat_map(|tenant| tenant.counted());
    all.filter(|facts| facts.phase == Phase::Running).map(|facts| facts.id.clone()).collect()
}
