//! A tenant as the rule sees it.

use jiff::Timestamp;

use crate::model::fleet::Tenant;
use crate::model::method::Method;
use crate::model::state::State;
use crate::model::tier::Tier;

/// A tenant as the rule sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What it pays for.
    pub tier: Option<Tier>,
    /// Its state.
    pub state: State,
    /// How it sleeps, where it does.
    pub asleep: Option<Method>,
    /// Since when it runs or sleeps.
    pub since: Option<Timestamp>,
    /// A ticket is at it.
    pub ticket: bool,
    /// How often in a row it was woken soon after a rule had put it to sleep.
    pub woken_again: u32,
    /// It sleeps, and has written what would be lost if it were removed.
    pub has_written: bool,
}

impl Subject {
    /// The tenant of a snapshot; whether a ticket is at it is for the caller to know.
    #[must_use]
    pub fn of(tenant: &Tenant, ticket: bool) -> Subject {
        Subject {
            tier: tenant.tier,
            state: tenant.state,
            asleep: tenant.method.filter(|_| tenant.state == State::Dumped),
            since: tenant.since,
            ticket,
            woken_again: 0,
            has_written: false,
        }
    }

    /// The same tenant, asleep by that method since `now`. Going deeper begins no new sleep.
    #[must_use]
    pub fn put_to_sleep(self, method: Method, now: Timestamp) -> Subject {
        let since = if self.asleep.is_some() { self.since } else { Some(now) };
        Subject { state: State::Dumped, asleep: Some(method), since, ..self }
    }
}
