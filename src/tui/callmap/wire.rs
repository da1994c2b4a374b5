//! Between the loop, the desk with the files, and the service that runs callmaps.

use std::sync::Arc;

use super::act::{self, CallmapOrder};
use super::desk::{Desk, News};
use crate::model::action::Action;
use crate::model::callmap::map::Callmap;
use crate::model::callmap::text::text;
use crate::model::plain::plain;
use crate::model::ticket::{Door, TicketId};
use crate::service::{RunOrder, Service};
use crate::tui::state::{Bottom, Notice, State};

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
    let copied = text(&report, run.past.as_deref(), state.now.time_zone());
    let notice = state.messages.say("notice-copied");
    state.notice = Some(Notice { text: notice, bad: false });
    Some(copied)
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
