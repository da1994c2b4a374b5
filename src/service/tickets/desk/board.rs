//! What the desk knows of tenants and tickets, and what of it everybody sees.

use std::sync::Arc;

use super::{Desk, MOST_ENDED};
use crate::model::container::ContainerId;
use crate::model::host::HostName;
use crate::model::ticket::Ticket;
use crate::model::tier::Tier;
use crate::model::work::{Record, Work};

impl Desk {
    /// Whether the host answers and no ticket of ours is at that tenant.
    pub(super) fn is_free(&self, host: &HostName, tenant: &str) -> bool {
        let up = self.hosts.get(host).is_some_and(|host| host.connected.borrow().is_some());
        up && !self.mine.values().any(|mine| mine.ticket.host == *host && &*mine.ticket.tenant == tenant)
    }

    /// Shows and tells that a ticket has ended.
    pub(super) fn over(&mut self, ticket: Ticket) {
        self.turn += 1;
        self.ended.retain(|other| other.id != ticket.id);
        self.ended.push_front(Arc::new(ticket));
        self.ended.truncate(MOST_ENDED);
    }

    /// All containers of a ticket's tenant: those that there are, and those that are remembered.
    pub(super) fn containers(&self, ticket: &Ticket) -> Vec<ContainerId> {
        let fleet = self.fleet.borrow();
        let tenant = fleet.tenant(&ticket.host, &ticket.tenant);
        let mut found: Vec<ContainerId> = tenant
            .iter()
            .flat_map(|tenant| tenant.containers.iter().map(|facts| facts.id.clone()))
            .chain(
                self.sleepers
                    .values()
                    .filter(|it| it.host == ticket.host && it.tenant == ticket.tenant)
                    .map(|it| it.container.clone()),
            )
            .collect();
        found.sort();
        found.dedup();
        found
    }

    pub(super) fn tier(&self, ticket: &Ticket) -> Option<Tier> {
        self.fleet.borrow().tenant(&ticket.host, &ticket.tenant).and_then(|tenant| tenant.tier)
    }

    pub(super) fn publish(&mut self) {
        let mut tickets: Vec<Arc<Ticket>> =
            self.mine.values().map(|mine| Arc::new(mine.ticket.clone())).collect();
        tickets.extend(self.others.iter().cloned());
        tickets.sort_by_key(|ticket| (std::cmp::Reverse(ticket.asked), ticket.id));
        tickets.extend(self.ended.iter().cloned());
        let work = Work {
            tickets,
            runs: self.runs.clone(),
            sleepers: self.sleepers.values().cloned().collect(),
            abilities: self.abilities.clone(),
            record: Record::Open,
            keeper: self.keeper.clone(),
            own: self.mine.len(),
            ours: self.mine.keys().copied().collect(),
            turn: self.turn,
        };
        self.work.send_replace(Arc::new(work));
    }
}
