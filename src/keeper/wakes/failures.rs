//! How long tenants are left alone whose wakes have failed.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::work::TenantKey;

/// After a wake that failed the tenant is left alone for so long; twice as long after the next, and so on.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// But no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The most tenants whose failures are remembered.
const MOST_FAILED: usize = 10_000;
/// How often in a row the wakes of tenants have failed.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<TenantKey, u32>);

impl Failures {
    /// One more. For how long it is left alone now.
    pub fn add(&mut self, key: &TenantKey) -> Duration {
        if self.0.len() >= MOST_FAILED && !self.0.contains_key(key) {
            return LONGEST_PAUSE;
        }
        let count = self.0.entry(key.clone()).or_insert(0);
        let pause = FIRST_PAUSE.saturating_mul(1 << (*count).min(10)).min(LONGEST_PAUSE);
        *count += 1;
        pause
    }

    /// It was woken.
    pub fn forget(&mut self, key: &TenantKey) {
        self.0.remove(key);
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
}
