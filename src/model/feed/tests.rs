use super::*;
use crate::model::container::Health;
use crate::model::naming::Place;
use proptest::prelude::*;
use rstest::rstest;

fn event(millis: i64, id: &str, what: Happening) -> Event {
    Event {
        time: Timestamp::from_millisecond(millis).unwrap(),
        id: id.into(),
        name: format!("{id}-app").into(),
        image: "busybox:1".into(),
        project: None,
        place: Place { tenant: id.into(), role: None, tier: None },
        what,
    }
}

fn killed(signal: &str) -> Happening {
    Happening::Killed { signal: Some(signal.into()) }
}

fn died(code: i64) -> Happening {
    Happening::Died { code: Some(code) }
}

/// The story that the feed tells of events that follow each other 100 ms apart, oldest first.
fn story(events: Vec<Happening>) -> Vec<String> {
    let mut feed = Feed::default();
    let host: HostName = "web-1".into();
    for (n, what) in events.into_iter().enumerate() {
        feed.tell(&host, &event(i64::try_from(n).unwrap() * 100, "acme", what), None);
    }
    told(&feed)
}

fn told(feed: &Feed) -> Vec<String> {
    let line = |change: &Arc<Change>| {
        let times = if change.count > 1 { format!(" ×{}", change.count) } else { String::new() };
        format!("{}{} {}", change.verb, times, change.detail.clone().unwrap_or_default()).trim().to_owned()
    };
    feed.newest_first().rev().map(line).collect()
}

#[rstest]
#[case(vec![Happening::Created, Happening::Started], &["started busybox:1"])]
#[case(vec![killed("15"), killed("9"), died(137), Happening::Stopped], &["stopped exit 137"])]
#[case(vec![killed("15"), died(0), Happening::Stopped], &["stopped"])]
#[case(vec![killed("9"), died(137)], &["killed exit 137"])]
#[case(vec![killed("1")], &["signalled HUP"])]
#[case(vec![killed("15"), died(143), Happening::Stopped, Happening::Started, Happening::Restarted], &["restarted"])]
#[case(vec![Happening::OutOfMemory, died(137)], &["crashed OOM, exit 137"])]
#[case(vec![Happening::OutOfMemory, Happening::OutOfMemory, died(137)], &["crashed OOM, exit 137"])]
#[case(vec![Happening::OutOfMemory, Happening::OutOfMemory, died(0)], &["crashed OOM"])]
#[case(vec![Happening::OutOfMemory, died(137), Happening::OutOfMemory], &["crashed OOM, exit 137"])]
#[case(vec![died(137), Happening::OutOfMemory], &["crashed OOM, exit 137"])]
#[case(
    vec![Happening::OutOfMemory, died(137), Happening::Started, Happening::OutOfMemory, died(137)],
    &["crashed ×2 OOM, exit 137"]
)]
#[case(vec![died(1)], &["crashed exit 1"])]
#[case(vec![died(0)], &["ended"])]
#[case(vec![died(143)], &["ended exit 143"])]
#[case(vec![died(1), Happening::Started, died(1), Happening::Started, died(2)], &["crashed ×3 exit 2"])]
#[case(vec![killed("9"), died(137), Happening::Removed], &["removed"])]
#[case(vec![Happening::Paused, Happening::Unpaused], &["paused", "unpaused"])]
#[case(vec![Happening::Health(Health::Starting), Happening::Health(Health::Unhealthy)], &["unhealthy"])]
fn events_fold_into_what_people_call_it(#[case] events: Vec<Happening>, #[case] expected: &[&str]) {
    assert_eq!(story(events), expected);
}

#[test]
fn a_stop_and_a_later_start_are_two_acts() {
    let mut feed = Feed::default();
    let host: HostName = "web-1".into();
    for (millis, what) in
        [(0, killed("15")), (100, died(0)), (110, Happening::Stopped), (9000, Happening::Started)]
    {
        feed.tell(&host, &event(millis, "acme", what), None);
    }
    assert_eq!(told(&feed), ["stopped", "started"]);
}

