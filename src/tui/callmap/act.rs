//! What keys and written lines do to the callmap pane.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ratatui::layout::Position;

use super::pane::Side;
use crate::grammar::{CallmapArgs, CallmapVerb};
use crate::model::action::Action;
use crate::model::callmap::layer::{numbered, told};
use crate::model::callmap::progress::{Progress, Stage};
use crate::model::callmap::report::{ProductVerdict, Verdict};
use crate::model::ticket::TicketId;
use crate::tui::layer::ProbeSheet;
use crate::tui::layout::inside;
use crate::tui::state::{Bottom, Layer, Notice, Pane, State};
use crate::tui::update::Effect;
use crate::tui::view::callmap::notes;

/// A callmap to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallmapOrder {
    /// Its file; or, where it was written by a person, perhaps only its name.
    pub file: PathBuf,
    /// It was written by a person.
    pub is_written: bool,
    /// Vars in place of the file's own.
    pub vars: Vec<(String, String)>,
    /// Only what was not well in that run is asked again.
    pub failed_of: Option<TicketId>,
    /// A person asked for it, and is told how it ends.
    pub is_awaited: bool,
}

impl CallmapOrder {
    /// All of the callmap in that file.
    #[must_use]
    pub fn of(file: PathBuf) -> Self {
        CallmapOrder { file, is_written: false, vars: Vec::new(), failed_of: None, is_awaited: false }
    }
}

/// Whether keys go to the callmap.
#[must_use]
pub fn has_keys(state: &State) -> bool {
    state.layer.is_none() && state.focus == Pane::Bottom && state.bottom == Bottom::Callmap
}

/// Opens the list of callmaps.
pub fn choose(state: &mut State) -> Option<Effect> {
    if matches!(state.layer.take(), Some(Layer::Callmaps(_))) {
        return None;
    }
    state.layer = Some(Layer::Callmaps(Box::default()));
    Some(Effect::ListCallmaps)
}

/// Shows the callmap of a file, and runs it.
pub fn run_file(state: &mut State, file: PathBuf) -> Effect {
    show(state, &file);
    state.callmap.vars.clear();
    Effect::RunCallmap(CallmapOrder { is_awaited: true, ..CallmapOrder::of(file) })
}

/// `:callmap FILE [--var NAME=VALUE]`, `:callmap list`; what else the shell can say of callmaps is said there.
pub fn written(state: &mut State, args: CallmapArgs) -> Option<Effect> {
    let for_shell = match args.said() {
        CallmapVerb::List(args) if !args.json => return choose(state),
        CallmapVerb::Run(args) if args.files.len() > 1 => {
            bad(state, "notice-callmap-one");
            return None;
        }
        CallmapVerb::Run(args) if !args.json && !args.junit && args.watch.is_none() => {
            let file = args.files.into_iter().next()?;
            let vars = args.vars;
            return Some(Effect::RunCallmap(CallmapOrder {
                vars,
                is_written: true,
                is_awaited: true,
                ..CallmapOrder::of(file)
            }));
        }
        CallmapVerb::Run(_) => "run",
        CallmapVerb::List(_) => "list",
        CallmapVerb::Check(_) => "check",
        CallmapVerb::Schema => "schema",
    };
    let text = state.messages.say_with("notice-callmap-shell", [("verb", for_shell)]);
    state.notice = Some(Notice { text, bad: true });
    None
}

/// Brings the pane to the front, with the callmap of that file.
pub fn show(state: &mut State, file: &Path) {
    state.layer = None;
    state.callmap.open(file);
    (state.bottom, state.focus) = (Bottom::Callmap, Pane::Bottom);
}

/// Brings that run to the front; false where it is not of this console, or too long ago.
pub fn show_run(state: &mut State, ticket: TicketId) -> bool {
    let Some(file) = state.callmap.runs.run(ticket).map(|run| run.file.clone()) else { return false };
    show(state, &file);
    state.callmap.ticket = Some(ticket);
    true
}

/// An action of the pane was asked for.
pub fn act(state: &mut State, action: Action) -> Option<Effect> {
    if state.callmap.file.is_none() {
        say(state, "notice-no-callmap");
        return None;
    }
    match action {
        Action::CallmapAgain => return again(state, None),
        Action::CallmapFailed => return failed_again(state),
        Action::CallmapEvery => every(state),
        Action::CallmapCopy => return of_report(state, Effect::CopyReport),
        Action::CallmapWrite => return of_report(state, Effect::WriteReport),
        Action::CallmapProbes => {
            let has_notes = notes::are_there(state);
            state.callmap.side = match state.callmap.side {
                Side::Probes | Side::Notes if has_notes => Side::Notes,
                Side::Layers | Side::Probes | Side::Notes => Side::Probes,
            };
        }
        Action::CallmapLayers => {
            state.callmap.side = match state.callmap.side {
                Side::Notes => Side::Probes,
                Side::Probes | Side::Layers => Side::Layers,
            };
        }
        _ => {}
    }
    None
}

fn again(state: &mut State, failed_of: Option<TicketId>) -> Option<Effect> {
    let file = state.callmap.file.clone()?;
    show(state, &file);
    let vars = state.callmap.vars.clone();
    Some(Effect::RunCallmap(CallmapOrder { vars, failed_of, is_awaited: true, ..CallmapOrder::of(file) }))
}

