//! The table of what the rule says.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rstest::rstest;

use super::decision::{Decision, Due, Hold, Leave};
use super::forecast::forecast;
use super::judge::{Answer, Case, judge};
use super::rules::{Ask, Hook, Rules};
use super::window::{Kind, Span, Window};
use super::{Activity, Calendar, Measure, Subject, Verdict};
use crate::model::method::Method::{self, Checkpoint, Destroy, Freeze, Stop};
use crate::model::state::State;
use crate::model::tier::Tier;

/// Minutes after the beginning.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(minutes * 60).unwrap()
}

fn awake(tier: Tier) -> Subject {
    Subject {
        tier: Some(tier),
        state: State::Running,
        asleep: None,
        since: Some(at(0)),
        ticket: false,
        woken_again: 0,
        has_written: false,
    }
}

fn asleep(tier: Tier, method: Method, since: i64) -> Subject {
    awake(tier).put_to_sleep(method, at(since))
}

/// Used last at that minute, say all measures.
fn used(minute: i64) -> Activity {
    let moment = Some(at(minute));
    Activity { request: moment, network: moment, cpu: moment, connections: moment }
}

fn verdict(rules: &Rules, now: i64, subject: &Subject, activity: &Activity) -> Verdict {
    let calendar = Calendar::new(rules, &TimeZone::UTC, at(now));
    judge(&calendar, &Case { subject, activity, answer: None, short: false })
}

fn due(method: Method, from: Option<Method>, idle_since: i64) -> Due {
    Due { method, from, idle_since: at(idle_since) }
}

#[rstest]
#[case(awake(Tier::High), used(10), 39, Decision::Leave(Leave::Waiting { due: due(Freeze, None, 10), at: at(40) }), Some(40))]
#[case(awake(Tier::High), used(10), 40, Decision::Dump(due(Freeze, None, 10)), Some(490))]
// Whoever was kept awake for so long goes as deep as its time says.
#[case(awake(Tier::High), used(10), 490, Decision::Dump(due(Checkpoint, None, 10)), None)]
#[case(asleep(Tier::High, Freeze, 40), used(10), 489, Decision::Leave(Leave::Waiting { due: due(Checkpoint, Some(Freeze), 10), at: at(490) }), Some(490))]
#[case(
    asleep(Tier::High, Freeze, 40),
    used(10),
    490,
    Decision::Dump(due(Checkpoint, Some(Freeze), 10)),
    None
)]
#[case(
    asleep(Tier::High, Checkpoint, 40),
    used(10),
    9999,
    Decision::Leave(Leave::DeepEnough(Checkpoint)),
    None
)]
#[case(asleep(Tier::High, Stop, 40), used(10), 9999, Decision::Leave(Leave::DeepEnough(Stop)), None)]
#[case(Subject { has_written: true, ..asleep(Tier::Low, Stop, 40) }, used(10), 9999, Decision::Leave(Leave::DeepEnough(Stop)), None)]
#[case(Subject { has_written: true, ..asleep(Tier::Low, Freeze, 40) }, used(10), 9999, Decision::Leave(Leave::DeepEnough(Freeze)), None)]
#[case(asleep(Tier::Mid, Stop, 40), used(10), 50, Decision::Dump(due(Destroy, Some(Stop), 10)), None)]
// Who sleeps cannot be used: its sleep counts where its use was not measured.
#[case(asleep(Tier::High, Freeze, 40), Activity::default(), 519, Decision::Leave(Leave::Waiting { due: due(Checkpoint, Some(Freeze), 40), at: at(520) }), Some(520))]
#[case(
    asleep(Tier::High, Freeze, 40),
    Activity::default(),
    520,
    Decision::Dump(due(Checkpoint, Some(Freeze), 40)),
    None
)]
// A start counts as use.
#[case(Subject { since: Some(at(20)), ..awake(Tier::Low) }, used(10), 34, Decision::Leave(Leave::Waiting { due: due(Destroy, None, 20), at: at(35) }), Some(35))]
#[case(Subject { since: None, ..awake(Tier::Low) }, used(10), 25, Decision::Dump(due(Destroy, None, 10)), None)]
#[case(Subject { since: None, ..awake(Tier::Low) }, Activity::default(), 9999, Decision::Leave(Leave::NothingKnown), None)]
#[case(awake(Tier::Vip), used(0), 9999, Decision::Leave(Leave::Vip), None)]
#[case(Subject { tier: None, ..awake(Tier::Low) }, used(0), 9999, Decision::Leave(Leave::NoTier), None)]
#[case(Subject { state: State::Unhealthy, ..awake(Tier::Low) }, used(0), 9999, Decision::Leave(Leave::State(State::Unhealthy)), None)]
#[case(Subject { state: State::Unreachable, ..awake(Tier::Low) }, used(0), 9999, Decision::Leave(Leave::State(State::Unreachable)), None)]
#[case(Subject { state: State::Paused, ..awake(Tier::Low) }, used(0), 9999, Decision::Leave(Leave::State(State::Paused)), None)]
#[case(Subject { ticket: true, ..awake(Tier::Low) }, used(0), 20, Decision::Held(due(Destroy, None, 0), Hold::Ticket), None)]
// A clock that goes ahead of ours makes nobody idle.
// What lies in the future is a use now.
#[case(awake(Tier::Low), used(100), 20, Decision::Leave(Leave::Waiting { due: due(Destroy, None, 20), at: at(35) }), Some(35))]
fn the_table_of_decisions(
    #[case] subject: Subject,
    #[case] activity: Activity,
    #[case] now: i64,
    #[case] decision: Decision,
    #[case] next: Option<i64>,
) {
    let verdict = verdict(&Rules::default(), now, &subject, &activity);
    assert_eq!(verdict, Verdict { decision, next: next.map(at) });
}

