//! What lies over the panes: help, hosts, one change, one probe, a list to choose from, a question.

use ratatui::layout::{Rect, Size};

use super::header::kind;
use super::pen::Pen;
use super::popup::{Line, Popup, heading, plain};
use super::{callmap, changes, confirm, ticket};
use crate::config::theme::Slot;
use crate::model::action::{Action, offered};
use crate::model::ask::{FIELDS, TIMES};
use crate::model::cells::{age, width};
use crate::model::fleet::{Host, Link};
use crate::tui::state::{Layer, State};
use crate::tui::ticket_list::Asked;

/// Draws the layer, if there is one.
pub fn draw(pen: &mut Pen<'_>, screen: Rect, state: &State) {
    let size = Size::new(screen.width, screen.height.saturating_sub(2));
    let messages = &state.messages;
    let popup = match &state.layer {
        None | Some(Layer::Prompt(_)) => return,
        Some(Layer::Help(top)) => Popup { top: *top, ..Popup::new(messages.say("pane-help"), help(state)) },
        Some(Layer::Hosts(top)) => {
            Popup { top: *top, ..Popup::new(messages.say("pane-hosts"), hosts(state)) }
        }
        Some(Layer::Change(sheet)) => Popup { top: sheet.top, ..changes::sheet::popup(state, sheet) },
        Some(Layer::Ticket(Asked::Ticket(shown), top)) => Popup { top: *top, ..ticket::popup(state, shown) },
        Some(Layer::Ticket(Asked::Run(shown), top)) => {
            Popup { top: *top, ..callmap::record::popup(state, shown) }
        }
        Some(Layer::Order(sheet)) => confirm::popup(state, sheet),
        Some(Layer::Callmaps(chooser)) => callmap::chooser::popup(state, chooser),
        Some(Layer::Probe(sheet)) => callmap::probe::popup(state, sheet),
        Some(Layer::Confirm(action)) => Popup {
            border: Slot::Error,
            ..Popup::new(messages.say("confirm-title"), question(state, *action))
        },
    };
    popup.draw(pen, size, state);
}

/// How many lines the scrolled layers have; none for the others.
#[must_use]
pub fn lines(state: &State) -> usize {
    match &state.layer {
        Some(Layer::Help(_)) => help(state).len(),
        Some(Layer::Hosts(_)) => hosts(state).len(),
        Some(Layer::Ticket(Asked::Ticket(shown), _)) => ticket::popup(state, shown).lines.len(),
        Some(Layer::Ticket(Asked::Run(shown), _)) => callmap::record::popup(state, shown).lines.len(),
        Some(Layer::Change(sheet)) => changes::sheet::popup(state, sheet).lines.len(),
        Some(Layer::Order(sheet)) => confirm::popup(state, sheet).lines.len(),
        Some(Layer::Probe(sheet)) => callmap::probe::popup(state, sheet).lines.len(),
        _ => 0,
    }
}

/// The help, made from the list of actions.
fn help(state: &State) -> Vec<Line> {
    let messages = &state.messages;
    let mut lines = vec![heading(messages.say("help-keys"))];
    for about in offered(state.read_only()) {
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
    lines.push(heading(messages.say("help-question")));
    let times: Vec<&str> = TIMES.iter().map(|(example, _)| *example).collect();
    let fields: Vec<&str> = FIELDS.iter().map(|field| field.example).collect();
    lines.push(plain(format!("  {}", times.join(" · "))));
    lines.push(plain(format!("  {}", fields.join("  "))));
    lines.push(vec![]);
    lines.push(heading(messages.say("help-commands")));
    lines.push(plain(format!("  {}", messages.say(super::status::command_hint(state)))));
    lines
}

fn hosts(state: &State) -> Vec<Line> {
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

fn question(state: &State, action: Action) -> Vec<Line> {
    let messages = &state.messages;
    let question = match action {
        Action::ForgetChanges => {
            let count = [("count", state.changes.newest_first.len())];
            match state.changes.recorded_to {
                None => messages.say_with("confirm-forget-changes", count),
                Some(_) => messages.say_with("confirm-hide-changes", count),
            }
        }
        Action::Quit => messages.say_with("confirm-quit", [("count", state.work.own)]),
        other => messages.say(other.about().help),
    };
    vec![plain(question), vec![], vec![(messages.say("confirm-keys"), Slot::Key)]]
}
