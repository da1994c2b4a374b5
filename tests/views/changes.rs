//! The changes pane with a question, its timeline, the box of a change, and a tenant's history: what they show, and what
//! their keys do.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use wakeboard::model::change::{Act, Change, Confidence, Source, Tick, Verb};
use wakeboard::model::ticket::TicketId;
use wakeboard::service::Changes;
use wakeboard::service::past::{Page, Part, Question, Told};
use wakeboard::tui::palette::Depth;
use wakeboard::tui::past::desk::{News, Place};
use wakeboard::tui::past::{Asked, wire};
use wakeboard::tui::state::{Bottom, Layer, Pane, State};

use super::fixture::{Look, ago, key, keys, now, state, work};
use super::{draw, styles, text};

/// The console on a ledger that has everything but the newest change.
fn recorded(look: Look) -> State {
    let mut state = state(look);
    state.changes = Arc::new(Changes { recorded_to: Some(6), ..Changes::clone(&state.changes) });
    draw(&mut state);
    state
}

fn size(width: u16, height: u16) -> Look {
    Look { size: (width, height), ..Look::default() }
}

fn old(number: i64, seconds: i64, verb: Verb, tenant: &str) -> Change {
    let source = match verb {
        Verb::Dumped | Verb::Woken => Source::Ticket,
        Verb::Noted => Source::Note,
        _ => Source::Engine,
    };
    let ours = source == Source::Ticket;
    Change {
        first: ago(seconds + 2),
        host: Some("web-1".into()),
        tenant: Some(tenant.into()),
        container: (!ours).then(|| format!("{tenant}-app").into()),
        id: (!ours).then(|| format!("{:0<64}", "a1").into()),
        actor: (source != Source::Engine).then(|| "op2@desk".into()),
        confidence: if ours { Confidence::Sure } else { Confidence::Unknown },
        ticket: ours.then(|| TicketId::from_random(0x0d00_0001)),
        ..Change::new(source, Act::from_number(1000 + number), ago(seconds), verb)
    }
}

/// What the ledger has of acme and of 青松商贸 for the last day and the days before.
fn ledger() -> Vec<Arc<Change>> {
    let rows = [
        (1, 3_000, Verb::Started, "acme"),
        (2, 7_200, Verb::Crashed, "acme"),
        (3, 20_000, Verb::Woken, "acme"),
        (4, 40_000, Verb::Dumped, "acme"),
        (5, 60_000, Verb::Noted, "青松商贸"),
        (6, 90_000, Verb::Started, "acme"),
        (7, 700_000, Verb::Created, "acme"),
    ];
    rows.into_iter().map(|(number, ago, verb, tenant)| Arc::new(old(number, ago, verb, tenant))).collect()
}

fn asked(state: &State, place: Place) -> Option<(u64, Question)> {
    let asked: Option<&Asked> = match place {
        Place::Changes => Some(&state.feed.asked),
        Place::Timeline => Some(&state.timeline.asked),
        Place::History => Some(&state.history.asked),
        Place::Ticket => Some(&state.sought),
        Place::Sheet => match &state.layer {
            Some(Layer::Change(sheet)) => Some(&sheet.asked),
            _ => None,
        },
    };
    asked.and_then(Asked::open).map(|(turn, question)| (turn, question.clone()))
}

/// The ledger answers what that place has asked.
fn answer(state: &mut State, place: Place) {
    let (turn, question) = asked(state, place).expect("nothing is asked there");
    let told = match question {
        Question::Changes(ask, _) => {
            let newest_first = ledger().into_iter().filter(|change| ask.passes(change)).collect();
            Told::Changes(Page { newest_first, more: false })
        }
        Question::History { tenant, .. } => {
            let newest_first =
                ledger().into_iter().filter(|it| it.tenant.as_ref() == Some(&tenant)).collect();
            Told::Changes(Page { newest_first, more: false })
        }
        Question::Minutes(from, to) => Told::Minutes(minutes(from, to)),
        Question::Parts(..) => Told::Parts(parts()),
        Question::Ticket(_) => Told::NoTicket,
    };
    let _ = wire::take(state, News { place, turn, told: Ok(told) });
    draw(state);
}

/// Some of every kind, over the whole day.
fn minutes(from: Timestamp, to: Timestamp) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let mut at = from;
    let mut number = 0;
    while at < to {
        let mut tick = Tick::empty(at);
        tick.counts = match number % 9 {
            0 => [0, 0, 0, number],
            3 => [1, 2, 0, 4],
            5 => [0, 3, 0, 1],
            7 => [0, 0, 1, 2],
            _ => [0; 4],
        };
        ticks.push(tick);
        number += 1;
        at += SignedDuration::from_mins(20);
    }
    ticks.retain(|tick| tick.total() > 0);
    ticks
}

