//! One look at everything: who is to be put to sleep now, who is to be asked about first, and when to look again. Nothing is
//! done here.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::fleet::{Fleet, Host, Tenant};
use crate::model::keeper::pace::{Call, HostNow, pace};
use crate::model::keeper::rules::later;
use crate::model::keeper::tell::{between, lasting};
use crate::model::keeper::{Activity, Answer, Calendar, Case, Decision, Due, Hold, Sight, Subject, judge};
use crate::model::work::TenantKey;

/// Whom the limits hold is looked at again after this time.
const PACED_AGAIN: Duration = Duration::from_secs(5);

/// What a look needs beside the rules.
pub struct Scene<'a> {
    /// The rules at this moment.
    pub calendar: &'a Calendar<'a>,
    /// The snapshot.
    pub fleet: &'a Fleet,
    /// What work says of it.
    pub sight: &'a Sight<'a>,
    /// What is known of one tenant beside that.
    pub known: &'a dyn Fn(&Tenant) -> Known,
    /// What a tenant that goes would have to wait for, and how many dumps of a host are not among its tickets yet.
    pub asked: &'a dyn Fn(&str) -> u32,
    /// Why a tenant that is due is left alone for now.
    pub left: &'a dyn Fn(&TenantKey) -> Left,
}

/// What is known of a tenant beside what tickets and engines say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// When it was last used.
    pub activity: Activity,
    /// What the hook said last.
    pub answer: Option<Answer>,
    /// How it is taken to sleep, though it does not: it was only said.
    pub imagined: Option<(crate::model::method::Method, Timestamp)>,
}

/// Whether a tenant that is due may be asked about, or asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It may.
    No,
    /// It has been asked for, or its hook is being asked.
    Busy,
    /// It went wrong the last time: not before then.
    Until(Timestamp),
}

/// One that goes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Go {
    /// Who.
    pub key: TenantKey,
    /// What is due.
    pub due: Due,
    /// Before its time.
    pub hurried: bool,
}

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that go now, in that order.
    pub go: Vec<Go>,
    /// Those whose hook is to be asked: they would go now but for it.
    pub ask: Vec<TenantKey>,
    /// When the rule or the limits will say something else, if nothing happens.
    pub next: Option<Timestamp>,
}

/// One that is due.
type Called<'a> = (Call<'a>, Decision);

/// Looks at all tenants.
#[must_use]
pub fn look(scene: &Scene<'_>) -> Found {
    let (rules, now) = (scene.calendar.rules(), scene.calendar.now());
    let mut hosts = scene.sight.hosts();
    let mut next = None;
    // A host at a time, as limits are: all that are due at once may be nearly everybody.
    let mut chosen: Vec<Called<'_>> = Vec::new();
    for host in &scene.fleet.hosts {
        let now_of = hosts.entry(&host.name).or_default();
        now_of.begun = now_of.begun.saturating_add((scene.asked)(&host.name));
        let called = due(scene, host, now_of, &mut next);
        let paced = pace(&calls(&called), &hosts, rules);
        if !paced.held.is_empty() {
            sooner(&mut next, Some(later(now, PACED_AGAIN)));
        }
        chosen.extend(paced.go.into_iter().map(|at| called[at]));
    }
    let mut found = Found { next, ..Found::default() };
    for at in pace(&calls(&chosen), &hosts, rules).go {
        let (call, decision) = chosen[at];
        let key = (call.host.into(), call.tenant.into());
        match decision {
            Decision::Held(..) => found.ask.push(key),
            _ => found.go.push(Go { key, due: call.due, hurried: matches!(decision, Decision::Hurry(_)) }),
        }
    }
    found
}

/// Those of a host that are due. Who only was said to sleep counts as asleep there.
fn due<'a>(
    scene: &Scene<'a>,
    host: &'a Host,
    host_now: &mut HostNow,
    next: &mut Option<Timestamp>,
) -> Vec<Called<'a>> {
    let short = host_now.is_short(scene.calendar.rules());
    let mut called = Vec::new();
    for tenant in &host.tenants {
        let known = (scene.known)(tenant);
        let mut subject: Subject = scene.sight.subject(tenant);
        if let Some((method, since)) = known.imagined.filter(|_| subject.asleep.is_none()) {
            subject = subject.put_to_sleep(method, since);
            host_now.asleep = host_now.asleep.saturating_add(1);
        }
        let case = Case { subject: &subject, activity: &known.activity, answer: known.answer, short };
        let verdict = judge(scene.calendar, &case);
        sooner(next, verdict.next);
        let due = match verdict.decision {
            Decision::Dump(due) | Decision::Hurry(due) | Decision::Held(due, Hold::Unasked) => due,
            Decision::Leave(_) | Decision::Held(..) => continue,
        };
        match (scene.left)(&(tenant.host.clone(), tenant.name.clone())) {
            Left::No => {}
            Left::Busy => continue,
            Left::Until(moment) => {
                sooner(next, Some(moment));
                continue;
            }
        }
        called.push((Call { host: &tenant.host, tenant: &tenant.name, due }, verdict.decision));
    }
    called
}

fn calls<'a>(called: &[Called<'a>]) -> Vec<Call<'a>> {
    called.iter().map(|(call, _)| *call).collect()
}

fn sooner(next: &mut Option<Timestamp>, moment: Option<Timestamp>) {
    *next = match (*next, moment) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

impl Go {
    /// Why it goes, for its ticket: `idle 42m`.
    #[must_use]
    pub fn cause(&self, now: Timestamp) -> String {
        let mut cause = format!("idle {}", lasting(between(self.due.idle_since, now)));
        if self.hurried {
            cause.push_str(", its host is short of memory");
        }
        if let Some(from) = self.due.from {
            cause = format!("{cause}, deeper than {from}");
        }
        cause
    }
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
