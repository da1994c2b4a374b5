//! How long tenants are left alone whose wakes have failed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::work::TenantKey;

/// After a wake that failed the tenant is left alone for so long; twice as long after the next, and so on.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// But no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The most tenants whose failures are remembered.
const MOST_FAILED: usize = 10_000;

/// How often in a row the wakes of tenants have failed, and what the log has said of each.
#[derive(Debug, Default)]
pub(super) struct Failures {
    counts: HashMap<TenantKey, u32>,
    logged: HashMap<TenantKey, Arc<str>>,
}

impl Failures {
    /// One more. For how long it is left alone now.
    pub fn add(&mut self, key: &TenantKey) -> Duration {
        if self.counts.len() >= MOST_FAILED && !self.counts.contains_key(key) {
            return LONGEST_PAUSE;
        }
        let count = self.counts.entry(key.clone()).or_insert(0);
        let pause = FIRST_PAUSE.saturating_mul(1 << (*count).min(10)).min(LONGEST_PAUSE);
        *count += 1;
        pause
    }

    /// Whether that reason belongs into the log: the same one again and again does not.
    pub fn is_news(&mut self, key: &TenantKey, reason: &Arc<str>) -> bool {
        if self.logged.get(key) == Some(reason) {
            return false;
        }
        if self.logged.len() >= MOST_FAILED {
            // Saying something twice is better than growing for ever.
            self.logged.clear();
        }
        self.logged.insert(key.clone(), reason.clone());
        true
    }

    /// It was woken.
    pub fn forget(&mut self, key: &TenantKey) {
        self.counts.remove(key);
        self.logged.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_woken_is_left_alone_for_longer_and_longer() {
        let mut failures = Failures::default();
        let key: TenantKey = ("web-1".into(), "acme".into());
        let pauses: Vec<u64> = (0..8).map(|_| failures.add(&key).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(failures.add(&("web-1".into(), "birch".into())).as_secs(), 2);
    }

    #[test]
    fn the_log_says_a_reason_once_until_it_changes_or_the_tenant_was_woken() {
        let mut failures = Failures::default();
        let key: TenantKey = ("web-1".into(), "acme".into());
        let is_news = |failures: &mut Failures, reason: &str| failures.is_news(&key, &reason.into());
        assert!(is_news(&mut failures, "no space left"));
        assert!(!is_news(&mut failures, "no space left"));
        assert!(is_news(&mut failures, "exit 3"));
        failures.forget(&("web-1".into(), "acme".into()));
        assert!(is_news(&mut failures, "exit 3"));
    }
}
