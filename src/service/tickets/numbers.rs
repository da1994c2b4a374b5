//! Numbers for tickets. They are drawn by chance out of 268 million and kept for years, so some are taken: those that are given out
//! were looked up in the ledger before.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::ledger::Ledger;
use crate::model::ticket::TicketId;

/// How many are kept at hand, for orders of many tenants at once.
const AT_HAND: usize = 256;
/// So many are few: then more are drawn.
const FEW: usize = 64;

/// Numbers that no ticket or run of the ledger had when they were drawn.
#[derive(Debug, Default)]
pub(in crate::service) struct Numbers {
    free: Mutex<Vec<TicketId>>,
}

impl Numbers {
    /// A number that is given to nobody else here. Where none is at hand it is drawn without a look at the ledger, which refuses one
    /// that is taken.
    pub fn next(&self) -> TicketId {
        let next = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        next.unwrap_or_else(draw)
    }

    /// Draws more where few are left. What the ledger has is left out; where it cannot be read, none are drawn.
    pub async fn refill(&self, ledger: &Ledger) {
        let left: HashSet<TicketId> = {
            let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() >= FEW {
                return;
            }
            free.iter().copied().collect()
        };
        let drawn: HashSet<TicketId> = std::iter::repeat_with(draw).take(AT_HAND).collect();
        let drawn: Vec<TicketId> = drawn.difference(&left).copied().collect();
        if let Ok(unused) = ledger.unused(&drawn).await {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).extend(unused);
        }
    }
}

fn draw() -> TicketId {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds every `RandomState` differently.
    let bits = RandomState::new().hash_one(0);
    TicketId::from_random(u32::try_from(bits & 0xffff_ffff).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Where;

    #[tokio::test]
    async fn no_number_is_given_out_twice() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&Where::Sqlite(folder.path().join("ledger.db"))).await.unwrap();
        let numbers = Numbers::default();
        let mut given = HashSet::new();
        for _ in 0..10 {
            numbers.refill(&ledger).await;
            for _ in 0..=AT_HAND - FEW {
                assert!(given.insert(numbers.next()));
            }
        }
    }
}
