//! When each tenant was last asked for, as the doors for requests tell.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::model::work::TenantKey;

/// No request yet.
const NEVER: i64 = i64::MIN;

/// When each tenant was last asked for, told by doors. Shared by `Arc`.
///
/// A tenant that has a mark here is one whose requests are counted: those that do not come are known too. So a door asks for the
/// mark of each tenant that it can route to as soon as it can; or says `count_all`, where it can route to all of them.
#[derive(Debug, Default)]
pub struct Requests {
    marks: Mutex<HashMap<TenantKey, Arc<Seen>>>,
    all: AtomicBool,
}

/// The last request for one tenant.
#[derive(Debug)]
pub struct Seen {
    /// In milliseconds since the epoch.
    last: AtomicI64,
    since: Timestamp,
}

impl Requests {
    /// The mark of one tenant; made once, kept by who routes requests: no lock on the way of a request.
    pub fn of(&self, tenant: &TenantKey) -> Arc<Seen> {
        let mut marks = self.marks();
        if let Some(seen) = marks.get(tenant) {
            return seen.clone();
        }
        let seen = Arc::new(Seen::new(Timestamp::now()));
        marks.insert(tenant.clone(), seen.clone());
        seen
    }

    /// From now on the requests of all tenants are counted, those that are yet to come too: a door is open that finds each by
    /// its name.
    pub fn count_all(&self) {
        self.all.store(true, Ordering::Release);
    }

    /// Whether there is such a door.
    pub(super) fn counts_all(&self) -> bool {
        self.all.load(Ordering::Acquire)
    }

    /// All marks as they are now.
    pub(super) fn each(&self) -> Vec<(TenantKey, Arc<Seen>)> {
        self.marks().iter().map(|(key, seen)| (key.clone(), seen.clone())).collect()
    }

    /// Lets go of tenants that are no more and that no door routes to.
    pub(super) fn retain(&self, is_there: impl Fn(&TenantKey) -> bool) {
        self.marks().retain(|key, seen| Arc::strong_count(seen) > 1 || is_there(key));
    }

    /// The last request for a tenant, where they are counted.
    #[must_use]
    pub fn last(&self, key: &TenantKey) -> Option<Timestamp> {
        self.marks().get(key).and_then(|seen| seen.last())
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<TenantKey, Arc<Seen>>> {
        // Nothing under this lock can leave the map half changed.
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn new(since: Timestamp) -> Seen {
        Seen { last: AtomicI64::new(NEVER), since }
    }

    /// A request came.
    pub fn mark(&self, now: Timestamp) {
        self.last.fetch_max(now.as_millisecond(), Ordering::Relaxed);
    }

    /// The last request since they are counted.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        let last = self.last.load(Ordering::Relaxed);
        if last == NEVER { None } else { Timestamp::from_millisecond(last).ok() }
    }

    /// A clock may have been put back: a mark that lies after `now` is one of now.
    pub fn not_after(&self, now: Timestamp) {
        let (last, now) = (self.last.load(Ordering::Relaxed), now.as_millisecond());
        if last > now {
            // Another mark may come in between: it is no earlier than now, and as good.
            let _ = self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Since when requests are counted.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: &str) -> TenantKey {
        ("web-1".into(), tenant.into())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_mark_is_the_same_for_all_and_keeps_the_latest() {
        let requests = Requests::default();
        let (one, other) = (requests.of(&key("acme")), requests.of(&key("acme")));
        assert_eq!(one.last(), None);
        one.mark(at(7));
        other.mark(at(5));
        assert_eq!((one.last(), other.last()), (Some(at(7)), Some(at(7))));
        assert_eq!(requests.of(&key("birch")).last(), None);
        one.not_after(at(6));
        assert_eq!(
            (other.last(), requests.last(&key("acme")), requests.last(&key("elm"))),
            (Some(at(6)), Some(at(6)), None)
        );
        assert_eq!(requests.each().len(), 2);
    }

    #[test]
    fn marks_go_with_their_tenants_but_not_while_a_door_has_them() {
        let requests = Requests::default();
        let kept = requests.of(&key("acme"));
        requests.of(&key("birch")).mark(at(1));
        requests.of(&key("cedar"));
        requests.retain(|(_, tenant)| &**tenant == "birch");
        let mut left: Vec<_> = requests.each().into_iter().map(|((_, tenant), _)| tenant).collect();
        left.sort();
        assert_eq!(left, ["acme".into(), "birch".into()]);
        assert_eq!(kept.last(), None);
    }
}
