//! The rule: what is to be done with one tenant at one moment.

use jiff::Timestamp;

use super::activity::{Activity, Measures};
use super::calendar::Calendar;
use super::decision::{Decision, Due, Hold, Leave, Verdict};
use super::rules::{Ask, Hook, Rules, Step, later};
use super::subject::Subject;
use crate::model::method::Method;
use crate::model::state::State;
use crate::model::tier::Tier;

/// All that the rule knows of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The tenant.
    pub subject: &'a Subject,
    /// When it was last used.
    pub activity: &'a Activity,
    /// What the hook said of it last.
    pub answer: Option<Answer>,
    /// Its host has less free memory than it should.
    pub short: bool,
}

/// What the hook said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the tenant may sleep.
    pub may: bool,
    /// When it said so.
    pub at: Timestamp,
}

/// What is to be done with a tenant at the calendar's moment.
#[must_use]
pub fn judge(calendar: &Calendar<'_>, case: &Case<'_>) -> Verdict {
    let (rules, subject) = (calendar.rules(), case.subject);
    let tier = match subject.tier {
        None => return leave(Leave::NoTier),
        // Whatever the steps say.
        Some(Tier::Vip) => return leave(Leave::Vip),
        Some(tier) => tier,
    };
    let all = rules.tier(tier).steps.as_slice();
    if all.is_empty() {
        return leave(Leave::NoSteps);
    }
    let steps = match (subject.state, subject.asleep) {
        (State::Running | State::Idle, _) => all,
        (State::Dumped, Some(now)) => {
            // Steps go deeper, so what is deeper than now is the end of them; the last may be to remove it.
            let deeper = all.partition_point(|step| step.dump <= now);
            let end = if subject.has_written {
                all.partition_point(|step| step.dump < Method::Destroy)
            } else {
                all.len()
            };
            if deeper >= end {
                return leave(Leave::DeepEnough(now));
            }
            &all[deeper..end]
        }
        (state, _) => return leave(Leave::State(state)),
    };
    let missing = missing(rules, subject, case.activity);
    let now = calendar.now();
    // A clock may have been put back since: what lies in the future is a use now.
    let Some(idle_since) = idle_since(rules, subject, case.activity, missing).map(|since| since.min(now))
    else {
        return leave(Leave::NothingKnown);
    };
    let due = |step: &Step| Due { method: step.dump, from: subject.asleep, idle_since };
    let at = |step: &Step| later(idle_since, step.after);
    let next_step = steps.iter().map(at).find(|at| *at > now);
    let reached = steps.iter().rfind(|step| at(step) <= now);
    let due_now = due(reached.unwrap_or(&steps[0]));
    if reached.is_none() {
        let mut moment = at(&steps[0]);
        if case.short && subject.asleep.is_none() {
            moment = moment.min(later(idle_since, rules.hurry.after));
        }
        if moment > now {
            let decision = Decision::Leave(Leave::Waiting { due: due_now, at: moment });
            return Verdict { decision, next: Some(moment) };
        }
    }
    let (shut, until) = calendar.shut(tier);
    let (mut answer_ends, mut hold) = (None, None);
    let awake_until = subject
        .since
        .filter(|_| subject.asleep.is_none())
        .map(|since| later(since.min(now), rules.awake_at_least(tier, subject.woken_again)))
        .filter(|until| *until > now);
    if subject.ticket {
        hold = Some(Hold::Ticket);
    } else if !missing.is_empty() {
        hold = Some(Hold::Unmeasured(missing));
    } else if let Some(window) = shut {
        hold = Some(Hold::Window(window));
    } else if let Some(until) = awake_until {
        hold = Some(Hold::JustWoken(until));
    } else if let Some(hook) = rules.veto.as_ref().filter(|hook| can_be_asked(hook, subject)) {
        let holds = case.answer.filter(|answer| later(answer.at, hook.every) > now);
        answer_ends = holds.map(|answer| later(answer.at, hook.every));
        hold = match holds {
            None => Some(Hold::Unasked),
            Some(answer) if !answer.may => Some(Hold::Veto),
            Some(_) => None,
        };
    }
    let windows_matter = !matches!(hold, Some(Hold::Ticket | Hold::Unmeasured(_)));
    let next = [next_step, until.filter(|_| windows_matter), answer_ends, awake_until];
    let next = next.into_iter().flatten().min();
    let decision = match hold {
        Some(hold) => Decision::Held(due_now, hold),
        None if reached.is_none() => Decision::Hurry(due_now),
        None => Decision::Dump(due_now),
    };
    Verdict { decision, next }
}

/// A program cannot be run within a container that sleeps: to go deeper it is woken first, and the program is asked then, by the ticket.
/// An address can be asked at any time.
fn can_be_asked(hook: &Hook, subject: &Subject) -> bool {
    subject.asleep.is_none() || matches!(hook.ask, Ask::Url(_))
}

fn leave(why: Leave) -> Verdict {
    Verdict { decision: Decision::Leave(why), next: None }
}

/// The measures that must be known of a tenant and are not. Who sleeps cannot be used without being woken, so nothing has
/// to be measured of it. Where all may be unknown, one at least must be known all the same.
fn missing(rules: &Rules, subject: &Subject, activity: &Activity) -> Measures {
    if subject.asleep.is_some() {
        return Measures::NONE;
    }
    let (known, counted) = (activity.known(), rules.idle.counted());
    if counted.without(known) == counted {
        return counted;
    }
    rules.idle.needed().without(known)
}

/// When the tenant was last used, as far as is known.
fn idle_since(rules: &Rules, subject: &Subject, activity: &Activity, missing: Measures) -> Option<Timestamp> {
    let counted = rules.idle.counted();
    let used = activity.last(counted);
    if subject.asleep.is_none() {
        // Whoever has just been started or woken has that done for somebody.
        return used.max(subject.since);
    }
    let all_known = missing.is_empty() && rules.idle.needed().without(activity.known()).is_empty();
    // What was not measured may have been in use until it fell asleep.
    if all_known && used.is_some() { used } else { used.max(subject.since) }
}
