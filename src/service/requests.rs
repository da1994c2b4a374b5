//! When tenants were last asked for, as doors tell it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::model::work::TenantKey;

/// When each tenant was last asked for, told by doors. Shared by Arc.
#[derive(Debug, Default)]
pub struct Requests {
    seen: Mutex<HashMap<TenantKey, Arc<Seen>>>,
}

impl Requests {
    /// The mark of one tenant; made once, kept by who routes requests: no lock on the way of a request.
    pub fn of(&self, tenant: &TenantKey) -> Arc<Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mark) = seen.get(tenant) {
            return mark.clone();
        }
        let mark = Arc::new(Seen { last: AtomicI64::new(NEVER), since: Timestamp::now() });
        seen.insert(tenant.clone(), mark.clone());
        mark
    }
}

const NEVER: i64 = i64::MIN;

/// The last request for one tenant.
#[derive(Debug)]
pub struct Seen {
    /// Milliseconds since the epoch.
    last: AtomicI64,
    since: Timestamp,
}

impl Seen {
    /// Somebody asks for it now.
    pub fn mark(&self, now: Timestamp) {
        self.last.fetch_max(now.as_millisecond(), Ordering::Relaxed);
    }

    /// When it was last asked for.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        let last = self.last.load(Ordering::Relaxed);
        (last != NEVER).then(|| Timestamp::from_millisecond(last).ok()).flatten()
    }

    /// Since when requests are counted.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }
}
