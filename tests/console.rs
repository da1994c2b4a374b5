//! The console in a real pseudo-terminal, on simulated hosts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "console/callmap.rs"]
mod callmap;
#[path = "console/changes.rs"]
mod changes;
mod common;
#[path = "console/work.rs"]
mod work;

use std::io::IsTerminal;
use std::time::Duration;

use common::{Console, Home, count, tenant_row};
use portable_pty::CommandBuilder;
use rustix::process::Signal;

fn demo(size: (u16, u16), more: &[(&str, &str)]) -> (Home, Console) {
    let home = Home::new("");
    let console = home.console(&["demo"], size, more);
    console
        .wait("the demo's tenants", |screen| screen.contains("64 tenants") && screen.contains("3 hosts ●●●"));
    (home, console)
}

#[test]
fn the_demo_says_that_it_is_one_and_something_happens() {
    let (_home, console) = demo((150, 40), &[]);
    let screen = console.wait("a change", |screen| screen.contains("started") || screen.contains("crashed"));
    assert!(screen.lines().next().unwrap().contains("DEMO"));
    console.wait("usage", |screen| tenant_row(screen, "acme").is_some_and(|row| row.contains('%')));
    assert!(screen.contains("Containers of acme"));
}

#[test]
fn filter_sort_help_hosts_and_commands() {
    let (_home, mut console) = demo((150, 40), &[]);
    console.keys("/");
    console.wait("the prompt", |screen| screen.contains("filter ") && screen.contains("tier:vip"));
    console.keys("birch");
    console.wait("only birch", |screen| {
        tenant_row(screen, "birch").is_some() && tenant_row(screen, "acme").is_none()
    });
    console.keys("\r");
    console.wait("the filter in the title", |screen| screen.contains("Tenants ── birch ── 1 of 64"));
    console.keys("\x1b");
    console.wait("all again", |screen| tenant_row(screen, "acme").is_some());
    console.keys("/state:runing");
    console.wait("what was meant", |screen| screen.contains("did you mean \"running\"?"));
    console.keys("\x1b");
    console.wait("the filter before", |screen| screen.contains("─ Tenants ──────"));
    console.keys("s");
    console.wait("sorted", |screen| screen.contains("sorted by tier"));
    console.keys("?");
    console.wait("the help", |screen| screen.contains("─ Help") && screen.contains("clear-filter"));
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("─ Help"));
    console.keys("h");
    console.wait("the hosts", |screen| screen.contains("ENDPOINT") && screen.contains("Docker 2"));
    console.keys("h");
    console.keys(":sort host -r\r");
    console.wait("sorted by command", |screen| screen.contains("sorted by host, reversed"));
    console.keys(":theem light\r");
    console.wait("a typing error", |screen| screen.contains("did you mean theme?"));
    console.keys(":theme light\r");
    console.wait("the theme", |screen| screen.contains("theme light"));
    console.keys(":ps tier:vip\r");
    console.wait("the shell's sentence", |screen| screen.contains("Tenants ── tier:vip"));
    console.keys("q");
    assert!(console.wait_exit().success());
    console.is_clean().unwrap();
}

#[test]
fn changes_stand_still_while_somebody_reads_and_are_forgotten_only_on_a_yes() {
    let (_home, mut console) = demo((150, 40), &[]);
    console.wait("some changes", |screen| screen.lines().filter(|line| line.contains(" - ")).count() > 3);
    console.keys("\tj");
    console.wait("standing", |screen| screen.contains("Changes ── paused"));
    console.wait("what came since", |screen| screen.contains(" new "));
    console.keys("\r");
    console.wait("one change", |screen| {
        screen.contains("─ Change ─") && screen.contains("an engine does not say")
    });
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("─ Change ─"));
    console.keys("f");
    console.wait("following", |screen| screen.contains("Changes ── today"));
    console.keys("X");
    console.wait("the question", |screen| screen.contains("Are you sure?"));
    console.keys("n");
    console.wait("no", |screen| !screen.contains("Are you sure?"));
    console.keys("Xy");
    console.wait("forgotten", |screen| screen.contains("the changes were forgotten"));
}

