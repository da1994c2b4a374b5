//! The table of tenants that requests are looked up in: made anew when the fleet changes, read without a lock.
//!
//! A tenant that somebody else destroys for its sleep is gone from its host at once, and shows in the ledger up to a second
//! later. So who has just gone is known for a while longer, as one whose place is not.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use jiff::Timestamp;

use crate::model::container::{ContainerId, Phase};
use crate::model::door::Meant;
use crate::model::fleet::{Fleet, Host, Link, Tenant};
use crate::model::reach::Candidate;
use crate::model::state::State;
use crate::model::work::TenantKey;
use crate::service::requests::{Requests, Seen};

/// For how long a tenant is known that has gone.
const KNOWN_AFTER: Duration = Duration::from_secs(3);

/// One tenant, as requests meet it.
#[derive(Debug)]
pub struct Entry {
    /// The tenant.
    pub key: TenantKey,
    /// As the fleet has it.
    pub tenant: Arc<Tenant>,
    /// Marked by each request.
    pub seen: Arc<Seen>,
    /// Where it answers, once that was found out; for this life of its containers, and as long as it answers there.
    pub place: ArcSwapOption<Place>,
}

/// Where a tenant answers, ready to be told.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address and the port.
    pub at: Candidate,
    /// The same as a header.
    pub upstream: HeaderValue,
    /// The tenant's name as a header.
    pub tenant: HeaderValue,
}

/// All tenants at one moment.
#[derive(Debug, Default)]
pub struct Table {
    /// Of tenants of one name on several hosts, the one that runs, else the first.
    by_name: HashMap<Arc<str>, Arc<Entry>>,
    /// Tenants with capital letters, by their names in small ones: host names have no others.
    folded: HashMap<Box<str>, Arc<Entry>>,
    /// The same with their hosts, where either has capital letters.
    folded_keys: HashMap<(Box<str>, Box<str>), Arc<Entry>>,
    /// Those whose name is not theirs alone.
    twins: HashMap<TenantKey, Arc<Entry>>,
    /// Containers by name, for those who know no tenants.
    by_container: HashMap<Arc<str>, Arc<Entry>>,
    /// All of them in the fleet's order.
    all: Vec<Arc<Entry>>,
    /// Nobody is missing: see `is_whole`.
    whole: bool,
    /// Those who have just gone, by name, and when that was.
    gone: HashMap<Arc<str>, (Arc<Entry>, Instant)>,
}

/// Whether requests can be led to a tenant in that state.
#[must_use]
pub fn is_awake(state: State) -> bool {
    state.is_awake()
}

/// Whether requests can be led to a tenant: one that is awake, or of which a part runs beside others that lie down.
#[must_use]
pub fn can_lead(tenant: &Tenant) -> bool {
    let lies = matches!(tenant.state, State::Stopped | State::Crashed);
    is_awake(tenant.state) || (lies && tenant.serves(None))
}

impl Place {
    /// The place of that tenant.
    #[must_use]
    pub fn new(tenant: &str, at: Candidate) -> Self {
        let header = |text: &str| HeaderValue::from_str(text);
        // A name that no header can hold is told as nothing.
        let empty = |_| HeaderValue::from_static("");
        Place {
            at,
            upstream: header(&at.at.to_string()).unwrap_or_else(empty),
            tenant: header(tenant).unwrap_or_else(empty),
        }
    }
}

impl Entry {
    /// Where it answers, if it is awake and that is known.
    #[must_use]
    pub fn warm(&self) -> Option<Arc<Place>> {
        if can_lead(&self.tenant) { self.place.load_full() } else { None }
    }
}

/// Whether a host has told its tenants: those of one that is lost now are still known.
fn has_told(host: &Host) -> bool {
    match host.link {
        Link::Connecting => false,
        Link::Up => true,
        Link::Down { .. } => !host.tenants.is_empty(),
    }
}

/// What tells one life of a tenant's containers from another.
fn life(tenant: &Tenant) -> impl Iterator<Item = (&ContainerId, Phase, Option<Timestamp>, Option<u32>)> {
    tenant.containers.iter().map(|facts| (&facts.id, facts.phase, facts.since, facts.detail.map(|it| it.pid)))
}

