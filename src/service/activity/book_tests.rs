use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::model::container::{ContainerId, Phase, tests::facts};
use crate::model::fleet::{Host, Link};
use crate::model::keeper::measured::{Reading, Tally};
use crate::model::method::Method;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

fn tenant(name: &str, state: State, since: i64) -> Tenant {
    Tenant {
        name: name.into(),
        host: "web-1".into(),
        tier: None,
        state,
        known: state,
        method: (state == State::Dumped).then_some(Method::Freeze),
        reason: None,
        since: Some(at(since)),
        containers: [Arc::new(facts("a", Phase::Running))].into_iter().collect(),
    }
}

fn fleet(link: Link, tenants: Vec<Tenant>) -> Fleet {
    let host = Host {
        name: "web-1".into(),
        endpoint: "unix:///run/docker.sock".into(),
        link,
        engine: None,
        heard: None,
        remembered: true,
        unclear: false,
        tenants: tenants.into_iter().map(Arc::new).collect(),
    };
    Fleet { hosts: vec![Arc::new(host)], turn: 0 }
}

fn running() -> Fleet {
    fleet(Link::Up, vec![tenant("acme", State::Running, -9000)])
}

fn acme() -> TenantKey {
    ("web-1".into(), "acme".into())
}

/// A look at a tenant that has used so many milliseconds of CPU at that second.
fn look(second: u64, cpu_millis: u64) -> Look {
    let tally = Tally { cpu_nanos: cpu_millis * 1_000_000, network_bytes: None, sockets: None };
    let reading = Reading { at: Duration::from_secs(second), tally, connections: None };
    let readings = Readings::from([(ContainerId::from("a"), reading)]);
    Look { host: "web-1".into(), tenant: "acme".into(), readings, longest: Duration::from_secs(60) }
}

fn kept(request: Option<i64>, cpu: i64, until: i64) -> Kept {
    let activity = Activity { request: request.map(at), cpu: Some(at(cpu)), ..Activity::default() };
    let counted = request.map(|_| at(until));
    Kept { key: acme(), activity, counted, measured: Some(at(until)), until: Some(at(until)), answer: None }
}

fn cpu(book: &Book, fleet: &Fleet, now: i64) -> Option<Timestamp> {
    book.activities(fleet, true, at(now)).get("web-1", "acme").and_then(|activity| activity.cpu)
}

#[test]
fn looks_tell_of_use_and_then_for_how_long_there_was_none() {
    let (mut book, idle, requests) = (Book::default(), Idle::default(), Requests::default());
    for (second, cpu_millis, used) in [(0, 0, 0), (5, 0, 0), (10, 500, 10), (15, 500, 10), (20, 500, 10)] {
        let now = i64::try_from(second).unwrap();
        book.look(look(second, cpu_millis), &idle, at(now));
        book.turn(&running(), &requests, at(now));
        assert_eq!(cpu(&book, &running(), now), Some(at(used)), "{second}");
    }
    // Nobody looks any more: then nothing is known, and a later look begins anew.
    book.turn(&running(), &requests, at(80));
    assert_eq!(cpu(&book, &running(), 80), Some(at(10)));
    book.turn(&running(), &requests, at(81));
    assert_eq!(cpu(&book, &running(), 81), None);
    book.look(look(90, 500), &idle, at(90));
    assert_eq!(cpu(&book, &running(), 90), Some(at(90)));
}

#[test]
fn a_keeper_that_comes_back_at_once_goes_on_and_one_that_comes_late_begins_anew() {
    for (pause, expected) in [(60, 0), (61, 161)] {
        let mut book = Book::default();
        book.hear(vec![kept(None, 0, 100)]);
        book.look(look(1, 500), &Idle::default(), at(100 + pause));
        book.turn(&running(), &Requests::default(), at(100 + pause));
        assert_eq!(cpu(&book, &running(), 100 + pause), Some(at(expected)), "{pause} s");
    }
    // What is believed without a look does not last.
    let (mut book, requests) = (Book::default(), Requests::default());
    book.hear(vec![kept(None, 0, 100)]);
    book.turn(&running(), &requests, at(110));
    assert_eq!(cpu(&book, &running(), 110), Some(at(0)));
    book.turn(&running(), &requests, at(171));
    assert_eq!(cpu(&book, &running(), 171), None);
}

