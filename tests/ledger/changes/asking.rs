//! What the ledger answers is what `Ask::passes` says of each change.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use wakeboard::model::ask::{Ask, Range, Term, Test};
use wakeboard::model::change::{Change, Kind, Record, Source, Verb};
use wakeboard::model::ticket::TicketId;

use super::super::place::Place;
use super::samples::moment;

const VERBS: [Verb; 4] = [Verb::Noted, Verb::Crashed, Verb::Dumped, Verb::Started];
const SOURCES: [Source; 3] = [Source::Engine, Source::Ticket, Source::Note];
const NAMES: [&str; 8] = ["acme", "Acme-App", "ac%e", "a_me", "a\\me", "ÄCME", "-", "b'; --"];

fn name() -> impl Strategy<Value = Arc<str>> {
    prop::sample::select(&NAMES[..]).prop_map(Arc::from)
}

fn change() -> impl Strategy<Value = Change> {
    let what = (prop::sample::select(&VERBS[..]), prop::sample::select(&SOURCES[..]), 0..8_i64);
    let whom = (prop::option::of(name()), prop::option::of(name()), prop::option::of(name()));
    let more = (prop::option::of(name()), prop::option::of(name()), prop::option::of(0..300_u32));
    (what, whom, more).prop_map(|(what, whom, (actor, detail, ticket))| Change {
        host: whom.0,
        tenant: whom.1,
        container: whom.2,
        actor,
        detail: detail.map(|detail| format!("said {detail} 100%")),
        ticket: ticket.map(|number| TicketId::from_random(number << 16)),
        ..Change::new(what.1, Record::act_of(what.1, ""), moment(what.2), what.0)
    })
}

fn pattern() -> impl Strategy<Value = Arc<str>> {
    let text = prop_oneof![
        name().prop_map(|name| name.to_lowercase()),
        prop::sample::select(&["a", "me", "c%", "_", "\\", ""][..]).prop_map(str::to_owned),
    ];
    (any::<bool>(), text, any::<bool>()).prop_map(|(before, text, after)| {
        let star = |there: bool| if there { "*" } else { "" };
        format!("{}{text}{}", star(before), star(after)).into()
    })
}

fn test() -> impl Strategy<Value = Test> {
    let patterns = || prop::collection::vec(pattern(), 0..3);
    prop_oneof![
        patterns().prop_map(Test::Who),
        patterns().prop_map(Test::Tenant),
        patterns().prop_map(Test::Host),
        patterns().prop_map(Test::Container),
        prop::collection::vec(prop::sample::select(&VERBS[..]), 0..3).prop_map(Test::Verb),
        prop::collection::vec(prop::sample::select(&SOURCES[..]), 0..3).prop_map(Test::Source),
        prop::collection::vec(prop::sample::select(&["0", "00a", "012", "zz", "%", ""][..]), 0..3)
            .prop_map(|all| Test::Ticket(all.into_iter().map(Arc::from).collect())),
        prop::sample::select(&["said", "c%e", "a_m", "\\", "100%", "ä", "noted", "acme ", "'", ""][..])
            .prop_map(|text| Test::Text(text.into())),
    ]
}

fn question() -> impl Strategy<Value = Ask> {
    let term = (any::<bool>(), test()).prop_map(|(negated, test)| Term { negated, test });
    let range = (0..8_i64, prop::option::of(0..9_i64))
        .prop_map(|(from, to)| Range { from: moment(from), to: to.map(moment) });
    (prop::option::of(range), prop::collection::vec(term, 0..3))
        .prop_map(|(range, terms)| Ask { range, terms })
}

#[test]
fn the_ledger_answers_as_the_question_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = Place::new();
    let ledger = runtime.block_on(place.open());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = Vec::new();
    for number in 0..400 {
        let mut change = change().new_tree(&mut runner).unwrap().current();
        let key = number.to_string();
        change.act = Record::act_of(change.source, &key);
        all.push(change.clone());
        runtime.block_on(ledger.append(&[Record::alone(&key, "told".into(), change)])).unwrap();
    }
    // The order of appending is that of the same moment.
    let mut newest_first: Vec<(usize, &Change)> = all.iter().enumerate().collect();
    newest_first.sort_by_key(|(place, change)| std::cmp::Reverse((change.time, *place)));
    let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(ask in question(), limit in prop_oneof![Just(1000_usize), 1..20_usize])| {
        let expected: Vec<Change> =
            newest_first.iter().filter(|(_, change)| ask.passes(change)).map(|(_, change)| (*change).clone()).collect();
        let answer = runtime.block_on(ledger.changes(&ask, limit)).unwrap();
        prop_assert_eq!(answer.more, expected.len() > limit);
        prop_assert_eq!(&answer.newest_first[..], &expected[..expected.len().min(limit)]);
        let summary = runtime.block_on(ledger.summary(&ask)).unwrap();
        prop_assert_eq!(summary.total, expected.len() as u64);
        prop_assert_eq!(summary.by_actor.iter().map(|(_, count)| count).sum::<u64>(), summary.total);
        prop_assert_eq!(summary.quarters.iter().map(|(_, count)| count).sum::<u64>(), summary.total);
        for (verb, count) in &summary.by_verb {
            prop_assert_eq!(expected.iter().filter(|change| change.verb == *verb).count() as u64, *count);
        }
        for (tenant, count) in &summary.by_tenant {
            let is_its = |change: &&Change| {
                change.tenant.as_ref().is_some_and(|name| name.to_lowercase() == tenant.to_lowercase())
            };
            prop_assert_eq!(expected.iter().filter(is_its).count() as u64, *count);
        }
        let step = Duration::from_millis(3);
        let ticks = runtime.block_on(ledger.ticks(&ask, moment(1), moment(7), step)).unwrap();
        prop_assert_eq!(ticks.len(), 2);
        for tick in ticks {
            let end = tick.start.checked_add(jiff::SignedDuration::from_millis(3)).unwrap();
            for (kind, count) in Kind::ALL.iter().zip(tick.counts) {
                let is_in = |change: &&Change| {
                    tick.start <= change.time && change.time < end && change.kind() == *kind
                };
                prop_assert_eq!(expected.iter().filter(is_in).count(), count as usize);
            }
        }
    });
}

#[tokio::test]
async fn a_timeline_is_bounded() {
    let place = Place::new();
    let ledger = place.open().await;
    let ticks =
        ledger.ticks(&Ask::default(), Timestamp::MIN, Timestamp::MAX, Duration::from_nanos(1)).await.unwrap();
    assert_eq!(ticks.len(), 20_000);
    let none = ledger.ticks(&Ask::default(), moment(1), moment(0), Duration::ZERO).await.unwrap();
    assert!(none.is_empty());
}
