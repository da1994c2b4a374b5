//! When the record of a sleeper is void: somebody else started its container, or put another in its place.

use super::container::{Facts, Phase};
use super::method::Method;
use super::particulars::Particulars;
use super::route::has_not_run_since;
use super::sleeper::{Sleeper, Stage};

/// The reason of tickets that drop a record because its container was started by somebody else.
pub const STARTED_BY_OTHERS: &str = "somebody else has started it";

/// Whether what the snapshot shows makes it worth while to look closely. `seen` is the container, or another one under
/// its name. One that is not there is no reason: its record is what brings it back.
#[must_use]
pub fn looks_void(sleeper: &Sleeper, seen: &Facts) -> bool {
    if sleeper.stage != Stage::Asleep || seen.phase == Phase::Gone {
        return false;
    }
    if seen.id != sleeper.container {
        return true;
    }
    let as_left = match sleeper.method {
        Method::Freeze => seen.phase == Phase::Paused,
        Method::Checkpoint | Method::Stop => {
            // Times of events and lists differ a little from the end's own: then only a close look tells.
            matches!(seen.phase, Phase::Exited(_)) && sleeper.life.finished == seen.since
        }
        Method::Destroy => false,
    };
    !as_left
}

/// Whether the record is void: `found` is the container, or another one under its name, and nobody is at work on it.
/// Then there is nothing to wake any more, or not what was put to sleep.
#[must_use]
pub fn is_void(sleeper: &Sleeper, found: Option<&Particulars>) -> bool {
    let Some(found) = found else { return false };
    if found.facts.id != sleeper.container {
        return true;
    }
    match found.facts.phase {
        Phase::Running | Phase::Restarting => true,
        Phase::Created | Phase::Paused | Phase::Stopping | Phase::Exited(_) => {
            !has_not_run_since(sleeper, found)
        }
        Phase::Removing | Phase::Dead | Phase::Gone | Phase::Unclear => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::tests::facts;
    use crate::model::route::tests::{particulars, sleeper};
    use jiff::Timestamp;
    use rstest::rstest;

    #[rstest]
    #[case::frozen(Method::Freeze, Phase::Paused, 100, 200, false)]
    #[case::unpaused_by_hand(Method::Freeze, Phase::Running, 100, 200, true)]
    #[case::killed_while_frozen(Method::Freeze, Phase::Exited(Some(137)), 100, 300, false)]
    #[case::started_since_it_was_frozen(Method::Freeze, Phase::Exited(Some(0)), 300, 400, true)]
    #[case::stopped(Method::Stop, Phase::Exited(Some(0)), 100, 200, false)]
    #[case::started_by_hand(Method::Stop, Phase::Running, 300, 200, true)]
    #[case::in_a_crash_loop(Method::Stop, Phase::Restarting, 300, 310, true)]
    #[case::ran_and_ended(Method::Stop, Phase::Exited(Some(0)), 300, 400, true)]
    #[case::ran_and_paused(Method::Checkpoint, Phase::Paused, 300, 200, true)]
    #[case::checkpointed(Method::Checkpoint, Phase::Exited(Some(137)), 100, 200, false)]
    #[case::going_away(Method::Stop, Phase::Removing, 300, 400, false)]
    fn a_life_that_was_not_put_to_sleep_makes_it_void(
        #[case] method: Method,
        #[case] phase: Phase,
        #[case] started: i64,
        #[case] finished: i64,
        #[case] void: bool,
    ) {
        let sleeper = sleeper(method, Stage::Asleep);
        assert_eq!(is_void(&sleeper, Some(&particulars(phase, started, finished))), void);
    }

    #[test]
    fn one_that_is_gone_is_not_void_and_one_in_its_place_makes_it_so() {
        let sleeper = sleeper(Method::Destroy, Stage::Asleep);
        assert!(!is_void(&sleeper, None));
        let mut other = particulars(Phase::Exited(Some(0)), 100, 200);
        other.facts.id = "another".into();
        assert!(is_void(&sleeper, Some(&other)));
        assert!(looks_void(&sleeper, &other.facts));
    }

    #[rstest]
    #[case::frozen(Method::Freeze, Phase::Paused, None, false)]
    #[case::runs(Method::Freeze, Phase::Running, None, true)]
    #[case::ended_then(Method::Stop, Phase::Exited(Some(0)), Some(200), false)]
    #[case::ended_later(Method::Stop, Phase::Exited(Some(0)), Some(260), true)]
    #[case::end_unknown(Method::Stop, Phase::Exited(Some(0)), None, true)]
    #[case::removed(Method::Stop, Phase::Gone, None, false)]
    fn a_snapshot_that_differs_is_a_reason_to_look(
        #[case] method: Method,
        #[case] phase: Phase,
        #[case] since: Option<i64>,
        #[case] expected: bool,
    ) {
        let since = since.and_then(|second| Timestamp::from_second(second).ok());
        let seen = Facts { since, ..facts("a", phase) };
        assert_eq!(looks_void(&sleeper(method, Stage::Asleep), &seen), expected);
        assert!(!looks_void(&sleeper(method, Stage::Waking), &seen));
    }
}
