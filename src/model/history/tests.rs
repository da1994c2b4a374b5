use super::*;
use crate::model::change::{Act, Source, Verb};
use crate::model::feed::of_host;
use proptest::prelude::*;
use rstest::rstest;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + seconds).unwrap()
}

/// `VERB CONTAINER SECOND [FIRST]`, and after `:` a detail or the last raw event.
fn change(text: &str) -> Change {
    let (words, more) = text.split_once(": ").map_or((text, None), |(words, more)| (words, Some(more)));
    let words: Vec<&str> = words.split(' ').collect();
    let verb = Verb::of(words[0]).unwrap();
    let time = at(words[2].parse().unwrap());
    let first = words.get(3).map_or(time, |first| at(first.parse().unwrap()));
    let is_ticket = matches!(verb, Verb::Dumping | Verb::Dumped | Verb::Waking | Verb::Woken);
    if matches!(verb, Verb::Lost | Verb::Connected | Verb::Gap) {
        return Change { first, ..of_host(&"web-1".into(), time, verb, None) };
    }
    let container = (!is_ticket).then(|| words[1].into());
    Change {
        first,
        host: Some("web-1".into()),
        tenant: Some("acme".into()),
        id: container.clone(),
        container,
        detail: more.filter(|_| verb == Verb::Observed).map(str::to_owned),
        raw: more.map(Into::into).into_iter().collect(),
        count: if verb == Verb::Crashed && first < time { 3 } else { 1 },
        ..Change::new(
            if is_ticket { Source::Ticket } else { Source::Engine },
            Act::from_number(time.as_second()),
            time,
            verb,
        )
    }
}

fn told(spans: &[Span]) -> String {
    let word = |span: &Span| {
        let word = span.state.map_or("?", State::as_str);
        let gap = if span.gap { "~" } else { "" };
        format!("{word}{gap} {}", span.to.as_second() - 1_000_000)
    };
    spans.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[rstest]
#[case::nothing("", "? 100")]
#[case::a_day(
    "started app 10|stopped app 60 50|started app 90",
    "? 10, running 50, stopping 60, stopped 90, running 100"
)]
#[case::before_the_stretch_tells_how_it_begins("started app -500", "running 100")]
#[case::restarted("started app -9|restarted app 40 30", "running 30, restarting 40, running 100")]
#[case::crashed("started app 0|crashed app 50", "running 50, crashed 100")]
#[case::a_loop("started app 0|crashed app 50 20", "running 20, crashed 100")]
#[case::a_loop_that_ended_well(
    "started app 0|crashed app 50 20: started at 10:00",
    "running 20, crashed 50, running 100"
)]
#[case::slept(
    "started app 0|dumped - 40 30|woke - 80 78",
    "running 30, dumping 40, dumped 78, waking 80, running 100"
)]
#[case::slept_before_anything_was_known(
    "dumped - 40 30|started app 60",
    "? 30, dumping 40, dumped 60, running 100"
)]
#[case::under_way("started app 0|dumping - 40", "running 40, dumping 100")]
#[case::the_worst_counts(
    "started app 0|started db 0|paused db 50|crashed app 70|unpaused db 80",
    "running 50, paused 70, crashed 100"
)]
#[case::gone("started app 0|removed app 50 45", "running 45, stopping 50, absent 100")]
#[case::one_of_two_gone("started app 0|started db 0|removed app 50", "running 100")]
#[case::what_nobody_did("started app 0|signalled app 20|renamed app 30|failed app 40", "running 100")]
#[case::ill("started app 0|unhealthy app 20|healthy app 30", "running 20, unhealthy 30, running 100")]
#[case::seen_only(
    "started app 0|observed app 50: now paused|observed app 70: gone",
    "running 50, paused 70, absent 100"
)]
#[case::seen_and_not_understood("started app 0|observed app 50: otherwise", "running 100")]
#[case::out_of_reach("started app 0|lost - 20|connected - 40", "running 20, unreachable 40, running 100")]
#[case::a_gap(
    "started app 0|lost - 20|connected - 40|gap - 41",
    "running 20, unreachable~ 40, running~ 41, running 100"
)]
#[case::a_gap_that_says_since_when("started app 0|gap - 41 15", "running 15, running~ 41, running 100")]
#[case::after_the_stretch("started app 0|stopped app 150", "running 100")]
fn changes_tell_states(#[case] changes: &str, #[case] expected: &str) {
    let changes: Vec<Change> = changes.split('|').filter(|text| !text.is_empty()).map(change).collect();
    assert_eq!(told(&spans(&changes, None, at(0), at(100))), expected);
    let backwards: Vec<Change> = changes.into_iter().rev().collect();
    assert_eq!(told(&spans(&backwards, None, at(0), at(100))), expected, "in any order");
}

