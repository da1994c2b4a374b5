//! What last happened to a tenant: a change, or the end of a ticket.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::figures::{UNKNOWN, seconds};
use crate::config::theme::Slot;
use crate::model::cells::width;
use crate::model::change::Change;
use crate::model::fleet::Tenant;
use crate::model::host::HostName;
use crate::model::ticket::{Outcome, Ticket};
use crate::tui::state::State;

type TenantKey<'a> = (&'a HostName, &'a Arc<str>);

/// What is known of the tenants on the screen beyond the fleet.
#[derive(Debug, Default)]
pub struct Lasts<'a> {
    changes: HashMap<TenantKey<'a>, &'a Arc<Change>>,
    open: HashMap<TenantKey<'a>, &'a Arc<Ticket>>,
    ended: HashMap<TenantKey<'a>, &'a Arc<Ticket>>,
}

impl<'a> Lasts<'a> {
    /// What is known of these tenants.
    #[must_use]
    pub fn of(state: &'a State, tenants: impl Iterator<Item = &'a Arc<Tenant>>) -> Self {
        let shown: HashSet<TenantKey<'a>> = tenants.map(|tenant| (&tenant.host, &tenant.name)).collect();
        let mut lasts = Lasts::default();
        for ticket in &state.work.tickets {
            let key = (&ticket.host, &ticket.tenant);
            if shown.contains(&key) {
                let of_kind = if ticket.ended.is_none() { &mut lasts.open } else { &mut lasts.ended };
                of_kind.entry(key).or_insert(ticket);
            }
        }
        let mut missing = shown;
        for change in &state.changes.newest_first {
            if missing.is_empty() {
                break;
            }
            if let (Some(host), Some(tenant)) = (&change.host, &change.tenant)
                && let Some(key) = missing.take(&(host, tenant))
            {
                lasts.changes.insert(key, change);
            }
        }
        lasts
    }

    /// The ticket under way for a tenant.
    #[must_use]
    pub fn open(&self, tenant: &'a Tenant) -> Option<&'a Ticket> {
        self.open.get(&(&tenant.host, &tenant.name)).map(|ticket| &***ticket)
    }

    /// What last happened, in at most `cells` cells where that can be.
    #[must_use]
    pub fn text(&self, tenant: &'a Tenant, cells: usize) -> (String, Slot) {
        let key = (&tenant.host, &tenant.name);
        let change = self.changes.get(&key);
        let newer = |ticket: &&&Arc<Ticket>| {
            change.is_none_or(|change| {
                change.ticket == Some(ticket.id) || ticket.ended.is_some_and(|ended| ended >= change.time)
            })
        };
        if let Some((ticket, outcome)) =
            self.ended.get(&key).filter(newer).and_then(|ticket| Some((ticket, ticket.outcome?)))
        {
            return outcome_text(ticket, outcome, cells);
        }
        match change {
            Some(change) if change.verb.is_bad() => (change.verb.to_string(), Slot::Bad),
            Some(change) => (change.verb.to_string(), Slot::Verb),
            None => (UNKNOWN.to_owned(), Slot::Absent),
        }
    }
}

/// How a ticket looks that ended so.
#[must_use]
pub fn slot(outcome: Outcome) -> Slot {
    match outcome {
        Outcome::Dumped | Outcome::Woken => Slot::Verb,
        Outcome::Refused => Slot::Warn,
        Outcome::Failed => Slot::Bad,
    }
}

fn outcome_text(ticket: &Ticket, outcome: Outcome, cells: usize) -> (String, Slot) {
    // As the feed says it.
    let word = if outcome == Outcome::Woken { "woke" } else { outcome.as_str() };
    let took = ticket.ended.and_then(|ended| ticket.seconds(ended)).filter(|_| outcome.is_success());
    let whole = took.map(|took| format!("{word} {}", seconds(took))).filter(|whole| width(whole) <= cells);
    (whole.unwrap_or_else(|| word.to_owned()), slot(outcome))
}
