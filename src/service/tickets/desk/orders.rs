//! Orders: which are turned away at once, who gets in line, and who goes to work next.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tracing::warn;

use super::{Asked, Desk, Mine};
use crate::model::host::HostName;
use crate::model::ticket::{Door, Outcome, Task, Ticket};
use crate::model::tier::Tier;
use crate::service::tickets::job::{Closing, Job, Note};
use crate::service::tickets::lane::InLine;
use crate::service::tickets::shift::{self, Duty};

impl Desk {
    pub(super) async fn ask(&mut self, asked: Asked) {
        let Asked { ticket, force, deeper, timeout, accepted } = asked;
        if let Some(reason) = self.refusal(&ticket, force) {
            return self.refuse(ticket, reason).await;
        }
        if ticket.task == Task::Wake && self.is_awake_already(&ticket) {
            return self.awake_already(ticket);
        }
        let containers = self.containers(&ticket);
        let duty = match ticket.task {
            Task::Dump => Duty::Dump { containers, method: ticket.method, tier: self.tier(&ticket), deeper },
            Task::Wake => {
                let timeout = timeout.unwrap_or(self.tools.policy.timeout);
                Duty::Wake { containers, timeout, accepted }
            }
        };
        self.admit(ticket, duty);
    }

    /// Why an order is turned away at once.
    fn refusal(&self, ticket: &Ticket, force: bool) -> Option<String> {
        if self.tools.policy.read_only {
            return Some("this console is read-only".to_owned());
        }
        // A recovery may leave the tenant otherwise than is asked for here: it is waited for.
        let same = |mine: &&Mine| {
            let other = &mine.ticket;
            let is_recovery = mine.is_recovered || other.door == Door::Own;
            (&other.host, &other.tenant, other.task) == (&ticket.host, &ticket.tenant, ticket.task)
                && !is_recovery
        };
        // Those of others are looked at when the work begins: their console may be dead.
        if let Some(other) = self.mine.values().find(same).map(|mine| &mine.ticket) {
            return Some(format!("{} has asked for the same already (ticket {})", other.actor, other.id));
        }
        let Some(host) = self.hosts.get(&ticket.host) else {
            return Some(format!("there is no host {}", ticket.host));
        };
        if host.connected.borrow().is_none() {
            return Some(format!("{} does not answer", ticket.host));
        }
        let vip = ticket.task == Task::Dump && self.tier(ticket) == Some(Tier::Vip) && !force;
        vip.then(|| "its tier is vip: only with --force".to_owned())
    }

    /// Whether there is nothing to wake: as far as is known the tenant runs, none of it sleeps, and nobody is at it.
    fn is_awake_already(&self, ticket: &Ticket) -> bool {
        let sleeps = self.sleepers.values().any(|it| it.host == ticket.host && it.tenant == ticket.tenant);
        let is_at_it = |other: &&Arc<Ticket>| other.host == ticket.host && other.tenant == ticket.tenant;
        let fleet = self.fleet.borrow();
        let runs = fleet.tenant(&ticket.host, &ticket.tenant).is_some_and(|tenant| tenant.state.is_awake());
        runs && !sleeps
            && !self.others.iter().any(|other| is_at_it(&other))
            && self.is_free(&ticket.host, &ticket.tenant)
    }

    /// Tells who asked so. Nothing has changed: it is no ticket of the record.
    fn awake_already(&mut self, mut ticket: Ticket) {
        let now = Timestamp::now();
        (ticket.ended, ticket.outcome) = (Some(now), Some(Outcome::Woken));
        (ticket.method, ticket.reason) = (None, Some("is awake already".to_owned()));
        self.over(ticket);
    }

    pub(super) async fn refuse(&mut self, mut ticket: Ticket, reason: String) {
        let now = Timestamp::now();
        (ticket.ended, ticket.outcome, ticket.reason) = (Some(now), Some(Outcome::Refused), Some(reason));
        if let Err(error) = self.tools.ledger.record(&ticket).await {
            warn!(%error, "a refused ticket could not be written down");
        }
        self.over(ticket);
    }

    pub(super) fn admit(&mut self, ticket: Ticket, duty: Duty) {
        let (cancel, _) = watch::channel(false);
        let (id, host) = (ticket.id, ticket.host.clone());
        let tier = self.tier(&ticket);
        let one = InLine { ticket: id, task: ticket.task, tenant: ticket.tenant.clone(), tier };
        let is_recovered = matches!(duty, Duty::Recover { adopted: true, .. });
        self.mine.insert(id, Mine { ticket, duty: Some(duty), cancel, is_recovered });
        if let Some(desk) = self.hosts.get_mut(&host) {
            desk.lane.join(one);
        }
        self.call(&host);
    }

    /// Calls whoever may go to work now.
    pub(super) fn call(&mut self, host: &HostName) {
        let Some(desk) = self.hosts.get_mut(host) else { return };
        while let Some(id) = desk.lane.next(&self.tools.policy) {
            let Some(mine) = self.mine.get_mut(&id) else { continue };
            let engine = desk.connected.borrow().clone();
            let (Some(duty), Some(engine)) = (mine.duty.take(), engine) else {
                // Lost since it got in line.
                desk.lane.done(id);
                let mut ticket = mine.ticket.clone();
                ticket.reason = Some(format!("{host} does not answer"));
                (ticket.ended, ticket.outcome) = (Some(Timestamp::now()), Some(Outcome::Failed));
                let tools = self.tools.clone();
                // One that was taken over is in the ledger, and stays open there until its host is back.
                let is_new = !mine.is_recovered;
                self.jobs.spawn(async move {
                    if is_new && let Err(error) = tools.ledger.record(&ticket).await {
                        warn!(%error, "a ticket whose host was lost could not be written down");
                    }
                    let _ = tools.notes.send(Note::Over(Box::new(ticket))).await;
                });
                continue;
            };
            mine.ticket.began = Some(Timestamp::now());
            let job = Job {
                ticket: mine.ticket.clone(),
                tools: self.tools.clone(),
                engine,
                host: self.fleet.borrow().host(host).cloned(),
                connected: desk.connected.clone(),
                canary: desk.canary.clone(),
                cancelled: mine.cancel.subscribe(),
                closing: Closing::default(),
                unrecorded: None,
                accepted: Vec::new(),
                asleep_since: None,
            };
            self.turn += 1;
            self.jobs.spawn(shift::work(job, duty));
        }
    }
}
