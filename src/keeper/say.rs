//! What goes into the log: what became of tickets, and which hosts answer. Each thing once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::model::fleet::{Fleet, Link};
use crate::model::host::HostName;
use crate::model::keeper::patience::Undone;
use crate::model::keeper::suspect::suspect;
use crate::model::keeper::tell::lasting;
use crate::model::keeper::woken_again::slept;
use crate::model::plain::plain;
use crate::model::ticket::{Outcome, Ticket, TicketId};
use crate::model::work::Work;

/// What has been told.
#[derive(Debug)]
pub struct Said {
    since: Timestamp,
    tickets: HashSet<TicketId>,
    hosts: HashMap<HostName, Option<bool>>,
}

impl Said {
    /// Nothing yet: tickets that ended before `since` are nobody's news.
    #[must_use]
    pub fn new(since: Timestamp) -> Said {
        Said { since, tickets: HashSet::new(), hosts: HashMap::new() }
    }

    /// Tells of hosts that answer, or do so no more.
    pub fn hosts(&mut self, fleet: &Fleet) {
        for host in &fleet.hosts {
            let up = match &host.link {
                Link::Connecting => None,
                Link::Up => Some(true),
                Link::Down { .. } => Some(false),
            };
            let before = self.hosts.insert(host.name.clone(), up).flatten();
            if up == before {
                continue;
            }
            match &host.link {
                Link::Up => info!(host = %host.name, tenants = host.tenants.len(), "host up"),
                Link::Down { reason, .. } => warn!(host = %host.name, reason = %plain(reason), "host down"),
                Link::Connecting => {}
            }
        }
    }

    /// Tells of tenants whose sleep others undo again and again, and who they seem to be.
    pub fn undone(&self, undone: &[Undone], fleet: &Fleet, aloud: bool) {
        for Undone { key: (host, tenant), times, until, .. } in
            undone.iter().filter(|it| aloud && it.at >= self.since)
        {
            let containers = fleet.tenant(host, tenant).map(|tenant| &*tenant.containers);
            let by = suspect(containers.unwrap_or_default());
            let (tenant, until) = (plain(tenant), until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            warn!(%tenant, %host, times, by, until, "others start it as soon as it sleeps: left alone");
        }
    }

    /// Tells of tickets that have ended, by whomever. Where another keeper works, it tells them: then they only count as told.
    pub fn tickets(&mut self, work: &Work, aloud: bool) {
        let ended = |ticket: &&std::sync::Arc<Ticket>| ticket.ended.is_some_and(|ended| ended >= self.since);
        let mut new: Vec<_> =
            work.tickets.iter().filter(ended).filter(|ticket| !self.tickets.contains(&ticket.id)).collect();
        new.sort_by_key(|ticket| (ticket.ended, ticket.id));
        for ticket in &new {
            if aloud {
                tell(ticket);
                let all = work.tickets.iter().map(|it| &**it);
                if let Some(slept) = slept(ticket, all) {
                    tell_again(ticket, slept);
                }
            }
        }
        let told: HashSet<TicketId> = new.into_iter().map(|ticket| ticket.id).collect();
        self.tickets.extend(told);
        self.tickets.retain(|id| work.ticket(*id).is_some());
    }
}

/// A rule that puts a tenant to sleep shortly before somebody wants it costs more than it saves.
fn tell_again(ticket: &Ticket, slept: Duration) {
    let (tenant, host, by) = (plain(&ticket.tenant), &ticket.host, plain(&ticket.actor));
    warn!(%tenant, %host, slept = %lasting(slept), %by, ticket = %ticket.id, "woken again soon after a rule had put it to sleep");
}

fn tell(ticket: &Ticket) {
    let (tenant, host, by) = (plain(&ticket.tenant), &ticket.host, plain(&ticket.actor));
    let seconds = ticket.ended.and_then(|ended| ticket.seconds(ended)).unwrap_or(0.0);
    let seconds = (seconds * 1000.0).round() / 1000.0;
    let method = ticket.method.map_or("-", |method| method.as_str());
    let cause = ticket.cause.as_deref().unwrap_or("-");
    let cause = plain(cause);
    let (task, id) = (ticket.task, ticket.id);
    let reason = plain(ticket.reason.as_deref().unwrap_or("-"));
    match ticket.outcome {
        Some(Outcome::Dumped) => {
            info!(%tenant, %host, method, %cause, seconds, %by, ticket = %id, "dumped");
        }
        Some(Outcome::Woken) => info!(%tenant, %host, method, seconds, %by, ticket = %id, "woken"),
        Some(Outcome::Refused) => {
            warn!(%tenant, %host, %task, %reason, %cause, %by, ticket = %id, "refused");
        }
        Some(Outcome::Failed) | None => {
            warn!(%tenant, %host, %task, %reason, %cause, seconds, %by, ticket = %id, "failed");
        }
    }
}