#[test]
fn who_sleeps_keeps_what_was_known_when_it_fell_asleep() {
    let (mut book, requests) = (Book::default(), Requests::default());
    book.look(look(0, 0), &Idle::default(), at(0));
    let asleep = fleet(Link::Up, vec![tenant("acme", State::Dumped, 40)]);
    for now in (40..9000).step_by(50) {
        book.turn(&asleep, &requests, at(now));
    }
    assert_eq!(cpu(&book, &asleep, 9000), Some(at(0)));
    // Also for a keeper that begins while it sleeps.
    let mut book = Book::default();
    book.hear(vec![kept(Some(7), 0, 30)]);
    book.turn(&asleep, &requests, at(9000));
    let known = book.activities(&asleep, true, at(9000)).get("web-1", "acme").unwrap();
    assert_eq!((known.cpu, known.request), (Some(at(0)), Some(at(7))));
    assert_eq!(book.activities(&asleep, false, at(9000)).get("web-1", "acme"), Some(known));
}

#[test]
fn requests_are_those_of_all_doors() {
    let (mut book, requests) = (Book::default(), Requests::default());
    let request = |book: &Book| {
        book.activities(&running(), true, at(0)).get("web-1", "acme").and_then(|activity| activity.request)
    };
    book.turn(&running(), &requests, at(0));
    assert_eq!(request(&book), None, "nobody counts them");
    let seen = requests.of(&acme());
    // Marks go by the real clock, so from here on the turns do.
    let after = |seconds: u64| later(seen.since(), Duration::from_secs(seconds));
    book.turn(&running(), &requests, after(1));
    assert_eq!(request(&book), Some(seen.since()), "they are counted since then");
    let first = after(5);
    seen.mark(first);
    book.turn(&running(), &requests, after(6));
    assert_eq!(request(&book), Some(Timestamp::from_millisecond(first.as_millisecond()).unwrap()));
    // Another door's, later and then earlier than ours.
    let other = later(first, Duration::from_secs(60));
    let row = |request| {
        let activity = Activity { request: Some(request), ..Activity::default() };
        Kept { key: acme(), activity, counted: Some(request), measured: None, until: None, answer: None }
    };
    book.hear(vec![row(other)]);
    book.turn(&running(), &requests, after(70));
    assert_eq!(request(&book), Some(other));
    book.hear(vec![row(first)]);
    book.turn(&running(), &requests, after(71));
    assert_eq!(request(&book), Some(other));
}

#[test]
fn a_door_that_comes_back_at_once_goes_on_counting() {
    for (pause, goes_on) in [(60, true), (61, false)] {
        let (mut book, requests) = (Book::default(), Requests::default());
        requests.count_all();
        book.hear(vec![kept(Some(7), 0, 100)]);
        book.turn(&running(), &requests, at(100 + pause));
        let activities = book.activities(&running(), true, at(0));
        let request = activities.get("web-1", "acme").unwrap().request;
        let since = requests.of(&acme()).since();
        assert_eq!(request, Some(if goes_on { at(7) } else { since.max(at(7)) }), "{pause} s");
    }
}

#[test]
fn what_only_another_door_counts_is_known_as_long_as_it_does() {
    let (mut book, requests) = (Book::default(), Requests::default());
    book.hear(vec![kept(Some(7), 0, 100)]);
    let request = |book: &Book| {
        book.activities(&running(), true, at(0)).get("web-1", "acme").and_then(|activity| activity.request)
    };
    book.turn(&running(), &requests, at(160));
    assert_eq!(request(&book), Some(at(7)));
    assert_eq!(book.due(true, at(160)), [], "it is not ours to tell");
    book.turn(&running(), &requests, at(161));
    assert_eq!(request(&book), None);
}

