//! How the progress of dumps and wakes is told: lines for people, or JSON.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::model::cells::bytes;
use crate::model::plain::plain;
use crate::model::ticket::{Outcome, Step, Ticket, TicketId};

/// A step in JSON: a line when it begins, if it can be seen while it goes on, and one when it ends.
#[derive(Debug, Serialize)]
struct StepRow<'a> {
    tenant: &'a str,
    host: &'a str,
    ticket: TicketId,
    step: &'a str,
    container: Option<&'a str>,
    /// Null while it goes on.
    seconds: Option<f64>,
    error: Option<&'a str>,
}

/// The last line of a tenant in JSON.
#[derive(Debug, Serialize)]
struct LastRow<'a> {
    tenant: &'a str,
    outcome: &'static str,
    method: Option<&'static str>,
    ticket: TicketId,
    seconds: f64,
    fallbacks: &'a [String],
    reason: Option<&'a str>,
}

/// What is told already of a ticket.
#[derive(Default)]
struct Told {
    tenant: String,
    waiting: bool,
    /// For each step: that it began, and that it ended.
    steps: Vec<(bool, bool)>,
    last: bool,
}

/// Tells tickets as they go on, each thing once.
pub struct Teller {
    json: bool,
    /// Steps are told to people too: somebody watches.
    live: bool,
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    told: HashMap<TicketId, Told>,
}