#[test]
fn two_containers_are_not_mixed_and_raw_events_are_kept() {
    let mut feed = Feed::default();
    let host: HostName = "web-1".into();
    feed.tell(&host, &event(0, "a", killed("15")), None);
    feed.tell(&host, &event(1, "b", killed("15")), None);
    feed.tell(&host, &event(2, "a", died(0)), None);
    feed.tell(&host, &event(3, "a", Happening::Stopped), None);
    assert_eq!(told(&feed), ["signalled TERM", "stopped"]);
    assert_eq!(feed.newest_first().next().unwrap().raw.len(), 3);
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        Just(Happening::Created),
        Just(Happening::Started),
        Just(Happening::Paused),
        Just(Happening::Unpaused),
        (0..3i64).prop_map(|code| Happening::Died { code: Some(code) }),
        Just(Happening::OutOfMemory),
        Just(killed("9")),
        Just(Happening::Stopped),
        Just(Happening::Restarted),
        Just(Happening::Removed),
        Just(Happening::Health(Health::Unhealthy)),
    ]
}

proptest! {
    /// Every event is either a change of its own or a part of one; the feed stays in order and bounded.
    #[test]
    fn nothing_is_lost_in_folding(events in prop::collection::vec((0..4u8, happening(), 0..20_000i64), 0..300)) {
        let mut feed = Feed::default();
        let host: HostName = "web-1".into();
        let mut millis = 0;
        let mut told = 0usize;
        for (id, what, pause) in events {
            millis += pause;
            let parts = |feed: &Feed| feed.newest_first().map(|change| change.raw.len()).sum::<usize>();
            let saturated = feed.newest_first().any(|change| change.raw.len() == MOST_RAW);
            feed.tell(&host, &event(millis, &format!("c{id}"), what), None);
            told += 1;
            if !saturated {
                prop_assert!(parts(&feed) <= told);
            }
        }
        let order: Vec<_> = feed.newest_first().map(|change| order(change)).collect();
        prop_assert!(order.is_sorted_by(|a, b| a > b));
        prop_assert!(feed.len() <= MOST_CHANGES);
    }
}

#[test]
fn an_event_that_is_told_live_and_from_memory_is_one() {
    let mut feed = Feed::default();
    let host: HostName = "web-1".into();
    for _ in 0..2 {
        feed.tell(&host, &event(1000, "a", Happening::Paused), None);
        feed.tell(&host, &event(2000, "a", Happening::Unpaused), None);
    }
    assert_eq!(told(&feed), ["paused", "unpaused"]);
    // The same on another host, or at another time, is another.
    feed.tell(&"web-2".into(), &event(1000, "a", Happening::Paused), None);
    feed.tell(&host, &event(3000, "a", Happening::Paused), None);
    assert_eq!(feed.len(), 4);
}

#[test]
fn what_is_remembered_late_stands_where_it_belongs() {
    let mut feed = Feed::default();
    let host: HostName = "web-1".into();
    feed.tell(&host, &event(9000, "b", Happening::Paused), None);
    feed.tell(&host, &event(1000, "a", Happening::Paused), None);
    let order: Vec<_> = feed.newest_first().map(|change| change.id.clone().unwrap()).collect();
    assert_eq!(order, ["b".into(), "a".into()]);
}

#[test]
fn the_feed_is_bounded() {
    let mut feed = Feed::default();
    let host: HostName = "web-1".into();
    for n in 0..(MOST_CHANGES * 2) {
        feed.tell(&host, &event(0, &format!("c{n}"), Happening::Paused), None);
    }
    assert_eq!(feed.len(), MOST_CHANGES);
    assert_eq!(feed.open.len(), MOST_CHANGES);
}

fn ticket(task: crate::model::ticket::Task, began: i64, ended: Option<i64>) -> crate::model::ticket::Ticket {
    use crate::model::ticket::{Door, Outcome, Task, Ticket, TicketId};
    let at = |millis| Timestamp::from_millisecond(millis).unwrap();
    Ticket {
        id: TicketId::from_random(0xa41),
        task,
        tenant: "acme".into(),
        host: "web-1".into(),
        actor: "op1".into(),
        door: Door::Console,
        cause: None,
        method: None,
        asked: at(began),
        began: Some(at(began)),
        ended: ended.map(at),
        outcome: ended.map(|_| if task == Task::Dump { Outcome::Dumped } else { Outcome::Woken }),
        reason: None,
        fallbacks: Vec::new(),
        steps: Vec::new(),
    }
}