#[test]
fn a_click_on_a_count_filters() {
    let (_home, mut console) = demo((150, 40), &[]);
    let header = console.screen().lines().next().unwrap().to_owned();
    let at = header[..header.find("running").unwrap()].chars().count() + 1;
    console.keys(&format!("\x1b[<0;{at};1M\x1b[<0;{at};1m"));
    console.wait("the filter", |screen| screen.contains("state:running"));
    console.keys("\x1b");
    console.wait("all", |screen| screen.contains("─ Tenants ──────"));
    console.keys("1");
    console.wait("the first count by key", |screen| screen.contains("Tenants ── state:"));
}

#[test]
fn wide_names_keep_their_columns() {
    let (_home, mut console) = demo((150, 40), &[]);
    console.keys(":ps 青松\r");
    let screen = console.wait("a wide name", |screen| screen.contains("青松"));
    let wide = screen.lines().find(|line| line.contains("▸ 青松")).unwrap();
    let names = screen.lines().find(|line| line.contains("TENANT")).unwrap();
    let cells = |line: &str, at: usize| wakeboard::model::cells::width(&line[..at]);
    let host = wide.find("web-").unwrap();
    assert_eq!(cells(wide, host), cells(names, names.find("HOST").unwrap()), "\n{names}\n{wide}");
}

#[test]
fn every_size_down_to_the_least_is_drawn_whole() {
    let (_home, mut console) = demo((150, 40), &[]);
    for (columns, lines) in [(200, 50), (100, 24), (99, 40), (60, 15), (120, 17), (300, 80)] {
        console.resize(columns, lines);
        let last = usize::from(lines) - 1;
        let screen = console.wait(&format!("{columns} x {lines}"), |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            lines.len() == last + 1 && lines[last].contains("pane") && lines[0].contains("64 tenants")
        });
        assert!(screen.contains('┐') && screen.contains('┘'), "{screen}");
    }
    console.resize(40, 10);
    console.wait("too small, said so", |screen| screen.contains("60 x 15"));
    console.resize(60, 15);
    console.wait("one pane", |screen| screen.contains("─ Tenants") && !screen.contains("─ Changes"));
    console.keys("\t");
    console.wait("the next pane", |screen| screen.contains("─ Changes") && !screen.contains("─ Tenants"));
}

#[test]
fn a_terminal_that_cannot_place_text_gets_words() {
    let home = Home::new("");
    let mut console = home.console(&["demo"], (150, 40), &[("TERM", "dumb")]);
    let screen = console.wait("the reason", |screen| screen.contains("cannot place text"));
    assert!(screen.contains("wakeboard ps"), "{screen}");
    assert_eq!(console.wait_exit().exit_code(), 2);
    assert_eq!(count(&console.raw(), b"\x1b"), 0);
}

#[test]
fn colours_follow_the_terminal() {
    let truecolor = demo((150, 40), &[("COLORTERM", "truecolor")]).1.raw();
    assert!(count(&truecolor, b"38;2;") > 0);
    let indexed = demo((150, 40), &[]).1.raw();
    assert!(count(&indexed, b"38;2;") == 0 && count(&indexed, b"38;5;") > 0);
    let sixteen = demo((150, 40), &[("TERM", "xterm")]).1.raw();
    assert_eq!(count(&sixteen, b"38;2;"), 0);
    assert!((16..=255).all(|n| count(&sixteen, format!("38;5;{n}m").as_bytes()) == 0));
    let none = demo((150, 40), &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]).1.raw();
    for code in ["38;5;", "38;2;", "48;5;", "48;2;"] {
        assert_eq!(count(&none, code.as_bytes()), 0, "{code}");
    }
    for code in (30..38).chain(40..48).chain(90..98).chain(100..108) {
        assert_eq!(count(&none, format!("\x1b[{code}m").as_bytes()), 0, "{code}");
    }
}