fn parts() -> Vec<Part> {
    let raw = |seconds: i64, raw: &str| Part { time: ago(seconds), source: Source::Engine, raw: raw.into() };
    let own = ago(12).strftime("%H:%M:%S%.3f");
    let mut parts = vec![
        raw(13, "sent signal TERM at 14:03:09.000"),
        raw(12, &format!("died with 143 at {own}")),
        raw(11, "{\"label\":\"\u{1b}[31mred\u{202e}\"}"),
    ];
    parts.extend((0..30).map(|number| raw(10, &format!("part {number}"))));
    parts
}

fn write(state: &mut State, text: &str) {
    for c in text.chars() {
        let name = if c == ' ' { "space".to_owned() } else { c.to_string() };
        let _ = key(state, &name);
    }
    draw(state);
}

fn screen(state: &mut State) -> String {
    text(&draw(state))
}

#[test]
fn a_question_is_answered_from_memory_then_from_the_ledger() {
    let mut state = recorded(size(150, 40));
    let _ = keys(&mut state, "tab /");
    write(&mut state, "tenant:ac");
    write(&mut state, "me");
    let half = screen(&mut state);
    assert!(half.contains("restarted") && !half.contains("woke    acme"), "{half}");
    assert!(asked(&state, Place::Changes).is_none(), "the ledger is not asked at every key");
    let _ = key(&mut state, "enter");
    let waits = screen(&mut state);
    assert!(waits.contains("asking the ledger"), "{waits}");
    answer(&mut state, Place::Changes);
    let told = screen(&mut state);
    assert!(told.contains("all times, UTC") && told.contains(" / tenant:acme "), "{told}");
    assert!(told.contains("woke") && told.contains("◦14:03:11"), "{told}");
    insta::assert_snapshot!("changes-question", told);
    // What comes in shows on top where it fits.
    let mut changes = Changes::clone(&state.changes);
    for (seq, tenant) in [(7, "acme"), (8, "birch")] {
        let change = Change { seq, ..old(seq.cast_signed() + 50, 1, Verb::Paused, tenant) };
        changes.newest_first.insert(0, Arc::new(change));
    }
    changes.next_seq = 9;
    state.changes = Arc::new(changes);
    draw(&mut state);
    assert_eq!(&*state.feed.rows[0].change.tenant.clone().unwrap(), "acme");
    assert_eq!(state.feed.rows[0].change.verb, Verb::Paused);
    let _ = key(&mut state, "esc");
    assert!(state.feed.posed.is_none());
}

#[test]
fn a_question_that_is_not_understood_says_why_and_escape_brings_the_last_one_back() {
    let mut state = recorded(size(150, 40));
    let _ = keys(&mut state, "tab /");
    write(&mut state, "verb:dumped");
    let _ = key(&mut state, "enter");
    let _ = key(&mut state, "/");
    write(&mut state, " verb:dumpd");
    let told = screen(&mut state);
    assert!(told.lines().last().unwrap().contains("dumpd"), "{told}");
    let _ = key(&mut state, "enter");
    assert!(matches!(state.layer, Some(Layer::Prompt(_))), "it stays open");
    let _ = key(&mut state, "esc");
    assert_eq!(state.feed.posed.as_ref().unwrap().text, "verb:dumped");
    assert!(!state.feed.posed.as_ref().unwrap().draft);
    for (line, expected) in [("changes yesterday who:op2", "2026-03-03 0"), ("changes", "today")] {
        let _ = key(&mut state, ":");
        write(&mut state, line);
        let _ = key(&mut state, "enter");
        assert!(screen(&mut state).contains(expected), "{line}");
    }
    let _ = key(&mut state, ":");
    write(&mut state, "changes verify");
    let _ = key(&mut state, "enter");
    assert!(state.notice.as_ref().unwrap().text.contains("wakeboard changes verify"));
}

