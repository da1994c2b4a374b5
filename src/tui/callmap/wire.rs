//! Between the loop, the desk with the files, and the service that runs callmaps.

use std::sync::Arc;

use super::act::{self, CallmapOrder};
use super::desk::{Desk, News};
use crate::model::action::Action;
use crate::model::callmap::map::Callmap;
use crate::model::callmap::text;
use crate::model::plain::plain;
use crate::model::ticket::{Door, TicketId};
use crate::service::{RunOrder, Service};
use crate::tui::state::{Bottom, Notice, State};

/// The most bytes that are handed to the terminal's clipboard: terminals take no more than some 75,000 of base64.
const MOST_COPIED: usize = 48 * 1024;

/// News from the desk.
pub fn take(state: &mut State, service: &Service, news: News) {
    match news {
        News::Listed(listed) => state.callmap.listed = Some(Arc::new(listed)),
        News::Loaded(order, Ok(callmap)) => begin(state, service, &order, callmap),
        News::Loaded(order, Err(fault)) => {
            // What runs by itself must not take the screen from whoever looks at something else.
            if order.is_awaited {
                act::show(state, &order.file);
            }
            if state.callmap.file.as_ref() == Some(&order.file) {
                state.callmap.fault = Some(fault);
            }
        }
        News::Changed(file, fault) => {
            if state.callmap.file.as_ref() == Some(&file) {
                if fault.is_none() {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    let arguments =
                        [("file", plain(&name).into_owned()), ("key", state.key_of(Action::CallmapAgain))];
                    tell(state, "notice-callmap-read", arguments);
                }
                state.callmap.fault = fault;
            }
        }
        News::Written(Ok(file)) => {
            let file = plain(&file.to_string_lossy()).into_owned();
            tell(state, "notice-written", [("file", file)]);
        }
        News::Written(Err(fault)) => {
            state.notice = Some(Notice { text: plain(&fault).into_owned(), bad: true });
        }
    }
}

fn begin(state: &mut State, service: &Service, order: &CallmapOrder, callmap: Arc<Callmap>) {
    let again = order.failed_of.and_then(|ticket| state.callmap.runs.run(ticket)?.report.clone());
    let run = RunOrder { actor: state.who.as_str().into(), door: Door::Console, again };
    if let Some(ticket) = service.run_callmap(callmap, run) {
        state.callmap.vars.clone_from(&order.vars);
        act::begun(state, &order.file, ticket, order.is_awaited);
    } else {
        let text = state.messages.say("notice-callmap-busy");
        state.notice = Some(Notice { text, bad: true });
    }
}

/// The report of a run as text, and the word that it was handed over.
pub fn copied(state: &mut State, ticket: TicketId) -> Option<String> {
    let run = state.callmap.runs.run(ticket)?;
    let report = run.report.clone()?;
    let mut lines = text::report(&report);
    if let Some(past) = run.past.as_deref() {
        let good = past.last_good.as_ref().map(|good| good.began);
        lines.extend(text::past(&report, good, &past.differs, &past.near, state.now.time_zone()));
    }
    let copied = joined(&lines);
    let notice = state.messages.say("notice-copied");
    state.notice = Some(Notice { text: notice, bad: false });
    Some(copied)
}

/// The lines one below the other, as many as may be handed to a terminal.
fn joined(lines: &[text::Line]) -> String {
    let mut all = String::new();
    for line in lines {
        let line = line.plain();
        if all.len() + line.len() > MOST_COPIED {
            all.push_str("…\n");
            break;
        }
        all.push_str(&line);
        all.push('\n');
    }
    all
}

/// Has the report of a run written.
pub fn write(state: &State, desk: &Desk, ticket: TicketId) {
    if let Some(report) = state.callmap.runs.run(ticket).and_then(|run| run.report.clone()) {
        desk.write(report);
    }
}

/// The file that is shown is looked after, so that it is read again when somebody edits it.
pub fn look_after_shown(state: &State, desk: &Desk) {
    let shown = state.callmap.file.as_deref().filter(|_| state.bottom == Bottom::Callmap);
    desk.look_after(shown);
}

fn tell<const N: usize>(state: &mut State, message: &str, arguments: [(&'static str, String); N]) {
    let text = state.messages.say_with(message, arguments);
    state.notice = Some(Notice { text, bad: false });
}