#[test]
fn what_a_ticket_causes_is_its_doing_and_told_once() {
    use crate::model::ticket::Task;
    let host: HostName = "web-1".into();
    let mut feed = Feed::default();
    let tell = |feed: &mut Feed, millis, id: &str, what| {
        let event = event(millis, id, what);
        feed.tell(&host, &event, Some(event.time)).map(|record| (record.act, record.reading.is_some()))
    };
    let by_hand = tell(&mut feed, 900, "acme", Happening::Updated).unwrap();
    assert!(by_hand.1);
    feed.know(&ticket(Task::Dump, 1000, None), 0);
    assert_eq!(told(&feed), ["updated", "dumping"]);
    let act = of_ticket(&ticket(Task::Dump, 1000, None), 0).unwrap().act;
    assert_eq!(tell(&mut feed, 1100, "acme", Happening::Paused), Some((act, false)));
    assert_eq!(tell(&mut feed, 1100, "acme", Happening::Paused), None, "told before");
    // Of another tenant, and of a kind that no ticket causes.
    assert!(tell(&mut feed, 1110, "birch", Happening::Paused).unwrap().1);
    assert!(tell(&mut feed, 1120, "acme", Happening::Health(Health::Unhealthy)).unwrap().1);
    assert_eq!(tell(&mut feed, 1200, "acme", died(137)), Some((act, false)));
    feed.know(&ticket(Task::Dump, 1000, Some(1300)), 0);
    assert!(tell(&mut feed, 5000, "acme", Happening::Started).unwrap().1, "somebody else woke it by hand");
    assert_eq!(told(&feed), ["updated", "paused", "unhealthy", "dumped 0.30s", "started"]);
    let dumped = feed.newest_first().find(|change| change.verb == Verb::Dumped).unwrap();
    assert_eq!(dumped.actor.as_deref(), Some("op1"));
    assert_eq!(dumped.raw.len(), 2);
}

#[test]
fn a_ticket_that_is_known_late_claims_what_it_caused() {
    use crate::model::ticket::Task;
    let host: HostName = "web-1".into();
    let mut feed = Feed::default();
    for (millis, what) in [(500, Happening::Started), (30_000, Happening::Paused), (30_100, died(137))] {
        feed.tell(&host, &event(millis, "acme", what), None);
    }
    feed.tell(&host, &event(30_100, "birch", died(1)), None);
    feed.know(&ticket(Task::Dump, 29_999, Some(30_200)), 0);
    assert_eq!(told(&feed), ["started", "crashed exit 1", "dumped 0.20s"]);
    assert_eq!(feed.newest_first().next().unwrap().raw.len(), 2);
    // And what comes later of it is its doing too.
    assert!(
        feed.tell(&host, &event(30_150, "acme", Happening::Checkpointed), None).unwrap().reading.is_none()
    );
}

#[test]
fn clocks_that_are_apart_do_not_tear_a_ticket_from_its_events() {
    use crate::model::ticket::Task;
    let host: HostName = "web-1".into();
    let mut feed = Feed::default();
    feed.know(&ticket(Task::Wake, 1_000_000, None), 0);
    let heard = Timestamp::from_millisecond(1_000_500).ok();
    // The engine's clock is ten minutes behind.
    assert!(feed.tell(&host, &event(400_500, "acme", Happening::Unpaused), heard).unwrap().reading.is_none());
    assert!(feed.tell(&host, &event(400_600, "acme", Happening::Paused), None).unwrap().reading.is_some());
}

#[test]
fn what_the_ledger_remembers_is_neither_told_twice_nor_begun_anew() {
    let host: HostName = "web-1".into();
    let mut before = Feed::default();
    let crash = event(1000, "acme", died(1));
    let record = before.tell(&host, &crash, None).unwrap();
    let changes: Vec<Change> = before.newest_first().map(|change| Change::clone(change)).collect();
    let mut after = Feed::default();
    after.remember(changes, [record.mark]);
    assert_eq!(after.tell(&host, &crash, None), None);
    let again = after.tell(&host, &event(2000, "acme", died(1)), None).unwrap();
    assert_eq!(again.act, record.act);
    assert_eq!(told(&after), ["crashed ×2 exit 1"]);
}
