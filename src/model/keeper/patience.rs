//! What failed, was refused, or was undone by others again and again is not asked for again at once: told from tickets alone, so that whoever takes over is as
//! patient as the one before.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::last_look::IN_USE;
use super::rules::later;
use crate::model::ticket::{Door, Outcome, Task, Ticket};
use crate::model::void::STARTED_BY_OTHERS;
use crate::model::work::TenantKey;

/// How long a tenant is left alone after the first time.
const FIRST: Duration = Duration::from_secs(5 * 60);
/// How long at most.
const LONGEST: Duration = Duration::from_secs(3600);
/// A sleep that ends so soon, and not by a wake of ours, was undone.
const UNDONE_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Once may be chance: a tenant is left alone from the second time in a row.
const UNDONE_OFTEN: u32 = 2;

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
    /// Since when it sleeps by rule, as long as nobody is known to have undone that.
    asleep: Option<Timestamp>,
    /// How often in a row its sleep was undone by others.
    undone: u32,
}

/// A tenant whose sleep others have undone, several times in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The tenant.
    pub key: TenantKey,
    /// How often in a row.
    pub times: u32,
    /// When the last time was.
    pub at: Timestamp,
    /// It is left alone until then.
    pub until: Timestamp,
}

impl Patience {
    /// Takes in what became of the keepers' dumps; those known already count once. Gives the tenants whose sleep others undo.
    pub fn learn(&mut self, tickets: &[Arc<Ticket>]) -> Vec<Undone> {
        let counts =
            |ticket: &&Arc<Ticket>| is_by_rule(ticket) && !found_in_use(ticket) || tells_of_others(ticket);
        let mut ended: Vec<(Timestamp, &Arc<Ticket>)> =
            tickets.iter().filter(counts).filter_map(|ticket| Some((ticket.ended?, ticket))).collect();
        ended.sort_by_key(|(at, ticket)| (*at, ticket.id));
        let mut undone = Vec::new();
        for (at, ticket) in ended {
            let key = (ticket.host.clone(), ticket.tenant.clone());
            let unknown = Tries { last: Timestamp::MIN, failures: 0, asleep: None, undone: 0 };
            let tries = self.tenants.entry(key.clone()).or_insert(unknown);
            if at <= tries.last {
                continue;
            }
            tries.last = at;
            if tells_of_others(ticket) {
                let at_once = |since: &Timestamp| later(*since, UNDONE_WITHIN) > at;
                let is_undone = tries.asleep.take().as_ref().is_some_and(at_once);
                tries.undone = if is_undone { tries.undone.saturating_add(1) } else { 0 };
                if tries.undone >= UNDONE_OFTEN {
                    let until = tries.until().unwrap_or(at);
                    undone.push(Undone { key, times: tries.undone, at, until });
                }
            } else if ticket.outcome.is_some_and(Outcome::is_success) {
                tries.failures = 0;
                if tries.asleep.replace(at).is_some() {
                    // The sleep before this one lasted until it was wanted.
                    tries.undone = 0;
                }
            } else {
                tries.failures = tries.failures.saturating_add(1);
            }
        }
        undone
    }

    /// Until when a tenant is left alone, where it is.
    #[must_use]
    pub fn until(&self, key: &TenantKey, now: Timestamp) -> Option<Timestamp> {
        self.tenants.get(key)?.until().filter(|until| *until > now)
    }

    /// Forgets tenants that there are no more.
    pub fn keep(&mut self, is_there: impl Fn(&TenantKey) -> bool) {
        self.tenants.retain(|key, _| is_there(key));
    }
}

impl Tries {
    fn until(&self) -> Option<Timestamp> {
        let often = self.undone.saturating_sub(UNDONE_OFTEN - 1);
        let times = self.failures.max(often);
        (times > 0).then(|| later(self.last, pause(times)))
    }
}

/// Whether a rule asked for that dump.
fn is_by_rule(ticket: &Ticket) -> bool {
    ticket.door == Door::Keeper && ticket.task == Task::Dump
}

/// Whether a dump was refused because the tenant had just come into use. That is no failure: the use restarts the idle time of the
/// tenant.
fn found_in_use(ticket: &Ticket) -> bool {
    ticket.outcome == Some(Outcome::Refused)
        && ticket.reason.as_deref().is_some_and(|reason| reason.starts_with(IN_USE))
}

/// Whether that ticket only put down that others had started a tenant.
fn tells_of_others(ticket: &Ticket) -> bool {
    ticket.door == Door::Own
        && ticket.outcome == Some(Outcome::Woken)
        && ticket.reason.as_deref() == Some(STARTED_BY_OTHERS)
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
    fn a_use_right_before_the_dump_is_no_failure() {
        let of_use = |reason: &str| {
            let refused = ticket(1, "acme", 100, Outcome::Refused);
            let mut patience = Patience::default();
            patience.learn(&[Arc::new(Ticket { reason: Some(reason.to_owned()), ..(*refused).clone() })]);
            after(&patience, 100)
        };
        assert_eq!(of_use("it is in use: network bytes and open connections"), None);
        assert_eq!(of_use("somebody has a session open in acme-app (sh)"), Some(300));
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

    /// A sleep by rule, and what became of it by others' doing.
    fn slept(number: u32, at: i64, undone_at: Option<i64>) -> Vec<Arc<Ticket>> {
        let dump = ticket(2 * number, "acme", at, Outcome::Dumped);
        let undone = undone_at.map(|at| {
            let mut it = Ticket::clone(&ticket(2 * number + 1, "acme", at, Outcome::Woken));
            (it.task, it.door, it.reason) = (Task::Wake, Door::Own, Some(STARTED_BY_OTHERS.to_owned()));
            Arc::new(it)
        });
        [Some(dump), undone].into_iter().flatten().collect()
    }

    #[test]
    fn a_sleep_that_others_undo_at_once_is_tried_again_once() {
        let mut patience = Patience::default();
        assert_eq!(patience.learn(&slept(1, 100, Some(110))), []);
        assert_eq!(after(&patience, 110), None, "once may be chance");
        let told = patience.learn(&slept(2, 120, Some(130)));
        assert_eq!((told.len(), told[0].times, told[0].until), (1, 2, at(430)));
        assert_eq!(after(&patience, 130), Some(300));
        assert_eq!(patience.learn(&slept(2, 120, Some(130))), [], "it is told once");
        patience.learn(&slept(3, 430, Some(440)));
        assert_eq!(after(&patience, 440), Some(600));
        // One that lasts until somebody wants the tenant is a sleep like any other.
        patience.learn(&slept(4, 1040, None));
        patience.learn(&slept(5, 2000, Some(2010)));
        assert_eq!(after(&patience, 2010), None);
    }

    #[test]
    fn whoever_starts_it_much_later_undoes_nothing() {
        let mut patience = Patience::default();
        patience.learn(&slept(1, 100, Some(110)));
        patience.learn(&slept(2, 120, Some(4000)));
        assert_eq!(after(&patience, 4000), None);
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
