//! Which of those that are due go now.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::decision::{Due, Hold};
use super::rules::Rules;

/// A tenant that is due.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Its host.
    pub host: &'a str,
    /// Its name.
    pub tenant: &'a str,
    /// What is due.
    pub due: Due,
}

/// A host as the limits see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostNow {
    /// How much of its memory is free, in percent, where that is known.
    pub free: Option<u8>,
    /// How many of its tenants sleep.
    pub asleep: u32,
    /// How many dumps began there within the last minute.
    pub begun: u32,
}

/// By host.
pub type Hosts<'a> = HashMap<&'a str, HostNow>;

/// Who goes now and who does not, by their places in what was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paced {
    /// Those that go, in that order.
    pub go: Vec<usize>,
    /// The others, and why.
    pub held: Vec<(usize, Hold)>,
}

impl HostNow {
    /// Whether less of its memory is free than should be. What is not known is no reason to hurry.
    #[must_use]
    pub fn is_short(&self, rules: &Rules) -> bool {
        self.free.is_some_and(|free| free < rules.hurry.below)
    }
}

/// Chooses who goes: hosts that are short of memory first, the shortest before the others; there whoever has been idle
/// for longest. The same is always chosen, in whatever order they are asked for; and since limits are of a host, also where each
/// host is asked for alone, and then those together that were chosen.
#[must_use]
pub fn pace(calls: &[Call<'_>], hosts: &Hosts<'_>, rules: &Rules) -> Paced {
    let host = |call: &Call<'_>| hosts.get(call.host).copied().unwrap_or_default();
    let pressure = |call: &Call<'_>| {
        let host = host(call);
        host.free.filter(|_| host.is_short(rules)).unwrap_or(u8::MAX)
    };
    let mut order: Vec<(u8, usize)> =
        calls.iter().enumerate().map(|(at, call)| (pressure(call), at)).collect();
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| compare(&calls[a.1], &calls[b.1])));
    let mut now: Hosts<'_> = HashMap::new();
    let mut paced = Paced::default();
    for (_, at) in order {
        let call = &calls[at];
        let host = now.entry(call.host).or_insert_with(|| host(call));
        if let Some(hold) = held(call, host, rules) {
            paced.held.push((at, hold));
            continue;
        }
        host.begun += 1;
        host.asleep += u32::from(call.due.from.is_none());
        paced.go.push(at);
    }
    paced
}

fn compare(a: &Call<'_>, b: &Call<'_>) -> Ordering {
    let key = |call: &Call<'_>| call.due.idle_since;
    key(a).cmp(&key(b)).then_with(|| (a.host, a.tenant).cmp(&(b.host, b.tenant)))
}

