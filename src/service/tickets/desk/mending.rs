//! What the desk mends: it reads what other consoles wrote, and ends what they left open.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{Desk, MOST_ENDED};
use crate::ledger::{self, Ledger};
use crate::model::holding::Wanted;
use crate::model::host::HostName;
use crate::model::ticket::Ticket;
use crate::model::work::{KEEPER, Keeping};
use crate::service::tickets::shift::{self, Duty};
use crate::service::tickets::{holders, leftovers, tidy, told};

/// How many runs of callmaps are shown.
const MOST_RUNS: usize = 200;
/// Holders are looked at after this time, though nothing has changed: somebody may have removed one.
const HOLD_AGAIN: Duration = Duration::from_secs(600);

/// A tenant that could not be brought back is tried again after this time, then after twice as long, and so on: each try is a
/// ticket in everybody's feed.
const MEND_AGAIN: Duration = Duration::from_secs(10);
/// The longest such wait.
const MEND_AT_LEAST_EVERY: Duration = Duration::from_secs(15 * 60);

impl Desk {
    /// Reads what others wrote, and looks for what was cut off. Says whether something is new.
    pub(super) async fn look(&mut self) -> bool {
        let ledger = self.tools.ledger.clone();
        let began = Timestamp::now();
        let version = match ledger.version().await {
            Ok(version) => version,
            Err(error) => {
                warn!(%error, "the ledger cannot be read");
                return false;
            }
        };
        let mut news = self.version != Some(version);
        // Sleepers and tickets are read one after the other. Where somebody wrote in between, they do not fit together: a
        // sleeper may be on its way whose ticket has ended. That is looked at again before anybody mends it.
        let mut is_of_one_moment = true;
        if news {
            match self.read(&ledger).await {
                Ok(()) => {
                    is_of_one_moment = ledger.version().await.is_ok_and(|after| after == version);
                    self.version = Some(version).filter(|_| is_of_one_moment);
                }
                Err(error) => {
                    warn!(%error, "the ledger cannot be read");
                    return false;
                }
            }
        } else if self.runs.iter().any(|run| run.outcome.is_none()) {
            // One that is cut off does not write so.
            news = self.read_runs(&ledger).await.unwrap_or(false);
        }
        if !self.brief {
            news |= self.look_for_keeper(&ledger).await;
        }
        self.read = Some(began);
        self.numbers.refill(&ledger).await;
        if is_of_one_moment && self.mends && !self.tools.policy.read_only {
            self.mend(&ledger).await;
        }
        news
    }

    async fn read(&mut self, ledger: &Ledger) -> Result<(), ledger::LedgerError> {
        let sleepers = ledger.sleepers().await?.into_iter();
        let sleepers = sleepers.map(|it| (it.container.clone(), Arc::new(it))).collect();
        self.abilities = ledger.abilities().await?;
        let is_mine = |ticket: &Arc<Ticket>| self.mine.contains_key(&ticket.id);
        if self.brief {
            // What is over is for those who look on: in a ledger that has been used for a while it takes a short command 5 ms.
            let open = ledger.open_tickets().await?.into_iter().map(|open| Arc::new(open.ticket));
            self.others = open.filter(|ticket| !is_mine(ticket)).collect();
        } else {
            let tickets = ledger.tickets(MOST_ENDED).await?.into_iter().map(Arc::new);
            let (ended, open): (Vec<_>, Vec<_>) =
                tickets.filter(|ticket| !is_mine(ticket)).partition(|ticket| ticket.ended.is_some());
            (self.ended, self.others) = (ended.into(), open);
            self.read_runs(ledger).await?;
        }
        self.sleepers = sleepers;
        self.turn += 1;
        Ok(())
    }

    /// Reads which keeper works. Says whether it is another than before.
    async fn look_for_keeper(&mut self, ledger: &Ledger) -> bool {
        // One that cannot be read now is as it was.
        let Ok(held) = ledger.duty(KEEPER).await else { return false };
        let now = Timestamp::now();
        let keeper = held.filter(|held| !held.is_free(now)).map(|held| Keeping {
            machine: held.holder.machine.into(),
            pid: held.holder.pid,
            since: held.since,
        });
        std::mem::replace(&mut self.keeper, keeper) != self.keeper
    }

    /// Reads the runs of callmaps. Says whether they are others than before.
    async fn read_runs(&mut self, ledger: &Ledger) -> Result<bool, ledger::LedgerError> {
        let runs = ledger.runs(MOST_RUNS, Timestamp::now()).await?;
        let runs: Vec<_> = runs.into_iter().map(Arc::new).collect();
        let differ = runs != self.runs;
        self.runs = runs;
        Ok(differ)
    }

