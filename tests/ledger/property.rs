//! Whatever two holders do in whatever order: no container is ever held by both.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use wakeboard::ledger::{Begun, Ledger};
use wakeboard::model::container::ContainerId;
use wakeboard::model::ticket::Ticket;

use super::place::Place;
use super::things::*;

#[derive(Clone, Debug)]
enum Act {
    Begin { who: u32, containers: Vec<u32>, lease: i64 },
    Renew { who: u32, ticket: usize, lease: i64 },
    Progress { who: u32, ticket: usize },
    End { who: u32, ticket: usize },
    Adopt { who: u32, ticket: usize, lease: i64 },
    Wait { seconds: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    let (who, ticket, lease) = (1..3_u32, 0..6_usize, 1..20_i64);
    prop_oneof![
        3 => (who.clone(), prop::collection::vec(0..3_u32, 1..3), lease.clone())
            .prop_map(|(who, containers, lease)| Act::Begin { who, containers, lease }),
        1 => (who.clone(), ticket.clone(), lease.clone())
            .prop_map(|(who, ticket, lease)| Act::Renew { who, ticket, lease }),
        1 => (who.clone(), ticket.clone()).prop_map(|(who, ticket)| Act::Progress { who, ticket }),
        2 => (who.clone(), ticket.clone()).prop_map(|(who, ticket)| Act::End { who, ticket }),
        2 => (who, ticket, lease).prop_map(|(who, ticket, lease)| Act::Adopt { who, ticket, lease }),
        2 => (1..15_i64).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// What a holder was told that it holds: until when.
type Belief = HashMap<usize, i64>;

struct World<'a> {
    ledgers: &'a [Ledger; 2],
    now: i64,
    /// All tickets that were ever begun, and their containers.
    tickets: Vec<(Ticket, Vec<u32>)>,
    beliefs: [Belief; 2],
    /// Makes the containers of this run different from those of all others.
    run: u32,
}

impl World<'_> {
    fn containers(&self, numbers: &[u32]) -> Vec<ContainerId> {
        numbers.iter().map(|number| container(&format!("{}-{number}", self.run))).collect()
    }

    /// Whether the ticket is `who`'s by what they were told, and the lease is not over.
    fn holds(&self, who: u32, ticket: usize) -> bool {
        self.beliefs[who as usize - 1].get(&ticket).is_some_and(|until| *until > self.now)
    }

    fn now(&self) -> Timestamp {
        at(self.now)
    }

    async fn act(&mut self, act: Act) -> Result<(), TestCaseError> {
        let seconds = |lease: i64| Duration::from_secs(lease.unsigned_abs());
        match act {
            Act::Wait { seconds } => self.now += seconds,
            Act::Begin { who, containers, lease } => {
                static NUMBER: AtomicU32 = AtomicU32::new(1);
                let ticket = ticket(NUMBER.fetch_add(1, Ordering::Relaxed));
                let wanted = self.containers(&containers);
                let ledger = &self.ledgers[who as usize - 1];
                let begun = ledger
                    .begin(&ticket, &elsewhere(who), &wanted, &[], self.now(), seconds(lease))
                    .await
                    .unwrap();
                if begun == Begun::Ours {
                    self.beliefs[who as usize - 1].insert(self.tickets.len(), self.now + lease);
                    self.tickets.push((ticket, containers));
                }
            }
            Act::Renew { who, ticket, lease } => {
                let Some((known, _)) = self.tickets.get(ticket) else { return Ok(()) };
                let ledger = &self.ledgers[who as usize - 1];
                let ours = ledger.renew(known.id, &elsewhere(who), self.now(), seconds(lease)).await.unwrap();
                prop_assert!(ours || !self.holds(who, ticket), "a lease was lost before its end");
                self.believe(who, ticket, ours.then_some(self.now + lease));
            }
            Act::Progress { who, ticket } => {
                let Some((known, _)) = self.tickets.get(ticket) else { return Ok(()) };
                let ledger = &self.ledgers[who as usize - 1];
                let ours = ledger.progress(known, &elsewhere(who), &[], &[]).await.unwrap();
                prop_assert!(ours || !self.holds(who, ticket), "a lease was lost before its end");
                prop_assert!(!ours || !self.holds(3 - who, ticket), "wrote another's ticket");
            }
            Act::End { who, ticket } => {
                let Some((known, _)) = self.tickets.get(ticket) else { return Ok(()) };
                let ledger = &self.ledgers[who as usize - 1];
                let ours = ledger.end(&ended(known.clone()), &elsewhere(who), &[], &[]).await.unwrap();
                prop_assert!(ours || !self.holds(who, ticket), "a lease was lost before its end");
                prop_assert!(!ours || !self.holds(3 - who, ticket), "ended another's ticket");
                self.believe(who, ticket, None);
            }
            Act::Adopt { who, ticket, lease } => {
                let Some((known, _)) = self.tickets.get(ticket) else { return Ok(()) };
                let ledger = &self.ledgers[who as usize - 1];
                if ledger.adopt(known.id, &elsewhere(who), self.now(), seconds(lease)).await.unwrap() {
                    self.believe(who, ticket, Some(self.now + lease));
                }
            }
        }
        Ok(())
    }

    fn believe(&mut self, who: u32, ticket: usize, until: Option<i64>) {
        match until {
            Some(until) => self.beliefs[who as usize - 1].insert(ticket, until),
            None => self.beliefs[who as usize - 1].remove(&ticket),
        };
    }

    /// Each container that somebody holds, by all who hold it and all tickets that have it.
    fn check(&self) -> Result<(), TestCaseError> {
        let mut held: HashMap<u32, Vec<(u32, usize)>> = HashMap::new();
        for who in [1, 2] {
            for (ticket, (_, containers)) in self.tickets.iter().enumerate() {
                let mut each = containers.clone();
                each.sort_unstable();
                each.dedup();
                for container in each.into_iter().filter(|_| self.holds(who, ticket)) {
                    held.entry(container).or_default().push((who, ticket));
                }
            }
        }
        for (container, holders) in held {
            prop_assert!(holders.len() == 1, "container {container} is held by {holders:?}");
        }
        Ok(())
    }
}

#[test]
fn no_container_is_held_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = Place::new();
    let ledgers = runtime.block_on(async { [place.open().await, place.open().await] });
    let run = AtomicU32::new(0);
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(acts in prop::collection::vec(act(), 1..30))| {
        let run = run.fetch_add(1, Ordering::Relaxed);
        let mut world =
            World { ledgers: &ledgers, now: 0, tickets: Vec::new(), beliefs: [Belief::new(), Belief::new()], run };
        runtime.block_on(async {
            for act in acts {
                world.act(act).await?;
                world.check()?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    });
}
