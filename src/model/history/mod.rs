//! A tenant's history: which state it was in, and from when to when, told from its changes.
//!
//! Changes say what happened, not what was. What is known of no moment stays unknown: nothing is made up between two
//! changes that do not fit each other, and where events may be missing the stretch says so.

mod point;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::change::Change;
use super::container::ContainerId;
use super::state::State;
use point::{Point, Who};

/// One stretch of a tenant's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From this moment on.
    pub from: Timestamp,
    /// Up to this moment, which does not belong to it.
    pub to: Timestamp,
    /// The state; nothing where it is not known.
    pub state: Option<State>,
    /// Events may be missing: it may have been in other states too.
    pub gap: bool,
}

/// What is known of the tenant now, from its engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// Its containers, the state of each, and since when it is in it.
    pub containers: Vec<(ContainerId, State, Option<Timestamp>)>,
    /// Since when its host does not answer, where it does not.
    pub lost: Option<Timestamp>,
}

/// The tenant's states from `from` to `to`, without a hole between them. The changes are its own and those of its host, in
/// any order; those from before `from` tell how it begins. `present` is given where the stretch ends now.
#[must_use]
pub fn spans<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
    present: Option<&Present>,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Span> {
    let mut points = point::of_changes(changes);
    if let Some(present) = present {
        point::of_present(present, &mut points);
    }
    // A stable sort: what is told at the same moment stays in the order in which it was made of the changes.
    points.sort_by_key(|(time, _)| *time);
    let mut standing = Standing::default();
    let mut spans: Vec<Span> = Vec::new();
    let mut at = from;
    for (time, point) in points {
        let until = time.clamp(at, to.max(at));
        standing.push(&mut spans, at, until);
        at = until;
        standing.take(point);
    }
    standing.push(&mut spans, at, to);
    spans
}

/// How long each state lasted in all, the longest first; nothing stands for what is not known.
#[must_use]
pub fn totals(spans: &[Span]) -> Vec<(Option<State>, i64)> {
    let mut sums: BTreeMap<Option<State>, i64> = BTreeMap::new();
    for span in spans {
        *sums.entry(span.state).or_default() += span.to.duration_since(span.from).as_secs();
    }
    let mut totals: Vec<_> = sums.into_iter().collect();
    totals.sort_by_key(|(_, seconds)| std::cmp::Reverse(*seconds));
    totals
}

/// What shows in one cell of a bar from `from` to `to`: something bad wins, however short it was; else what lasted longest.
/// And whether events may be missing there.
#[must_use]
pub fn cell(spans: &[Span], from: Timestamp, to: Timestamp) -> (Option<State>, bool) {
    let here = spans.iter().filter(|span| span.from < to && from < span.to);
    let mut sums: BTreeMap<Option<State>, i64> = BTreeMap::new();
    let mut gap = false;
    for span in here {
        let lasted = span.to.min(to).duration_since(span.from.max(from));
        *sums.entry(span.state).or_default() += i64::try_from(lasted.as_millis()).unwrap_or(i64::MAX);
        gap |= span.gap;
    }
    let is_bad = |state: &Option<State>| state.is_some_and(|it| it.kind() == super::state::Kind::Bad);
    // The worst state is the least.
    let worst = sums.keys().filter(|state| is_bad(state)).min().copied();
    let longest = sums.iter().max_by_key(|(_, lasted)| **lasted).map(|(state, _)| *state);
    (worst.or(longest).flatten(), gap)
}

/// What is known at one moment.
#[derive(Debug, Default)]
struct Standing {
    containers: BTreeMap<Who, State>,
    /// All that were known are gone: that is something known too.
    is_gone: bool,
    is_lost: bool,
    is_gap: bool,
}

impl Standing {
    fn state(&self) -> Option<State> {
        match self.containers.values().min() {
            _ if self.is_lost => Some(State::Unreachable),
            Some(worst) => Some(*worst),
            None => self.is_gone.then_some(State::Absent),
        }
    }

    fn push(&self, spans: &mut Vec<Span>, from: Timestamp, to: Timestamp) {
        if from >= to {
            return;
        }
        let span = Span { from, to, state: self.state(), gap: self.is_gap };
        match spans.last_mut() {
            Some(last) if last.state == span.state && last.gap == span.gap => last.to = to,
            _ => spans.push(span),
        }
    }

    fn take(&mut self, point: Point) {
        match point {
            Point::Is(who, state) => {
                // From here on it is known by its parts.
                self.containers.remove(&Who::Whole);
                self.containers.insert(who, state);
            }
            Point::AllAre(state) if self.containers.is_empty() => {
                self.containers.insert(Who::Whole, state);
            }
            Point::AllAre(state) => self.containers.values_mut().for_each(|it| *it = state),
            Point::Gone(who) => {
                self.containers.remove(&who);
                self.is_gone |= self.containers.is_empty();
            }
            Point::Forgotten(who) => {
                self.containers.remove(&who);
            }
            Point::Lost(is_lost) => self.is_lost = is_lost,
            Point::Gap(is_gap) => self.is_gap = is_gap,
        }
        if !self.containers.is_empty() {
            self.is_gone = false;
        }
    }
}

#[cfg(test)]
mod tests;