/// Asks again what was not well; everything where there is no report yet.
fn failed_again(state: &mut State) -> Option<Effect> {
    let report = state.callmap.run().and_then(|run| run.report.as_ref());
    let Some(report) = report else { return again(state, None) };
    let is_well = report
        .layers
        .iter()
        .flat_map(|layer| &layer.probes)
        .all(|probe| matches!(probe.verdict, Verdict::Ok | Verdict::Slow));
    if is_well {
        say(state, "notice-nothing-failed");
        return None;
    }
    let ticket = state.callmap.ticket;
    again(state, ticket)
}

fn every(state: &mut State) {
    let now = state.now.timestamp();
    state.callmap.turn_every(now);
    match state.callmap.every {
        Some(every) => {
            let text = state.messages.say_with("notice-every", [("seconds", every.seconds)]);
            state.notice = Some(Notice { text, bad: false });
        }
        None => say(state, "notice-not-every"),
    }
}

fn of_report(state: &mut State, effect: fn(TicketId) -> Effect) -> Option<Effect> {
    let ticket = state.callmap.run().filter(|run| run.report.is_some()).map(|run| run.ticket);
    if ticket.is_none() {
        say(state, "notice-no-report");
    }
    ticket.map(effect)
}

/// Enter: from a layer to its probes, from a probe to all that is known of it.
pub fn enter(state: &mut State) {
    match state.callmap.side {
        Side::Layers => {
            state.callmap.side = Side::Probes;
            return;
        }
        Side::Probes => {}
        Side::Notes => return,
    }
    let sheet = state.callmap.row().and_then(|row| row.came.clone()).zip(state.callmap.layer());
    state.layer = sheet.map(|(probe, layer)| {
        let layer = numbered(state.callmap.layers.at, &layer.name);
        Layer::Probe(Box::new(ProbeSheet { layer, probe, top: 0 }))
    });
}

/// The tab key within the pane: whether there was another list to go to.
pub fn turn(state: &mut State, is_forward: bool) -> bool {
    let to = match (state.callmap.side, is_forward) {
        (Side::Layers, true) | (Side::Notes, false) => Side::Probes,
        (Side::Probes, false) => Side::Layers,
        _ => return false,
    };
    let turns = has_keys(state) && state.callmap.run().is_some();
    if turns {
        state.callmap.side = to;
    }
    turns
}

/// The selection, or what was before, moves by so many lines.
pub fn move_by(state: &mut State, by: isize) {
    let hidden = notes::hidden(state);
    state.callmap.move_by(by, hidden);
}

/// The wheel was turned over the pane: what is under it moves.
pub fn wheel(state: &mut State, at: Position, by: isize) {
    let inner = state.areas().bottom.map(inside).unwrap_or_default();
    let side = state.callmap.side;
    if state.callmap.places(inner).notes.is_some_and(|notes| notes.contains(at)) {
        state.callmap.side = Side::Notes;
        move_by(state, by);
        state.callmap.side = side;
    } else {
        move_by(state, by);
    }
}

/// Esc: back to the containers. Nothing is run by itself any more.
pub fn leave(state: &mut State) {
    state.callmap.every = None;
    (state.bottom, state.focus) = (Bottom::Containers, Pane::Tenants);
}

/// Time has passed: what is run by itself may be due.
pub fn tick(state: &mut State) -> Option<Effect> {
    if state.bottom != Bottom::Callmap || !state.callmap.is_due(state.now.timestamp()) {
        return None;
    }
    let file = state.callmap.file.clone()?;
    let vars = state.callmap.vars.clone();
    Some(Effect::RunCallmap(CallmapOrder { vars, ..CallmapOrder::of(file) }))
}

/// A run was begun under that ticket.
pub fn begun(state: &mut State, file: &Path, ticket: TicketId, is_awaited: bool) {
    state.callmap.begun(file, ticket, is_awaited);
    if is_awaited {
        (state.bottom, state.focus) = (Bottom::Callmap, Pane::Bottom);
        let text = state.messages.say_with("notice-callmap-ticket", [("ticket", ticket.to_string())]);
        state.notice = Some(Notice { text, bad: false });
    }
}

/// The run that somebody awaits is over.
pub fn ended(state: &mut State, run: &Arc<Progress>) {
    let (text, bad) = result(run);
    state.notice = Some(Notice { text: format!("{}: {text}", run.ticket), bad });
}

/// What a run came to, and whether that is bad.
fn result(run: &Progress) -> (String, bool) {
    match (&run.report, &run.stage) {
        (Some(report), _) => {
            let text = format!("{} {}", run.product, told(report.verdict, &report.layers));
            (text, report.verdict == ProductVerdict::Broken)
        }
        (None, Stage::Cancelled(why) | Stage::Refused(why)) => (why.to_string(), true),
        (None, _) => (String::new(), false),
    }
}

fn bad(state: &mut State, message: &str) {
    state.notice = Some(Notice { text: state.messages.say(message), bad: true });
}

fn say(state: &mut State, message: &str) {
    state.notice = Some(Notice { text: state.messages.say(message), bad: false });
}
