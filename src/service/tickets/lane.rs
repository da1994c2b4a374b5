//! Who may go to work next on one host: so many dumps and wakes at once, wakes first and of them the dearest tier, one ticket a
//! tenant.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::policy::Policy;
use crate::model::ticket::{Task, TicketId};
use crate::model::tier::Tier;

/// A ticket in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InLine {
    pub ticket: TicketId,
    pub task: Task,
    pub tenant: Arc<str>,
    pub tier: Option<Tier>,
}

impl InLine {
    /// The smaller, the sooner: who pays more waits less. Dumps wait for nobody's tier, and those of unknown tier for all.
    fn rank(&self) -> u8 {
        match (self.task, self.tier) {
            (Task::Wake, Some(Tier::Vip)) => 0,
            (Task::Wake, Some(Tier::High)) => 1,
            (Task::Wake, Some(Tier::Mid)) => 2,
            (Task::Wake, Some(Tier::Low)) => 3,
            (Task::Wake, None) => 4,
            (Task::Dump, _) => 5,
        }
    }
}

/// The line of one host.
#[derive(Debug, Default)]
pub struct Lane {
    waiting: VecDeque<InLine>,
    at_work: Vec<InLine>,
}

impl Lane {
    /// Gets in line.
    pub fn join(&mut self, one: InLine) {
        self.waiting.push_back(one);
    }

    /// Leaves the line before it was its turn. False where it does not wait any more.
    pub fn leave(&mut self, ticket: TicketId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|one| one.ticket != ticket);
        self.waiting.len() < before
    }

    /// Is done with its work.
    pub fn done(&mut self, ticket: TicketId) {
        self.at_work.retain(|one| one.ticket != ticket);
    }

    /// Whether a ticket is at work on that tenant.
    pub fn is_busy(&self, tenant: &str) -> bool {
        self.at_work.iter().any(|one| &*one.tenant == tenant)
    }

    /// The next that may go to work, which it then is.
    pub fn next(&mut self, policy: &Policy) -> Option<TicketId> {
        let at_once = |task| self.at_work.iter().filter(|one| one.task == task).count();
        let wakes = at_once(Task::Wake) < policy.wakes_at_once.max(1);
        // A person waits for a wake; nobody waits for a dump.
        let dumps = at_once(Task::Dump) < policy.dumps_at_once.max(1)
            && !self.waiting.iter().any(|one| one.task == Task::Wake && !self.is_busy(&one.tenant));
        let may = |one: &InLine| {
            let room = match one.task {
                Task::Wake => wakes,
                Task::Dump => dumps,
            };
            room && !self.is_busy(&one.tenant)
        };
        // Of the same rank, whoever came first.
        let able = self.waiting.iter().enumerate().filter(|(_, one)| may(one));
        let (at, _) = able.min_by_key(|(at, one)| (one.rank(), *at))?;
        let one = self.waiting.remove(at)?;
        let ticket = one.ticket;
        self.at_work.push(one);
        Some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> TicketId {
        TicketId::from_random(number)
    }

    fn lane(waiting: &[(u32, Task, &str)]) -> Lane {
        let mut lane = Lane::default();
        for (number, task, tenant) in waiting {
            let tier = None;
            lane.join(InLine { ticket: id(*number), task: *task, tenant: (*tenant).into(), tier });
        }
        lane
    }

    fn all(lane: &mut Lane, policy: &Policy) -> Vec<TicketId> {
        std::iter::from_fn(|| lane.next(policy)).collect()
    }

    #[test]
    fn so_many_at_once_and_wakes_first() {
        let policy = Policy { dumps_at_once: 2, wakes_at_once: 1, ..Policy::default() };
        let mut lane = lane(&[
            (1, Task::Dump, "a"),
            (2, Task::Dump, "b"),
            (3, Task::Dump, "c"),
            (4, Task::Wake, "d"),
            (5, Task::Wake, "e"),
        ]);
        assert_eq!(all(&mut lane, &policy), [id(4)]);
        lane.done(id(4));
        assert_eq!(all(&mut lane, &policy), [id(5), id(1), id(2)]);
        lane.done(id(1));
        assert_eq!(all(&mut lane, &policy), [id(3)]);
    }

    #[test]
    fn one_ticket_a_tenant() {
        let mut lane = lane(&[(1, Task::Dump, "a"), (2, Task::Wake, "a"), (3, Task::Dump, "b")]);
        let policy = Policy::default();
        assert_eq!(lane.next(&policy), Some(id(2)));
        // The wake of `a` is at work; `b` need not wait for it.
        assert_eq!(all(&mut lane, &policy), [id(3)]);
        lane.done(id(2));
        assert_eq!(lane.next(&policy), Some(id(1)));
    }

    #[test]
    fn wakes_of_a_full_host_go_by_tier_then_by_time() {
        let policy = Policy { wakes_at_once: 1, dumps_at_once: 1, ..Policy::default() };
        let mut lane = Lane::default();
        let waiting = [
            (1, Task::Dump, Some(Tier::Vip)),
            (2, Task::Wake, None),
            (3, Task::Wake, Some(Tier::Low)),
            (4, Task::Wake, Some(Tier::High)),
            (5, Task::Wake, Some(Tier::Mid)),
            (6, Task::Wake, Some(Tier::High)),
            (7, Task::Wake, Some(Tier::Vip)),
        ];
        for (number, task, tier) in waiting {
            lane.join(InLine { ticket: id(number), task, tenant: number.to_string().into(), tier });
        }
        for next in [7, 4, 6, 5, 3].map(id) {
            assert_eq!(lane.next(&policy), Some(next));
            assert_eq!(lane.next(&policy), None, "one wake at once, and no dump while wakes wait");
            lane.done(next);
        }
        assert_eq!(all(&mut lane, &policy), [2, 1].map(id));
    }

    #[test]
    fn a_dearer_tenant_that_is_busy_holds_nobody_up() {
        let policy = Policy { wakes_at_once: 2, ..Policy::default() };
        let mut lane = Lane::default();
        for (number, tenant, tier) in [(1, "a", Tier::Vip), (2, "a", Tier::Vip), (3, "b", Tier::Low)] {
            lane.join(InLine {
                ticket: id(number),
                task: Task::Wake,
                tenant: tenant.into(),
                tier: Some(tier),
            });
        }
        assert_eq!(all(&mut lane, &policy), [id(1), id(3)]);
    }

    #[test]
    fn who_leaves_is_not_called() {
        let mut lane = lane(&[(1, Task::Dump, "a")]);
        assert!(lane.leave(id(1)));
        assert!(!lane.leave(id(1)));
        assert_eq!(lane.next(&Policy::default()), None);
    }
}
