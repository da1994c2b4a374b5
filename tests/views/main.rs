//! What the screen looks like: every cell's text, and every cell's style, in snapshots.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
// The console's state is shown at each stage of a run: both words are the design's.
#![allow(clippy::similar_names)]

mod callmaps;
mod changes;
mod fixture;
mod orders;

use fixture::{Look, fleet, key, state};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use std::fmt::Write as _;
use std::sync::Arc;
use wakeboard::model::keeper::{Activities, Activity};
use wakeboard::tui::palette::Depth;
use wakeboard::tui::state::State;
use wakeboard::tui::view;

fn draw(state: &mut State) -> Buffer {
    let Size { width, height } = state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    state.settle();
    terminal.draw(|frame| _ = view::draw(frame, state)).unwrap();
    terminal.backend().buffer().clone()
}

/// The text of every cell, in quotes so that blanks at the ends count. The second half of a wide character is left out.
fn text(buffer: &Buffer) -> String {
    let mut all = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line += symbol;
                skip = wakeboard::model::cells::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        let _ = writeln!(all, "\"{line}\"");
    }
    all
}

/// The style of every cell, as runs of like ones.
fn styles(buffer: &Buffer) -> String {
    let mut all = String::new();
    for y in 0..buffer.area.height {
        let style = |x: u16| {
            let cell = &buffer[(x, y)];
            format!("{} on {} {:?}", cell.fg, cell.bg, cell.modifier)
        };
        let mut start = 0;
        let _ = write!(all, "{y:>2}");
        for x in 1..=buffer.area.width {
            if x == buffer.area.width || style(x) != style(start) {
                let _ = write!(all, " | {start}-{} {}", x - 1, style(start).trim_end_matches(" NONE"));
                start = x;
            }
        }
        all.push('\n');
    }
    all
}

#[test]
fn the_console() {
    let mut state = state(Look { size: (150, 30), ..Look::default() });
    insta::assert_snapshot!("console", text(&draw(&mut state)));
}

#[test]
fn its_styles_in_every_theme_and_depth() {
    for theme in ["dark", "light", "wall"] {
        let mut state = state(Look { theme, size: (110, 18), ..Look::default() });
        insta::assert_snapshot!(format!("styles-{theme}"), styles(&draw(&mut state)));
    }
    for (name, depth) in [("256", Depth::Indexed), ("16", Depth::Sixteen), ("none", Depth::None)] {
        let mut state = state(Look { depth, size: (110, 18), ..Look::default() });
        insta::assert_snapshot!(format!("styles-{name}"), styles(&draw(&mut state)));
    }
}

#[test]
fn a_wall_of_two_hundred_by_fifty() {
    let mut state = state(Look { size: (200, 50), ..Look::default() });
    insta::assert_snapshot!("wall-200x50", text(&draw(&mut state)));
}

#[test]
fn the_least_screen_pane_by_pane() {
    let mut state = state(Look { size: (60, 15), ..Look::default() });
    let mut all = text(&draw(&mut state));
    for _ in 0..2 {
        let _ = key(&mut state, "tab");
        all += &text(&draw(&mut state));
    }
    insta::assert_snapshot!("least", all);
}

#[test]
fn what_lies_over_the_panes() {
    for (name, keys) in
        [("help", "?"), ("hosts", "h"), ("confirm", "X"), ("change", "tab enter"), ("filter", "/ x")]
    {
        let mut state = state(Look { size: (120, 34), ..Look::default() });
        draw(&mut state);
        for one in keys.split(' ') {
            let _ = key(&mut state, one);
        }
        insta::assert_snapshot!(format!("layer-{name}"), text(&draw(&mut state)));
    }
}

#[test]
fn an_empty_console_says_why() {
    for (name, links) in [("connecting", "connecting"), ("down", "down"), ("up", "up")] {
        let mut state = state(Look { size: (100, 16), ..Look::default() });
        state.set_fleet(fleet::empty(links));
        let screen = text(&draw(&mut state));
        insta::assert_snapshot!(format!("empty-{name}"), screen);
    }
    let mut state = state(Look { size: (100, 16), ..Look::default() });
    state.tenants.set_filter("nobody");
    insta::assert_snapshot!("empty-filter", text(&draw(&mut state)));
}

