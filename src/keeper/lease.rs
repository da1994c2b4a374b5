//! Which keeper works: the one that has the duty in the ledger. It says every three seconds that it lives; the others look
//! every second whether it still does.
//!
//! Whoever cannot say so in time stops acting before its lease ends, by its own two clocks: one that does not go on while the
//! machine sleeps, and one that somebody may set. So there are never two that act, as far as the clocks of their machines agree.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{info, warn};

use super::Standing;
use crate::model::holder::Holder;
use crate::model::keeper::rules::later;
use crate::model::plain::plain;
use crate::model::work::KEEPER;
use crate::service::duties::{Duties, Taken};

/// How long a lease lasts that nobody renews.
pub const LEASE: Duration = Duration::from_secs(12);
/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// How often one that stands by looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So long before the end of its lease a keeper stops acting.
const MARGIN: Duration = Duration::from_secs(2);
/// How long one question to the ledger may take: there must be time for another.
const WITHIN: Duration = Duration::from_secs(4);

/// How often whoever stands by tries whether it could write.
const TRY_EVERY: Duration = Duration::from_secs(5);

/// Whether this keeper may act now; asked right before it does.
#[derive(Clone, Debug, Default)]
pub struct Right(Arc<Mutex<Option<Until>>>);

/// Until when, by both clocks.
#[derive(Clone, Copy, Debug)]
struct Until {
    steady: Instant,
    wall: Timestamp,
}

impl Right {
    /// One that never ends: for whoever only says what it would do.
    #[must_use]
    pub fn for_ever() -> Right {
        let right = Right::default();
        let far = Instant::now() + Duration::from_secs(100 * 365 * 86_400);
        right.set(Some(Until { steady: far, wall: Timestamp::MAX }));
        right
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until.steady && Timestamp::now() < until.wall)
    }

    fn set(&self, until: Option<Until>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn ends(&self) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|until| until.steady)
    }
}

/// Keeps the lease, or looks for it, until `stop` says so. Whether it is given back then is for the caller.
pub async fn keep(
    duties: Duties,
    right: Right,
    standing: watch::Sender<Standing>,
    mut stop: watch::Receiver<bool>,
) {
    let mut keeper = Lease { duties, right, standing, complaint: None, tried: None };
    loop {
        let began = Instant::now();
        let every = keeper.turn(began).await;
        let mut until = began + every;
        if let Some(ends) = keeper.right.ends() {
            // Whoever looks on hears at once that it has ended.
            until = until.min(ends.max(Instant::now()));
        }
        tokio::select! {
            () = sleep_until(until) => {}
            // Whoever could say it is gone, or has said it.
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

struct Lease {
    duties: Duties,
    right: Right,
    standing: watch::Sender<Standing>,
    /// What was said last of a ledger that does not answer: it is said once.
    complaint: Option<String>,
    /// When writing was last tried while another keeper works, and what was wrong with it.
    tried: Option<(Instant, Option<Arc<str>>)>,
}

impl Lease {
    /// Asks for the duty once, and says when to ask again.
    async fn turn(&mut self, began: Instant) -> Duration {
        let now = Timestamp::now();
        let taken = timeout(WITHIN, self.duties.take(KEEPER, now, LEASE)).await;
        match taken.unwrap_or_else(|_| Err(format!("no answer in {} s", WITHIN.as_secs()))) {
            Ok(Taken::Ours { since }) => {
                let for_so_long = LEASE.saturating_sub(MARGIN);
                let until = Until { steady: began + for_so_long, wall: later(now, for_so_long) };
                self.right.set(Some(until));
                self.complaint = None;
                self.works(since);
                RENEW_EVERY
            }
            Ok(Taken::Theirs(held)) => {
                self.complaint = None;
                let fault = self.writable(began).await;
                self.stands_by(&name(&held.holder), held.since, fault);
                LOOK_EVERY
            }
            Err(why) => {
                let fault: Arc<str> = plain(&why).into();
                if self.complaint.as_ref() != Some(&why) {
                    warn!(reason = %fault, "the lease could not be asked for");
                    self.complaint = Some(why);
                }
                if self.right.holds() {
                    let now = Standing { fault: Some(fault), ..self.standing.borrow().clone() };
                    self.tell(now);
                } else {
                    self.stops(fault);
                }
                LOOK_EVERY
            }
        }
    }

    fn works(&self, since: Timestamp) {
        let now = Standing { active: true, since, holder: own_name(), dry_run: false, fault: None };
        if !self.standing.borrow().active {
            info!(holder = %now.holder, "works");
        }
        self.tell(now);
    }

    fn stands_by(&self, holder: &str, since: Timestamp, fault: Option<Arc<str>>) {
        self.right.set(None);
        let now = Standing { active: false, since, holder: holder.into(), dry_run: false, fault };
        let before = self.standing.borrow().clone();
        if before.active {
            warn!(%holder, "another keeper has taken over, since this one was silent for too long");
        } else if before.holder != now.holder {
            info!(%holder, "stands by: another keeper works");
        }
        self.tell(now);
    }

    /// The lease has run out, and nobody is known to have taken it.
    fn stops(&self, fault: Arc<str>) {
        self.right.set(None);
        if self.standing.borrow().active {
            warn!("stops acting: the lease could not be renewed in time");
        }
        self.tell(Standing { fault: Some(fault), ..Standing::unknown() });
    }

    /// Whoever stands by only reads when it looks for the lease; that it could write, and so wake tenants and take over, is tried now and
    /// then.
    async fn writable(&mut self, now: Instant) -> Option<Arc<str>> {
        if self.tried.as_ref().is_none_or(|(at, _)| now.duration_since(*at) >= TRY_EVERY) {
            let done = timeout(WITHIN, self.duties.try_to_write(KEEPER)).await;
            let done = done.unwrap_or_else(|_| Err(format!("no answer in {} s", WITHIN.as_secs())));
            self.tried = Some((now, done.err().map(|why| plain(&why).into())));
        }
        self.tried.as_ref().and_then(|(_, fault)| fault.clone())
    }

    fn tell(&self, now: Standing) {
        self.standing.send_if_modified(|before| {
            let differs = *before != now;
            *before = now;
            differs
        });
    }
}

/// Gives the lease back, so that the next keeper need not wait.
pub async fn give_back(duties: &Duties) {
    match timeout(WITHIN, duties.give_back(KEEPER)).await {
        Ok(Ok(())) => info!("the lease is given back"),
        Ok(Err(why)) => warn!(reason = %plain(&why), "the lease could not be given back: it runs out"),
        Err(_) => warn!("the lease could not be given back in time: it runs out"),
    }
}

/// This process, as people know it.
#[must_use]
pub fn own_name() -> Arc<str> {
    name(crate::service::duties::here())
}

fn name(holder: &Holder) -> Arc<str> {
    plain(&format!("{} (process {})", holder.machine, holder.pid)).into()
}
