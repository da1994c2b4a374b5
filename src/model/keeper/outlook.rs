//! What will come of all tenants within the next hours, if nobody uses them: the rule and the limits, minute by minute.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::activity::Activity;
use super::calendar::Calendar;
use super::decision::{Decision, Due, Hold};
use super::judge::{Answer, Case, judge};
use super::pace::{Call, Hosts, pace};
use super::rules::later;
use super::subject::Subject;

/// Limits are of a minute, so that is how far each look is from the next.
const LOOK: Duration = Duration::from_secs(60);

/// A tenant of which something may come.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its host.
    pub host: &'a str,
    /// Its name.
    pub tenant: &'a str,
    /// What the rule sees of it.
    pub subject: Subject,
    /// When it was last used.
    pub activity: Activity,
    /// What the hook said of it last.
    pub answer: Option<Answer>,
}

/// One thing that will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Of which tenant, by its place.
    pub who: usize,
    /// When.
    pub at: Timestamp,
    /// What.
    pub due: Due,
    /// Before its time.
    pub hurried: bool,
}

/// What will come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// What will be done, in order.
    pub moves: Vec<Move>,
    /// What is said at the end of each tenant of which nothing comes, by its place.
    pub rest: BTreeMap<usize, Decision>,
}

/// What will come of `all` from the calendar's moment until `until`.
#[must_use]
pub fn outlook(
    calendar: &Calendar<'_>,
    all: &[Candidate<'_>],
    hosts: &Hosts<'_>,
    until: Timestamp,
) -> Outlook {
    let (rules, mut calendar, mut hosts) = (calendar.rules(), calendar.clone(), hosts.clone());
    let mut subjects: Vec<Subject> = all.iter().map(|one| one.subject).collect();
    let mut looks: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
    looks.insert(calendar.now(), (0..all.len()).collect());
    let mut outlook = Outlook::default();
    let mut last: Vec<Option<Decision>> = vec![None; all.len()];
    let mut now = calendar.now();
    while now <= until {
        calendar.turn_to(now);
        let after = looks.split_off(&later(now, Duration::from_nanos(1)));
        let awaited = std::mem::replace(&mut looks, after);
        let (mut calls, mut called) = (Vec::new(), Vec::new());
        for at in awaited.into_values().flatten() {
            let one = &all[at];
            let short = hosts.get(one.host).is_some_and(|host| host.is_short(rules));
            let case = Case { subject: &subjects[at], activity: &one.activity, answer: one.answer, short };
            let verdict = judge(&calendar, &case);
            last[at] = Some(verdict.decision);
            if let Some(due) = verdict.decision.acts() {
                calls.push(Call { host: one.host, tenant: one.tenant, due });
                called.push(at);
            } else if let Some(next) = verdict.next.filter(|next| *next <= until) {
                looks.entry(next).or_default().push(at);
            }
        }
        let paced = pace(&calls, &hosts, rules);
        for place in paced.go {
            let (at, due) = (called[place], calls[place].due);
            let hurried = matches!(last[at], Some(Decision::Hurry(_)));
            outlook.moves.push(Move { who: at, at: now, due, hurried });
            subjects[at] = subjects[at].put_to_sleep(due.method, now);
            last[at] = None;
            hosts.entry(all[at].host).or_default().asleep += u32::from(due.from.is_none());
            looks.entry(later(now, LOOK)).or_default().push(at);
        }
        for (place, hold) in paced.held {
            last[called[place]] = Some(Decision::Held(calls[place].due, hold));
            looks.entry(later(now, LOOK)).or_default().push(called[place]);
        }
        for host in hosts.values_mut() {
            host.begun = 0;
        }
        now = later(now, LOOK);
    }
    let moved: std::collections::HashSet<usize> = outlook.moves.iter().map(|one| one.who).collect();
    let rest = last.into_iter().enumerate().filter(|(at, _)| !moved.contains(at));
    outlook.rest = rest.filter_map(|(at, decision)| Some((at, decision?))).collect();
    outlook
}

impl Outlook {
    /// Those that would be put to sleep, but for something.
    pub fn held(&self) -> impl Iterator<Item = (usize, Due, Hold)> {
        self.rest.iter().filter_map(|(at, decision)| match decision {
            Decision::Held(due, hold) => Some((*at, *due, *hold)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keeper::Rules;
    use crate::model::method::Method;
    use crate::model::state::State;
    use crate::model::tier::Tier;
    use jiff::tz::TimeZone;

    fn candidate(tenant: &str, tier: Tier, used: i64) -> Candidate<'_> {
        let used = Timestamp::from_second(used).ok();
        Candidate {
            host: "web-1",
            tenant,
            subject: Subject {
                tier: Some(tier),
                state: State::Running,
                asleep: None,
                since: Some(Timestamp::UNIX_EPOCH),
                ticket: false,
                has_written: false,
            },
            activity: Activity { request: used, network: used, cpu: used, connections: used },
            answer: None,
        }
    }

    #[test]
    fn a_minute_takes_so_many_and_the_longest_idle_go_first() {
        let mut rules = Rules::default();
        rules.limits.dumps_a_minute = 1;
        let calendar = Calendar::new(&rules, &TimeZone::UTC, Timestamp::from_second(3600).unwrap());
        let all = [
            candidate("acme", Tier::Mid, 300),
            candidate("birch", Tier::Low, 200),
            candidate("cedar", Tier::Vip, 0),
            candidate("dogwood", Tier::Low, 3600),
            candidate("elm", Tier::High, 100),
        ];
        let until = Timestamp::from_second(3600 + 1800).unwrap();
        let outlook = outlook(&calendar, &all, &Hosts::new(), until);
        let moves: Vec<(&str, i64, Method)> = outlook
            .moves
            .iter()
            .map(|one| (all[one.who].tenant, one.at.as_second(), one.due.method))
            .collect();
        assert_eq!(
            moves,
            [
                ("elm", 3600, Method::Freeze),
                ("birch", 3660, Method::Destroy),
                ("acme", 3720, Method::Destroy),
                ("dogwood", 4500, Method::Destroy),
            ]
        );
        assert_eq!(outlook.rest.keys().collect::<Vec<_>>(), [&2]);
    }

    #[test]
    fn who_is_held_all_the_time_is_told() {
        let mut rules = Rules::default();
        rules.limits.most_asleep = Some(1);
        let calendar = Calendar::new(&rules, &TimeZone::UTC, Timestamp::from_second(7200).unwrap());
        let mut unmeasured = candidate("cedar", Tier::Low, 0);
        unmeasured.activity.request = None;
        let all = [candidate("acme", Tier::Low, 0), candidate("birch", Tier::Low, 1), unmeasured];
        let outlook = outlook(&calendar, &all, &Hosts::new(), later(calendar.now(), LOOK * 5));
        assert_eq!(outlook.moves.len(), 1);
        let held: Vec<(usize, Hold)> = outlook.held().map(|(at, _, hold)| (at, hold)).collect();
        let request = [crate::model::keeper::Measure::Request].into_iter().collect();
        assert_eq!(held, [(1, Hold::HostFull), (2, Hold::Unmeasured(request))]);
    }
}
