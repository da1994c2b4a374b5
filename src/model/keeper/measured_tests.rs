use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::activity::{Activity, Measure};
use super::measured::{By, Reading, Readings, Sockets, Tally, measured, unmeasured};
use super::rules::{Idle, later};

const LONGEST: Duration = Duration::from_secs(60);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// At that second: so many milliseconds of CPU, bytes and connections.
fn reading(second: u64, cpu_millis: u64, network: Option<u64>, connections: Option<u32>) -> Reading {
    let sockets = connections.map(|count| Sockets { process: 1, count: count.into() });
    let tally = Tally { cpu_nanos: cpu_millis * 1_000_000, network_bytes: network, sockets };
    Reading { at: Duration::from_secs(second), tally, connections }
}

fn one(reading: Reading) -> Readings {
    Readings::from([("a".into(), reading)])
}

fn all(second: i64) -> Activity {
    let then = Some(at(second));
    Activity { request: then, network: then, cpu: then, connections: then }
}

fn by(idle: &Idle, second: i64) -> By<'_> {
    By { idle, now: at(second), longest: LONGEST }
}

// What was known of second 100 was read at second 1 of the steady clock, what is known now at second 11, which is 110. Thresholds:
// 2 % of a core, 1024 bytes a second, no connection.
#[rstest]
#[case::nothing_happened(reading(11, 0, Some(0), Some(0)), [90, 90, 90])]
#[case::at_the_thresholds(reading(11, 200, Some(10_240), Some(0)), [90, 90, 90])]
#[case::cpu(reading(11, 201, Some(0), Some(0)), [90, 110, 90])]
#[case::bytes(reading(11, 0, Some(10_241), Some(0)), [110, 90, 90])]
#[case::a_connection(reading(11, 0, Some(0), Some(1)), [90, 90, 110])]
#[case::too_long_ago(reading(62, 0, Some(0), Some(0)), [110, 110, 110])]
#[case::the_same_moment(reading(1, 900, Some(1 << 30), Some(0)), [90, 90, 90])]
fn what_a_look_says(#[case] after: Reading, #[case] expected: [i64; 3]) {
    let before = one(reading(1, 0, Some(0), Some(0)));
    let told = measured(&before, &one(after), &all(90), &by(&Idle::default(), 110));
    let [network, cpu, connections] = expected.map(|second| Some(at(second)));
    assert_eq!(told, Activity { request: Some(at(90)), network, cpu, connections });
}

#[test]
fn a_counter_that_ran_backwards_is_use() {
    let before = one(reading(1, 100, Some(100), Some(0)));
    let told =
        measured(&before, &one(reading(11, 99, Some(99), Some(0))), &all(90), &by(&Idle::default(), 110));
    assert_eq!((told.network, told.cpu, told.connections), (Some(at(110)), Some(at(110)), Some(at(90))));
}

#[test]
fn what_is_first_taken_is_taken_since_then() {
    let (idle, after) = (Idle::default(), one(reading(1, 900, Some(900), Some(0))));
    let told = measured(&Readings::new(), &after, &Activity::default(), &by(&idle, 110));
    let now = Some(at(110));
    assert_eq!(told, Activity { request: None, network: now, cpu: now, connections: now });
    // What is believed of a former life of this program stays.
    assert_eq!(measured(&Readings::new(), &after, &all(90), &by(&idle, 110)), all(90));
    // Bytes that could not be seen before are seen from now on.
    let before = one(reading(1, 0, None, None));
    let told =
        measured(&before, &one(reading(2, 0, Some(5), Some(0))), &unmeasured(&all(90)), &by(&idle, 110));
    assert_eq!((told.network, told.connections), (now, now));
}

#[test]
fn what_is_not_seen_of_all_containers_is_not_known() {
    let two = |second, network| {
        let hidden = reading(second, 0, None, None);
        Readings::from([("a".into(), reading(second, 0, network, Some(3))), ("b".into(), hidden)])
    };
    let (before, after) = (two(1, Some(0)), two(2, Some(9000)));
    let told = measured(&before, &after, &all(90), &by(&Idle::default(), 110));
    assert_eq!((told.network, told.connections), (None, None));
    assert_eq!(told.cpu, Some(at(90)));
    // Unless the config takes that: then what is seen counts.
    let lenient = Idle {
        may_be_unknown: [Measure::Network, Measure::Connections].into_iter().collect(),
        ..Idle::default()
    };
    let told = measured(&before, &after, &all(90), &by(&lenient, 110));
    assert_eq!((told.network, told.connections), (Some(at(110)), Some(at(110))));
    let nobody = one(reading(2, 0, None, None));
    let told = measured(&one(reading(1, 0, None, None)), &nobody, &all(90), &by(&lenient, 110));
    assert_eq!((told.network, told.connections), (None, None));
}

#[test]
fn a_container_that_comes_to_others_is_use_and_one_that_goes_is_none() {
    let idle = Idle::default();
    let two = |second| {
        let one = reading(second, 0, Some(0), Some(0));
        Readings::from([("a".into(), one), ("b".into(), one)])
    };
    let told = measured(&one(reading(1, 0, Some(0), Some(0))), &two(2), &all(90), &by(&idle, 110));
    assert_eq!((told.cpu, told.network, told.connections), (Some(at(110)), Some(at(110)), Some(at(90))));
    assert_eq!(measured(&two(1), &one(reading(2, 0, Some(0), Some(0))), &all(90), &by(&idle, 110)), all(90));
}

