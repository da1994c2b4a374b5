//! The keeper: what works while nobody looks. It knows neither config nor screen: `cli/keeper.rs` hands in what it needs.
//!
//! A round (`round.rs`) looks at everything and says who goes now; `work.rs` asks the hook first (`veto.rs`), then for the
//! dumps, and tells what became of them (`say.rs`). Of all keepers on a ledger one does so (`lease.rs`). Each has a door (`door/`)
//! where requests ask for tenants, which wakes them (`wakes/`).

pub mod door;
mod lease;
mod round;
mod say;
mod standing;
mod veto;
pub mod wakes;
mod work;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::model::keeper::Rules;
use crate::service::Service;
use lease::Right;

pub use lease::{LEASE, own_name};
pub use standing::Standing;

/// What a keeper needs.
pub struct Start {
    /// The hosts, the ledger, the measures.
    pub service: Arc<Service>,
    /// By which tenants are put to sleep.
    pub rules: Arc<Rules>,
    /// This machine's zone, for rules that name none.
    pub zone: TimeZone,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// A running keeper. It ends when it is dropped; what it was at is then found by others as cut off.
pub struct Keeper {
    rules: watch::Sender<Arc<Rules>>,
    standing: watch::Sender<Standing>,
    stop: mpsc::Sender<work::Stop>,
    quit: watch::Sender<bool>,
    lease: Option<JoinHandle<()>>,
    work: JoinHandle<()>,
    service: Arc<Service>,
}

impl Keeper {
    /// Begins. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(start: Start) -> Keeper {
        let Start { service, rules, zone, dry_run } = start;
        // Until it works, the ledger keeps what another one measures.
        service.leads(false);
        let (rules, rules_seen) = watch::channel(rules);
        let (stop, stops) = mpsc::channel(1);
        let (quit, quits) = watch::channel(false);
        let first = if dry_run {
            Standing { active: true, since: Timestamp::now(), holder: own_name(), dry_run, fault: None }
        } else {
            Standing::unknown()
        };
        let (standing, standing_seen) = watch::channel(first);
        // One that asks for nothing needs no lease, and must not keep it from one that does.
        let right = if dry_run { Right::for_ever() } else { Right::default() };
        let lease = (!dry_run)
            .then(|| tokio::spawn(lease::keep(service.duties(), right.clone(), standing.clone(), quits)));
        let begin = work::Begin {
            service: service.clone(),
            rules: rules_seen,
            zone,
            dry_run,
            right,
            standing: standing_seen,
            stops,
        };
        let work = tokio::spawn(work::Work::new(begin).run());
        Keeper { rules, standing, stop, quit, lease, work, service }
    }

    /// Which keeper works.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Other rules from now on.
    pub fn replace(&self, rules: Arc<Rules>) {
        self.rules.send_replace(rules);
    }

    /// Waits until it ends. It never does by itself: this is how a fault of ours is found out.
    ///
    /// # Errors
    /// Always: the panic's message, or that it ended.
    pub async fn watch(&mut self) -> Result<(), String> {
        let ended = match &mut self.lease {
            Some(lease) => tokio::select! { ended = &mut self.work => ended, ended = lease => ended },
            None => (&mut self.work).await,
        };
        match ended {
            Err(error) => Err(error.to_string()),
            Ok(()) => Err("the keeper ended by itself".to_owned()),
        }
    }

    /// Takes nothing new, waits so long for what it is at, calls off what has not begun by then, and gives the lease back.
    pub async fn stop(mut self, patience: Duration) {
        let (done_in, done) = oneshot::channel();
        if self.stop.send(work::Stop { patience, done: done_in }).await.is_ok() {
            let _ = done.await;
        }
        self.quit.send_replace(true);
        if let Some(lease) = self.lease.take() {
            let _ = lease.await;
            let is_ours = self.standing.borrow().active;
            if is_ours {
                lease::give_back(&self.service.duties()).await;
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.work.abort();
        if let Some(lease) = &self.lease {
            lease.abort();
        }
    }
}
