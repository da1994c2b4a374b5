//! When all tenants were last used, as far as is known.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::activity::Activity;
use super::judge::Answer;
use crate::model::host::HostName;
use crate::model::work::TenantKey;

/// When each tenant was last used. Who is not in it is not known.
///
/// There may be a million of them, so each takes no more room than its name's address and four moments: sorted by name, and
/// not in a table that is half empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activities {
    hosts: HashMap<HostName, Box<[Entry]>>,
    /// What hooks said last; only of those that were asked about.
    answers: HashMap<TenantKey, Answer>,
    /// As of when; nothing before anything could be known.
    pub at: Option<Timestamp>,
}

/// A tenant of a host, by its name.
type Entry = (Arc<str>, Packed);

/// An activity in a third of its room: nanoseconds since 1970, which an `i64` has for 1677 to 2262. What lies outside counts as
/// the nearest moment within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed([i64; 4]);

/// No moment.
const NONE: i64 = i64::MIN;

impl Activities {
    /// What is known at that moment, each tenant once.
    pub fn new(at: Timestamp, all: impl IntoIterator<Item = (TenantKey, Activity)>) -> Self {
        let mut hosts: HashMap<HostName, Vec<Entry>> = HashMap::new();
        for ((host, tenant), activity) in all {
            hosts.entry(host).or_default().push((tenant, Packed::of(&activity)));
        }
        let sorted = hosts.into_iter().map(|(host, mut tenants)| {
            tenants.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            (host, tenants.into_boxed_slice())
        });
        Activities { hosts: sorted.collect(), answers: HashMap::new(), at: Some(at) }
    }

    /// The same with what hooks said.
    #[must_use]
    pub fn with_answers(mut self, answers: impl IntoIterator<Item = (TenantKey, Answer)>) -> Self {
        self.answers = answers.into_iter().collect();
        self
    }

    /// What the hook said of one tenant last.
    #[must_use]
    pub fn answer(&self, host: &str, tenant: &str) -> Option<Answer> {
        if self.answers.is_empty() {
            return None;
        }
        self.answers.get(&(host.into(), tenant.into())).copied()
    }

    /// What is known of one tenant.
    #[must_use]
    pub fn get(&self, host: &str, tenant: &str) -> Option<Activity> {
        let tenants = self.hosts.get(host)?;
        let at = tenants.binary_search_by(|(name, _)| (**name).cmp(tenant)).ok()?;
        Some(tenants[at].1.activity())
    }

    /// Whether another one, of whatever moment, says the same.
    #[must_use]
    pub fn tells_the_same(&self, other: &Activities) -> bool {
        self.hosts == other.hosts && self.answers == other.answers
    }

    /// Whether nothing is known of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }
}

impl Packed {
    fn of(activity: &Activity) -> Packed {
        let Activity { request, network, cpu, connections } = *activity;
        let most = i128::from(i64::MAX);
        let pack = |moment: Timestamp| i64::try_from(moment.as_nanosecond().clamp(-most, most)).ok();
        Packed([request, network, cpu, connections].map(|moment| moment.and_then(pack).unwrap_or(NONE)))
    }

    fn activity(self) -> Activity {
        let unpack = |nanoseconds: i64| match nanoseconds {
            NONE => None,
            some => Timestamp::from_nanosecond(i128::from(some)).ok(),
        };
        let [request, network, cpu, connections] = self.0.map(unpack);
        Activity { request, network, cpu, connections }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tenant_is_found_on_its_own_host() {
        let at = Timestamp::from_second(9).unwrap();
        let activity = Activity { cpu: Some(at), ..Activity::default() };
        let key = |host: &str, tenant: &str| (host.into(), tenant.into());
        let names = ["cedar", "acme", "birch"];
        let on_one = names.map(|name| (key("web-1", name), activity));
        let all = Activities::new(at, on_one.into_iter().chain([(key("web-2", "elm"), activity)]));
        for name in names {
            assert_eq!(all.get("web-1", name), Some(activity), "{name}");
        }
        for (host, name) in [("web-1", "elm"), ("web-3", "acme"), ("web-1", "")] {
            assert_eq!(all.get(host, name), None, "{name} on {host}");
        }
        assert!(!all.is_empty() && Activities::default().is_empty() && Activities::default().at.is_none());
    }

    #[test]
    fn what_lies_far_away_is_as_far_as_can_be() {
        let activity =
            Activity { cpu: Some(Timestamp::MAX), network: Some(Timestamp::MIN), ..Activity::default() };
        let kept = Packed::of(&activity).activity();
        let year = |moment: Option<Timestamp>| moment.unwrap().to_zoned(jiff::tz::TimeZone::UTC).year();
        assert_eq!((year(kept.cpu), year(kept.network), kept.request), (2262, 1677, None));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_by_packing(moments in prop::array::uniform4(prop::option::of(-i64::MAX..i64::MAX))) {
            let of = |at: usize| moments[at].and_then(|it| Timestamp::from_nanosecond(it.into()).ok());
            let activity = Activity { request: of(0), network: of(1), cpu: of(2), connections: of(3) };
            prop_assert_eq!(Packed::of(&activity).activity(), activity);
        }
    }
}
