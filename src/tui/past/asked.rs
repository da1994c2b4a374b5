//! One place's question to the ledger, until its answer is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::service::past::Question;

/// How long after a fault the same is asked again.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// Counts all questions: a box that is opened anew must not take an answer that the one before it had asked for.
static TURNS: AtomicU64 = AtomicU64::new(1);

fn next_turn() -> u64 {
    TURNS.fetch_add(1, Ordering::Relaxed)
}

/// One place's question.
#[derive(Debug, Default)]
pub struct Asked {
    /// The number of the last question: an answer to another comes too late.
    turn: u64,
    question: Option<Question>,
    waits: bool,
    fault: Option<(Arc<str>, Timestamp)>,
}

impl Asked {
    /// Asks. What was asked before is of no interest any more.
    pub fn ask(&mut self, question: Question) {
        self.turn = next_turn();
        self.question = Some(question);
        self.waits = true;
    }

    /// Asks nothing any more.
    pub fn drop_it(&mut self) {
        self.turn = next_turn();
        (self.question, self.waits, self.fault) = (None, false, None);
    }

    /// The answer is not there yet.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// What is waited for, and its turn.
    #[must_use]
    pub fn open(&self) -> Option<(u64, &Question)> {
        self.question.as_ref().filter(|_| self.waits).map(|question| (self.turn, question))
    }

    /// What went wrong with the last question.
    #[must_use]
    pub fn fault(&self) -> Option<&Arc<str>> {
        self.fault.as_ref().map(|(why, _)| why)
    }

    /// Whether there is nothing to ask now: something is asked, or went wrong a moment ago.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.waits || self.fault.is_some()
    }

    /// An answer has come; whether it is the one that is waited for.
    pub fn answered(&mut self, turn: u64) -> bool {
        let is_it = self.waits && self.turn == turn;
        if is_it {
            (self.waits, self.fault) = (false, None);
        }
        is_it
    }

    /// There is no answer, and this is why.
    pub fn failed(&mut self, turn: u64, why: Arc<str>, now: Timestamp) {
        if self.waits && self.turn == turn {
            (self.waits, self.fault) = (false, Some((why, now)));
        }
    }

    /// Time has passed: what went wrong is asked again. The fault is told until the answer is there.
    pub fn tick(&mut self, now: Timestamp) {
        let is_due = self.fault.as_ref().is_some_and(|(_, at)| now.duration_since(*at) >= AGAIN);
        if is_due && !self.waits && self.question.is_some() {
            self.turn = next_turn();
            self.waits = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_the_last_question_counts_and_a_fault_is_asked_again() {
        let now = Timestamp::UNIX_EPOCH;
        let mut asked = Asked::default();
        asked.ask(Question::Minutes(now, now));
        let first = asked.open().unwrap().0;
        asked.ask(Question::Minutes(now, Timestamp::MAX));
        let (second, question) = asked.open().unwrap();
        assert_eq!(question, &Question::Minutes(now, Timestamp::MAX));
        assert!(!asked.answered(first));
        asked.failed(first, "late".into(), now);
        assert!(asked.waits() && asked.fault().is_none());
        asked.failed(second, "the disk is full".into(), now);
        assert!(!asked.waits() && asked.is_busy());
        asked.tick(now + SignedDuration::from_secs(4));
        assert!(!asked.waits());
        asked.tick(now + SignedDuration::from_secs(5));
        let third = asked.open().unwrap().0;
        assert_eq!(asked.fault().map(|why| &**why), Some("the disk is full"), "until it is answered");
        assert!(asked.answered(third));
        assert!(!asked.is_busy());
    }
}