#[test]
fn a_fault_of_the_ledger_is_said_and_it_is_asked_again() {
    let mut state = recorded(size(150, 40));
    let _ = keys(&mut state, "tab /");
    write(&mut state, "yesterday");
    let _ = key(&mut state, "enter");
    draw(&mut state);
    let (turn, _) = asked(&state, Place::Changes).unwrap();
    let why = "ledger /x/ledger.db: the disk is full; make room there, nothing has been changed";
    let _ = wire::take(&mut state, News { place: Place::Changes, turn, told: Err(why.into()) });
    let told = screen(&mut state);
    assert!(told.contains("✖ 2026-03-03 00:00 to 24:00, UTC"), "{told}");
    assert!(told.contains("✖ ledger /x/ledger.db: the disk is full;"), "{told}");
    state.now = (now() + SignedDuration::from_secs(6)).to_zoned(jiff::tz::TimeZone::UTC);
    wire::tick(&mut state);
    answer(&mut state, Place::Changes);
    let told = screen(&mut state);
    assert!(told.contains("Changes ── 2026-03-03") && !told.contains("the disk is full"), "{told}");
}

#[test]
fn who_scrolls_past_the_end_is_told_what_the_ledger_has() {
    let mut state = recorded(size(150, 24));
    let _ = keys(&mut state, "tab end");
    draw(&mut state);
    answer(&mut state, Place::Changes);
    let _ = keys(&mut state, "end");
    let told = screen(&mut state);
    assert!(told.contains("created") && told.contains("24 Feb"), "{told}");
    let _ = keys(&mut state, "f");
    draw(&mut state);
    assert_eq!(state.feed.rows.len(), 6);
}

#[test]
fn the_box_of_a_change_tells_all_and_leads_on() {
    let mut state = recorded(size(120, 34));
    let _ = keys(&mut state, "tab down enter");
    draw(&mut state);
    let Some((_, Question::Parts(act, _))) = asked(&state, Place::Sheet) else { panic!("nothing asked") };
    assert_eq!(act, Act::from_number(5));
    answer(&mut state, Place::Sheet);
    let told = screen(&mut state);
    assert!(told.contains("unknown: an engine does not say") && told.contains("told in 33 parts"), "{told}");
    assert!(told.contains("died with 143 ") && !told.contains("143 at"), "{told}");
    assert!(!told.contains('\u{1b}') && !told.contains('\u{202e}'));
    insta::assert_snapshot!("changes-box", told);
    let _ = keys(&mut state, "end");
    assert!(screen(&mut state).contains("part 29"));
    // All of its tenant.
    let _ = keys(&mut state, "a");
    assert_eq!(state.feed.posed.as_ref().unwrap().text, "tenant:birch host:web-1");
    assert!(state.layer.is_none() && state.focus == Pane::Changes);
    let _ = keys(&mut state, "enter w");
    assert_eq!(state.feed.posed.as_ref().unwrap().text, "who:-");
    let _ = keys(&mut state, "esc");
    state.tenants.set_filter("nobody");
    let _ = keys(&mut state, "down enter n");
    assert_eq!(state.focus, Pane::Tenants);
    assert_eq!(&*state.tenants.selected().unwrap().name, "birch");
}

#[test]
fn from_the_box_to_its_ticket() {
    let mut state = recorded(size(120, 34));
    state.set_work(work::full());
    let _ = key(&mut state, "tab");
    state.layer = Some(wakeboard::tui::changes::act::boxed(Arc::new(old(3, 20_000, Verb::Woken, "acme"))));
    let told = screen(&mut state);
    assert!(told.contains("op2@desk (sure: it was done through wakeboard)"), "{told}");
    let _ = key(&mut state, "t");
    assert!(screen(&mut state).contains("Ticket d000001"));
    let _ = keys(&mut state, "esc down enter t");
    assert_eq!(state.notice.as_ref().unwrap().text, "this was not done under a ticket");
}

#[test]
fn the_timeline_leads_to_a_moment_and_back() {
    let mut state = recorded(size(150, 40));
    answer(&mut state, Place::Timeline);
    let _ = keys(&mut state, "m");
    let told = screen(&mut state);
    assert!(told.contains("14:00 to 14:30 UTC"), "{told}");
    let _ = keys(&mut state, "left [ [");
    let told = screen(&mut state);
    assert!(told.contains("11:30 to 12:00 UTC"), "{told}");
    insta::assert_snapshot!("changes-timeline", told);
    let _ = keys(&mut state, "[ [ [ [ enter");
    let told = screen(&mut state);
    assert!(told.contains("2026-03-04 07:30 to 08:00, UTC"), "{told}");
    answer(&mut state, Place::Changes);
    assert_eq!(
        state.feed.rows.iter().map(|row| row.change.act.number()).collect::<Vec<_>>(),
        Vec::<i64>::new()
    );
    let _ = keys(&mut state, "esc");
    assert!(state.timeline.open && state.feed.posed.is_none());
    let _ = keys(&mut state, "right right enter");
    answer(&mut state, Place::Changes);
    assert_eq!(state.feed.rows.len(), 1, "the wake at 08:30");
    let _ = keys(&mut state, "esc + +");
    assert_eq!(wakeboard::tui::changes::act::columns(&state).step.as_mins(), 2);
    let _ = keys(&mut state, "esc");
    assert!(!state.timeline.open);
}