#[test]
fn rows_are_written_when_they_change_and_vouched_for_twice_a_minute() {
    let (mut book, idle, requests) = (Book::default(), Idle::default(), Requests::default());
    let step = |book: &mut Book, second: i64, cpu_millis| {
        book.look(look(u64::try_from(second).unwrap(), cpu_millis), &idle, at(second));
        book.turn(&running(), &requests, at(second));
        let due = book.due(true, at(second));
        book.written(due.clone(), at(second));
        due.iter().map(|kept| (kept.activity.cpu, kept.measured, kept.until)).collect::<Vec<_>>()
    };
    let row = |cpu, now| vec![(Some(at(cpu)), Some(at(now)), Some(at(now)))];
    assert_eq!(step(&mut book, 0, 0), row(0, 0));
    assert_eq!(step(&mut book, 10, 0), []);
    assert_eq!(step(&mut book, 20, 900), row(20, 20));
    assert_eq!(step(&mut book, 40, 900), []);
    assert_eq!(step(&mut book, 50, 900), row(20, 50));
}

#[test]
fn who_stands_by_writes_requests_alone() {
    let (mut book, requests) = (Book::default(), Requests::default());
    book.look(look(0, 0), &Idle::default(), at(0));
    book.turn(&running(), &requests, at(0));
    assert_eq!(book.due(false, at(0)), []);
    let since = requests.of(&acme()).since();
    book.turn(&running(), &requests, at(1));
    let due = book.due(false, at(1));
    let activity = Activity { request: Some(since), ..Activity::default() };
    let expected =
        Kept { key: acme(), activity, counted: Some(at(1)), measured: None, until: None, answer: None };
    assert_eq!(due, [expected]);
}

#[test]
fn tenants_that_are_no_more_are_forgotten_but_not_those_of_a_lost_host() {
    let (mut book, requests) = (Book::default(), Requests::default());
    requests.of(&acme()).mark(at(0));
    book.look(look(0, 0), &Idle::default(), at(0));
    let down = Link::Down { since: at(1), reason: "gone".into() };
    book.turn(&fleet(down, vec![]), &requests, at(1));
    assert_eq!(cpu(&book, &running(), 1), Some(at(0)));
    assert_eq!(requests.each().len(), 1);
    book.turn(&fleet(Link::Up, vec![]), &requests, at(2));
    assert_eq!((cpu(&book, &running(), 2), requests.each().len()), (None, 0));
}

#[test]
fn only_who_was_looked_at_twice_is_known_well() {
    let (mut book, idle) = (Book::default(), Idle::default());
    assert_eq!(book.last(&acme()), None);
    book.look(look(0, 0), &idle, at(0));
    assert_eq!(book.last(&acme()), None, "a keeper that has just been started");
    book.look(look(5, 0), &idle, at(5));
    assert_eq!(book.last(&acme()), Some(&look(5, 0).readings));
    // After a gap it begins anew.
    book.turn(&running(), &Requests::default(), at(80));
    assert_eq!(book.last(&acme()), None);
}

#[test]
fn a_use_that_is_seen_beside_the_regular_looks_counts() {
    let (mut book, idle) = (Book::default(), Idle::default());
    book.look(look(0, 0), &idle, at(0));
    book.used(&acme(), [Measure::Cpu].into_iter().collect(), at(7));
    assert_eq!(cpu(&book, &running(), 8), Some(at(7)));
    let answer = Answer { may: false, at: at(6) };
    book.answered(&acme(), answer);
    assert_eq!(book.activities(&running(), true, at(8)).answer("web-1", "acme"), Some(answer));
    let rows = book.due(true, at(8));
    assert_eq!(rows[0].answer, Some(answer));
    // Whoever only reads the ledger knows it too.
    let mut other = Book::default();
    other.hear(rows);
    assert_eq!(other.activities(&running(), false, at(8)).answer("web-1", "acme"), Some(answer));
}

#[test]
fn a_use_in_the_future_is_a_use_now() {
    let requests = Requests::default();
    let seen = requests.of(&acme());
    let after = |seconds: u64| later(seen.since(), Duration::from_secs(seconds));
    let (mut book, idle) = (Book::default(), Idle::default());
    book.look(look(0, 0), &idle, after(0));
    book.used(&acme(), [Measure::Cpu].into_iter().collect(), after(9000));
    seen.mark(after(9000));
    // The clock was put back; whoever waits until then again would wait for hours.
    book.turn(&running(), &requests, after(10));
    book.turn(&running(), &requests, after(20));
    let activity = book.activities(&running(), true, after(20)).get("web-1", "acme").unwrap();
    assert_eq!(activity.cpu, Some(after(10)));
    assert!(activity.request.is_some_and(|request| request <= after(10)), "{activity:?}");
}
