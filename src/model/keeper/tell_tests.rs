//! The table of sentences.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rstest::rstest;

use super::decision::{Decision, Due, Hold, Leave};
use super::forecast::Turn;
use super::rules::Rules;
use super::tell::{Teller, lasting};
use super::window::{Kind, Span, Window};
use super::{Activity, Calendar, Measure};
use crate::model::method::Method;
use crate::model::state::State;
use crate::model::tier::Tier;

/// A Monday, 14:00 in Berlin.
fn now() -> Timestamp {
    "2026-11-23T13:00:00Z".parse().unwrap()
}

fn rules() -> Rules {
    let mut rules = Rules { zone: TimeZone::get("Europe/Berlin").ok(), ..Rules::default() };
    let window = |kind, text| Window { kind, span: Span::read(text).unwrap() };
    rules.tier_mut(Tier::High).windows =
        vec![window(Kind::Hours, "mon-fri 07:00-19:00"), window(Kind::Never, "month last")];
    rules.limits.most_asleep = Some(500);
    rules.tier_mut(Tier::Low).steps.clear();
    rules
}

fn due(from: Option<Method>) -> Due {
    let method = if from.is_some() { Method::Checkpoint } else { Method::Freeze };
    Due { method, from, idle_since: now() - Duration::from_secs(42 * 60) }
}

fn held(hold: Hold) -> Decision {
    Decision::Held(due(None), hold)
}

#[rstest]
#[case(
    Decision::Dump(due(None)),
    "It is to be dumped by freeze now: it is idle for 42m, and tier high takes that after 30m."
)]
#[case(
    Decision::Dump(due(Some(Method::Freeze))),
    "It is to be woken and dumped by checkpoint now: it is idle for 42m, and tier high takes that after 8h."
)]
#[case(
    Decision::Hurry(due(None)),
    "It is to be dumped by freeze now, before its time: it is idle for 42m, and its host is short of memory."
)]
#[case(
    Decision::Leave(Leave::Waiting { due: due(None), at: now() + Duration::from_secs(90) }),
    "It is left alone: nothing is known to have used it for 42m; it is due in 1m 30s, to be dumped by freeze."
)]
#[case(Decision::Leave(Leave::Vip), "It is left alone: no rule puts a tenant of tier vip to sleep.")]
#[case(
    Decision::Leave(Leave::NoTier),
    "It is left alone: it has no tier, and rules go by tiers (`tenants` in the config)."
)]
#[case(Decision::Leave(Leave::NoSteps), "It is left alone: tier high has no steps (`tiers` in the config).")]
#[case(
    Decision::Leave(Leave::State(State::Crashed)),
    "It is left alone: it is crashed, and only what runs as it should is put to sleep."
)]
#[case(
    Decision::Leave(Leave::DeepEnough(Method::Stop)),
    "It is left asleep (stop): tier high goes no deeper."
)]
#[case(
    Decision::Leave(Leave::NothingKnown),
    "It is left alone: neither its start nor any use of it is known."
)]
#[case(
    held(Hold::Window(0)),
    "It would be dumped by freeze (idle for 42m), but not within its running hours (mon-fri 07:00-19:00 \
     Europe/Berlin), until 19:00:00."
)]
#[case(
    held(Hold::Window(1)),
    "It would be dumped by freeze (idle for 42m), but not within a never-dump window (month last \
     Europe/Berlin), until 19:00:00."
)]
#[case(held(Hold::Ticket), "It would be dumped by freeze (idle for 42m), but a ticket is at it.")]
#[case(
    held(Hold::Unmeasured([Measure::Cpu].into_iter().collect())),
    "It would be dumped by freeze (nothing is known to have used it for 42m), but CPU is not measured."
)]
#[case(
    held(Hold::Unmeasured([Measure::Request].into_iter().collect())),
    "It would be dumped by freeze (nothing is known to have used it for 42m), but requests are not measured."
)]
#[case(
    held(Hold::Unmeasured(Measure::ALL.into_iter().collect())),
    "It would be dumped by freeze (nothing is known to have used it for 42m), but requests, network bytes, CPU and open connections are not \
     measured."
)]
#[case(
    held(Hold::Unasked),
    "It would be dumped by freeze (idle for 42m), but the hook of the config has not said yet whether it may."
)]
#[case(
    held(Hold::Veto),
    "It would be dumped by freeze (idle for 42m), but the hook of the config says that it must not."
)]
#[case(
    held(Hold::Pace),
    "It would be dumped by freeze (idle for 42m), but its host takes 10 dumps a minute, and others go first."
)]
#[case(
    held(Hold::HostFull),
    "It would be dumped by freeze (idle for 42m), but 500 tenants may sleep on its host, and do."
)]
#[case(
    held(Hold::NoRoom),
    "It would be dumped by freeze (idle for 42m), but to go deeper it must be woken first, and its host is short of \
     memory."
)]
fn the_table_of_sentences(#[case] decision: Decision, #[case] told: &str) {
    let rules = rules();
    let calendar = Calendar::new(&rules, &TimeZone::UTC, now());
    assert_eq!(Teller::new(&calendar).decision(Some(Tier::High), decision), told);
}