#[test]
fn containers_add_up() {
    let two = |second, millis| {
        let one = reading(second, millis, Some(0), Some(0));
        Readings::from([("a".into(), one), ("b".into(), one)])
    };
    // 1.5 % of a core each.
    let told = measured(&two(1, 0), &two(2, 15), &all(90), &by(&Idle::default(), 110));
    assert_eq!(told.cpu, Some(at(110)));
}

#[test]
fn what_is_ignored_is_not_taken() {
    let idle = Idle { network: None, cpu: None, connections: None, ..Idle::default() };
    let look = one(reading(1, 0, Some(0), Some(9)));
    assert_eq!(measured(&look, &look, &all(90), &by(&idle, 110)), unmeasured(&all(90)));
}

fn readings() -> impl Strategy<Value = Readings> {
    let reading = (0_u64..200, 0_u64..3_000, prop::option::of(0_u64..200_000), prop::option::of(0_u32..4))
        .prop_map(|(second, cpu, network, connections)| reading(second, cpu, network, connections));
    let name = prop::sample::select(vec!["a", "b", "c"]).prop_map(Into::into);
    prop::collection::btree_map(name, reading, 0..4)
}

fn activity() -> impl Strategy<Value = Activity> {
    let moment = || prop::option::of(0_i64..2_000).prop_map(|second| second.map(at));
    (moment(), moment(), moment(), moment()).prop_map(|(request, network, cpu, connections)| Activity {
        request,
        network,
        cpu,
        connections,
    })
}

fn idle() -> impl Strategy<Value = Idle> {
    let unknown = prop::collection::vec(prop::sample::select(Measure::ALL.to_vec()), 0..4);
    let cpu = prop::option::of(0.0_f64..50.0);
    (prop::option::of(0_u64..3_000), cpu, prop::option::of(0_u32..4), unknown).prop_map(
        |(network, cpu, connections, unknown)| Idle {
            network,
            cpu,
            connections,
            may_be_unknown: unknown.into_iter().collect(),
        },
    )
}

const MEASURED: [Measure; 3] = [Measure::Network, Measure::Cpu, Measure::Connections];

proptest! {
    #[test]
    fn a_look_says_nothing_of_the_future_and_takes_back_no_use(
        before in readings(), after in readings(), activity in activity(), idle in idle(), now in 0_i64..2_000,
    ) {
        let told = measured(&before, &after, &activity, &by(&idle, now));
        prop_assert_eq!(told.request, activity.request);
        for measure in MEASURED {
            let (was, is) = (activity.of(measure), told.of(measure));
            prop_assert!(is.is_none_or(|is| is <= at(now)));
            prop_assert!(is.is_none_or(|is| was.is_none_or(|was| is >= was.min(at(now)))));
            prop_assert!(is.is_none() || idle.counted().has(measure));
            prop_assert!(is.is_none() || !after.is_empty());
        }
    }

    #[test]
    fn looking_again_at_once_changes_nothing_but_open_connections(
        before in readings(), after in readings(), activity in activity(), idle in idle(), now in 0_i64..2_000,
    ) {
        let told = measured(&before, &after, &activity, &by(&idle, now));
        let again = measured(&after, &after, &told, &by(&idle, now + 7));
        prop_assert_eq!((again.cpu, again.request), (told.cpu, told.request));
        if again.connections != told.connections {
            prop_assert_eq!(again.connections, Some(at(now + 7)));
        }
    }

    #[test]
    fn a_higher_threshold_never_sees_more(
        before in readings(), after in readings(), activity in activity(), idle in idle(), now in 0_i64..2_000,
        more in 0_u32..1_000,
    ) {
        let higher = Idle {
            network: idle.network.map(|bytes| bytes + u64::from(more)),
            cpu: idle.cpu.map(|percent| percent + f64::from(more)),
            connections: idle.connections.map(|open| open + more),
            ..idle
        };
        let told = measured(&before, &after, &activity, &by(&idle, now));
        let less = measured(&before, &after, &activity, &by(&higher, now));
        for measure in MEASURED {
            prop_assert!(less.of(measure) <= told.of(measure), "{measure}");
            prop_assert_eq!(less.of(measure).is_some(), told.of(measure).is_some(), "{}", measure);
        }
    }

    #[test]
    fn use_is_seen_however_often_is_looked(counts in prop::collection::vec(0_u64..4_000, 1..20)) {
        // One look a second: whoever is above the threshold in one of them is in use then, and idle ever since.
        let idle = Idle::default();
        let (mut all, mut last, mut activity) = (0, 0, Activity::default());
        let mut before = Readings::new();
        for (second, bytes) in std::iter::once(0).chain(counts).enumerate() {
            all += bytes;
            if bytes > 1024 {
                last = second;
            }
            let after = one(reading(second as u64, 0, Some(all), Some(0)));
            activity = measured(&before, &after, &activity, &by(&idle, i64::try_from(second).unwrap()));
            before = after;
        }
        prop_assert_eq!(activity.network, Some(later(Timestamp::UNIX_EPOCH, Duration::from_secs(last as u64))));
    }
}
