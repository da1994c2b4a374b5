//! What lies over the panes: help, hosts, one change, a question.

use ratatui::layout::{Rect, Size};

use super::header::kind;
use super::pen::Pen;
use crate::config::theme::Slot;
use crate::model::action::{ACTIONS, Action};
use crate::model::cells::{age, width};
use crate::model::change::Change;
use crate::model::fleet::{Host, Link};
use crate::tui::layout::middle;
use crate::tui::state::{Layer, State};

/// A piece of a line and its style.
type Span = (String, Slot);

/// Draws the layer, if there is one.
pub fn draw(pen: &mut Pen<'_>, screen: Rect, state: &State) {
    let size = Size::new(screen.width, screen.height.saturating_sub(2));
    match &state.layer {
        None | Some(Layer::Prompt(_)) => {}
        Some(Layer::Help(top)) => {
            popup(pen, size, &state.messages.say("pane-help"), &help(state), *top, Slot::PopupBorder, state);
        }
        Some(Layer::Hosts(top)) => {
            popup(
                pen,
                size,
                &state.messages.say("pane-hosts"),
                &hosts(state),
                *top,
                Slot::PopupBorder,
                state,
            );
        }
        Some(Layer::Change(change)) => {
            let lines = change_lines(state, change);
            popup(pen, size, &state.messages.say("pane-change"), &lines, 0, Slot::PopupBorder, state);
        }
        Some(Layer::Confirm(action)) => {
            let lines = confirm(state, *action);
            popup(pen, size, &state.messages.say("confirm-title"), &lines, 0, Slot::Error, state);
        }
    }
}

/// How many lines the scrolled layers have; none for the others.
#[must_use]
pub fn lines(state: &State) -> usize {
    match &state.layer {
        Some(Layer::Help(_)) => help(state).len(),
        Some(Layer::Hosts(_)) => hosts(state).len(),
        _ => 0,
    }
}

/// A box as large as its lines need, in the middle, scrolled where the screen is smaller.
fn popup(
    pen: &mut Pen<'_>,
    size: Size,
    title: &str,
    lines: &[Vec<Span>],
    top: usize,
    border: Slot,
    state: &State,
) {
    let widest = lines
        .iter()
        .map(|line| line.iter().map(|(text, _)| width(text)).sum::<usize>())
        .max()
        .unwrap_or(0)
        .max(width(title) + 4);
    let cells = u16::try_from(widest + 4).unwrap_or(u16::MAX);
    let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = middle(size, cells, rows);
    let area = Rect { y: area.y + 1, ..area };
    pen.fill(area, Slot::Text);
    let inner = pen.frame(area, title, border);
    let height = usize::from(inner.height);
    let top = top.min(lines.len().saturating_sub(height));
    for (line, y) in lines.iter().skip(top).take(height).zip(inner.y..) {
        let mut x = inner.x + 1;
        for (text, slot) in line {
            x = pen.text(x, y, inner.right().saturating_sub(x + 1), text, *slot);
        }
    }
    let close = state.messages.say("close-hint");
    let hint = if lines.len() > height {
        format!(" {}/{} · {close} ", top + height, lines.len())
    } else {
        format!(" {close} ")
    };
    pen.text(area.x + 2, area.bottom() - 1, area.width.saturating_sub(4), &hint, Slot::Dim);
}

fn heading(text: String) -> Vec<Span> {
    vec![(text, Slot::Title)]
}

fn plain(text: String) -> Vec<Span> {
    vec![(text, Slot::Text)]
}

/// The help, made from the list of actions.
fn help(state: &State) -> Vec<Vec<Span>> {
    let messages = &state.messages;
    let mut lines = vec![heading(messages.say("help-keys"))];
    for about in ACTIONS {
        let keys: Vec<String> = state.keymap.keys(about.action).iter().map(ToString::to_string).collect();
        let keys = if about.action == Action::Count && keys.len() == 9 {
            "1 … 9".to_owned()
        } else {
            keys.join("  ")
        };
        let pad = " ".repeat(18usize.saturating_sub(width(&keys)));
        let name = format!("{:<16}", about.name);
        lines.push(vec![
            (format!("  {keys}{pad}"), Slot::Key),
            (name, Slot::Dim),
            (messages.say(about.help), Slot::KeyHelp),
        ]);
    }
    lines.push(vec![]);
    lines.push(heading(messages.say("help-filter")));
    lines.push(plain(format!("  {}", messages.say("help-filter-fields"))));
    lines.push(plain(format!("  {}", messages.say("help-filter-rest"))));
    lines.push(vec![]);
    lines.push(heading(messages.say("help-commands")));
    lines.push(plain(format!("  {}", messages.say("hint-command"))));
    lines
}