#[test]
fn what_is_not_known_is_not_idle_unless_the_config_takes_it() {
    let mut rules = Rules::default();
    let activity = Activity { request: None, ..used(0) };
    let held = |measures: &[Measure]| {
        Decision::Held(due(Destroy, None, 0), Hold::Unmeasured(measures.iter().copied().collect()))
    };
    let decision =
        |rules: &Rules, activity: &Activity| verdict(rules, 20, &awake(Tier::Low), activity).decision;
    assert_eq!(decision(&rules, &activity), held(&[Measure::Request]));
    rules.idle.may_be_unknown = [Measure::Request].into_iter().collect();
    assert_eq!(decision(&rules, &activity), Decision::Dump(due(Destroy, None, 0)));
    // What is known counts all the same.
    let waits = decision(&rules, &Activity { request: Some(at(19)), ..used(0) });
    assert!(matches!(waits, Decision::Leave(Leave::Waiting { .. })));
    // Of nobody nothing at all may be unknown.
    rules.idle.may_be_unknown = Measure::ALL.into_iter().collect();
    assert_eq!(decision(&rules, &Activity::default()), held(&Measure::ALL));
    // What is ignored does not count, whatever it says.
    rules.idle = super::rules::Idle { cpu: None, ..super::rules::Idle::default() };
    assert_eq!(
        decision(&rules, &Activity { cpu: Some(at(20)), ..used(0) }),
        Decision::Dump(due(Destroy, None, 0))
    );
}

#[test]
fn a_window_holds_until_its_end() {
    let mut rules = Rules::default();
    let window = Window { kind: Kind::Hours, span: Span::read("00:00-10:00").unwrap() };
    rules.tier_mut(Tier::High).windows = vec![window];
    let told = |now| verdict(&rules, now, &awake(Tier::High), &used(0));
    // The next step comes before the window's end, and then the window ends.
    let held = |method| Decision::Held(due(method, None, 0), Hold::Window(0));
    assert_eq!(told(60), Verdict { decision: held(Freeze), next: Some(at(480)) });
    assert_eq!(told(480), Verdict { decision: held(Checkpoint), next: Some(at(600)) });
    let next_night = Some(at(24 * 60));
    assert_eq!(told(600), Verdict { decision: Decision::Dump(due(Checkpoint, None, 0)), next: next_night });
}

#[test]
fn a_hook_is_asked_and_its_answer_grows_old() {
    let ask = Ask::Exec(vec!["may".to_owned()]);
    let every = Duration::from_secs(300);
    let rules = Rules { veto: Some(Hook { ask, timeout: every, every }), ..Rules::default() };
    let calendar = Calendar::new(&rules, &TimeZone::UTC, at(60));
    let told = |subject: &Subject, answer: Option<(bool, i64)>| {
        let answer = answer.map(|(may, minute)| Answer { may, at: at(minute) });
        judge(&calendar, &Case { subject, activity: &used(0), answer, short: false })
    };
    let low = awake(Tier::Low);
    let held = |hold| Decision::Held(due(Destroy, None, 0), hold);
    assert_eq!(told(&low, None), Verdict { decision: held(Hold::Unasked), next: None });
    assert_eq!(told(&low, Some((true, 55))).decision, held(Hold::Unasked));
    assert_eq!(told(&low, Some((false, 56))), Verdict { decision: held(Hold::Veto), next: Some(at(61)) });
    let dump = Decision::Dump(due(Destroy, None, 0));
    assert_eq!(told(&low, Some((true, 56))), Verdict { decision: dump, next: Some(at(61)) });
    // Nobody runs a program in who sleeps: the ticket asks, once it is woken.
    assert!(told(&asleep(Tier::Low, Stop, 20), None).decision.acts().is_some());
}

