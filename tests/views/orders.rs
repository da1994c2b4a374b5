//! Marks, dumps and wakes: what keys ask for, and what the screen says of it.

use std::sync::Arc;

use rstest::rstest;
use wakeboard::model::method::Method;
use wakeboard::model::ticket::{Door, Task, Ticket, TicketId};
use wakeboard::model::work::Order;
use wakeboard::service::past::{Question, Told};
use wakeboard::tui::losses;
use wakeboard::tui::palette::Depth;
use wakeboard::tui::past::desk::{News, Place};
use wakeboard::tui::past::wire;
use wakeboard::tui::state::{Layer, State};
use wakeboard::tui::update::Effect;

use super::fixture::{Look, fleet, key, keys, state, work};
use super::{draw, styles, text};

/// A console of that size with work under way, nothing marked, the cursor on `acme`.
fn busy(look: Look) -> State {
    let mut state = state(look);
    state.set_fleet(work::overlaid(&fleet::full()));
    state.set_work(work::full());
    draw(&mut state);
    let _ = keys(&mut state, "home down");
    state
}

fn size(width: u16, height: u16) -> Look {
    Look { size: (width, height), ..Look::default() }
}

fn names(order: &Order) -> Vec<&str> {
    order.tenants.iter().map(|(_, tenant)| &**tenant).collect()
}

fn asked(effect: Option<Effect>) -> Order {
    match effect {
        Some(Effect::Ask(order)) => order,
        other => panic!("no order but {other:?}"),
    }
}

fn write(state: &mut State, line: &str) -> Option<Effect> {
    let _ = key(state, ":");
    for c in line.chars() {
        let _ = key(state, if c == ' ' { "space".to_owned() } else { c.to_string() }.as_str());
    }
    let effect = key(state, "enter");
    state.settle();
    effect
}