fn hosts(state: &State) -> Vec<Vec<Span>> {
    let messages = &state.messages;
    let hosts = &state.fleet.hosts;
    let engine = |host: &Host| {
        host.engine.as_ref().map_or("–".to_owned(), |engine| format!("{} {}", engine.kind, engine.version))
    };
    let column = |text: &dyn Fn(&Host) -> usize, name: &str| {
        hosts.iter().map(|host| text(host)).max().unwrap_or(0).max(width(&messages.say(name))) + 2
    };
    let widths = [
        column(&|host| width(&host.name), "column-host"),
        column(&|host| width(&host.endpoint).min(44), "column-endpoint"),
        column(&|host| width(&engine(host)), "column-engine"),
    ];
    let pad = |text: &str, cells: usize| {
        let text = crate::model::cells::fit(text, cells.saturating_sub(2)).into_owned();
        let gap = " ".repeat(cells.saturating_sub(width(&text)));
        format!("{text}{gap}")
    };
    let mut lines = vec![vec![
        (pad("", 2), Slot::Dim),
        (pad(&messages.say("column-host"), widths[0]), Slot::Dim),
        (pad(&messages.say("column-endpoint"), widths[1]), Slot::Dim),
        (pad(&messages.say("column-engine"), widths[2]), Slot::Dim),
        (messages.say("column-state"), Slot::Dim),
    ]];
    for host in hosts {
        let (slot, what) = match &host.link {
            Link::Up => (Slot::Good, messages.say("host-up")),
            Link::Connecting => (Slot::Busy, messages.say("host-connecting")),
            Link::Down { since, reason } => {
                let age = age(state.now.timestamp().duration_since(*since).as_secs());
                (Slot::Bad, format!("{} {age}: {reason}", messages.say("host-down")))
            }
        };
        lines.push(vec![
            (format!("{} ", kind(&host.link).sign()), slot),
            (pad(&host.name, widths[0]), Slot::Text),
            (pad(&host.endpoint, widths[1]), Slot::Dim),
            (pad(&engine(host), widths[2]), Slot::Dim),
            (what, slot),
        ]);
    }
    lines
}

fn change_lines(state: &State, change: &Change) -> Vec<Vec<Span>> {
    let messages = &state.messages;
    let zone = state.now.time_zone();
    let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let verb = match &change.detail {
        Some(detail) => format!("{} {} {detail}", change.verb, change.object()),
        None => format!("{} {}", change.verb, change.object()),
    };
    let actor = match &change.actor {
        Some(actor) => actor.to_string(),
        None => messages.say("change-actor-unknown"),
    };
    let mut lines = vec![
        plain(messages.say_with("change-object", [("object", verb)])),
        plain(messages.say_with("change-actor", [("actor", actor)])),
        plain(messages.say_with("change-host", [("host", &*change.host)])),
        plain(messages.say_with("change-first", [("time", time(change.first))])),
        plain(messages.say_with("change-last", [("time", time(change.time))])),
    ];
    if !change.raw.is_empty() {
        lines.push(vec![]);
        lines.push(heading(messages.say("change-events")));
        lines.extend(change.raw.iter().map(|raw| plain(format!("  {raw}"))));
    }
    lines
}

fn confirm(state: &State, action: Action) -> Vec<Vec<Span>> {
    let messages = &state.messages;
    let question = match action {
        Action::ForgetChanges => {
            messages.say_with("confirm-forget-changes", [("count", state.changes.newest_first.len())])
        }
        other => messages.say(other.about().help),
    };
    vec![plain(question), vec![], vec![(messages.say("confirm-keys"), Slot::Key)]]
}