#[test]
fn an_address_is_asked_before_each_deeper_step() {
    let every = Duration::from_secs(300);
    let ask = Ask::Url("http://hook.example.com/{tenant}".to_owned());
    let rules = Rules { veto: Some(Hook { ask, timeout: every, every }), ..Rules::default() };
    let calendar = Calendar::new(&rules, &TimeZone::UTC, at(600));
    let told = |answer: Option<(bool, i64)>| {
        let answer = answer.map(|(may, minute)| Answer { may, at: at(minute) });
        let subject = asleep(Tier::High, Freeze, 40);
        judge(&calendar, &Case { subject: &subject, activity: &used(0), answer, short: false }).decision
    };
    let deeper = due(Checkpoint, Some(Freeze), 0);
    // What was said before it fell asleep has grown old.
    assert_eq!(told(None), Decision::Held(deeper, Hold::Unasked));
    assert_eq!(told(Some((true, 39))), Decision::Held(deeper, Hold::Unasked));
    assert_eq!(told(Some((false, 599))), Decision::Held(deeper, Hold::Veto));
    assert_eq!(told(Some((true, 599))), Decision::Dump(deeper));
}

#[test]
fn who_was_woken_stays_awake_for_longer_each_time_that_it_comes_too_soon() {
    let mut rules = Rules::default();
    let calendar = |now| Calendar::new(&rules, &TimeZone::UTC, at(now));
    let told = |now, woken_again| {
        let subject = Subject { woken_again, ..awake(Tier::Low) };
        judge(&calendar(now), &Case { subject: &subject, activity: &used(0), answer: None, short: false })
    };
    // Five minutes by default, which the first step is longer than; then 10, 20 and 40.
    assert_eq!(told(15, 0).decision, Decision::Dump(due(Destroy, None, 0)));
    assert_eq!(told(15, 1).decision, Decision::Dump(due(Destroy, None, 0)));
    let held = Decision::Held(due(Destroy, None, 0), Hold::JustWoken(at(20)));
    assert_eq!(told(15, 2), Verdict { decision: held, next: Some(at(20)) });
    assert_eq!(told(39, 9).decision, Decision::Held(due(Destroy, None, 0), Hold::JustWoken(at(40))));
    assert_eq!(told(40, 9).decision, Decision::Dump(due(Destroy, None, 0)));
    rules.awake_at_least = Some(Duration::from_secs(1800));
    let calendar = Calendar::new(&rules, &TimeZone::UTC, at(10));
    let case = Case { subject: &awake(Tier::Low), activity: &used(0), answer: None, short: true };
    assert!(
        matches!(judge(&calendar, &case).decision, Decision::Held(_, Hold::JustWoken(until)) if until == at(30))
    );
}

#[test]
fn steps_that_are_short_are_not_held_up_by_a_default() {
    let mut rules = Rules::default();
    rules.tier_mut(Tier::Low).steps[0].after = Duration::from_secs(2);
    assert_eq!(rules.awake_at_least(Tier::Low, 0), Duration::from_secs(2));
    assert_eq!(rules.awake_at_least(Tier::Low, 7), Duration::from_secs(16));
    assert_eq!(rules.awake_at_least(Tier::High, 0), Duration::from_secs(300));
}

#[test]
fn a_host_short_of_memory_hurries_those_awake() {
    let rules = Rules::default();
    let calendar = |now| Calendar::new(&rules, &TimeZone::UTC, at(now));
    let told = |now, subject: &Subject, short| {
        judge(&calendar(now), &Case { subject, activity: &used(0), answer: None, short })
    };
    let high = awake(Tier::High);
    let waits = |minute| Decision::Leave(Leave::Waiting { due: due(Freeze, None, 0), at: at(minute) });
    assert_eq!(told(4, &high, true), Verdict { decision: waits(5), next: Some(at(5)) });
    assert_eq!(told(5, &high, true).decision, Decision::Hurry(due(Freeze, None, 0)));
    assert_eq!(told(5, &high, false).decision, waits(30));
    assert_eq!(told(30, &high, true).decision, Decision::Dump(due(Freeze, None, 0)));
    assert!(told(400, &asleep(Tier::High, Freeze, 5), true).decision.acts().is_none());
}

#[test]
fn a_forecast_goes_on_to_the_deepest_step() {
    let rules = Rules::default();
    let calendar = Calendar::new(&rules, &TimeZone::UTC, at(10));
    let case = Case { subject: &awake(Tier::High), activity: &used(0), answer: None, short: false };
    let turns = forecast(&calendar, &case, at(100_000));
    let done: Vec<_> = turns.iter().filter_map(|turn| Some((turn.at, turn.decision.acts()?))).collect();
    assert_eq!(done, [(at(30), due(Freeze, None, 0)), (at(480), due(Checkpoint, Some(Freeze), 0))]);
    let last = turns.last().map(|turn| turn.decision);
    assert_eq!(last, Some(Decision::Leave(Leave::DeepEnough(Checkpoint))));
}
