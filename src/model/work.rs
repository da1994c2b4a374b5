//! The snapshot of all work: tickets, sleepers, and what the hosts can do.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::ability::Ability;
use super::callmap::kept::Run;
use super::fleet::Fleet;
use super::host::HostName;
use super::method::Method;
use super::sleeper::{Sleeper, Stage};
use super::ticket::{Door, Task, Ticket, TicketId};

/// All work at one moment.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// The tickets under way, then the latest that ended, newest first.
    pub tickets: Vec<Arc<Ticket>>,
    /// The latest runs of callmaps in the record, newest first.
    pub runs: Vec<Arc<Run>>,
    /// All containers that sleep, or are on their way.
    pub sleepers: Vec<Arc<Sleeper>>,
    /// What the canaries showed.
    pub abilities: Vec<Ability>,
    /// The record has been read, or why it cannot be.
    pub record: Record,
    /// The keeper that works on this ledger, if one does.
    pub keeper: Option<Keeping>,
    /// How many of the tickets that have not ended are this process's own.
    pub own: usize,
    /// Which those are, in the order of their numbers.
    pub ours: Vec<TicketId>,
    /// Grows whenever sleepers, or which tickets are under way, are others than before.
    pub turn: u64,
}

/// The duty of the keepers: one of those on a ledger works, the others stand by.
pub const KEEPER: &str = "keeper";

/// The keeper that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// The machine that it runs on.
    pub machine: Arc<str>,
    /// Its process there.
    pub pid: u32,
    /// Since when it works.
    pub since: Timestamp,
}

/// Whether the durable record can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// It is being opened.
    #[default]
    Opening,
    /// It is read and written.
    Open,
    /// There is none: nothing can be dumped or woken.
    Missing(Arc<str>),
}

/// One tenant on one host.
pub type TenantKey = (HostName, Arc<str>);

/// Work that somebody asks for: one ticket for each tenant comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is to be done.
    pub task: Task,
    /// To whom.
    pub tenants: Vec<TenantKey>,
    /// By which method; else by the first of its tier's order that the host can do.
    pub method: Option<Method>,
    /// Also to a tenant of tier `vip`.
    pub force: bool,
    /// How long a woken tenant may take to answer; else as the policy says.
    pub timeout: Option<Duration>,
    /// Who asks.
    pub actor: Arc<str>,
    /// Through which door.
    pub door: Door,
    /// What for, in words, where that is to be told: `idle 42m`.
    pub cause: Option<Arc<str>>,
    /// Whether a tenant that sleeps already is woken first, to be dumped by the method that is asked for.
    pub deeper: bool,
}

impl Work {
    /// The ticket of that number.
    #[must_use]
    pub fn ticket(&self, id: TicketId) -> Option<&Arc<Ticket>> {
        self.tickets.iter().find(|ticket| ticket.id == id)
    }

    /// Whether that ticket is one of this process, and has not ended.
    #[must_use]
    pub fn is_ours(&self, id: TicketId) -> bool {
        self.ours.binary_search(&id).is_ok()
    }

    /// The ticket under way for a tenant.
    #[must_use]
    pub fn ticket_of(&self, host: &str, tenant: &str) -> Option<&Arc<Ticket>> {
        self.tickets
            .iter()
            .find(|ticket| ticket.ended.is_none() && &*ticket.host == host && &*ticket.tenant == tenant)
    }

    /// The sleepers of a tenant, in the order in which they were put to sleep.
    #[must_use]
    pub fn sleepers_of(&self, host: &str, tenant: &str) -> Vec<&Arc<Sleeper>> {
        let mut found: Vec<_> = self
            .sleepers
            .iter()
            .filter(|sleeper| &*sleeper.host == host && &*sleeper.tenant == tenant)
            .collect();
        found.sort_by_key(|sleeper| sleeper.order);
        found
    }

    /// The tenants that sleep on hosts of this fleet. A ledger may be shared with consoles that know other hosts, or know
    /// these by other names; what they put to sleep is found by its containers.
    pub fn tenants_on<'a>(&'a self, fleet: &'a Fleet) -> impl Iterator<Item = TenantKey> + 'a {
        let ours = self.sleepers.iter().filter(|sleeper| fleet.host(&sleeper.host).is_some());
        ours.map(|sleeper| (sleeper.host.clone(), sleeper.tenant.clone()))
    }

    /// Whether, as far as is known, nobody is at work and nothing was cut off in the middle.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        let all_ended = self.tickets.iter().all(|ticket| ticket.ended.is_some());
        self.own == 0 && all_ended && self.sleepers.iter().all(|sleeper| sleeper.stage == Stage::Asleep)
    }

    /// The memory that all sleepers free, in bytes.
    #[must_use]
    pub fn saved(&self) -> u64 {
        self.sleepers.iter().map(|sleeper| sleeper.saved()).sum()
    }

    /// What is known of a method on a host with that engine; nothing until its canary has tried.
    #[must_use]
    pub fn ability(&self, host: &str, engine: &str, method: Method) -> Option<&Ability> {
        self.abilities
            .iter()
            .find(|ability| &*ability.host == host && &*ability.engine == engine && ability.method == method)
    }
}

/// What will happen to one tenant: told before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The host.
    pub host: HostName,
    /// The tenant.
    pub tenant: Arc<str>,
    /// The containers by name, in the order in which they are dumped or woken.
    pub containers: Vec<Arc<str>>,
    /// By which method, as far as can be said without asking the host.
    pub method: Option<Method>,
    /// Why it may come otherwise: the method did not work there when it was last tried, and is tried anew.
    pub doubt: Option<String>,
    /// Why nothing will be done.
    pub refusal: Option<String>,
}