#[test]
fn what_comes_is_told_with_its_moment() {
    let rules = rules();
    let calendar = Calendar::new(&rules, &TimeZone::UTC, now());
    let teller = Teller::new(&calendar);
    let turn = |hours: u64, decision| {
        let at = now() + Duration::from_secs(hours * 3600);
        teller.turn(Some(Tier::High), &Turn { at, decision }).unwrap()
    };
    assert_eq!(turn(5, Decision::Dump(due(None))), "19:00:00  it is dumped by freeze");
    assert_eq!(turn(24, Decision::Dump(due(None))), "tue 14:00:00  it is dumped by freeze");
    assert_eq!(turn(24 * 7, Decision::Dump(due(None))), "2026-11-30 14:00:00  it is dumped by freeze");
    assert_eq!(turn(1, held(Hold::Ticket)), "15:00:00  it would be dumped by freeze, but a ticket is at it");
    let leave = Turn { at: now(), decision: Decision::Leave(Leave::Vip) };
    assert_eq!(teller.turn(Some(Tier::Vip), &leave), None);
}

#[test]
fn tiers_and_measures_are_told() {
    let rules = rules();
    let calendar = Calendar::new(&rules, &TimeZone::UTC, now());
    let teller = Teller::new(&calendar);
    assert_eq!(teller.tier(Tier::Vip), "Tier vip: always running.");
    assert_eq!(teller.tier(Tier::Low), "Tier low: always running.");
    assert_eq!(teller.tier(Tier::Mid), "Tier mid: destroy after 30m idle.");
    assert_eq!(
        teller.tier(Tier::High),
        "Tier high: freeze after 30m idle, checkpoint after 8h idle; never within its running hours (mon-fri \
         07:00-19:00 Europe/Berlin); never within a never-dump window (month last Europe/Berlin)."
    );
    let activity = Activity { cpu: Some(now() - Duration::from_secs(60)), ..Activity::default() };
    let mut idle = rules.idle;
    assert_eq!(teller.measure(Measure::Cpu, &activity, &idle), "last use at 13:59:00, 1m ago");
    assert_eq!(
        teller.measure(Measure::Request, &activity, &idle),
        "not measured yet, and must be (`rules.idle.may_be_unknown` in the config)"
    );
    idle.may_be_unknown = [Measure::Request].into_iter().collect();
    let told = teller.measure(Measure::Request, &activity, &idle);
    assert_eq!(told, "not measured yet; the config takes that");
    (idle.cpu, idle.network) = (None, None);
    let told = teller.measure(Measure::Cpu, &activity, &idle);
    assert_eq!(told, "last use at 13:59:00, 1m ago; ignored, says the config");
    assert_eq!(teller.measure(Measure::Network, &activity, &idle), "ignored, says the config");
}

#[rstest]
#[case(0, "0s")]
#[case(45, "45s")]
#[case(1800, "30m")]
#[case(5400, "1h 30m")]
#[case(28_800, "8h")]
#[case(86_400 * 2 + 3600 * 3 + 59, "2d 3h")]
#[case(3601, "1h")]
fn durations_are_short(#[case] seconds: u64, #[case] told: &str) {
    assert_eq!(lasting(Duration::from_secs(seconds)), told);
}
