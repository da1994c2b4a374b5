//! The callmap pane: what it shows, and what its keys do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use ratatui::layout::Size;
use wakeboard::tui::callmap::{CallmapOrder, Listed, Side, act};
use wakeboard::tui::palette::Depth;
use wakeboard::tui::state::{Bottom, Layer, Pane, State};
use wakeboard::tui::update::Effect;

use super::fixture::{Look, key, keys, runs, state};
use super::{draw, styles, text};

fn pane(width: u16, height: u16, stage: &str) -> State {
    let mut shown = state(Look { size: (width, height), ..Look::default() });
    runs::show(&mut shown, stage);
    draw(&mut shown);
    shown
}

fn order(effect: Option<Effect>) -> CallmapOrder {
    match effect {
        Some(Effect::RunCallmap(order)) => order,
        other => panic!("nothing to run, but {other:?}"),
    }
}

fn notice(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

fn list() -> Arc<Vec<Listed>> {
    let listed = |file: &str, holds| Listed { file: PathBuf::from(file), shown: file.to_owned(), holds };
    let fault = "callmaps/shop.yaml:3:5: unknown key `layer`".to_owned();
    Arc::new(vec![
        listed(runs::FILE, Ok(("www.example.com".into(), 5))),
        listed("callmaps/database.yaml", Ok(("db.example.com".into(), 1))),
        listed("callmaps/商城.yaml", Ok(("商城 shop.example.com".into(), 12))),
        listed("callmaps/shop.yaml", Err(fault)),
    ])
}

#[test]
fn a_broken_chain_at_three_sizes() {
    for (width, height) in [(150, 40), (100, 30), (60, 15)] {
        let mut state = pane(width, height, "broken");
        let screen = text(&draw(&mut state));
        if width > 60 {
            assert!(screen.contains("first broken layer: 2 nginx (1 of 2)"), "{screen}");
        }
        assert!(screen.contains("connection refused"), "{screen}");
        insta::assert_snapshot!(format!("callmap-{width}x{height}"), screen);
    }
}

#[test]
fn its_styles() {
    for theme in ["dark", "light", "wall"] {
        let mut state = state(Look { theme, size: (100, 30), ..Look::default() });
        runs::show(&mut state, "broken");
        insta::assert_snapshot!(format!("callmap-styles-{theme}"), styles(&draw(&mut state)));
    }
    for (name, depth) in [("256", Depth::Indexed), ("16", Depth::Sixteen), ("none", Depth::None)] {
        let mut state = state(Look { depth, size: (60, 15), ..Look::default() });
        runs::show(&mut state, "broken");
        insta::assert_snapshot!(format!("callmap-styles-{name}"), styles(&draw(&mut state)));
    }
}

#[test]
fn results_as_they_come() {
    let mut all = String::new();
    for stage in ["waits", "asks", "asks-broken", "well", "refused"] {
        let mut state = pane(110, 18, stage);
        all += &text(&draw(&mut state));
    }
    insta::assert_snapshot!("callmap-stages", all);
}

#[test]
fn the_last_verdicts_stand_beside_each_layer() {
    let mut state = state(Look { size: (150, 40), ..Look::default() });
    runs::repeat(&mut state);
    insta::assert_snapshot!("callmap-every", text(&draw(&mut state)));
}

#[test]
fn a_bad_file_is_shown_with_its_place() {
    let mut state = pane(100, 30, "broken");
    state.callmap.fault = Some(
        "callmaps/www.yaml:3:5: unknown key `layer`\n 3 | layer: []\n   | ^\n help: did you mean `layers`?"
            .into(),
    );
    let screen = text(&draw(&mut state));
    assert!(screen.contains("callmaps/www.yaml:3:5: unknown key `layer`") && screen.contains("did you mean"));
    insta::assert_snapshot!("callmap-fault", screen);
}

#[test]
fn the_list_is_searched_and_runs_what_is_chosen() {
    let mut state = state(Look { size: (120, 34), ..Look::default() });
    draw(&mut state);
    assert_eq!(keys(&mut state, "c"), Some(Effect::ListCallmaps));
    assert!(text(&draw(&mut state)).contains("Looking for callmaps"));
    state.callmap.listed = Some(list());
    insta::assert_snapshot!("callmap-list", text(&draw(&mut state)));
    // What is typed is no key of the console.
    let _ = keys(&mut state, "d b q");
    assert!(matches!(&state.layer, Some(Layer::Callmaps(chooser)) if chooser.input.value() == "dbq"));
    let _ = keys(&mut state, "backspace");
    assert!(!text(&draw(&mut state)).contains("shop.example.com"));
    let order = order(keys(&mut state, "enter"));
    assert_eq!((order.file.as_path(), order.is_awaited), (Path::new("callmaps/database.yaml"), true));
    assert_eq!((state.bottom, state.focus, state.layer.is_none()), (Bottom::Callmap, Pane::Bottom, true));
    assert!(text(&draw(&mut state)).contains("Reading the file"));
    let _ = keys(&mut state, "c");
    assert_eq!(keys(&mut state, "z z z enter"), None, "nothing fits, so nothing runs");
    assert!(matches!(state.layer, Some(Layer::Callmaps(_))));
}

#[test]
fn keys_go_through_layers_and_probes() {
    let mut state = pane(150, 40, "broken");
    assert_eq!(state.callmap.layers.at, 2, "the first broken one is opened by itself");
    let _ = keys(&mut state, "down");
    assert_eq!(state.callmap.layers.at, 3);
    let _ = keys(&mut state, "up up right");
    assert_eq!((state.callmap.layers.at, state.callmap.side), (1, Side::Probes));
    let row = |state: &State| state.callmap.row().unwrap().target.to_string();
    assert_eq!(row(&state), "203.0.113.8", "what is late comes first");
    let _ = keys(&mut state, "down");
    assert_eq!(row(&state), "203.0.113.7");
    let _ = keys(&mut state, "enter");
    insta::assert_snapshot!("callmap-probe", text(&draw(&mut state)));
    let _ = keys(&mut state, "down down esc");
    assert!(state.layer.is_none() && state.bottom == Bottom::Callmap);
    let _ = keys(&mut state, "left");
    assert_eq!(state.callmap.side, Side::Layers);
    let _ = keys(&mut state, "tab");
    assert_eq!((state.callmap.side, state.focus), (Side::Probes, Pane::Bottom));
    let _ = keys(&mut state, "tab");
    assert_eq!(state.focus, Pane::Tenants);
    let _ = keys(&mut state, "shift-tab shift-tab shift-tab");
    assert_eq!(state.focus, Pane::Changes, "through the probes and the layers, and out");
    let _ = keys(&mut state, "tab esc");
    assert_eq!((state.bottom, state.focus), (Bottom::Containers, Pane::Tenants));
}

#[test]
fn runs_again_whole_or_only_what_failed() {
    let mut state = pane(150, 40, "broken");
    let whole = order(keys(&mut state, "r"));
    assert_eq!((whole.file.as_path(), whole.failed_of), (Path::new(runs::FILE), None));
    let failed = order(keys(&mut state, "R"));
    assert_eq!(failed.failed_of, state.callmap.ticket);
    assert_eq!(keys(&mut state, "y"), state.callmap.ticket.map(Effect::CopyReport));
    assert_eq!(keys(&mut state, "x"), state.callmap.ticket.map(Effect::WriteReport));
    runs::show(&mut state, "well");
    assert_eq!(keys(&mut state, "R"), None);
    assert!(notice(&state).contains("nothing failed"));
    runs::show(&mut state, "asks");
    assert_eq!(keys(&mut state, "y"), None);
    assert!(notice(&state).contains("no report yet"));
    let _ = keys(&mut state, "esc");
    assert_eq!(keys(&mut state, "r"), Some(Effect::Reconcile), "elsewhere the key is another");
}

#[test]
fn what_runs_by_itself_waits_for_its_time_and_for_the_run_before() {
    let mut state = pane(150, 40, "well");
    let _ = keys(&mut state, ".");
    assert!(notice(&state).contains("every 10 s"));
    assert_eq!(act::tick(&mut state), None);
    state.now = state.now.saturating_add(SignedDuration::from_secs(10));
    let due = order(act::tick(&mut state));
    assert!(!due.is_awaited);
    assert_eq!(act::tick(&mut state), None, "once, not at each tick");
    runs::show(&mut state, "asks");
    state.now = state.now.saturating_add(SignedDuration::from_secs(10));
    assert_eq!(act::tick(&mut state), None, "one is still under way");
    let _ = keys(&mut state, ". .");
    assert!(notice(&state).contains("every 60 s"));
    let _ = keys(&mut state, ".");
    assert!(state.callmap.every.is_none());
    let _ = keys(&mut state, ". esc");
    assert!(state.callmap.every.is_none(), "who leaves stops it");
}

#[test]
fn the_end_of_a_run_is_told_and_a_choice_stays() {
    let mut state = pane(150, 40, "asks-broken");
    let _ = keys(&mut state, "home");
    let ticket = state.callmap.ticket.unwrap();
    act::begun(&mut state, Path::new(runs::FILE), ticket, true);
    assert_eq!(notice(&state), "Your ticket is 'bf711bf'.");
    runs::show(&mut state, "broken");
    state.callmap.awaited = state.callmap.ticket;
    let ended = state.callmap.set_runs(state.callmap.runs.clone()).unwrap();
    act::ended(&mut state, &ended);
    assert_eq!(notice(&state), "bf711bf: www.example.com broken at 2 nginx (1 of 2)");
    assert!(state.callmap.set_runs(state.callmap.runs.clone()).is_none(), "told once");
}

#[test]
fn no_size_and_no_key_breaks_it() {
    for size in [(0, 0), (60, 15), (61, 16), (89, 20), (99, 15), (100, 15), (101, 18), (125, 26), (400, 120)]
    {
        for stage in ["waits", "asks", "asks-broken", "broken", "well", "refused"] {
            let mut state = state(Look { size, ..Look::default() });
            runs::show(&mut state, stage);
            draw(&mut state);
            for about in wakeboard::model::action::ACTIONS {
                for one in about.keys {
                    let _ = key(&mut state, one);
                    state.callmap.listed = Some(list());
                    draw(&mut state);
                    let _ = key(&mut state, "esc");
                    runs::show(&mut state, stage);
                    state.size = Size::new(size.0, size.1);
                }
            }
        }
    }
}

#[test]
fn what_was_before_is_scrolled_and_has_the_place_of_the_probes_where_there_is_no_other() {
    for (width, height) in [(150, 40), (60, 15)] {
        let mut state = pane(width, height, "broken");
        let _ = keys(&mut state, "right right");
        assert_eq!(state.callmap.side, Side::Notes);
        let screen = text(&draw(&mut state));
        assert!(screen.contains("▸changes near it") && screen.contains("more lines"), "{screen}");
        assert_eq!(screen.contains("connection refused"), width > 60, "{screen}");
        // Further than to the end it does not go.
        let _ = keys(&mut state, "G");
        let end = text(&draw(&mut state));
        assert!(!end.contains("more lines") && !end.contains("changes near it"), "{end}");
        assert!(end.contains("took 10 ms"), "{end}");
        let before = state.callmap.notes_top;
        let _ = keys(&mut state, "down");
        assert_eq!(state.callmap.notes_top, before);
        let _ = keys(&mut state, "enter up g left");
        assert_eq!((state.callmap.side, state.callmap.notes_top), (Side::Probes, 0));
        assert!(state.layer.is_none());
        let _ = keys(&mut state, "right shift-tab shift-tab tab tab");
        assert_eq!(state.focus, Pane::Tenants, "the tab key goes by the layers and the probes");
    }
    let mut state = pane(150, 40, "asks");
    let _ = keys(&mut state, "right right");
    assert_eq!(state.callmap.side, Side::Probes, "there is nothing to be told yet");
}

#[test]
fn runs_stand_among_the_tickets() {
    let mut state = state(Look { size: (150, 40), ..Look::default() });
    runs::show(&mut state, "broken");
    let ended = state.callmap.runs.newest_first[0].clone();
    runs::among_tickets(&mut state);
    let _ = keys(&mut state, "esc T");
    insta::assert_snapshot!("callmap-tickets", text(&draw(&mut state)));
    // One of this console is opened in its pane.
    let _ = keys(&mut state, "down down down enter");
    assert_eq!((state.bottom, state.callmap.ticket), (Bottom::Callmap, Some(ended.ticket)));
    assert!(text(&draw(&mut state)).contains("first broken layer: 2 nginx"));
    assert_eq!(keys(&mut state, "ctrl-x"), None);
    assert!(notice(&state).contains("no ticket is under way"));
    // One of another console shows what the record knows.
    let _ = keys(&mut state, "T g down down down down enter");
    insta::assert_snapshot!("callmap-ticket", text(&draw(&mut state)));
    assert_eq!(keys(&mut state, "ctrl-x"), None, "it is not ours to call off");
    let _ = keys(&mut state, "esc");
    runs::show(&mut state, "asks");
    let going = state.callmap.ticket.unwrap();
    assert_eq!(keys(&mut state, "ctrl-x"), Some(Effect::CancelRun(going)));
}
