//! A snapshot as the rule sees it: what tickets and sleepers add to what engines say.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::pace::{HostNow, Hosts};
use super::subject::Subject;
use super::woken_again::{End, in_a_row};
use crate::model::fleet::{Fleet, Host, Tenant};
use crate::model::state::State;
use crate::model::ticket::{Outcome, Task, Ticket};
use crate::model::work::Work;

/// Limits are of a minute.
const MINUTE: Duration = Duration::from_secs(60);

/// Fleet and work at one moment.
#[derive(Debug)]
pub struct Sight<'a> {
    fleet: &'a Fleet,
    free: Option<u8>,
    marks: HashMap<(&'a str, &'a str), Marks>,
    begun: HashMap<&'a str, u32>,
    /// The ends of the tickets of tenants that a rule has put to sleep or somebody has woken.
    ends: HashMap<(&'a str, &'a str), Vec<End>>,
}

/// What work says of one tenant.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    /// A ticket is at it, or waits to be.
    ticket: bool,
    /// One that puts it to sleep.
    dump: bool,
    /// When a ticket woke it last.
    woken: Option<Timestamp>,
    /// Since when its containers sleep.
    asleep: Option<Timestamp>,
    /// Some of them have written what would be lost with them.
    has_written: bool,
}

impl<'a> Sight<'a> {
    /// What is seen `now`. `free` is the share of this machine's memory that is free, in percent, where that is known.
    #[must_use]
    pub fn new(fleet: &'a Fleet, work: &'a Work, free: Option<u8>, now: Timestamp) -> Sight<'a> {
        let mut marks: HashMap<(&str, &str), Marks> = HashMap::new();
        let mut begun: HashMap<&str, u32> = HashMap::new();
        let mut ends: HashMap<(&str, &str), Vec<End>> = HashMap::new();
        for ticket in &work.tickets {
            let mark = marks.entry((&*ticket.host, &*ticket.tenant)).or_default();
            mark.ticket |= ticket.ended.is_none();
            mark.dump |= ticket.ended.is_none() && ticket.task == Task::Dump;
            if ticket.outcome == Some(Outcome::Woken) {
                mark.woken = mark.woken.max(ticket.ended);
            }
            if let Some(end) = End::of(ticket) {
                ends.entry((&*ticket.host, &*ticket.tenant)).or_default().push(end);
            }
            if counts(ticket, now) {
                *begun.entry(&*ticket.host).or_default() += 1;
            }
        }
        for sleeper in &work.sleepers {
            let mark = marks.entry((&*sleeper.host, &*sleeper.tenant)).or_default();
            mark.asleep = mark.asleep.max(Some(sleeper.since));
            mark.has_written |= sleeper.has_written;
        }
        Sight { fleet, free, marks, begun, ends }
    }

    fn marks(&self, tenant: &Tenant) -> Marks {
        self.marks.get(&(&*tenant.host, &*tenant.name)).copied().unwrap_or_default()
    }

    /// A tenant as the rule sees it. An engine says when a container was started, not when it was thawed: the ticket does.
    /// Neither does it say for how long one has slept that was put deeper meanwhile: the sleeper does.
    #[must_use]
    pub fn subject(&self, tenant: &Tenant) -> Subject {
        let marks = self.marks(tenant);
        let mut subject = Subject::of(tenant, marks.ticket);
        subject.has_written = marks.has_written && subject.asleep.is_some();
        subject.since = match subject.asleep {
            None => subject.since.max(marks.woken),
            Some(_) => marks.asleep.or(subject.since),
        };
        let ends = self.ends.get(&(&*tenant.host, &*tenant.name));
        subject.woken_again = ends.map_or(0, |ends| in_a_row(ends.clone()));
        subject
    }

    /// When a ticket woke it last, as far back as tickets are remembered.
    #[must_use]
    pub fn woken(&self, tenant: &Tenant) -> Option<Timestamp> {
        self.marks(tenant).woken
    }

    /// The hosts as the limits see them. Only this machine says how much of its memory is free.
    #[must_use]
    pub fn hosts(&self) -> Hosts<'a> {
        let sleeps = |tenant: &Tenant| match tenant.state {
            State::Dumped | State::Dumping => true,
            _ => self.marks(tenant).dump,
        };
        let host = |host: &'a Host| HostNow {
            free: self.free.filter(|_| host.engine.as_ref().is_some_and(|engine| engine.local)),
            asleep: count(host.tenants.iter().filter(|tenant| sleeps(tenant))),
            begun: self.begun.get(&*host.name).copied().unwrap_or(0),
        };
        self.fleet.hosts.iter().map(|it| (&*it.name, host(it))).collect()
    }
}

/// Whether a ticket is one of the dumps of this minute: begun within it, or about to begin.
fn counts(ticket: &Ticket, now: Timestamp) -> bool {
    let recent = |moment: Timestamp| {
        let age = now.duration_since(moment);
        age.unsigned_abs() < MINUTE || age.is_negative()
    };
    ticket.task == Task::Dump
        && match ticket.began {
            Some(began) => recent(began),
            None => ticket.ended.is_none(),
        }
}

fn count<T>(all: impl Iterator<Item = T>) -> u32 {
    u32::try_from(all.count()).unwrap_or(u32::MAX)
}