#[test]
fn a_tenants_history_shows_its_states_and_its_changes() {
    let mut all = String::new();
    for (width, height) in [(150, 40), (100, 30), (60, 15)] {
        let mut state = recorded(size(width, height));
        let _ = keys(&mut state, "down H");
        draw(&mut state);
        assert_eq!((state.bottom, state.focus), (Bottom::History, Pane::Bottom));
        answer(&mut state, Place::History);
        let told = screen(&mut state);
        assert!(told.contains("running") && told.contains("dumped"), "{told}");
        all += &told;
    }
    insta::assert_snapshot!("history", all);
    let mut state = recorded(size(150, 40));
    let _ = keys(&mut state, "down H");
    answer(&mut state, Place::History);
    let _ = keys(&mut state, "down down");
    let selected = state.history.selected().unwrap().clone();
    let _ = keys(&mut state, "enter");
    let Some(Layer::Change(sheet)) = &state.layer else { panic!("not opened") };
    assert_eq!(sheet.change.act, selected.act);
    let _ = keys(&mut state, "esc - -");
    draw(&mut state);
    let Some((_, Question::History { from, to, .. })) = asked(&state, Place::History) else {
        panic!("not asked")
    };
    assert_eq!(to.duration_since(from), SignedDuration::from_hours(30 * 24));
    let _ = keys(&mut state, "+ + left");
    draw(&mut state);
    assert_eq!(state.history.to, now() - SignedDuration::from_hours(6));
    let _ = keys(&mut state, "] ] ] ] ] ] ]");
    assert!(state.history.is_now(), "not past the present");
    let _ = keys(&mut state, "esc");
    assert_eq!((state.bottom, state.focus), (Bottom::Containers, Pane::Tenants));
}

/// Everything at once: a question, the timeline opened, a history at the bottom.
fn all(look: Look) -> State {
    let mut state = recorded(look);
    let _ = keys(&mut state, "down H");
    draw(&mut state);
    answer(&mut state, Place::History);
    let _ = keys(&mut state, "m");
    draw(&mut state);
    if asked(&state, Place::Timeline).is_some() {
        answer(&mut state, Place::Timeline);
    }
    let _ = keys(&mut state, "left");
    state
}

#[test]
fn their_styles() {
    for theme in ["dark", "light", "wall"] {
        let mut state = all(Look { theme, ..size(110, 30) });
        insta::assert_snapshot!(format!("changes-styles-{theme}"), styles(&draw(&mut state)));
    }
    for (name, depth) in [("256", Depth::Indexed), ("16", Depth::Sixteen), ("none", Depth::None)] {
        let mut state = all(Look { depth, ..size(110, 30) });
        insta::assert_snapshot!(format!("changes-styles-{name}"), styles(&draw(&mut state)));
    }
}

#[test]
fn from_the_least_screen_to_a_wall() {
    let mut shown = String::new();
    for (width, height) in [(60, 15), (80, 24), (100, 17), (200, 50)] {
        shown += &screen(&mut all(size(width, height)));
    }
    insta::assert_snapshot!("changes-sizes", shown);
}

#[test]
fn without_colour_each_kind_still_has_its_sign() {
    let mut state = all(Look { depth: Depth::None, ..size(150, 40) });
    let told = screen(&mut state);
    for sign in ["✖", "◆", "✎"] {
        assert!(told.contains(sign), "{sign}\n{told}");
    }
}

#[test]
fn no_size_and_no_key_makes_them_panic() {
    for size in [(0, 0), (1, 1), (59, 15), (60, 14), (60, 15), (99, 15), (100, 15), (101, 60), (400, 120)] {
        for open in ["", "m", "down H", "tab enter"] {
            let mut state = recorded(Look { size, ..Look::default() });
            for one in open.split(' ').filter(|one| !one.is_empty()) {
                let _ = key(&mut state, one);
                draw(&mut state);
            }
            for about in wakeboard::model::action::ACTIONS {
                for one in about.keys {
                    let _ = key(&mut state, one);
                    draw(&mut state);
                    for place in Place::ALL {
                        if asked(&state, place).is_some() {
                            answer(&mut state, place);
                        }
                    }
                }
            }
        }
    }
}
