//! Tickets in the feed: what each reads like, and which of the engines' events are its doing.
//!
//! Intent is written before anything is done, so a ticket is known before the first event that it causes. An event is a
//! ticket's doing where it is told of its tenant while somebody is at work on that, and is of a kind that such work
//! causes: a failing health check or a lack of memory is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Feed;
use crate::model::cells::bytes;
use crate::model::change::{Act, Change, Confidence, Source, Verb};
use crate::model::event::{Event, Happening};
use crate::model::host::HostName;
use crate::model::ticket::{Outcome, Task, Ticket, TicketId};

/// Clocks further apart than this are not compared: then it counts when an event was heard.
const SKEW: SignedDuration = SignedDuration::from_secs(2);
/// The latest tickets that are held against events: what ended longer ago has no events that are still to come.
const MOST_SPANS: usize = 8192;

/// Who was at work on which tenant, and when.
#[derive(Clone, Debug, Default)]
pub struct Spans(BTreeMap<TicketId, Span>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    host: HostName,
    tenant: Arc<str>,
    /// Nothing where it ended before anything was done.
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
}

impl Spans {
    /// The act of the ticket that caused this event, if one did.
    pub(super) fn act_of(&self, host: &HostName, event: &Event, heard: Option<Timestamp>) -> Option<Act> {
        if !is_of_work(&event.what) {
            return None;
        }
        let is_its_doing = |span: &Span| {
            span.host == *host && span.tenant == event.place.tenant && span.has(event.time, heard)
        };
        self.0.iter().find(|(_, span)| is_its_doing(span)).map(|(ticket, _)| Act::of_ticket(*ticket))
    }

    /// Takes a ticket in, and says what is new about it.
    fn know(&mut self, ticket: &Ticket) -> News {
        let (host, tenant) = (ticket.host.clone(), ticket.tenant.clone());
        let span = Span { host, tenant, began: ticket.began, ended: ticket.ended };
        if self.0.get(&ticket.id) == Some(&span) {
            return News::None;
        }
        let before = self.0.insert(ticket.id, span);
        while self.0.len() > MOST_SPANS {
            let over = |(id, span): (&TicketId, &Span)| Some((span.ended?, *id));
            let Some((_, oldest)) = self.0.iter().filter_map(over).min() else { break };
            self.0.remove(&oldest);
        }
        if ticket.began.is_some() && before.is_none_or(|before| before.began.is_none()) {
            News::Begun
        } else {
            News::Other
        }
    }
}

/// What a look at a ticket brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    None,
    /// Work on it has begun.
    Begun,
    /// Something else about it.
    Other,
}

impl Span {
    fn has(&self, time: Timestamp, heard: Option<Timestamp>) -> bool {
        let Some(began) = self.began else { return false };
        let until = self.ended.unwrap_or(Timestamp::MAX);
        let within = |time: Timestamp| began <= time && time <= until;
        within(time) || heard.is_some_and(|heard| heard.duration_since(time).abs() > SKEW && within(heard))
    }
}

/// Whether dumps and wakes cause such events.
fn is_of_work(what: &Happening) -> bool {
    !matches!(what, Happening::Health(_) | Happening::OutOfMemory)
}

impl Feed {
    /// Takes in a ticket: shows it, and joins to it what was told of its work before it was known. `saved` is the memory
    /// that it freed, in bytes. Those that only wait are not told of.
    pub fn know(&mut self, ticket: &Ticket, saved: u64) {
        let Some(change) = of_ticket(ticket, saved) else { return };
        let news = self.spans.know(ticket);
        if news == News::None {
            return;
        }
        let act = change.act;
        self.add(change);
        if news == News::Begun {
            self.claim(act, ticket);
        }
    }

    /// Joins to a ticket's act what was told of its work before.
    fn claim(&mut self, act: Act, ticket: &Ticket) {
        let Some(span) = self.spans.0.get(&ticket.id).cloned() else { return };
        let is_its_doing = |change: &Arc<Change>| {
            change.source == Source::Engine
                && change.host.as_ref() == Some(&span.host)
                && change.tenant.as_ref() == Some(&span.tenant)
                && !matches!(change.verb, Verb::Healthy | Verb::Unhealthy)
                && span.has(change.first, None)
                && span.has(change.time, None)
        };
        let claimed: Vec<Act> =
            self.changes.iter().filter(|change| is_its_doing(change)).map(|change| change.act).collect();
        for act_of_event in claimed {
            if let Some(change) = self.take(act_of_event) {
                for raw in &change.raw {
                    self.join(act, raw.clone());
                }
            }
        }
    }
}

/// A ticket as the feed tells it; nothing of one that waits. `saved` is the memory that it freed, in bytes.
#[must_use]
pub fn of_ticket(ticket: &Ticket, saved: u64) -> Option<Change> {
    let time = ticket.ended.or(ticket.began)?;
    let verb = match (ticket.outcome, ticket.task) {
        (Some(Outcome::Dumped), _) => Verb::Dumped,
        (Some(Outcome::Woken), _) => Verb::Woken,
        (Some(Outcome::Refused), _) => Verb::Refused,
        (Some(Outcome::Failed), _) => Verb::Failed,
        (None, _) if ticket.ended.is_some() => Verb::Failed,
        (None, Task::Dump) => Verb::Dumping,
        (None, Task::Wake) => Verb::Waking,
    };
    let mut words = Vec::new();
    if matches!(verb, Verb::Refused | Verb::Failed) {
        words.push(ticket.task.to_string());
    }
    if let Some(method) = ticket.method.filter(|_| verb == Verb::Dumped) {
        words.push(method.to_string());
    }
    let seconds = ticket.ended.and_then(|ended| ticket.seconds(ended));
    if let Some(seconds) = seconds.filter(|_| verb != Verb::Refused) {
        words.push(format!("{seconds:.2}s"));
    }
    if verb == Verb::Dumped && saved > 0 {
        words.push(format!("frees {}", bytes(saved)));
    }
    if !ticket.fallbacks.is_empty() {
        words.push(format!("after {}", ticket.fallbacks.join(", ")));
    }
    let mut detail = words.join(" ");
    if let Some(cause) = &ticket.cause {
        detail = if detail.is_empty() { cause.to_string() } else { format!("{cause}, {detail}") };
    }
    if let Some(reason) = &ticket.reason {
        detail = format!("{detail}: {reason}");
    }
    Some(Change {
        host: Some(ticket.host.clone()),
        tenant: Some(ticket.tenant.clone()),
        actor: Some(ticket.actor.clone()),
        confidence: Confidence::Sure,
        ticket: Some(ticket.id),
        first: ticket.began.unwrap_or(time),
        detail: Some(detail).filter(|detail| !detail.is_empty()),
        ..Change::new(Source::Ticket, Act::of_ticket(ticket.id), time, verb)
    })
}
