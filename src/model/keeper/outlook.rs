//! What will come of all tenants within the next hours, if nobody uses them: the rule and the limits, from one moment at which either
//! says something else to the next.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::activity::Activity;
use super::calendar::Calendar;
use super::decision::{Decision, Due, Hold};
use super::forecast::Turn;
use super::judge::{Answer, Case, judge};
use super::pace::{Call, Hosts, pace};
use super::rules::later;
use super::subject::Subject;

/// Limits are of a minute.
const MINUTE: Duration = Duration::from_secs(60);
/// What another dump cannot change is looked at so often.
const HOUR: Duration = Duration::from_secs(3600);
/// Who was put to sleep is looked at again right after.
const JUST_AFTER: Duration = Duration::from_millis(1);

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
    /// What was said of the tenant that is watched, whenever it changed.
    pub turns: Vec<Turn>,
}

/// What will come of `all` from the calendar's moment until `until`.
#[must_use]
pub fn outlook(
    calendar: &Calendar<'_>,
    all: &[Candidate<'_>],
    hosts: &Hosts<'_>,
    until: Timestamp,
) -> Outlook {
    watching(calendar, all, hosts, until, None)
}

/// The same, with all that is said meanwhile of the tenant at the place `watched`.
#[must_use]
pub fn watching(
    calendar: &Calendar<'_>,
    all: &[Candidate<'_>],
    hosts: &Hosts<'_>,
    until: Timestamp,
    watched: Option<usize>,
) -> Outlook {
    let (rules, mut calendar, mut hosts) = (calendar.rules(), calendar.clone(), hosts.clone());
    // When dumps began on each host. Those of the minute before are known by their number only.
    let mut begun: HashMap<&str, VecDeque<Timestamp>> = HashMap::new();
    for (host, now) in &hosts {
        begun.insert(host, std::iter::repeat_n(calendar.now(), now.begun as usize).collect());
    }
    let mut subjects: Vec<Subject> = all.iter().map(|one| one.subject).collect();
    let mut looks: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
    looks.insert(calendar.now(), (0..all.len()).collect());
    let mut outlook = Outlook::default();
    let mut last: Vec<Option<Decision>> = vec![None; all.len()];
    while let Some((now, awaited)) = looks.pop_first().filter(|(now, _)| *now <= until) {
        calendar.turn_to(now);
        for (host, moments) in &mut begun {
            while moments.front().is_some_and(|moment| later(*moment, MINUTE) <= now) {
                moments.pop_front();
            }
            hosts.entry(host).or_default().begun = u32::try_from(moments.len()).unwrap_or(u32::MAX);
        }
        let (mut calls, mut called) = (Vec::new(), Vec::new());
        for at in awaited {
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
            if watched == Some(at) {
                outlook.turns.extend(last[at].map(|decision| Turn { at: now, decision }));
            }
            last[at] = None;
            let host = hosts.entry(all[at].host).or_default();
            host.asleep += u32::from(due.from.is_none());
            begun.entry(all[at].host).or_default().push_back(now);
            looks.entry(later(now, JUST_AFTER)).or_default().push(at);
        }
        for (place, hold) in paced.held {
            let (at, due) = (called[place], calls[place].due);
            last[at] = Some(Decision::Held(due, hold));
            // The minute of the oldest dump ends. Nobody is woken here, so a host that is full, or short of memory, stays so.
            let oldest = begun.get(all[at].host).and_then(|moments| moments.front());
            let again = oldest
                .map(|moment| later(*moment, MINUTE))
                .filter(|again| *again > now && hold == Hold::Pace);
            looks.entry(again.unwrap_or(later(now, HOUR))).or_default().push(at);
        }
        if let Some(decision) = watched.and_then(|at| last[at])
            && outlook.turns.last().is_none_or(|turn| turn.decision != decision)
        {
            outlook.turns.push(Turn { at: now, decision });
        }
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
                woken_again: 0,
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

    /// What a plan says is what an explanation says: to the second, and with the limits.
    #[test]
    fn moments_are_those_of_the_rule() {
        let mut rules = Rules::default();
        rules.limits.dumps_a_minute = 1;
        let calendar = Calendar::new(&rules, &TimeZone::UTC, Timestamp::from_second(3600).unwrap());
        let all = [candidate("acme", Tier::Low, 3017), candidate("birch", Tier::Low, 3016)];
        let until = Timestamp::from_second(3600 + 1800).unwrap();
        let outlook = watching(&calendar, &all, &Hosts::new(), until, Some(0));
        let moves: Vec<_> = outlook.moves.iter().map(|one| (one.who, one.at.as_second())).collect();
        assert_eq!(moves, [(1, 3916), (0, 3976)]);
        let turns: Vec<_> = outlook
            .turns
            .iter()
            .map(|turn| (turn.at.as_second(), turn.decision.as_str(), turn.decision.reason()))
            .collect();
        assert_eq!(
            turns,
            [
                (3600, "leave", Some("not_idle_long_enough")),
                (3917, "held", Some("pace")),
                (3976, "dump", None),
                (3976, "leave", Some("deep_enough")),
            ]
        );
    }

    #[test]
    fn who_is_held_all_the_time_is_told() {
        let mut rules = Rules::default();
        rules.limits.most_asleep = Some(1);
        let calendar = Calendar::new(&rules, &TimeZone::UTC, Timestamp::from_second(7200).unwrap());
        let mut unmeasured = candidate("cedar", Tier::Low, 0);
        unmeasured.activity.request = None;
        let all = [candidate("acme", Tier::Low, 0), candidate("birch", Tier::Low, 1), unmeasured];
        let outlook = outlook(&calendar, &all, &Hosts::new(), later(calendar.now(), MINUTE * 5));
        assert_eq!(outlook.moves.len(), 1);
        let held: Vec<(usize, Hold)> = outlook.held().map(|(at, _, hold)| (at, hold)).collect();
        let request = [crate::model::keeper::Measure::Request].into_iter().collect();
        assert_eq!(held, [(1, Hold::HostFull), (2, Hold::Unmeasured(request))]);
    }
}