#[test]
fn no_size_and_no_key_makes_it_panic() {
    for size in [(0, 0), (1, 1), (59, 15), (60, 14), (60, 15), (99, 15), (100, 15), (101, 60), (400, 120)] {
        let mut state = state(Look { size, ..Look::default() });
        draw(&mut state);
        for about in wakeboard::model::action::ACTIONS {
            for one in about.keys {
                let _ = key(&mut state, one);
                draw(&mut state);
            }
        }
    }
}

#[test]
fn what_does_not_run_uses_nothing() {
    use wakeboard::model::usage::Usage;
    use wakeboard::service::Trend;
    let mut state = state(Look { size: (150, 30), ..Look::default() });
    // Figures from before the end, or before the host was lost.
    let mut usages = (*state.usages).clone();
    for tenant in state.fleet.tenants() {
        for facts in &tenant.containers {
            let usage =
                Usage { cpu_percent: Some(77.7), memory_bytes: Some(77 << 20), memory_limit_bytes: None };
            let trend = Trend { usage, ..Trend::default() };
            usages.insert((tenant.host.clone(), facts.id.clone()), trend);
        }
    }
    state.set_usages(std::sync::Arc::new(usages));
    let screen = text(&draw(&mut state));
    let row = |tenant: &str| screen.lines().find(|line| line.contains(&format!("  {tenant} "))).unwrap();
    assert!(row("hazel").contains("77.7%"));
    for gone in ["cedar", "dahlia", "elm", "rowan"] {
        assert!(!row(gone).contains("77"), "{}", row(gone));
    }
}

#[test]
fn every_word_of_the_table_of_states_has_its_sign_and_style() {
    use wakeboard::model::state::State as Word;
    let mut state = state(Look { size: (110, 32), ..Look::default() });
    state.set_fleet(fleet::of_all_states());
    let buffer = draw(&mut state);
    let screen = text(&buffer);
    for word in Word::ALL {
        let row = screen.lines().position(|line| line.contains(&format!(" t-{word} "))).unwrap();
        let line = screen.lines().nth(row).unwrap();
        let cell = line.chars().position(|c| c.to_string() == word.kind().sign()).unwrap_or_else(|| {
            // What is busy turns.
            line.chars().position(|c| "◐◓◑◒".contains(c)).unwrap()
        });
        // One cell for the quote at the line's start.
        let drawn = &buffer[(u16::try_from(cell - 1).unwrap(), u16::try_from(row).unwrap())];
        let expected = state.palette.kind(word.kind());
        assert_eq!(Some(drawn.fg), expected.fg, "{word}");
    }
}

#[test]
fn when_tenants_were_last_used_is_a_column_where_somebody_measures_it() {
    let of = |state: &mut State| {
        let text = text(&draw(state));
        let line = |word: &str| text.lines().find(|line| line.contains(word)).unwrap().to_owned();
        (line("TENANT"), line("acme  "), line("rowan  "))
    };
    let mut state = state(Look { size: (200, 30), ..Look::default() });
    let (names, ..) = of(&mut state);
    assert!(!names.contains("SEEN"), "{names}");
    let used = Activity {
        network: Some(fixture::ago(42 * 60)),
        cpu: Some(fixture::ago(7200)),
        ..Activity::default()
    };
    let key = ("web-1".into(), "acme".into());
    state.activities = Arc::new(Activities::new(fixture::now(), [(key, used)]));
    let (names, acme, rowan) = of(&mut state);
    let at = |line: &str| {
        let before = names.split("SEEN").next().unwrap().chars().count();
        line.chars().skip(before).take(4).collect::<String>().trim().to_owned()
    };
    assert_eq!((at(&acme), at(&rowan)), ("42m".to_owned(), "–".to_owned()), "{names}\n{acme}\n{rowan}");
}
