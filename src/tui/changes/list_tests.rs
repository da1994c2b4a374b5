use super::*;
use crate::model::ask::{Term, Test};
use crate::model::change::{Source, Verb};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn change(number: i64, second: i64) -> Change {
    let tenant = if number % 2 == 0 { "acme" } else { "birch" };
    Change {
        tenant: Some(tenant.into()),
        ..Change::new(Source::Engine, Act::from_number(number), at(second), Verb::Started)
    }
}

/// Changes from `first` to before `next`, one a second.
fn memory(first: u64, next: u64) -> Arc<Changes> {
    let one = |seq: u64| {
        let number = i64::try_from(seq).unwrap();
        Arc::new(Change { seq, ..change(number, number) })
    };
    Arc::new(Changes {
        newest_first: (first..next).rev().map(one).collect(),
        next_seq: next,
        recorded_to: Some(next),
        ..Changes::default()
    })
}

/// A page of the ledger: these numbers, which are seconds too.
fn page(numbers: impl DoubleEndedIterator<Item = i64>, more: bool) -> Page {
    let newest_first = numbers.rev().map(|number| Arc::new(change(number, number))).collect();
    Page { newest_first, more }
}

fn answer(list: &mut ChangeList, page: Page) {
    let turn = list.asked.open().unwrap().0;
    assert!(list.asked.answered(turn));
    list.told(page);
}

fn question(list: &ChangeList) -> (Ask, usize) {
    match list.asked.open() {
        Some((_, Question::Changes(ask, limit))) => (ask.clone(), *limit),
        other => panic!("no question but {other:?}"),
    }
}

fn numbers(list: &ChangeList) -> Vec<i64> {
    list.rows.iter().map(|row| row.change.act.number()).collect()
}

/// Somebody has scrolled past the memory of 50 to 59, and the ledger has told the rest from 40 on.
fn read_to_the_end() -> ChangeList {
    let mut list = ChangeList::default();
    list.settle(&memory(50, 60), 5);
    list.move_by(9);
    list.settle(&memory(50, 60), 5);
    answer(&mut list, page(40..50, false));
    list.settle(&memory(50, 60), 5);
    list
}

fn acme() -> Posed {
    let terms = vec![Term { negated: false, test: Test::Tenant(vec!["acme".into()]) }];
    Posed { text: "tenant:acme".to_owned(), ask: Ask { range: None, terms }, draft: false }
}

#[test]
fn reading_stops_the_following_and_the_line_stays() {
    let mut list = ChangeList::default();
    list.settle(&memory(0, 10), 5);
    list.move_by(2);
    assert!(!list.follows());
    assert_eq!(list.selected().unwrap().seq, 7);
    let after = memory(0, 14);
    list.settle(&after, 5);
    assert_eq!(list.selected().unwrap().seq, 7);
    assert_eq!(list.unseen(), 4);
    list.follow();
    list.settle(&after, 5);
    assert_eq!(list.selected().unwrap().seq, 13);
    assert_eq!(list.unseen(), 0);
}

#[test]
fn the_end_of_the_memory_is_not_the_end() {
    let mut list = ChangeList::default();
    let memory = memory(50, 60);
    list.settle(&memory, 5);
    assert!(list.asked.open().is_none(), "who only follows asks nothing");
    list.move_by(9);
    list.settle(&memory, 5);
    let (ask, limit) = question(&list);
    assert_eq!(limit, PAGE);
    assert_eq!(ask.range.unwrap().to, Some(at(50) + SignedDuration::from_nanos(1)));
    answer(&mut list, page(30..51, true));
    list.settle(&memory, 5);
    assert_eq!(numbers(&list), (30..60).rev().collect::<Vec<_>>(), "and 50 but once");
    assert_eq!(list.selected().unwrap().seq, 50, "the line stays");
    assert!(list.asked.open().is_none());
    list.move_by(isize::MAX / 2);
    list.settle(&memory, 5);
    assert_eq!(question(&list).0.range.unwrap().to, Some(at(30) + SignedDuration::from_nanos(1)));
    answer(&mut list, page(0..31, false));
    list.settle(&memory, 5);
    list.move_by(isize::MAX / 2);
    list.settle(&memory, 5);
    assert!(list.asked.open().is_none() && list.is_whole());
    assert_eq!(list.rows.len(), 60);
    list.follow();
    list.settle(&memory, 5);
    assert_eq!(list.rows.len(), 10, "what was read is let go");
}

#[test]
fn what_leaves_the_memory_while_somebody_reads_leaves_no_hole() {
    let mut list = read_to_the_end();
    list.settle(&memory(55, 65), 5);
    assert_eq!(numbers(&list), (40..65).rev().collect::<Vec<_>>());
    // Forgetting is no leaving.
    list.forget();
    list.settle(&Arc::new(Changes { next_seq: 66, recorded_to: Some(66), ..Changes::default() }), 5);
    assert!(list.rows.is_empty());
}

