//! What is appended is there once, in order, and for everybody.

use wakeboard::ledger::{Answer, Appended, Spot};
use wakeboard::model::change::{Record, Source, Verb};

use super::super::place::Place;
use super::samples::*;

#[tokio::test]
async fn what_is_appended_is_there_once_whoever_tells_it() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    let [first, second] =
        [event("1", moment(0), "acme", Verb::Started), note("2", moment(5), "op1", "hello")];
    let twice = [first.clone(), second.clone(), first.clone()];
    assert_eq!(ours.append(&twice).await.unwrap(), Appended { new: 2, seq: 2 });
    assert_eq!(theirs.append(&twice).await.unwrap(), Appended { new: 0, seq: 2 });
    assert_eq!(theirs.newest_record().await.unwrap().seq, 2);
    let third = event("3", moment(3), "birch", Verb::Crashed);
    assert_eq!(theirs.append(&[second.clone(), third.clone()]).await.unwrap(), Appended { new: 1, seq: 3 });
    let newest_first = vec![reading(&second), reading(&third), reading(&first)];
    assert_eq!(ours.changes(&everything(), 9).await.unwrap(), Answer { newest_first, more: false });
    let two = ours.changes(&everything(), 2).await.unwrap();
    assert_eq!((two.newest_first.len(), two.more), (2, true));
}

#[tokio::test]
async fn an_act_reads_as_its_latest_part_says() {
    let place = Place::new();
    let ledger = place.open().await;
    let begun = event("a", moment(0), "acme", Verb::Signalled);
    let ended = part(&begun, "b", moment(10), Verb::Killed);
    let stopped = part(&begun, "c", moment(20), Verb::Stopped);
    let silent = Record { reading: None, ..part(&begun, "d", moment(30), Verb::Removed) };
    ledger.append(&[begun.clone(), stopped.clone()]).await.unwrap();
    // Another console tells what came between.
    ledger.append(&[ended.clone(), silent.clone()]).await.unwrap();
    assert_eq!(ledger.changes(&everything(), 9).await.unwrap().newest_first, [reading(&stopped)]);
    let parts = ledger.parts(begun.act, 9).await.unwrap();
    let told: Vec<_> = parts.iter().map(|part| (part.seq, part.time, part.raw.clone())).collect();
    let lines = [&begun, &stopped, &ended, &silent];
    let expected: Vec<_> = (1..).zip(lines).map(|(seq, line)| (seq, line.time, line.raw.clone())).collect();
    assert_eq!(told, expected);
    assert!(parts.iter().all(|part| part.source == Source::Engine));
    assert_eq!(ledger.parts(begun.act, 2).await.unwrap(), parts[..2]);
}

#[tokio::test]
async fn a_host_that_two_consoles_lose_is_lost_once() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    let lost = of_host("one", moment(0), Verb::Lost);
    ours.append(&[lost.clone(), of_host("one", moment(50), Verb::Gap)]).await.unwrap();
    theirs.append(&[of_host("two", moment(29_999), Verb::Lost)]).await.unwrap();
    assert_eq!(ours.parts(lost.act, 9).await.unwrap().len(), 2);
    // A minute later it is another loss; two tell of it in one batch.
    let again = [of_host("one", moment(60_000), Verb::Lost), of_host("two", moment(59_000), Verb::Lost)];
    theirs.append(&again).await.unwrap();
    let told: Vec<_> = ours.changes(&everything(), 9).await.unwrap().newest_first;
    let told: Vec<_> = told.iter().map(|change| (change.verb, change.time)).collect();
    assert_eq!(told, [(Verb::Lost, moment(60_000)), (Verb::Gap, moment(50)), (Verb::Lost, moment(0))]);
}

