use super::*;
use crate::model::container::tests::facts;
use crate::model::particulars::{Life, Limits, Restart};
use crate::model::ticket::TicketId;
use jiff::Timestamp;
use rstest::rstest;

fn time(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

pub(in crate::model) fn particulars(phase: Phase, started: i64, finished: i64) -> Particulars {
    Particulars {
        facts: facts("a", phase),
        life: Life { started: time(started), finished: time(finished) },
        restart: Restart::default(),
        limits: Limits::default(),
        sessions: Vec::new(),
        stop_timeout: None,
        addresses: Vec::new(),
        ports: Vec::new(),
        published: Vec::new(),
        unreached: None,
        checked_every: None,
    }
}

/// Put to sleep in the life that began at 100 and, for those that end, ended at 200.
pub(in crate::model) fn sleeper(method: Method, stage: Stage) -> Sleeper {
    let finished = if stage == Stage::Going { 50 } else { 200 };
    Sleeper {
        container: "a".into(),
        name: "name-a".into(),
        image: "busybox:1".into(),
        host: "web-1".into(),
        tenant: "acme".into(),
        role: None,
        tier: None,
        method,
        stage,
        since: Timestamp::UNIX_EPOCH,
        ticket: TicketId::from_random(1),
        order: 0,
        life: Life { started: time(100), finished: time(finished) },
        restart: Restart::default(),
        limits: Limits::default(),
        checkpoint: (method == Method::Checkpoint).then(|| "c1".to_owned()),
        set_aside: Vec::new(),
        ports: Vec::new(),
        recipe: None,
        needs: None,
        memory_before: None,
        stop_timeout: None,
        has_written: false,
        memory_left: None,
    }
}

#[rstest]
#[case::runs(Method::Freeze, Phase::Running, 100, 200, None)]
#[case::frozen(Method::Freeze, Phase::Paused, 100, 200, Some(Method::Freeze))]
#[case::frozen_then_killed(Method::Freeze, Phase::Exited(Some(137)), 100, 300, Some(Method::Stop))]
#[case::checkpointed(Method::Checkpoint, Phase::Exited(Some(137)), 100, 200, Some(Method::Checkpoint))]
#[case::ran_since(Method::Checkpoint, Phase::Exited(Some(137)), 250, 300, Some(Method::Stop))]
#[case::ended_again(Method::Checkpoint, Phase::Exited(Some(1)), 100, 300, Some(Method::Stop))]
#[case::stopped(Method::Stop, Phase::Exited(Some(0)), 100, 200, Some(Method::Stop))]
#[case::paused_by_hand(Method::Stop, Phase::Paused, 250, 200, Some(Method::Freeze))]
#[case::half_removed(Method::Destroy, Phase::Dead, 100, 200, Some(Method::Destroy))]
fn the_way_back(
    #[case] method: Method,
    #[case] phase: Phase,
    #[case] started: i64,
    #[case] finished: i64,
    #[case] expected: Option<Method>,
) {
    let found = particulars(phase, started, finished);
    assert_eq!(way_back(&sleeper(method, Stage::Asleep), Some(&found)), expected);
}

#[test]
fn what_is_gone_is_created_again_whatever_its_method() {
    for method in Method::ALL {
        assert_eq!(way_back(&sleeper(method, Stage::Asleep), None), Some(Method::Destroy));
    }
}

#[test]
fn a_checkpoint_that_was_set_aside_is_never_offered() {
    let found = particulars(Phase::Exited(Some(137)), 100, 200);
    let mut sleeper = sleeper(Method::Checkpoint, Stage::Asleep);
    sleeper.set_aside.push("c1".to_owned());
    assert_eq!(way_back(&sleeper, Some(&found)), Some(Method::Stop));
}

#[test]
fn every_wake_ends_in_a_cold_start_at_the_latest() {
    for method in Method::ALL {
        let (mut tried, mut times, mut rounds) = (method, 1, 0);
        while let Some(next) = fallback(tried, times) {
            times = if next == tried { times + 1 } else { 1 };
            tried = next;
            rounds += 1;
            assert!(rounds < 4);
        }
        assert!(matches!(tried, Method::Stop | Method::Destroy));
    }
}

#[rstest]
#[case::done(Method::Checkpoint, Phase::Exited(Some(137)), 100, true, true)]
#[case::died_before_it_was_written(Method::Checkpoint, Phase::Exited(Some(137)), 100, false, false)]
#[case::still_runs(Method::Checkpoint, Phase::Running, 100, true, false)]
#[case::started_by_its_policy(Method::Checkpoint, Phase::Running, 300, true, false)]
#[case::frozen(Method::Freeze, Phase::Paused, 100, false, true)]
#[case::not_yet_frozen(Method::Freeze, Phase::Running, 100, false, false)]
#[case::stopped(Method::Stop, Phase::Exited(Some(0)), 100, false, true)]
#[case::still_there(Method::Destroy, Phase::Exited(Some(0)), 100, false, false)]
fn a_dump_that_was_cut_off(
    #[case] method: Method,
    #[case] phase: Phase,
    #[case] started: i64,
    #[case] has_checkpoint: bool,
    #[case] expected: bool,
) {
    let found = particulars(phase, started, 250);
    assert_eq!(sleeps_as_meant(&sleeper(method, Stage::Going), Some(&found), has_checkpoint), expected);
}

#[test]
fn a_frozen_container_whose_limits_were_not_put_back_is_not_done() {
    let mut found = particulars(Phase::Paused, 100, 50);
    found.limits.memory = 8 << 20;
    assert!(!sleeps_as_meant(&sleeper(Method::Freeze, Stage::Going), Some(&found), false));
}

#[rstest]
#[case::as_it_went(&[(Method::Freeze, Some(Method::Freeze))], Some(Method::Freeze))]
#[case::somebody_had_stopped_it(&[(Method::Freeze, Some(Method::Stop))], Some(Method::Stop))]
#[case::somebody_had_removed_it(&[(Method::Checkpoint, Some(Method::Destroy))], Some(Method::Destroy))]
#[case::one_of_two(&[(Method::Checkpoint, Some(Method::Checkpoint)), (Method::Checkpoint, Some(Method::Stop))], Some(Method::Stop))]
#[case::one_ran(&[(Method::Freeze, None), (Method::Freeze, Some(Method::Freeze))], Some(Method::Freeze))]
#[case::all_ran(&[(Method::Freeze, None)], None)]
#[case::a_thawed_one_that_was_stopped(&[(Method::Stop, Some(Method::Freeze))], Some(Method::Freeze))]
fn what_happened_is_what_is_told(
    #[case] containers: &[(Method, Option<Method>)],
    #[case] expected: Option<Method>,
) {
    assert_eq!(came_back(containers), expected);
}