#[rstest]
#[case::no_change_is_known("", &[("app", State::Running, Some(-5000))], "running 100")]
#[case::since_within("", &[("app", State::Paused, Some(40))], "? 40, paused 100")]
#[case::nobody_knows_since_when("", &[("app", State::Paused, None)], "? 100")]
#[case::a_loop_that_is_over("started app 0|crashed app 50", &[("app", State::Running, Some(50))], "running 100")]
#[case::health_is_younger_than_the_phase("started app -9|unhealthy app 30", &[("app", State::Unhealthy, Some(-9))], "running 30, unhealthy 100")]
#[case::asleep("dumped - 40 30", &[("app", State::Dumped, Some(-900))], "? 30, dumping 40, dumped 100")]
#[case::one_that_is_not_there("crashed old 20|started app 30", &[("app", State::Running, Some(30))], "? 30, running 100")]
fn the_present_says_what_changes_do_not(
    #[case] changes: &str,
    #[case] containers: &[(&str, State, Option<i64>)],
    #[case] expected: &str,
) {
    let changes: Vec<Change> = changes.split('|').filter(|text| !text.is_empty()).map(change).collect();
    let containers =
        containers.iter().map(|(id, state, since)| (ContainerId::from(*id), *state, since.map(at)));
    let present = Present { containers: containers.collect(), lost: None };
    let spans = spans(&changes, Some(&present), at(0), at(100));
    assert_eq!(told(&spans), expected);
}

#[test]
fn a_host_that_does_not_answer_now() {
    let present =
        Present { containers: vec![("app".into(), State::Running, Some(at(0)))], lost: Some(at(70)) };
    assert_eq!(told(&spans(&[], Some(&present), at(0), at(100))), "running 70, unreachable 100");
}

#[test]
fn a_cell_shows_what_is_bad_else_what_lasted_longest() {
    let changes: Vec<Change> =
        ["started app 0", "crashed app 50", "started app 51", "paused app 90"].map(change).into();
    let spans = spans(&changes, None, at(-10), at(100));
    assert_eq!(cell(&spans, at(40), at(60)), (Some(State::Crashed), false));
    assert_eq!(cell(&spans, at(-10), at(4)), (None, false));
    assert_eq!(cell(&spans, at(-10), at(40)), (Some(State::Running), false));
    assert_eq!(cell(&spans, at(88), at(100)), (Some(State::Paused), false));
    assert_eq!(cell(&spans, at(200), at(300)), (None, false));
    let totals = totals(&spans);
    assert_eq!(totals[0], (Some(State::Running), 89));
    assert_eq!(totals.iter().map(|(_, seconds)| seconds).sum::<i64>(), 110);
}

proptest! {
    /// Whatever was told: the stretch is covered once, in order, and neighbours differ.
    #[test]
    fn there_is_no_hole_and_no_overlap(
        told in prop::collection::vec((0..Verb::ALL.len(), 0..3usize, -50..150i64, 0..40i64), 0..40),
        known in prop::collection::vec((0..State::ALL.len(), -50..100i64), 0..3),
    ) {
        let changes: Vec<Change> = told
            .iter()
            .map(|(verb, container, time, before)| {
                let verb = Verb::ALL[*verb];
                change(&format!("{verb} c{container} {time} {}", time - before))
            })
            .collect();
        let containers = known
            .iter()
            .enumerate()
            .map(|(n, (state, since))| (format!("c{n}").into(), State::ALL[*state], Some(at(*since))))
            .collect();
        let present = Present { containers, lost: None };
        let spans = spans(&changes, Some(&present), at(0), at(100));
        prop_assert_eq!(spans[0].from, at(0));
        prop_assert_eq!(spans.last().unwrap().to, at(100));
        for pair in spans.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert!((pair[0].state, pair[0].gap) != (pair[1].state, pair[1].gap));
        }
        prop_assert!(spans.iter().all(|span| span.from < span.to));
        prop_assert_eq!(totals(&spans).iter().map(|(_, seconds)| seconds).sum::<i64>(), 100);
    }
}