fn held(call: &Call<'_>, host: &HostNow, rules: &Rules) -> Option<Hold> {
    let goes_deeper = call.due.from.is_some();
    let limits = &rules.limits;
    if goes_deeper && host.is_short(rules) {
        // What it holds in swap would first have to come back.
        Some(Hold::NoRoom)
    } else if !goes_deeper && limits.most_asleep.is_some_and(|most| host.asleep >= most) {
        Some(Hold::HostFull)
    } else if host.begun >= limits.dumps_a_minute {
        Some(Hold::Pace)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::method::Method;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn call(
        host: &'static str,
        tenant: &'static str,
        idle_since: i64,
        from: Option<Method>,
    ) -> Call<'static> {
        let idle_since = Timestamp::from_second(idle_since).unwrap();
        Call { host, tenant, due: Due { method: Method::Checkpoint, from, idle_since } }
    }

    fn told(calls: &[Call<'_>], hosts: &[(&'static str, HostNow)], rules: &Rules) -> Vec<String> {
        let paced = pace(calls, &hosts.iter().copied().collect(), rules);
        let go = paced.go.iter().map(|at| calls[*at].tenant.to_owned());
        let held = paced.held.iter().map(|(at, hold)| format!("{} {hold:?}", calls[*at].tenant));
        go.chain(held).collect()
    }

    #[test]
    fn a_host_short_of_memory_goes_first_and_there_the_longest_idle() {
        let calls = [
            call("web-1", "acme", 10, None),
            call("web-2", "birch", 30, None),
            call("web-2", "cedar", 20, None),
            call("web-2", "dogwood", 5, Some(Method::Freeze)),
            call("web-3", "elm", 1, None),
        ];
        let short = |free| HostNow { free: Some(free), ..HostNow::default() };
        let hosts = [("web-1", short(9)), ("web-2", short(3))];
        assert_eq!(
            told(&calls, &hosts, &Rules::default()),
            ["cedar", "birch", "acme", "elm", "dogwood NoRoom"]
        );
    }

    #[test]
    fn limits_are_of_each_host() {
        let mut rules = Rules::default();
        rules.limits.dumps_a_minute = 3;
        rules.limits.most_asleep = Some(7);
        let calls = [
            call("web-1", "acme", 1, None),
            call("web-1", "birch", 2, None),
            call("web-1", "cedar", 3, Some(Method::Freeze)),
            call("web-1", "dogwood", 4, Some(Method::Freeze)),
            call("web-2", "elm", 5, None),
        ];
        let hosts = [("web-1", HostNow { free: Some(50), asleep: 6, begun: 1 })];
        assert_eq!(told(&calls, &hosts, &rules), ["acme", "cedar", "elm", "birch HostFull", "dogwood Pace"]);
    }

    proptest! {
        #[test]
        fn the_same_go_in_whatever_order_they_are_asked_for(
            mut all in prop::collection::vec((0_usize..3, 0_i64..50, any::<bool>()), 0..40),
            free in prop::collection::vec(prop::option::of(0_u8..30), 3),
            most in prop::option::of(0_u32..10),
            a_minute in 1_u32..10,
            turn in 0_usize..40,
        ) {
            const HOSTS: [&str; 3] = ["web-1", "web-2", "web-3"];
            let mut rules = Rules::default();
            rules.limits.most_asleep = most;
            rules.limits.dumps_a_minute = a_minute;
            let hosts: Hosts<'_> = HOSTS.iter().zip(free)
                .map(|(host, free)| (*host, HostNow { free, ..HostNow::default() })).collect();
            all.sort_unstable();
            all.dedup();
            let names: Vec<String> = (0..all.len()).map(|at| format!("t{at:02}")).collect();
            let calls: Vec<Call<'_>> = all.iter().zip(&names).map(|((host, idle, deeper), tenant)| Call {
                tenant,
                ..call(HOSTS[*host], "", *idle, deeper.then_some(Method::Freeze))
            }).collect();
            let mut turned = calls.clone();
            turned.rotate_left(if calls.is_empty() { 0 } else { turn % calls.len() });
            let who = |calls: &[Call<'_>]| {
                let paced = pace(calls, &hosts, &rules);
                assert_eq!(paced.go.len() + paced.held.len(), calls.len());
                paced.go.iter().map(|at| calls[*at].tenant.to_owned()).collect::<Vec<_>>()
            };
            let go = who(&calls);
            prop_assert_eq!(&go, &who(&turned));
            // Whoever is chosen a host at a time is chosen out of all.
            let by_host = HOSTS.iter().flat_map(|host| {
                let calls: Vec<Call<'_>> = calls.iter().filter(|call| call.host == *host).copied().collect();
                pace(&calls, &hosts, &rules).go.into_iter().map(|at| calls[at]).collect::<Vec<_>>()
            });
            prop_assert_eq!(&go, &who(&by_host.collect::<Vec<_>>()));
            for host in HOSTS {
                let of_host = |deeper: bool| calls.iter()
                    .filter(|call| call.host == host && call.due.from.is_some() == deeper)
                    .filter(|call| go.iter().any(|tenant| tenant == call.tenant)).count();
                prop_assert!(of_host(true) + of_host(false) <= a_minute as usize);
                prop_assert!(most.is_none_or(|most| of_host(false) <= most as usize));
            }
        }
    }
}
