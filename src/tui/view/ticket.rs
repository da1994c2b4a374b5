//! One ticket: who asked for what, what was done when, and how it ended.

use jiff::Timestamp;

use super::figures::{elapsed, seconds};
use super::last::slot;
use super::popup::{Line, Popup, heading, pad, plain};
use super::tenant_state::sign;
use crate::config::theme::Slot;
use crate::model::cells::{width, wrap};
use crate::model::plain::plain as harmless;
use crate::model::state::Kind;
use crate::model::ticket::{Step, Ticket};
use crate::tui::state::State;

/// The box of a ticket.
#[must_use]
pub fn popup(state: &State, ticket: &Ticket) -> Popup {
    let title = state.messages.say_with("pane-ticket", [("id", ticket.id.to_string())]);
    Popup::new(title, lines(state, ticket))
}

fn lines(state: &State, ticket: &Ticket) -> Vec<Line> {
    let messages = &state.messages;
    let cells = usize::from(state.size.width).saturating_sub(8).clamp(20, 90);
    let what = match ticket.method {
        Some(method) => format!("{} {} ({method})", ticket.task, ticket.tenant),
        None => format!("{} {}", ticket.task, ticket.tenant),
    };
    let who = format!("{} ({})", harmless(&ticket.actor), ticket.door.as_str());
    let time = |at: Timestamp| {
        at.to_zoned(state.now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    };
    let mut lines = vec![
        plain(messages.say_with("change-object", [("object", what)])),
        plain(messages.say_with("change-actor", [("actor", who)])),
        plain(messages.say_with("change-host", [("host", &*ticket.host)])),
        plain(messages.say_with("ticket-asked", [("time", time(ticket.asked))])),
        vec![(messages.say("ticket-outcome"), Slot::Text), standing(state, ticket)],
    ];
    if let Some(cause) = &ticket.cause {
        lines.push(plain(messages.say_with("ticket-cause", [("cause", harmless(cause).into_owned())])));
    }
    if let Some(reason) = &ticket.reason {
        lines.push(heading(messages.say("ticket-reason")));
        lines.extend(wrap(&harmless(reason), cells).into_iter().map(|line| plain(format!("  {line}"))));
    }
    if !ticket.fallbacks.is_empty() {
        lines.push(heading(messages.say("ticket-fallbacks")));
        lines.extend(ticket.fallbacks.iter().map(|it| plain(format!("  {}", harmless(it)))));
    }
    if !ticket.steps.is_empty() {
        lines.push(heading(messages.say("ticket-steps")));
        let widest = |text: fn(&Step) -> &str| {
            ticket.steps.iter().map(|step| width(&harmless(text(step)))).max().unwrap_or(0).min(30)
        };
        let widths = (widest(|step| &step.what), widest(|step| step.container.as_deref().unwrap_or("")));
        for step in &ticket.steps {
            lines.push(step_line(state, ticket, step, widths));
            if let Some(error) = &step.error {
                let wrapped = wrap(&harmless(error), cells.saturating_sub(2));
                lines.extend(wrapped.into_iter().map(|line| vec![(format!("      {line}"), Slot::Bad)]));
            }
        }
    }
    lines
}

/// Where the ticket stands: its outcome and how long it took, else what it is doing.
#[must_use]
pub fn standing(state: &State, ticket: &Ticket) -> (String, Slot) {
    if let Some(outcome) = ticket.outcome {
        let took = ticket.ended.and_then(|ended| ticket.seconds(ended));
        let took = took.map(|took| format!(" {}", seconds(took))).unwrap_or_default();
        return (format!("{outcome}{took}"), slot(outcome));
    }
    let text = match (ticket.seconds(state.now.timestamp()), super::tenant_state::step(ticket)) {
        (None, _) => state.messages.say("ticket-queued"),
        (Some(took), Some(step)) => format!("{} {step} {}", sign(Kind::Busy, state), elapsed(took)),
        (Some(took), None) => format!("{} {}", sign(Kind::Busy, state), elapsed(took)),
    };
    (text, Slot::Busy)
}

/// A step: its sign, what, at which container, when after the begin, and how long.
fn step_line(state: &State, ticket: &Ticket, step: &Step, (what, container): (usize, usize)) -> Line {
    let (mark, slot) = match (&step.error, step.ended) {
        (Some(_), _) => ("✖", Slot::Bad),
        (None, Some(_)) => ("✔", Slot::Good),
        (None, None) => (sign(Kind::Busy, state), Slot::Busy),
    };
    let between = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
    let after = between(ticket.began.unwrap_or(ticket.asked), step.began);
    let took = match step.ended {
        Some(ended) => seconds(between(step.began, ended)),
        None => elapsed(between(step.began, state.now.timestamp())),
    };
    let name = step.container.as_deref().unwrap_or("");
    vec![
        (format!("  {mark} "), slot),
        (format!("{}  ", pad(&harmless(&step.what), what)), Slot::Verb),
        (format!("{}  ", pad(&harmless(name), container)), Slot::Object),
        (format!("{:>7}  ", format!("+{}", seconds(after))), Slot::Time),
        (took, Slot::Text),
    ]
}