impl Teller {
    /// Tells on this process's outputs.
    pub fn of_process(json: bool) -> Teller {
        Teller::new(json, io::stdout().is_terminal(), Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Tells on these outputs, steps too where it is JSON or `live`.
    pub fn new(json: bool, live: bool, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Teller {
        Teller { json, live, out, err, told: HashMap::new() }
    }

    /// Tells what is new of a ticket. `freed` is what its sleepers free, in bytes.
    pub fn tell(&mut self, ticket: &Ticket, freed: u64) {
        let mut told = self.told.remove(&ticket.id).unwrap_or_default();
        if told.tenant.is_empty() {
            told.tenant = ticket.tenant.to_string();
        }
        if ticket.began.is_none() && ticket.ended.is_none() && !told.waiting {
            told.waiting = true;
            if self.live && !self.json {
                self.say(&format!("          {}  waits for its turn", plain(&ticket.tenant)));
            }
        }
        told.steps.resize(ticket.steps.len().max(told.steps.len()), (false, false));
        for (step, (began, ended)) in ticket.steps.iter().zip(&mut told.steps) {
            let news = (!*began, step.ended.is_some() && !*ended);
            (*began, *ended) = (true, step.ended.is_some());
            self.step(ticket, step, news);
        }
        if ticket.ended.is_some() && !told.last {
            told.last = true;
            self.last(ticket, freed);
        }
        self.told.insert(ticket.id, told);
    }

    /// Tells that a ticket is not to be seen any more.
    pub fn lost(&mut self, id: TicketId) {
        let tenant = self.told.get(&id).map_or("a tenant", |told| &told.tenant).to_owned();
        let reason = format!("nothing is heard of it any more: look at `wakeboard tickets {id}`");
        if self.json {
            let outcome = Outcome::Failed.as_str();
            let (method, fallbacks) = (None, &[][..]);
            let reason = Some(&*reason);
            let row =
                LastRow { tenant: &tenant, outcome, method, ticket: id, seconds: 0.0, fallbacks, reason };
            self.say_json(&row);
        } else {
            self.complain(&format!("{}: {reason} ‹{id}›", plain(&tenant)));
        }
    }

    /// Tells that it was asked to stop, with so many tickets under way.
    pub fn stopping(&mut self, pending: usize) {
        let tenants = if pending == 1 { "tenant" } else { "tenants" };
        self.complain(&format!(
            "cancelling what can be cancelled of {pending} {tenants}, waiting for the rest; ^C again ends at once"
        ));
    }

    fn step(&mut self, ticket: &Ticket, step: &Step, (began, ended): (bool, bool)) {
        if self.json {
            if began || ended {
                let end = step.ended.map(|end| end.duration_since(step.began).as_secs_f64());
                self.say_json(&StepRow {
                    tenant: &ticket.tenant,
                    host: &ticket.host,
                    ticket: ticket.id,
                    step: &plain(&step.what),
                    container: step.container.as_deref(),
                    seconds: end.map(rounded),
                    error: step.error.as_deref().map(plain).as_deref(),
                });
            }
        } else if self.live {
            if began {
                self.say(&step_line(ticket, step, step.began, ""));
            }
            if let (true, Some(error), Some(end)) = (ended, &step.error, step.ended) {
                self.say(&step_line(ticket, step, end, &format!(": {}", plain(error))));
            }
        }
    }

    fn last(&mut self, ticket: &Ticket, freed: u64) {
        let outcome = ticket.outcome.unwrap_or(Outcome::Failed);
        if self.json {
            let reason = ticket.reason.as_deref().map(plain);
            self.say_json(&LastRow {
                tenant: &ticket.tenant,
                outcome: outcome.as_str(),
                method: ticket.method.map(crate::model::method::Method::as_str),
                ticket: ticket.id,
                seconds: rounded(seconds(ticket)),
                fallbacks: &ticket.fallbacks,
                reason: reason.as_deref(),
            });
        } else if outcome.is_success() {
            self.say(&success(ticket, outcome, freed));
        } else {
            self.complain(&complaint(ticket, outcome));
        }
    }

    /// A reader that goes away (`| head`) is no reason to leave a tenant half dumped: it goes on untold.
    fn say(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }

    fn say_json(&mut self, row: &impl Serialize) {
        if let Ok(line) = serde_json::to_string(row) {
            self.say(&line);
        }
    }

    fn complain(&mut self, line: &str) {
        let _ = writeln!(self.err, "wakeboard: {line}").and_then(|()| self.err.flush());
    }
}

/// `  0.12 s  acme  checkpoint acme-app`: when, counted from the asking.
fn step_line(ticket: &Ticket, step: &Step, at: jiff::Timestamp, more: &str) -> String {
    let seconds = at.duration_since(ticket.asked).as_secs_f64().max(0.0);
    let container = step.container.as_deref().map_or(String::new(), |name| format!(" {}", plain(name)));
    format!("{seconds:>6.2} s  {}  {}{container}{more}", plain(&ticket.tenant), plain(&step.what))
}

/// `acme dumped by freeze in 0.21 s, 74M freed ‹1a2b3c4›`.
fn success(ticket: &Ticket, outcome: Outcome, freed: u64) -> String {
    if let (None, Some(reason)) = (ticket.began, &ticket.reason) {
        // Nothing was done.
        return format!("{} {}", plain(&ticket.tenant), plain(reason));
    }
    let method = ticket.method.map_or(String::new(), |method| {
        let word = if outcome == Outcome::Dumped { "by" } else { "from" };
        format!(" {word} {method}")
    });
    let freed = match outcome {
        Outcome::Dumped if freed > 0 => format!(", {} freed", bytes(freed)),
        _ => String::new(),
    };
    let tenant = plain(&ticket.tenant);
    let after = fallbacks(ticket);
    let aside = ticket.reason.as_deref().map_or(String::new(), |reason| format!("; {}", plain(reason)));
    format!("{tenant} {outcome}{method} in {:.2} s{freed}{after}{aside} ‹{}›", seconds(ticket), ticket.id)
}

/// `acme failed after 3.20 s: it does not answer; fell back to cold start ‹1a2b3c4›`.
fn complaint(ticket: &Ticket, outcome: Outcome) -> String {
    let tenant = plain(&ticket.tenant);
    let time = ticket.began.map_or(String::new(), |_| format!(" after {:.2} s", seconds(ticket)));
    let reason = ticket.reason.as_deref().unwrap_or("no reason is known");
    format!("{tenant} {outcome}{time}: {}{} ‹{}›", plain(reason), fallbacks(ticket), ticket.id)
}

fn fallbacks(ticket: &Ticket) -> String {
    if ticket.fallbacks.is_empty() {
        return String::new();
    }
    format!("; fell back to {}", plain(&ticket.fallbacks.join(", ")))
}

/// How long the work took; nothing, where none was done.
fn seconds(ticket: &Ticket) -> f64 {
    ticket.ended.and_then(|ended| ticket.seconds(ended)).unwrap_or(0.0).max(0.0)
}

/// To milliseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
#[path = "telling_tests.rs"]
pub mod tests;