#[tokio::test]
async fn a_feed_begins_with_the_latest_and_hears_of_the_rest() {
    let place = Place::new();
    let (ours, theirs) = (place.open().await, place.open().await);
    assert_eq!(ours.newest_record().await.unwrap(), Spot::default());
    assert_eq!(ours.recent(9).await.unwrap(), (vec![], vec![]));
    let old = event("old", moment(-5), "acme", Verb::Started);
    let begun = event("a", moment(0), "acme", Verb::Signalled);
    let parts: Vec<Record> =
        (1..40).map(|number| part(&begun, &number.to_string(), moment(number), Verb::Killed)).collect();
    ours.append(&[old.clone(), begun.clone()]).await.unwrap();
    ours.append(&parts).await.unwrap();
    let (changes, marks) = theirs.recent(1).await.unwrap();
    let mut expected = reading(parts.last().unwrap());
    expected.raw = std::iter::once(&begun).chain(&parts).take(16).map(|record| record.raw.clone()).collect();
    assert_eq!(changes, [expected.clone()]);
    let all: Vec<_> = std::iter::once(&begun).chain(&parts).map(|record| record.mark).collect();
    assert_eq!(marks, all);
    let both = theirs.recent(9).await.unwrap().0;
    assert_eq!(both.iter().map(|change| change.act).collect::<Vec<_>>(), [old.act, begun.act]);

    let first = place.text_of("SELECT hash FROM records WHERE seq = 1").await;
    let first = Spot { seq: 1, hash: first };
    let (changes, seen) = theirs.appended_since(&first, 10).await.unwrap().unwrap();
    assert_eq!((changes, seen.seq), (vec![expected.clone()], 11));
    ours.append(&[part(&old, "late", moment(1), Verb::Ended)]).await.unwrap();
    let (changes, seen) = theirs.appended_since(&seen, 1000).await.unwrap().unwrap();
    assert_eq!(changes.iter().map(|change| change.act).collect::<Vec<_>>(), [begun.act, old.act]);
    assert_eq!(seen, theirs.newest_record().await.unwrap());
    assert_eq!(seen.seq, 42);
    assert_eq!(theirs.appended_since(&seen, 1000).await.unwrap(), Some((vec![], seen.clone())));
    assert_eq!(seen.to_string().parse(), Ok(seen));
}

#[tokio::test]
async fn a_record_that_was_set_back_is_noticed_however_many_new_ones_there_are() {
    let place = Place::new();
    let ledger = place.open().await;
    let notes: Vec<Record> = (0..9).map(|at| note(&at.to_string(), moment(at), "op1", "said")).collect();
    ledger.append(&notes).await.unwrap();
    let seen = ledger.newest_record().await.unwrap();
    // As a server does that takes over without the last four, or a copy that was brought back.
    let fifth = place.text_of("SELECT hash FROM records WHERE seq = 5").await;
    place.sql("DELETE FROM records WHERE seq > 5; DELETE FROM acts WHERE told > 5").await;
    place.sql(&format!("UPDATE chain SET seq = 5, hash = '{fifth}'")).await;
    assert_eq!(ledger.appended_since(&seen, 9).await.unwrap(), None);
    assert!(ledger.goes_on_from(&Spot { seq: 5, hash: fifth }).await.unwrap());
    for more in [2, 2, 9] {
        let key = ledger.newest_record().await.unwrap().seq;
        let notes: Vec<Record> =
            (0..more).map(|at| note(&format!("{key}/{at}"), moment(at), "op1", "new")).collect();
        ledger.append(&notes).await.unwrap();
        assert_eq!(ledger.appended_since(&seen, 9).await.unwrap(), None);
        assert!(!ledger.goes_on_from(&seen).await.unwrap());
    }
    assert_eq!(ledger.verify_changes(|_| {}).await.unwrap().broken, None, "whole in itself");
}

#[tokio::test]
async fn others_need_not_look_at_tickets_again() {
    let place = Place::new();
    let ledger = place.open().await;
    let before = ledger.version().await.unwrap();
    ledger.append(&[note("1", moment(0), "op1", "hello")]).await.unwrap();
    assert_eq!(ledger.version().await.unwrap(), before);
}

#[tokio::test]
async fn nothing_that_is_told_does_harm() {
    let place = Place::new();
    let ledger = place.open().await;
    let long = "x'\"\\\0%_\u{202e}\u{1b}[2J".repeat(100_000);
    let mut hostile = note("1", moment(0), &long, &long);
    if let Some(reading) = &mut hostile.reading {
        (reading.tenant, reading.host, reading.container) =
            (Some(long.as_str().into()), Some(long.as_str().into()), Some(long.as_str().into()));
    }
    hostile.raw = long.as_str().into();
    assert_eq!(ledger.append(&[hostile.clone()]).await.unwrap().new, 1);
    let kept = ledger.changes(&everything(), 9).await.unwrap().newest_first.remove(0);
    assert!(kept.detail.unwrap().len() <= 4096);
    assert!(ledger.parts(hostile.act, 9).await.unwrap()[0].raw.len() <= 16 * 1024);
}
