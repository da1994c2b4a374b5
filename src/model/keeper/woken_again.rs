//! Tenants that are woken again soon after a rule has put them to sleep: told from tickets alone, so that every keeper and every command
//! knows the same.

use std::time::Duration;

use jiff::Timestamp;

use super::rules::later;
use crate::model::ticket::{Door, Outcome, Ticket};

/// A wake within this time after a rule's dump has come too soon.
pub const SOON: Duration = Duration::from_secs(10 * 60);
/// So often in a row counts: the minimum time awake grows no further.
pub const MOST: u32 = 3;

/// An end of a tenant's ticket that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// It was woken; else a rule put it to sleep.
    pub woken: bool,
}

impl End {
    /// What a ticket says of it, if anything.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Option<End> {
        let woken = match (ticket.outcome?, ticket.door) {
            (Outcome::Woken, _) => true,
            (Outcome::Dumped, Door::Keeper) => false,
            _ => return None,
        };
        Some(End { at: ticket.ended?, woken })
    }
}

/// How often in a row a tenant was woken soon after a rule had put it to sleep, at most [`MOST`]. A longer sleep begins anew.
#[must_use]
pub fn in_a_row(mut ends: Vec<End>) -> u32 {
    ends.sort_unstable();
    let (mut count, mut asleep) = (0_u32, None);
    for end in ends {
        match (end.woken, asleep) {
            (false, _) => asleep = Some(end.at),
            (true, Some(since)) => {
                let is_soon = end.at <= later(since, SOON);
                count = if is_soon { (count + 1).min(MOST) } else { 0 };
                asleep = None;
            }
            (true, None) => {}
        }
    }
    count
}

/// For how long a tenant had slept by rule, where this ticket woke it too soon.
#[must_use]
pub fn slept<'a>(ticket: &Ticket, all: impl Iterator<Item = &'a Ticket>) -> Option<Duration> {
    let woken = End::of(ticket).filter(|end| end.woken)?;
    let same =
        |other: &&Ticket| other.tenant == ticket.tenant && other.host == ticket.host && other.id != ticket.id;
    let last = all.filter(same).filter_map(End::of).filter(|end| end.at <= woken.at).max()?;
    (!last.woken && woken.at <= later(last.at, SOON))
        .then(|| Duration::try_from(woken.at.duration_since(last.at)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(all: &[(i64, bool)]) -> Vec<End> {
        all.iter()
            .map(|(at, woken)| End { at: Timestamp::from_second(*at).unwrap(), woken: *woken })
            .collect()
    }

    #[test]
    fn only_what_comes_soon_counts_and_a_long_sleep_begins_anew() {
        assert_eq!(in_a_row(ends(&[])), 0);
        assert_eq!(in_a_row(ends(&[(100, true)])), 0, "somebody else had put it to sleep");
        assert_eq!(in_a_row(ends(&[(100, false), (400, true)])), 1);
        // In whatever order they are known.
        assert_eq!(in_a_row(ends(&[(900, false), (400, true), (1000, true), (100, false)])), 2);
        assert_eq!(in_a_row(ends(&[(100, false), (400, true), (900, false), (9000, true)])), 0);
        let many: Vec<_> = (0..20).map(|at| (at * 10, at % 2 == 1)).collect();
        assert_eq!(in_a_row(ends(&many)), MOST);
    }
}