#[test]
fn signals_leave_the_terminal_clean() {
    for signal in [Signal::TERM, Signal::HUP] {
        let (_home, mut console) = demo((150, 40), &[]);
        console.signal(signal);
        assert!(console.wait_exit().success());
        console.is_clean().unwrap();
    }
}

#[test]
fn a_lost_terminal_ends_the_console() {
    let (home, mut console) = demo((150, 40), &[]);
    let pid = console.pid();
    // The user's window is closed: the terminal goes, and with it whoever it controls gets HUP.
    console.hang_up();
    console.wait_exit();
    assert!(!std::path::Path::new(&format!("/proc/{pid}/exe")).exists());
    let left: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().filter_map(Result::ok).map(|it| it.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("wakeboard-demo")), "{left:?}");
}

#[test]
fn suspend_and_come_back() {
    let home = Home::new("");
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "--noprofile", "-i"]);
    command.env("PS1", "shell> ");
    command.env("TERM", "xterm-256color");
    command.env("XDG_RUNTIME_DIR", home.path());
    command.env("XDG_STATE_HOME", home.path());
    let mut console = Console::start(command, (150, 40));
    console.under_a_shell = true;
    console.wait("the shell", |screen| screen.contains("shell>"));
    console.keys(&format!("{} demo\r", common::program()));
    console.wait("the demo", |screen| screen.contains("64 tenants"));
    console.keys("\x1a");
    console.wait("the shell again", |screen| screen.contains("Stopped"));
    console.is_clean().unwrap();
    console.keys("echo back$((40+2))\r");
    console.wait("the shell works", |screen| screen.contains("back42"));
    console.keys("fg\r");
    console.wait("the console again", |screen| screen.contains("64 tenants") && screen.contains("─ Tenants"));
    console.keys("?");
    console.wait("it hears keys", |screen| screen.contains("─ Help"));
    console.keys("\x1b");
    console.wait("closed", |screen| !screen.contains("─ Help"));
    console.keys("q");
    console.wait("the shell at last", |screen| screen.contains("shell>") && !screen.contains("─ Tenants"));
    console.is_clean().unwrap();
}

/// What `a_panic_leaves_the_terminal_clean` runs in a terminal of its own: a task panics while the screen is taken.
#[test]
fn child_that_panics() {
    if std::env::var_os("WAKEBOARD_TEST_PANIC").is_none() || !std::io::stdout().is_terminal() {
        return;
    }
    let mut screen = wakeboard::tui::terminal::Screen::take().unwrap();
    screen.draw(|frame| frame.render_widget("stillhere", frame.area())).unwrap();
    let _ = std::thread::spawn(|| panic!("the sky falls")).join();
    std::process::exit(7);
}

#[test]
fn a_panic_leaves_the_terminal_clean() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_that_panics", "--nocapture", "--test-threads", "1"]);
    command.env("WAKEBOARD_TEST_PANIC", "1");
    command.env("TERM", "xterm-256color");
    let mut console = Console::start(command, (150, 40));
    assert_eq!(console.wait_exit().exit_code(), 7);
    console.is_clean().unwrap();
    assert!(count(&console.raw(), b"stillhere") > 0);
    console.wait("the message on the clean screen", |screen| screen.contains("the sky falls"));
}

#[test]
fn nothing_is_drawn_while_nothing_changes_but_the_clock() {
    let home = Home::new("hosts: {nowhere: 'unix:///nonexistent/engine.sock'}\n");
    let config = home.config().display().to_string();
    let console = home.console(&["--config", &config], (150, 40), &[]);
    console.wait("the host is down", |screen| screen.contains("1 host ✖"));
    console.wait("that is in the ledger", |screen| screen.contains("lost") && !screen.contains('◦'));
    let before = count(&console.raw(), b"\x1b[?2026h");
    std::thread::sleep(Duration::from_secs(3));
    let frames = count(&console.raw(), b"\x1b[?2026h") - before;
    // Three or four are the clock's; a word of the ledger's may still come.
    assert!(frames <= 8, "{frames} frames in 3 s");
}
