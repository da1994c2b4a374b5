//! What failed or was refused is not asked for again at once: told from tickets alone, so that whoever takes over is as
//! patient as the one before.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::rules::later;
use crate::model::ticket::{Door, Outcome, Task, Ticket};
use crate::model::work::TenantKey;

/// How long a tenant is left alone after the first time.
const FIRST: Duration = Duration::from_secs(5 * 60);
/// How long at most.
const LONGEST: Duration = Duration::from_secs(3600);

/// Tenants with which rules have had no luck.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    tenants: HashMap<TenantKey, Tries>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    /// The end of the last ticket that was counted.
    last: Timestamp,
    /// How often in a row it went wrong.
    failures: u32,
}

impl Patience {
    /// Takes in what became of the keepers' dumps; those known already count once.
    pub fn learn(&mut self, tickets: &[Arc<Ticket>]) {
        let is_ours = |ticket: &&Arc<Ticket>| ticket.door == Door::Keeper && ticket.task == Task::Dump;
        let mut ended: Vec<(Timestamp, &Arc<Ticket>)> =
            tickets.iter().filter(is_ours).filter_map(|ticket| Some((ticket.ended?, ticket))).collect();
        ended.sort_by_key(|(at, ticket)| (*at, ticket.id));
        for (at, ticket) in ended {
            let key = (ticket.host.clone(), ticket.tenant.clone());
            let tries = self.tenants.entry(key).or_insert(Tries { last: Timestamp::MIN, failures: 0 });
            if at > tries.last {
                let went_well = ticket.outcome.is_some_and(Outcome::is_success);
                tries.failures = if went_well { 0 } else { tries.failures.saturating_add(1) };
                tries.last = at;
            }
        }
    }

    /// Until when a tenant is left alone, where it is.
    #[must_use]
    pub fn until(&self, key: &TenantKey, now: Timestamp) -> Option<Timestamp> {
        let tries = self.tenants.get(key).filter(|tries| tries.failures > 0)?;
        Some(later(tries.last, pause(tries.failures))).filter(|until| *until > now)
    }

    /// Forgets tenants that there are no more.
    pub fn keep(&mut self, is_there: impl Fn(&TenantKey) -> bool) {
        self.tenants.retain(|key, _| is_there(key));
    }
}

/// 5 minutes, 10, 20, 40, then an hour.
fn pause(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST.saturating_mul(doubled).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ticket::TicketId;
    use proptest::prelude::*;

    fn ticket(number: u32, tenant: &str, ended: i64, outcome: Outcome) -> Arc<Ticket> {
        Arc::new(Ticket {
            id: TicketId::from_random(number),
            task: Task::Dump,
            tenant: tenant.into(),
            host: "web-1".into(),
            actor: "keeper".into(),
            door: Door::Keeper,
            cause: None,
            method: None,
            asked: at(ended),
            began: None,
            ended: Some(at(ended)),
            outcome: Some(outcome),
            reason: None,
            fallbacks: Vec::new(),
            steps: Vec::new(),
        })
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn acme() -> TenantKey {
        ("web-1".into(), "acme".into())
    }

    fn after(patience: &Patience, now: i64) -> Option<i64> {
        patience.until(&acme(), at(now)).map(|until| until.as_second() - now)
    }

    #[test]
    fn each_time_it_is_left_alone_for_longer_up_to_an_hour() {
        let (mut patience, mut tickets, mut waits) = (Patience::default(), Vec::new(), Vec::new());
        for number in 1..=6_u32 {
            let ended = i64::from(number) * 10_000;
            tickets.push(ticket(number, "acme", ended, Outcome::Failed));
            // What is seen again is not counted again.
            patience.learn(&tickets);
            patience.learn(&tickets);
            waits.extend(after(&patience, ended));
        }
        assert_eq!(waits, [300, 600, 1200, 2400, 3600, 3600]);
        assert_eq!(after(&patience, 63_600), None);
    }

    #[test]
    fn what_goes_well_is_forgiven_and_others_are_not_concerned() {
        let mut patience = Patience::default();
        patience.learn(&[ticket(1, "acme", 10, Outcome::Refused)]);
        assert_eq!(after(&patience, 10), Some(300));
        patience.learn(&[ticket(2, "birch", 11, Outcome::Dumped)]);
        assert_eq!(after(&patience, 11), Some(299));
        patience.learn(&[ticket(3, "acme", 400, Outcome::Dumped)]);
        assert_eq!(after(&patience, 401), None);
        patience.learn(&[ticket(4, "acme", 500, Outcome::Failed)]);
        assert_eq!(after(&patience, 500), Some(300));
        let theirs =
            Arc::new(Ticket { door: Door::Shell, ..Ticket::clone(&ticket(5, "acme", 501, Outcome::Failed)) });
        patience.learn(&[theirs]);
        assert_eq!(after(&patience, 501), Some(299), "only what rules do counts");
        patience.keep(|key| *key != acme());
        assert_eq!(after(&patience, 501), None);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_when_tickets_are_seen(
            outcomes in prop::collection::vec(any::<bool>(), 1..12),
            cut in 0_usize..12,
        ) {
            let tickets: Vec<_> = (1_u32..).zip(&outcomes).map(|(number, good)| {
                let outcome = if *good { Outcome::Dumped } else { Outcome::Failed };
                ticket(number, "acme", i64::from(number), outcome)
            }).collect();
            let (mut live, mut later) = (Patience::default(), Patience::default());
            live.learn(&tickets[..cut.min(tickets.len())]);
            live.learn(&tickets);
            let mut newest_first = tickets.clone();
            newest_first.reverse();
            later.learn(&newest_first);
            let end = i64::try_from(tickets.len()).unwrap();
            prop_assert_eq!(after(&live, end), after(&later, end));
            prop_assert_eq!(after(&live, end).is_some(), outcomes.last() == Some(&false));
        }
    }
}