impl Table {
    /// The table of that fleet, made `now`. Of tenants that live on as before, what was found out stays.
    #[must_use]
    pub fn of(fleet: &Fleet, before: &Table, requests: &Requests, now: Instant) -> Table {
        let mut old: HashMap<(&str, &str), &Arc<Entry>> =
            before.all.iter().map(|entry| ((&*entry.key.0, &*entry.key.1), entry)).collect();
        // What the ledger says of sleepers is in every fleet but those of turn 0.
        let whole = fleet.turn > 0 && fleet.hosts.iter().all(|host| has_told(host));
        let mut table = Table { whole, ..Table::default() };
        for tenant in fleet.tenants() {
            let known = old.remove(&(&*tenant.host, &*tenant.name));
            let entry = match known {
                Some(entry) if Arc::ptr_eq(&entry.tenant, tenant) => entry.clone(),
                _ => Arc::new(anew(tenant, known, requests)),
            };
            table.add(entry);
        }
        let still = |(_, since): &&(Arc<Entry>, Instant)| now.duration_since(*since) < KNOWN_AFTER;
        table.gone = before.gone.values().filter(still).map(|it| (it.0.key.1.clone(), it.clone())).collect();
        for entry in old.into_values() {
            // Where it was it is no more.
            let entry = Entry {
                key: entry.key.clone(),
                tenant: entry.tenant.clone(),
                seen: entry.seen.clone(),
                place: ArcSwapOption::empty(),
            };
            table.gone.insert(entry.key.1.clone(), (Arc::new(entry), now));
        }
        table
    }

    fn add(&mut self, entry: Arc<Entry>) {
        let name = entry.key.1.clone();
        for facts in &entry.tenant.containers {
            self.by_container.entry(facts.name.clone()).or_insert_with(|| entry.clone());
        }
        self.all.push(entry.clone());
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.folded.entry(name.to_ascii_lowercase().into()).or_insert_with(|| entry.clone());
        }
        if entry.key.0.bytes().chain(name.bytes()).any(|byte| byte.is_ascii_uppercase()) {
            let key = (entry.key.0.to_ascii_lowercase().into(), name.to_ascii_lowercase().into());
            self.folded_keys.entry(key).or_insert_with(|| entry.clone());
        }
        let Some(other) = self.by_name.get(&name).cloned() else {
            self.by_name.insert(name, entry);
            return;
        };
        for twin in [&entry, &other] {
            self.twins.insert(twin.key.clone(), twin.clone());
        }
        if can_lead(&entry.tenant) && !can_lead(&other.tenant) {
            self.by_name.insert(name, entry);
        }
    }

    /// The tenant that is meant.
    #[must_use]
    pub fn find(&self, meant: &Meant<'_>, now: Instant) -> Option<&Arc<Entry>> {
        self.present(meant).or_else(|| {
            let (entry, since) = self.gone.get(meant.tenant)?;
            let is_meant = meant.host.is_none_or(|host| *entry.key.0 == *host);
            (is_meant && now.duration_since(*since) < KNOWN_AFTER).then_some(entry)
        })
    }

    fn present(&self, meant: &Meant<'_>) -> Option<&Arc<Entry>> {
        let named = self.by_name.get(meant.tenant);
        let Some(host) = meant.host else {
            return named.or_else(|| self.folded.get(meant.tenant).filter(|_| meant.is_folded));
        };
        if let Some(entry) = named
            && *entry.key.0 == *host
        {
            return named;
        }
        let exact = self.twins.get(&(host.into(), meant.tenant.into()));
        exact
            .or_else(|| self.folded_keys.get(&(host.into(), meant.tenant.into())).filter(|_| meant.is_folded))
    }

    /// The names that tenants of several hosts have: a request that names no host cannot say which of them it means.
    #[must_use]
    pub fn shared_names(&self) -> BTreeSet<Arc<str>> {
        self.twins.keys().map(|(_, tenant)| tenant.clone()).collect()
    }

    /// The hosts that have a tenant of that name.
    #[must_use]
    pub fn hosts_of(&self, tenant: &str) -> Vec<&str> {
        let mut hosts: Vec<&str> =
            self.twins.keys().filter(|(_, name)| **name == *tenant).map(|(host, _)| &**host).collect();
        hosts.sort_unstable();
        hosts
    }

    /// Whether all tenants are in it: every host has told which it has, and the ledger which are on none while they sleep.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// That very tenant.
    #[must_use]
    pub fn by_key(&self, key: &TenantKey) -> Option<&Arc<Entry>> {
        self.by_name.get(&key.1).filter(|entry| entry.key == *key).or_else(|| self.twins.get(key))
    }

    /// The tenant whose container has that name.
    #[must_use]
    pub fn of_container(&self, name: &str) -> Option<&Arc<Entry>> {
        self.by_container.get(name)
    }

    /// All tenants.
    #[must_use]
    pub fn all(&self) -> &[Arc<Entry>] {
        &self.all
    }
}

fn anew(tenant: &Arc<Tenant>, known: Option<&Arc<Entry>>, requests: &Requests) -> Entry {
    let key = (tenant.host.clone(), tenant.name.clone());
    let seen = known.map_or_else(|| requests.of(&key), |entry| entry.seen.clone());
    let place = ArcSwapOption::empty();
    if let Some(known) = known
        && life(&known.tenant).eq(life(tenant))
    {
        place.store(known.place.load_full());
    }
    Entry { key, tenant: tenant.clone(), seen, place }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
