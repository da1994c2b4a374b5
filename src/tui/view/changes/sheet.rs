//! The box of one change: all that is known of it, what it was folded from, and where one can go from there.

use jiff::Timestamp;

use crate::config::theme::Slot;
use crate::model::action::Action;
use crate::model::cells::wrap;
use crate::model::change::Confidence;
use crate::model::plain::plain as harmless;
use crate::service::past::Part;
use crate::tui::changes::ChangeSheet;
use crate::tui::changes::sheet::MOST_PARTS;
use crate::tui::state::State;
use crate::tui::view::popup::{Line, Popup, heading, plain};

/// So many characters of one text are shown.
const MOST_OF_A_TEXT: usize = 4000;

/// The box.
#[must_use]
pub fn popup(state: &State, sheet: &ChangeSheet) -> Popup {
    let foot = if usize::from(state.size.height) >= 20 {
        vec![vec![], keys(state, sheet)]
    } else {
        vec![keys(state, sheet)]
    };
    Popup { foot, ..Popup::new(state.messages.say("pane-change"), lines(state, sheet)) }
}

fn lines(state: &State, sheet: &ChangeSheet) -> Vec<Line> {
    let messages = &state.messages;
    let change = &sheet.change;
    let cells = usize::from(state.size.width).saturating_sub(8).clamp(20, 110);
    let mut lines = Vec::new();
    let mut field =
        |name: &'static str, text: String| text_lines(&messages.say(name), &text, cells, &mut lines);
    let what = format!("{} {}", change.verb, change.object());
    field("change-what", change.detail.as_ref().map_or(what.clone(), |detail| format!("{what} {detail}")));
    if change.count > 1 {
        field("change-count", messages.say_with("change-times", [("count", change.count)]));
    }
    field(
        "change-who",
        match &change.actor {
            Some(actor) => format!("{actor} ({})", messages.say(sureness(change.confidence))),
            None => messages.say("change-actor-unknown"),
        },
    );
    let place = change.tenant.as_ref().zip(change.container.as_ref());
    if let Some((tenant, container)) = place {
        field("change-of", format!("{tenant} / {container}"));
    }
    let more = [
        ("change-where", change.host.as_deref().map(str::to_owned)),
        ("change-under", change.ticket.map(|ticket| ticket.to_string())),
        ("change-cause", change.cause.as_deref().map(str::to_owned)),
        ("change-before", change.before.as_deref().map(str::to_owned)),
        ("change-after", change.after.as_deref().map(str::to_owned)),
    ];
    for (name, text) in more {
        if let Some(text) = text {
            field(name, text);
        }
    }
    field("change-from", time(state, change.first));
    field("change-until", time(state, change.time));
    field("change-source", change.source.as_str().to_owned());
    if !state.changes.has_recorded(change) {
        field("change-record", messages.say("change-not-recorded"));
    }
    parts(state, sheet, cells, &mut lines);
    lines
}

/// How sure we are, in words.
fn sureness(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Sure => "change-sure",
        Confidence::Likely => "change-likely",
        Confidence::Unknown => "change-unsure",
    }
}

fn parts(state: &State, sheet: &ChangeSheet, cells: usize, lines: &mut Vec<Line>) {
    let messages = &state.messages;
    let raw = &sheet.change.raw;
    let parts = sheet.parts.as_deref().filter(|parts| parts.len() >= raw.len());
    let (count, is_all) = parts.map_or((raw.len(), false), |parts| (parts.len(), parts.len() < MOST_PARTS));
    lines.push(vec![]);
    lines.push(heading(if parts.is_some() && !is_all {
        messages.say_with("change-first-parts", [("count", count)])
    } else {
        messages.say_with("change-parts", [("count", count)])
    }));
    match parts {
        Some(parts) => {
            for part in parts {
                part_lines(state, part, cells, lines);
            }
        }
        None => {
            for text in raw {
                text_lines("", text, cells, lines);
            }
        }
    }
    if let Some(fault) = sheet.asked.fault() {
        for line in wrap(&harmless(fault), cells) {
            lines.push(vec![(format!("  {line}"), Slot::Bad)]);
        }
    } else if sheet.asked.waits() {
        lines.push(vec![(format!("  {}", messages.say("changes-asking")), Slot::Dim)]);
    }
}

fn part_lines(state: &State, part: &Part, cells: usize, lines: &mut Vec<Line>) {
    let local = part.time.to_zoned(state.now.time_zone().clone());
    // Engines' events say their time themselves, in UTC; here the clock on the wall counts.
    let own = part.time.strftime(" at %H:%M:%S%.3f").to_string();
    let text = part.raw.strip_suffix(own.as_str()).unwrap_or(&part.raw);
    let clock = format!("  {} ", local.strftime("%H:%M:%S%.3f"));
    let source = format!("{:<8} ", part.source.as_str());
    let indent = clock.len() + source.len();
    let shown: String = text.chars().take(MOST_OF_A_TEXT).collect();
    for (number, line) in wrap(&harmless(&shown), cells.saturating_sub(indent)).into_iter().enumerate() {
        lines.push(if number == 0 {
            vec![(clock.clone(), Slot::Time), (source.clone(), Slot::Dim), (line, Slot::Text)]
        } else {
            plain(format!("{}{line}", " ".repeat(indent)))
        });
    }
}

/// A text after its name, its further lines set in.
fn text_lines(name: &str, text: &str, cells: usize, lines: &mut Vec<Line>) {
    let shown: String = text.chars().take(MOST_OF_A_TEXT).collect();
    let indent = if name.is_empty() { 2 } else { 9 };
    for (number, line) in wrap(&harmless(&shown), cells.saturating_sub(indent)).into_iter().enumerate() {
        let name = if number == 0 { name } else { "" };
        let gap = " ".repeat(indent - crate::model::cells::width(name).min(indent));
        lines.push(vec![(format!("{name}{gap}"), Slot::Dim), (line, Slot::Text)]);
    }
}

fn time(state: &State, at: Timestamp) -> String {
    at.to_zoned(state.now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S%.3f %Z").to_string()
}

/// Where one can go from here.
fn keys(state: &State, sheet: &ChangeSheet) -> Line {
    let change = &sheet.change;
    let mut line = Vec::new();
    let ways = [
        (Action::ChangeTicket, "change-key-ticket", change.ticket.is_some()),
        (Action::ChangeTenant, "change-key-tenant", change.tenant.is_some()),
        (Action::AskTenant, "change-key-ask-tenant", change.tenant.is_some()),
        (Action::AskWho, "change-key-ask-who", true),
    ];
    for (action, name, _) in ways.into_iter().filter(|(_, _, is_there)| *is_there) {
        line.push((format!("{} ", state.key_of(action)), Slot::Key));
        line.push((format!("{}  ", state.messages.say(name)), Slot::KeyHelp));
    }
    line
}