#[test]
fn what_leaves_the_memory_before_it_is_recorded_is_not_called_so() {
    let mut list = read_to_the_end();
    let later = Changes { recorded_to: Some(52), ..Changes::clone(&memory(55, 65)) };
    list.settle(&Arc::new(later.clone()), 5);
    let recorded = list.rows.iter().filter(|row| later.has_recorded(&row.change));
    let recorded: Vec<i64> = recorded.map(|row| row.change.act.number()).collect();
    assert_eq!(recorded, (40..52).rev().collect::<Vec<_>>());
}

#[test]
fn a_question_is_answered_by_the_memory_at_once_and_by_the_ledger_as_soon_as_it_can() {
    let mut list = ChangeList::default();
    let now = memory(50, 60);
    list.pose(Some(Posed { draft: true, ..acme() }));
    list.settle(&now, 5);
    assert_eq!(numbers(&list), [58, 56, 54, 52, 50]);
    assert!(list.asked.open().is_none(), "the ledger is not asked at every key");
    list.pose(Some(acme()));
    list.settle(&now, 5);
    assert_eq!(question(&list).0, acme().ask);
    // Only the newest three of the ledger: between them and what is older in memory others may stand.
    answer(&mut list, page([54, 56, 58].into_iter(), true));
    list.settle(&now, 2);
    assert_eq!(numbers(&list), [58, 56, 54]);
    // What is new comes in on top, where it fits.
    list.settle(&memory(50, 63), 2);
    assert_eq!(numbers(&list), [62, 60, 58, 56, 54]);
    assert!(list.follows());
    list.pose(None);
    list.settle(&now, 5);
    assert_eq!(list.rows.len(), 10);
}

#[test]
fn what_an_act_reads_like_now_counts_more_than_what_the_ledger_said() {
    let mut list = ChangeList::default();
    let terms = vec![Term { negated: false, test: Test::Verb(vec![Verb::Started]) }];
    list.pose(Some(Posed { ask: Ask { range: None, terms }, ..acme() }));
    let mut now = memory(50, 52);
    list.settle(&now, 5);
    answer(&mut list, page(40..52, false));
    list.settle(&now, 5);
    assert_eq!(list.rows.len(), 12);
    let crashed = Change { verb: Verb::Crashed, seq: 52, ..Change::clone(&now.newest_first[0]) };
    let fresh = Arc::make_mut(&mut now);
    fresh.newest_first[0] = Arc::new(crashed);
    fresh.next_seq = 53;
    list.settle(&now, 5);
    assert_eq!(numbers(&list)[0], 50, "it crashed since");
}

#[test]
fn a_thousand_at_one_moment_are_got_past() {
    let mut list = ChangeList::default();
    list.pose(Some(Posed { ask: Ask::default(), ..acme() }));
    let none = Arc::new(Changes { recorded_to: Some(0), ..Changes::default() });
    list.settle(&none, 5);
    let at_once = |count: i64| Page {
        newest_first: (0..count).map(|number| Arc::new(change(number, 7))).collect(),
        more: true,
    };
    answer(&mut list, at_once(200));
    list.move_by(isize::MAX / 2);
    list.settle(&none, 5);
    assert_eq!(question(&list).1, PAGE);
    answer(&mut list, at_once(200));
    list.settle(&none, 5);
    assert_eq!(question(&list).1, 4 * PAGE);
    answer(&mut list, at_once(800));
    list.settle(&none, 5);
    assert_eq!(list.rows.len(), 800);
    // One can walk through all of them.
    list.select(0);
    for step in 0..800 {
        assert_eq!(list.cursor, step);
        list.move_by(1);
        list.settle(&none, 5);
    }
}

#[test]
fn memory_is_bounded() {
    let mut list = ChangeList::default();
    list.pose(Some(Posed { ask: Ask::default(), ..acme() }));
    let none = Arc::new(Changes { recorded_to: Some(0), ..Changes::default() });
    list.settle(&none, 5);
    let many = i64::try_from(MOST_OLDER + 500).unwrap();
    answer(&mut list, page(0..many, false));
    list.move_by(isize::MAX / 2);
    list.settle(&none, 5);
    assert_eq!(list.rows.len(), MOST_OLDER);
    assert!(list.is_full() && list.asked.open().is_none());
}

#[test]
fn without_a_ledger_nothing_is_asked() {
    let mut list = ChangeList::default();
    let memory = Arc::new(Changes { recorded_to: None, ..Changes::clone(&memory(0, 5)) });
    list.pose(Some(acme()));
    list.settle(&memory, 5);
    list.move_by(isize::MAX / 2);
    list.settle(&memory, 5);
    assert!(list.asked.open().is_none());
    assert_eq!(numbers(&list), [4, 2, 0]);
}