fn notice(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

#[test]
fn a_dump_asks_first_and_vip_needs_force() {
    let mut state = state(size(150, 40));
    draw(&mut state);
    let _ = keys(&mut state, "down");
    assert_eq!(keys(&mut state, "d"), None);
    assert!(text(&draw(&mut state)).contains("only by force"));
    assert_eq!(keys(&mut state, "y"), None, "nothing is left of the order");
    assert!(state.layer.is_none());
    let order = asked(keys(&mut state, "d f m m y"));
    assert_eq!(names(&order), ["acme"]);
    assert_eq!((order.task, order.method, order.force), (Task::Dump, Some(Method::Checkpoint), true));
    assert_eq!((&*order.actor, order.door), ("op1@war-room", Door::Console));
    assert!(state.layer.is_none());
}

#[rstest]
#[case("n")]
#[case("q")]
#[case("esc")]
fn a_no_does_nothing(#[case] no: &str) {
    let mut state = state(size(150, 40));
    draw(&mut state);
    assert_eq!(keys(&mut state, &format!("d {no}")), None);
    assert!(state.layer.is_none());
}

#[test]
fn only_a_plain_y_is_a_yes_and_ctrl_c_still_quits() {
    let mut state = state(size(150, 40));
    draw(&mut state);
    for no_yes in ["d", "ctrl-y", "alt-y", "enter", "space", "x"] {
        assert_eq!(keys(&mut state, no_yes), None, "{no_yes}");
        assert!(matches!(state.layer, Some(Layer::Order(_))), "{no_yes}");
    }
    assert_eq!(keys(&mut state, "ctrl-c"), Some(Effect::Quit));
}

#[test]
fn the_method_goes_round() {
    let mut state = state(size(150, 40));
    draw(&mut state);
    let _ = keys(&mut state, "d");
    let mut seen = Vec::new();
    for _ in 0..5 {
        let _ = keys(&mut state, "m");
        let Some(Layer::Order(sheet)) = &state.layer else { panic!("closed") };
        seen.push(sheet.order.method);
    }
    let all: Vec<_> = Method::ALL.into_iter().map(Some).chain([None]).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_range_is_marked_and_escape_takes_marks_before_the_filter() {
    let mut state = state(size(150, 40));
    draw(&mut state);
    state.tenants.set_filter("host:web-1");
    let _ = keys(&mut state, "home space down v");
    assert_eq!(state.marks.len(), 3);
    let _ = keys(&mut state, "s s");
    assert_eq!(state.marks.len(), 3, "marks stay with their tenants");
    let _ = keys(&mut state, "esc");
    assert!(state.marks.is_empty());
    assert_eq!(state.tenants.filter_text, "host:web-1");
    let _ = keys(&mut state, "esc");
    assert_eq!(state.tenants.filter_text, "");
    let _ = keys(&mut state, "*");
    assert_eq!(state.marks.len(), 11);
    state.set_fleet(fleet::empty("up"));
    assert!(state.marks.is_empty(), "marks go with their tenants");
}

#[test]
fn marked_tenants_are_one_order_without_those_that_are_refused() {
    let mut state = busy(size(150, 40));
    let _ = keys(&mut state, "*");
    let order = asked(keys(&mut state, "d y"));
    // The others are vip, paused, crashed, asleep, out of reach, or a ticket is at them.
    assert_eq!(names(&order), ["a-tenant-with-a-name-that-is-much-too-long-for-its-column", "ivy"]);
    assert!(state.marks.is_empty());
    let _ = keys(&mut state, "* w");
    assert!(matches!(state.layer, Some(Layer::Order(_))), "many are asked about");
    // One that sleeps, and those that lie down without our doing.
    assert_eq!(names(&asked(keys(&mut state, "y"))), ["birch", "cedar", "dahlia", "elm"]);
}

#[test]
fn one_tenant_wakes_at_once_or_says_why_not() {
    let mut state = busy(size(150, 40));
    assert_eq!(keys(&mut state, "w"), None);
    assert_eq!(notice(&state), "acme: is running: nothing of it lies down");
    let order = asked(keys(&mut state, "down down down w"));
    assert_eq!((order.task, names(&order)), (Task::Wake, vec!["dahlia"]));
}

#[test]
fn what_lies_over_the_panes_keeps_orders_away() {
    for layer in ["?", "h"] {
        let mut state = busy(size(150, 40));
        for verb in ["d", "w", "space", "*"] {
            assert_eq!(keys(&mut state, &format!("{layer} {verb}")), None);
            assert!(state.marks.is_empty() && !matches!(state.layer, Some(Layer::Order(_))));
            state.layer = None;
        }
    }
}

#[test]
fn nothing_is_done_to_a_tenant_that_cannot_be_seen() {
    let mut state = busy(size(80, 24));
    let _ = keys(&mut state, "tab");
    assert_eq!(keys(&mut state, "d"), None);
    assert!(state.layer.is_none());
    assert_eq!(notice(&state), "No tenant is selected.");
}

#[test]
fn a_ticket_is_cancelled_from_the_row_the_list_and_its_own_box() {
    let hazel = TicketId::from_random(0x0a41_b2c3);
    let mut state = busy(size(150, 40));
    assert_eq!(keys(&mut state, "ctrl-x"), None);
    assert_eq!(notice(&state), "no ticket is under way here");
    assert_eq!(keys(&mut state, "T home ctrl-x"), Some(Effect::Cancel(hazel)));
    assert_eq!(keys(&mut state, "enter ctrl-x"), Some(Effect::Cancel(hazel)));
    assert_eq!(keys(&mut state, "esc end ctrl-x"), None, "it has ended");
    let at = state.tenants.rows.iter().position(|row| &*row.name == "hazel").unwrap();
    state.tenants.select(at);
    assert_eq!(keys(&mut state, "T ctrl-x"), Some(Effect::Cancel(hazel)));
}

#[test]
fn the_written_line_says_the_same() {
    let mut state = busy(size(150, 40));
    assert_eq!(write(&mut state, "dump ivy acme --by stop --force"), None);
    let order = asked(keys(&mut state, "y"));
    assert_eq!((names(&order), order.method, order.force), (vec!["ivy", "acme"], Some(Method::Stop), true));
    assert_eq!(write(&mut state, "dump ivy --dry-run"), None);
    assert_eq!(keys(&mut state, "y"), None);
    assert!(matches!(state.layer, Some(Layer::Order(_))), "a dry run takes no yes");
    let _ = keys(&mut state, "esc");
    let order = asked(write(&mut state, "wake web-2/dahlia --timeout 30s"));
    assert_eq!(order.timeout, Some(std::time::Duration::from_secs(30)));
    assert_eq!(write(&mut state, "wake nobody"), None);
    assert!(notice(&state).starts_with("there is no tenant `nobody`; web-3 ("), "{}", notice(&state));
    let _ = write(&mut state, "tickets a41b2c3");
    assert!(text(&draw(&mut state)).contains("Ticket a41b2c3"));
    let _ = keys(&mut state, "esc");
    let _ = write(&mut state, "tickets 0000001");
    assert_eq!(notice(&state), "looking for ticket 0000001 in the ledger");
}

#[test]
fn a_ticket_that_the_list_does_not_have_is_opened_from_the_ledger() {
    let answer = |state: &mut State, turn: u64, told| {
        let _ = wire::take(state, News { place: Place::Ticket, turn, told });
    };
    let open = |state: &mut State| {
        let _ = write(state, "tickets 0000001");
        let (turn, question) = state.sought.open().unwrap();
        assert_eq!(question, &Question::Ticket(TicketId::from_random(1)));
        turn
    };
    let mut state = busy(size(150, 40));
    let old = state.work.tickets.first().unwrap();
    let old = Ticket { id: TicketId::from_random(1), ..Ticket::clone(old) };
    let turn = open(&mut state);
    answer(&mut state, turn, Ok(Told::Ticket(Box::new(old.clone()))));
    assert!(text(&draw(&mut state)).contains("─ Ticket 0000001"));
    let _ = keys(&mut state, "esc");

    let turn = open(&mut state);
    answer(&mut state, turn, Ok(Told::NoTicket));
    assert_eq!(notice(&state), "the ledger has no such ticket");

    let turn = open(&mut state);
    answer(&mut state, turn, Err("the disk is full".into()));
    assert_eq!(notice(&state), "the disk is full");

    // A box that opens now would be in the way of what the key began.
    let turn = open(&mut state);
    let _ = keys(&mut state, "down");
    answer(&mut state, turn, Ok(Told::Ticket(Box::new(old))));
    assert!(state.layer.is_none());
}

#[test]
fn a_read_only_console_has_no_verb_that_changes_something() {
    let mut state = busy(Look { read_only: true, ..size(150, 44) });
    let before = text(&draw(&mut state));
    assert!(before.lines().last().unwrap().contains("read-only"), "{before}");
    for word in ["d dump", "w wake"] {
        assert!(!before.contains(word), "{word}");
    }
    for press in ["d", "w", "space", "*", "v", "ctrl-x"] {
        assert_eq!(keys(&mut state, press), None, "{press}");
        assert!(state.layer.is_none() && state.marks.is_empty(), "{press}");
        assert!(notice(&state).starts_with("read-only"), "{press}");
    }
    for line in ["dump acme", "wake dahlia", "cancel", "mark-all"] {
        assert_eq!(write(&mut state, line), None, "{line}");
        assert!(state.layer.is_none() && state.marks.is_empty(), "{line}");
        assert!(notice(&state).starts_with("read-only"), "{line}");
    }
    let _ = keys(&mut state, "?");
    let help = text(&draw(&mut state));
    assert!(help.contains("forget-changes"));
    for word in ["mark-range", "mark-all", " dump", " wake", "cancel"] {
        let in_help =
            help.lines().filter(|line| line.contains("│  ")).any(|line| line.contains(&format!("{word}  ")));
        assert!(!in_help, "{word} in\n{help}");
    }
}

#[test]
fn the_console_with_work_under_way() {
    let mut state = busy(size(150, 30));
    let _ = keys(&mut state, "space space");
    insta::assert_snapshot!("work", text(&draw(&mut state)));
    let _ = keys(&mut state, "T");
    insta::assert_snapshot!("work-tickets", text(&draw(&mut state)));
    insta::assert_snapshot!("work-least", {
        let mut state = busy(size(60, 15));
        let mut all = text(&draw(&mut state));
        let _ = keys(&mut state, "space T");
        all += &text(&draw(&mut state));
        let _ = keys(&mut state, "enter");
        all + &text(&draw(&mut state))
    });
    let mut low = busy(size(150, 16));
    let _ = keys(&mut low, "T");
    assert!(text(&draw(&mut low)).contains("a41b2c3"), "a low screen shows the tickets alone");
}

#[test]
fn marks_show_without_colours() {
    let mut state = busy(Look { depth: Depth::None, ..size(110, 18) });
    let _ = keys(&mut state, "space");
    let buffer = draw(&mut state);
    assert!(text(&buffer).contains("│ +acme "), "{}", text(&buffer));
    insta::assert_snapshot!("work-styles-none", styles(&buffer));
    let mut state = busy(size(110, 18));
    let _ = keys(&mut state, "space");
    insta::assert_snapshot!("work-styles-dark", styles(&draw(&mut state)));
}

#[test]
fn the_sheet_before_an_order() {
    let mut all = String::new();
    for (look, press) in [
        (size(120, 34), "* d"),
        (size(120, 34), "d f"),
        (size(120, 34), "* w"),
        (size(80, 24), "* d"),
        (size(60, 15), "* d f pgdn pgdn"),
    ] {
        let mut state = busy(look);
        let _ = keys(&mut state, press);
        all += press;
        all.push('\n');
        all += &text(&draw(&mut state));
    }
    insta::assert_snapshot!("work-sheet", all);
}

#[test]
fn what_goes_with_removed_tenants_stands_in_the_sheet() {
    let mut state = busy(size(150, 40));
    let _ = keys(&mut state, "* d m m m m");
    let Some(Layer::Order(sheet)) = &state.layer else { panic!("closed") };
    assert_eq!(sheet.order.method, Some(Method::Destroy));
    let plan = sheet.doable().next().unwrap();
    let tenant = (plan.host.clone(), plan.tenant.clone());
    assert!(!text(&draw(&mut state)).contains("with it goes"));
    assert!(losses::take(&mut state, (tenant.clone(), Some("/opt/\u{1b}x of it".into()))));
    assert!(text(&draw(&mut state)).contains("with it goes /opt/␛x of it"), "{}", text(&draw(&mut state)));
    // By another method nothing goes.
    let _ = keys(&mut state, "m");
    assert!(!text(&draw(&mut state)).contains("with it goes"));
    let _ = keys(&mut state, "m m m m");
    assert!(losses::take(&mut state, (tenant.clone(), None)));
    assert!(!text(&draw(&mut state)).contains("with it goes"));
    let _ = keys(&mut state, "n");
    assert!(!losses::take(&mut state, (tenant, None)), "an answer that comes too late");
}

#[test]
fn a_ticket_with_its_steps() {
    let mut all = String::new();
    for (look, press) in
        [(size(120, 30), "T enter"), (size(120, 30), "T end enter"), (size(60, 15), "T end up up enter down")]
    {
        let mut state = busy(look);
        let _ = keys(&mut state, press);
        all += &text(&draw(&mut state));
    }
    insta::assert_snapshot!("work-ticket", all);
}

#[test]
fn a_ticket_of_a_change_is_named() {
    let mut state = busy(size(150, 30));
    let mut changes = wakeboard::service::Changes::clone(&state.changes);
    let change = Arc::make_mut(&mut changes.newest_first[0]);
    change.ticket = Some(TicketId::from_random(0x0a41_b2c3));
    (change.verb, change.actor) = (wakeboard::model::change::Verb::Woken, Some("op1@war-room".into()));
    state.changes = Arc::new(changes);
    let line = text(&draw(&mut state)).lines().find(|line| line.contains("‹a41›")).unwrap().to_owned();
    assert!(line.contains(" op1 woke "), "{line}");
    let _ = keys(&mut state, "tab enter");
    assert!(text(&draw(&mut state)).contains("ticket   a41b2c3"));
}
