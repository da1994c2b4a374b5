//! Changes counted by the minute, and minutes folded into longer stretches.

use jiff::{SignedDuration, Timestamp};

use super::{Change, Kind, Tick};

/// The length of what is counted.
pub const MINUTE: i64 = 60;

impl Tick {
    /// A stretch without a change.
    #[must_use]
    pub fn empty(start: Timestamp) -> Self {
        Tick { start, counts: [0; 4] }
    }

    /// How many changes there were.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The kind that whoever looks must know of first.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().zip(self.counts).find(|(_, count)| *count > 0).map(|(kind, _)| kind)
    }

    /// Counts one change more.
    pub fn count(&mut self, kind: Kind) {
        if let Some(at) = Kind::ALL.into_iter().position(|other| other == kind) {
            self.counts[at] = self.counts[at].saturating_add(1);
        }
    }

    fn add(&mut self, other: &Tick) {
        for (sum, more) in self.counts.iter_mut().zip(other.counts) {
            *sum = sum.saturating_add(more);
        }
    }
}

/// The start of the minute that a moment is in.
#[must_use]
pub fn minute_of(time: Timestamp) -> Timestamp {
    let second = time.as_second();
    // Only at the very beginning of all time there is no whole minute before.
    Timestamp::from_second(second - second.rem_euclid(MINUTE)).unwrap_or(time)
}

/// The changes from `from` to before `to` by the minute; minutes without one are left out.
#[must_use]
pub fn minutes<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Tick> {
    let mut found = std::collections::BTreeMap::new();
    for change in changes.into_iter().filter(|change| from <= change.time && change.time < to) {
        let start = minute_of(change.time);
        found.entry(start).or_insert_with(|| Tick::empty(start)).count(change.kind());
    }
    found.into_values().collect()
}

/// `count` stretches of `step` each from `from` on, those without a change too.
#[must_use]
pub fn fold(ticks: &[Tick], from: Timestamp, step: SignedDuration, count: usize) -> Vec<Tick> {
    let seconds = step.as_secs().max(1);
    let start = |at: usize| {
        let by = i64::try_from(at).unwrap_or(i64::MAX).saturating_mul(seconds);
        from.checked_add(SignedDuration::from_secs(by)).unwrap_or(Timestamp::MAX)
    };
    let mut folded: Vec<Tick> = (0..count).map(|at| Tick::empty(start(at))).collect();
    for tick in ticks.iter().filter(|tick| tick.start >= from) {
        let at = tick.start.duration_since(from).as_secs() / seconds;
        if let Some(into) = usize::try_from(at).ok().and_then(|at| folded.get_mut(at)) {
            into.add(tick);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::{Act, Source, Verb};
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn change(second: i64, verb: Verb, source: Source) -> Change {
        Change::new(source, Act::from_number(second), at(second), verb)
    }

    #[test]
    fn what_is_bad_is_named_first() {
        let changes = [
            change(125, Verb::Started, Source::Engine),
            change(130, Verb::Dumped, Source::Ticket),
            change(119, Verb::Noted, Source::Note),
            change(179, Verb::Crashed, Source::Engine),
        ];
        let minutes = minutes(&changes, at(60), at(180));
        assert_eq!(
            minutes.iter().map(|it| (it.start.as_second(), it.total())).collect::<Vec<_>>(),
            [(60, 1), (120, 3)]
        );
        assert_eq!((minutes[0].kind(), minutes[1].kind()), (Some(Kind::Said), Some(Kind::Bad)));
        assert_eq!(minutes[1].counts, [1, 1, 0, 1]);
        assert_eq!(Tick::empty(at(0)).kind(), None);
        assert_eq!(minute_of(at(-1)), at(-60));
    }

    proptest! {
        #[test]
        fn folding_loses_nothing_within_the_stretch(
            seconds in prop::collection::vec(0..7200i64, 0..200),
            step in 1..40i64,
            count in 1..200usize,
        ) {
            let changes: Vec<Change> =
                seconds.iter().map(|second| change(*second, Verb::Started, Source::Engine)).collect();
            let minutes = minutes(&changes, at(0), at(7200));
            let folded = fold(&minutes, at(0), SignedDuration::from_mins(step), count);
            prop_assert_eq!(folded.len(), count);
            let end = i64::try_from(count).unwrap() * step * 60;
            let within = seconds.iter().filter(|second| **second < end).count();
            prop_assert_eq!(folded.iter().map(|tick| tick.total() as usize).sum::<usize>(), within);
        }
    }
}
