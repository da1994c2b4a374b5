//! What the ledger tells and what only the engines remember, in one, nothing twice.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::ask::Ask;
use crate::model::change::{Act, Change, Source};
use crate::model::container::ContainerId;
use crate::model::host::HostName;

/// Changes to be told.
#[derive(Debug, Default)]
pub struct Past {
    pub oldest_first: Vec<Change>,
    /// There are more, older ones.
    pub more: bool,
}

/// What the ledger knows of a stretch of time, whatever was asked.
#[derive(Debug, Default)]
pub struct Known {
    acts: HashMap<Act, Timestamp>,
    /// When something is known to have happened to a container. One whose first events the engine has forgotten is another
    /// act to whoever hears only the rest.
    stretches: HashMap<(HostName, ContainerId), Vec<(Timestamp, Timestamp)>>,
}

impl Known {
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut known = Known::default();
        for change in changes {
            known.acts.insert(change.act, change.time);
            if let (Some(host), Some(id)) = (&change.host, &change.id) {
                let stretch = (change.first, change.time);
                known.stretches.entry((host.clone(), id.clone())).or_default().push(stretch);
            }
        }
        known
    }

    /// Whether the ledger knows all of that.
    fn has(&self, change: &Change) -> bool {
        if let Some(time) = self.acts.get(&change.act) {
            return change.time <= *time;
        }
        let (Source::Engine, Some(host), Some(id)) = (change.source, &change.host, &change.id) else {
            return false;
        };
        let stretches = self.stretches.get(&(host.clone(), id.clone()));
        stretches
            .is_some_and(|all| all.iter().any(|(first, last)| *first <= change.time && change.first <= *last))
    }
}

/// Joins the ledger's answer with what is remembered elsewhere.
pub fn merge(
    recorded: Vec<Change>,
    more: bool,
    known: &Known,
    remembered: &[Arc<Change>],
    ask: &Ask,
    limit: usize,
) -> Past {
    let fresh: Vec<&Arc<Change>> = remembered.iter().filter(|change| !known.has(change)).collect();
    // An act that has gone on since it was recorded is told as it is now.
    let is_old = |change: &Change| fresh.iter().any(|it| it.act == change.act);
    let mut all: Vec<Change> = recorded.into_iter().filter(|change| !is_old(change)).collect();
    let oldest = all.iter().map(|change| change.time).min();
    // Before the oldest of an answer that was cut there is more than what is remembered.
    let is_asked =
        |change: &Change| ask.passes(change) && (!more || oldest.is_none_or(|oldest| oldest <= change.time));
    all.extend(fresh.iter().filter(|change| is_asked(change)).map(|change| Change::clone(change)));
    all.sort_by_key(|change| (change.time, change.first, change.seq));
    let over = all.len().saturating_sub(limit);
    all.drain(..over);
    Past { oldest_first: all, more: more || over > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Verb;

    fn change(act: i64, first: i64, time: i64, verb: Verb) -> Change {
        let at = |second| Timestamp::from_second(second).unwrap();
        Change {
            host: Some("web-1".into()),
            id: Some("4c1f".into()),
            first: at(first),
            ..Change::new(Source::Engine, Act::from_number(act), at(time), verb)
        }
    }

    fn told(recorded: Vec<Change>, remembered: Vec<Change>, ask: &str, limit: usize) -> (Vec<i64>, bool) {
        let now = Timestamp::from_second(1000).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
        let ask = Ask::parse(ask, &now).unwrap();
        let known = Known::of(&recorded);
        let answer = recorded.into_iter().filter(|change| ask.passes(change)).collect();
        let remembered: Vec<Arc<Change>> = remembered.into_iter().map(Arc::new).collect();
        let past = merge(answer, false, &known, &remembered, &ask, limit);
        (past.oldest_first.iter().map(|change| change.act.number()).collect(), past.more)
    }

    #[test]
    fn nothing_is_told_twice_and_nothing_left_out() {
        let recorded = || vec![change(1, 10, 20, Verb::Stopped), change(2, 30, 30, Verb::Started)];
        assert_eq!(told(recorded(), vec![change(2, 30, 30, Verb::Started)], "", 9), (vec![1, 2], false));
        assert_eq!(told(recorded(), vec![change(3, 40, 40, Verb::Paused)], "", 9), (vec![1, 2, 3], false));
        // Its first event was forgotten by the engine.
        assert_eq!(told(recorded(), vec![change(4, 15, 20, Verb::Stopped)], "", 9), (vec![1, 2], false));
        // The same, where what is recorded does not pass.
        assert_eq!(
            told(recorded(), vec![change(4, 15, 20, Verb::Paused)], "verb:paused", 9),
            (vec![], false)
        );
        // It has gone on since it was recorded.
        assert_eq!(
            told(recorded(), vec![change(2, 30, 35, Verb::Crashed)], "verb:crashed", 9),
            (vec![2], false)
        );
        assert_eq!(
            told(recorded(), vec![change(2, 30, 35, Verb::Crashed)], "verb:started", 9),
            (vec![], false)
        );
        let mut elsewhere = change(5, 15, 20, Verb::Stopped);
        elsewhere.host = Some("web-2".into());
        assert_eq!(told(recorded(), vec![elsewhere], "", 9), (vec![1, 5, 2], false));
    }

    #[test]
    fn of_too_many_the_newest_are_told() {
        let recorded = vec![change(1, 10, 20, Verb::Stopped), change(2, 30, 30, Verb::Started)];
        assert_eq!(told(recorded, vec![change(3, 40, 40, Verb::Paused)], "", 2), (vec![2, 3], true));
    }
}
