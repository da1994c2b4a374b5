//! What will come of one tenant, if nothing happens to it: the rule, run ahead.

use jiff::Timestamp;

use super::calendar::Calendar;
use super::decision::Decision;
use super::judge::{Case, judge};

/// How many turns are told: a tenant that is held by windows day after day has no end of them.
const MOST_TURNS: usize = 64;

/// From a moment on the rule says this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// From when on.
    pub at: Timestamp,
    /// What it says.
    pub decision: Decision,
}

/// What the rule says now and from which moments on it will say something else, up to `until`. Whatever it says is to be
/// done is taken as done at once; the limits of hosts are left out of account.
#[must_use]
pub fn forecast(calendar: &Calendar<'_>, case: &Case<'_>, until: Timestamp) -> Vec<Turn> {
    let mut calendar = calendar.clone();
    let mut subject = *case.subject;
    let mut turns: Vec<Turn> = Vec::new();
    while turns.len() < MOST_TURNS {
        let verdict = judge(&calendar, &Case { subject: &subject, ..*case });
        turns.push(Turn { at: calendar.now(), decision: verdict.decision });
        if let Some(due) = verdict.decision.acts() {
            subject = subject.put_to_sleep(due.method, calendar.now());
            continue;
        }
        match verdict.next.filter(|next| *next <= until) {
            Some(next) => calendar.turn_to(next),
            None => break,
        }
    }
    turns
}