    /// Finishes or undoes what was cut off: open tickets that nobody holds, and sleepers left on their way.
    async fn mend(&mut self, ledger: &Ledger) {
        self.sweep();
        self.hold();
        if self.others.is_empty() && self.sleepers.is_empty() {
            return;
        }
        if ledger.seal().await.is_err() {
            // Without the key of what sleeps nobody can bring it back: that is left to those who have it.
            return;
        }
        let now = Timestamp::now();
        if !self.others.is_empty() {
            let open = ledger.open_tickets().await.unwrap_or_default();
            for open in open {
                let host = open.ticket.host.clone();
                let known = self.mine.contains_key(&open.ticket.id);
                if known || !open.is_orphaned(now) || !self.is_free(&host, &open.ticket.tenant) {
                    continue;
                }
                let adopted = ledger.adopt(open.ticket.id, &self.tools.holder, now, shift::LEASE).await;
                if adopted.unwrap_or(false) {
                    let duty = Duty::Recover { containers: open.containers, adopted: true };
                    self.others.retain(|other| other.id != open.ticket.id);
                    self.admit(open.ticket, duty);
                }
            }
        }
        let stranded: HashSet<(HostName, Arc<str>)> = shift::stranded(self.sleepers.values())
            .map(|sleeper| (sleeper.host.clone(), sleeper.tenant.clone()))
            .collect();
        self.tried.retain(|key, _| stranded.contains(key));
        for key in stranded {
            let (host, tenant) = &key;
            let theirs = self.others.iter().any(|ticket| ticket.host == *host && ticket.tenant == *tenant);
            let (failures, until) = self.tried.get(&key).copied().unwrap_or((0, Instant::now()));
            if theirs || until > Instant::now() || !self.is_free(host, tenant) {
                continue;
            }
            let wait = MEND_AGAIN.saturating_mul(1 << failures.min(10)).min(MEND_AT_LEAST_EVERY);
            self.tried.insert(key.clone(), (failures + 1, Instant::now() + wait));
            let (host, tenant) = key;
            let ticket = told::recovery(self.numbers.next(), host, tenant, now);
            let containers = self.containers(&ticket);
            self.admit(ticket, Duty::Recover { containers, adopted: false });
        }
        self.tidy();
    }

    /// Removes what killed processes left on the hosts: once a connection, and not for a short command.
    fn sweep(&mut self) {
        for host in self.hosts.values_mut().filter(|_| !self.brief) {
            let Some(engine) = host.connected.borrow().clone() else { continue };
            let now = Arc::downgrade(&engine);
            if host.swept.as_ref().is_none_or(|swept| !swept.ptr_eq(&now)) {
                host.swept = Some(now);
                self.jobs.spawn(leftovers::sweep(engine));
            }
        }
    }

    /// Brings holders to what the sleepers need, where that has changed and nobody of ours is at work: not for a short command.
    fn hold(&mut self) {
        for (name, host) in self.hosts.iter_mut().filter(|_| !self.brief) {
            let Some(engine) = host.connected.borrow().clone() else { continue };
            let is_busy = self.mine.values().any(|mine| mine.ticket.host == *name)
                || self.others.iter().any(|ticket| ticket.host == *name);
            if is_busy {
                continue;
            }
            let now = Arc::downgrade(&engine);
            let wanted = Wanted::of(self.sleepers.values().filter(|it| it.host == *name).map(|it| &**it));
            let is_settled = host.held.as_ref().is_some_and(|(over, held, since)| {
                over.ptr_eq(&now) && *held == wanted && since.elapsed() < HOLD_AGAIN
            });
            if is_settled {
                continue;
            }
            host.held = Some((now, wanted, Instant::now()));
            let (ledger, name, canary) = (self.tools.ledger.clone(), name.clone(), host.canary.clone());
            self.jobs.spawn(async move {
                let _one_at_a_time = canary.lock().await;
                if let Err(error) = holders::settle(&ledger, &*engine, &name, true).await {
                    debug!(host = %name, %error, "holders are not as they should be");
                }
            });
        }
    }

    /// Has those looked at closely that somebody else may have started.
    fn tidy(&mut self) {
        let mut watch = std::mem::take(&mut self.watch);
        let is_free = |host: &HostName, tenant: &str| {
            let theirs = |it: &Arc<Ticket>| it.host == *host && &*it.tenant == tenant;
            self.is_free(host, tenant) && !self.others.iter().any(theirs)
        };
        let due = watch.due(self.sleepers.values(), &self.fleet.borrow(), Instant::now(), is_free);
        self.watch = watch;
        for (key, suspects) in due {
            let engine = self.hosts.get(&key.0).and_then(|host| host.connected.borrow().clone());
            let Some(engine) = engine else { continue };
            self.jobs.spawn(tidy::look(engine, key, suspects, self.tools.notes.clone()));
        }
    }
}
