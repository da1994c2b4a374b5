//! How dumps and wakes went since the door was opened: counted as they show in the work, whoever asked for them.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use jiff::Timestamp;

use super::lock;
use crate::model::keeper::woken_again::slept;
use crate::model::ticket::{Outcome, Task, TicketId};
use crate::model::work::Work;

/// The upper bounds, in seconds, of the histogram of wakes.
pub const BUCKETS: [f64; 12] = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Tickets that ended, by what they were about and how they ended.
    pub ended: HashMap<(Task, Outcome), u64>,
    /// How many wakes took no longer than each of `BUCKETS`, from being asked for to the answer.
    pub within: [u64; BUCKETS.len()],
    /// All wakes that ended well.
    pub woken: u64,
    /// How long they took together, in seconds.
    pub seconds: f64,
    /// Wakes soon after a rule had put the tenant to sleep.
    pub woken_again: u64,
}

#[derive(Debug)]
pub(super) struct Counts {
    since: Timestamp,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Those that still show, and were counted.
    known: HashSet<TicketId>,
    counted: Counted,
}

impl Counts {
    pub fn since(since: Timestamp) -> Self {
        Counts { since, held: Mutex::default() }
    }

    pub fn read(&self) -> Counted {
        lock(&self.held).counted.clone()
    }

    /// Counts what has ended since the last look.
    pub fn take(&self, work: &Work) {
        let mut held = lock(&self.held);
        let Held { known, counted } = &mut *held;
        let mut shows = HashSet::with_capacity(known.len());
        for ticket in &work.tickets {
            let (Some(ended), Some(outcome)) = (ticket.ended, ticket.outcome) else { continue };
            shows.insert(ticket.id);
            if ended < self.since || known.contains(&ticket.id) {
                continue;
            }
            *counted.ended.entry((ticket.task, outcome)).or_insert(0) += 1;
            if outcome != Outcome::Woken {
                continue;
            }
            let seconds = ended.duration_since(ticket.asked).as_secs_f64().max(0.0);
            counted.woken += 1;
            counted.woken_again += u64::from(slept(ticket, work.tickets.iter().map(|it| &**it)).is_some());
            counted.seconds += seconds;
            for (count, bound) in counted.within.iter_mut().zip(BUCKETS) {
                *count += u64::from(seconds <= bound);
            }
        }
        *known = shows;
    }
}
