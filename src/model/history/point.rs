//! What each change says about states.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::Present;
use crate::model::change::{Change, MOST_RAW, Source, Verb};
use crate::model::container::ContainerId;
use crate::model::state::State;

/// Of whom something is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Who {
    /// The tenant as a whole, while none of its containers was told of.
    Whole,
    /// One container.
    Id(ContainerId),
    /// One of which only the name is known.
    Name(Arc<str>),
}

/// From one moment on, something is so.
#[derive(Clone, Debug)]
pub(super) enum Point {
    Is(Who, State),
    AllAre(State),
    Gone(Who),
    /// It is not there any more, and nobody knows since when.
    Forgotten(Who),
    Lost(bool),
    Gap(bool),
}

/// What the changes say, in the order of their times.
pub(super) fn of_changes<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<(Timestamp, Point)> {
    let mut changes: Vec<&Change> = changes.into_iter().collect();
    changes.sort_by_key(|change| (change.time, change.seq));
    let mut points = Vec::new();
    let mut lost: Option<Timestamp> = None;
    for change in changes {
        match (change.tenant.is_none() && change.container.is_none(), change.verb) {
            (true, Verb::Lost) => {
                lost = Some(change.time);
                points.push((change.time, Point::Lost(true)));
            }
            (true, Verb::Connected) => points.push((change.time, Point::Lost(false))),
            (true, Verb::Gap) => {
                // It is told when it is over: it began when the host was last heard.
                let began = if change.first < change.time { Some(change.first) } else { lost };
                if let Some(began) = began {
                    points.push((began, Point::Gap(true)));
                }
                points.push((change.time, Point::Gap(false)));
            }
            (true, _) => {}
            (false, _) => of_tenant(change, &mut points),
        }
    }
    points
}

fn of_tenant(change: &Change, points: &mut Vec<(Timestamp, Point)>) {
    let who = match (&change.id, &change.container) {
        (Some(id), _) => Who::Id(id.clone()),
        (None, Some(name)) => Who::Name(name.clone()),
        (None, None) => Who::Whole,
    };
    let all = who == Who::Whole || matches!(change.source, Source::Ticket);
    let is = |state| if all { Point::AllAre(state) } else { Point::Is(who.clone(), state) };
    if change.first < change.time
        && let Some(meanwhile) = meanwhile(change)
    {
        points.push((change.first, is(meanwhile)));
    }
    match afterwards(change) {
        After::Is(state) => points.push((change.time, is(state))),
        After::Gone => points.push((change.time, Point::Gone(who))),
        After::Same => {}
    }
}

/// The state between the first part of an act and its last.
fn meanwhile(change: &Change) -> Option<State> {
    match change.verb {
        Verb::Started => Some(State::Created),
        Verb::Restarted => Some(State::Restarting),
        Verb::Stopped | Verb::Killed | Verb::Checkpointed | Verb::Removed => Some(State::Stopping),
        Verb::Crashed if change.count > 1 => Some(State::Crashed),
        Verb::Dumped => Some(State::Dumping),
        Verb::Woken => Some(State::Waking),
        _ => None,
    }
}

enum After {
    Is(State),
    Gone,
    /// It says nothing of states, or that all is as before.
    Same,
}

/// The state once the act was over.
fn afterwards(change: &Change) -> After {
    match change.verb {
        Verb::Created => After::Is(State::Created),
        Verb::Started | Verb::Restarted | Verb::Unpaused | Verb::Healthy | Verb::Woken => {
            After::Is(State::Running)
        }
        Verb::Ended | Verb::Stopped | Verb::Killed | Verb::Checkpointed => After::Is(State::Stopped),
        // Its engine had it up again within the same act.
        Verb::Crashed if runs_again(change) => After::Is(State::Running),
        Verb::Crashed => After::Is(State::Crashed),
        Verb::Paused => After::Is(State::Paused),
        Verb::Unhealthy => After::Is(State::Unhealthy),
        Verb::Dumping => After::Is(State::Dumping),
        Verb::Waking => After::Is(State::Waking),
        Verb::Dumped => After::Is(State::Dumped),
        Verb::Removed => After::Gone,
        Verb::Observed => match change.detail.as_deref() {
            Some("gone") => After::Gone,
            Some(detail) => {
                detail.strip_prefix("now ").and_then(|word| word.parse().ok()).map_or(After::Same, After::Is)
            }
            None => After::Same,
        },
        Verb::Signalled
        | Verb::Renamed
        | Verb::Updated
        | Verb::Refused
        | Verb::Failed
        | Verb::Probed
        | Verb::Edited
        | Verb::Noted
        | Verb::Connected
        | Verb::Lost
        | Verb::Gap => After::Same,
    }
}

/// Whether the last thing that is known of a crash loop is that it was started again. Where a change keeps only its first
/// events that is not known.
fn runs_again(change: &Change) -> bool {
    change.raw.len() < MOST_RAW && change.raw.last().is_some_and(|raw| raw.starts_with("started"))
}

/// What the engine says of the present: from the last change of a container on, or from when the engine says.
pub(super) fn of_present(present: &Present, points: &mut Vec<(Timestamp, Point)>) {
    let mut latest: HashMap<Who, Timestamp> = HashMap::new();
    let mut latest_of_all = None;
    let mut gone: HashSet<Who> = HashSet::new();
    for (time, point) in points.iter() {
        match point {
            Point::Is(who, _) => {
                latest.insert(who.clone(), *time);
                gone.remove(who);
            }
            Point::Gone(who) => _ = gone.insert(who.clone()),
            Point::AllAre(_) => latest_of_all = latest_of_all.max(Some(*time)),
            Point::Forgotten(_) | Point::Lost(_) | Point::Gap(_) => {}
        }
    }
    let there: HashSet<Who> = present.containers.iter().map(|(id, ..)| Who::Id(id.clone())).collect();
    for (who, time) in &latest {
        let is_there = there.contains(who) || gone.contains(who);
        if let (false, Who::Id(_)) = (is_there, who) {
            points.push((*time, Point::Forgotten(who.clone())));
        }
    }
    for (id, state, since) in &present.containers {
        let who = Who::Id(id.clone());
        let told = latest.get(&who).copied().max(latest_of_all);
        // Where neither says since when, it is not known for how long it has been so.
        if let Some(from) = told.max(*since) {
            points.push((from, Point::Is(who, *state)));
        }
    }
    if let Some(lost) = present.lost {
        points.push((lost, Point::Lost(true)));
    }
}
