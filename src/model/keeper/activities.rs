//! When all tenants were last used, as far as is known.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::activity::Activity;
use crate::model::host::HostName;
use crate::model::work::TenantKey;

/// When each tenant was last used. Who is not in it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activities {
    hosts: HashMap<HostName, HashMap<Arc<str>, Activity>>,
    /// As of when; nothing before anything could be known.
    pub at: Option<Timestamp>,
}

impl Activities {
    /// What is known at that moment.
    pub fn new(at: Timestamp, all: impl IntoIterator<Item = (TenantKey, Activity)>) -> Self {
        let mut activities = Activities { at: Some(at), ..Activities::default() };
        for ((host, tenant), activity) in all {
            activities.hosts.entry(host).or_default().insert(tenant, activity);
        }
        activities
    }

    /// What is known of one tenant.
    #[must_use]
    pub fn get(&self, host: &str, tenant: &str) -> Option<&Activity> {
        self.hosts.get(host)?.get(tenant)
    }

    /// Whether another one, of whatever moment, says the same.
    #[must_use]
    pub fn tells_the_same(&self, other: &Activities) -> bool {
        self.hosts == other.hosts
    }

    /// Whether nothing is known of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_found_on_its_own_host() {
        let at = Timestamp::from_second(9).unwrap();
        let activity = Activity { cpu: Some(at), ..Activity::default() };
        let key = |host: &str, tenant: &str| (host.into(), tenant.into());
        let all = Activities::new(at, [(key("web-1", "acme"), activity), (key("web-2", "birch"), activity)]);
        assert_eq!(all.get("web-1", "acme"), Some(&activity));
        assert_eq!((all.get("web-1", "birch"), all.get("web-3", "acme")), (None, None));
        assert!(!all.is_empty() && Activities::default().is_empty() && Activities::default().at.is_none());
    }
}
