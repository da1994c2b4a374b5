//! A tenant's activity as the ledger keeps it, and how much of it others may rely on.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::activity::Activity;
use super::judge::Answer;
use super::measured::unmeasured;
use crate::model::work::TenantKey;

/// What nobody has vouched for since longer than this is not known any more.
pub const FRESH: Duration = Duration::from_secs(60);

/// A tenant's activity, and until when it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub key: TenantKey,
    /// When it was last used.
    pub activity: Activity,
    /// Until when requests were counted, by any door.
    pub counted: Option<Timestamp>,
    /// When its containers were last looked at.
    pub measured: Option<Timestamp>,
    /// Until when who measures it has vouched for that.
    pub until: Option<Timestamp>,
    /// What the hook said of it last.
    pub answer: Option<Answer>,
}

impl Kept {
    /// What is known of it at `then` for whoever only reads this.
    #[must_use]
    pub fn told(&self, then: Timestamp) -> Activity {
        self.known(self.until, then)
    }

    /// What who goes on measuring at `then` may believe. What happened between the last look and then was not measured: that
    /// must be short.
    #[must_use]
    pub fn believed(&self, then: Timestamp) -> Activity {
        self.known(self.measured, then)
    }

    /// When a request last came, as far as requests were counted until then.
    #[must_use]
    pub fn request(&self, then: Timestamp) -> Option<Timestamp> {
        self.activity.request.filter(|_| is_fresh(self.counted, then))
    }

    fn known(&self, vouched: Option<Timestamp>, then: Timestamp) -> Activity {
        let measures = if is_fresh(vouched, then) { self.activity } else { unmeasured(&self.activity) };
        Activity { request: self.request(then), ..measures }
    }
}

fn is_fresh(vouched: Option<Timestamp>, then: Timestamp) -> bool {
    let longest = SignedDuration::try_from(FRESH).unwrap_or_default();
    vouched.is_some_and(|vouched| then.duration_since(vouched) <= longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    #[test]
    fn only_what_somebody_vouches_for_is_known() {
        let activity = Activity { request: at(1), network: at(2), cpu: at(3), connections: None };
        let key = ("web-1".into(), "acme".into());
        let kept =
            Kept { key, activity, counted: at(1000), measured: at(1010), until: at(1100), answer: None };
        let then = |second| at(second).unwrap();
        assert_eq!(kept.believed(then(1060)), activity);
        assert_eq!(kept.believed(then(1070)), Activity { request: None, ..activity });
        assert_eq!(kept.believed(then(1071)), Activity::default());
        assert_eq!(kept.told(then(1160)), Activity { request: None, ..activity });
        assert_eq!(kept.told(then(1161)), Activity::default());
        // Of a moment before that all is known, as of the moment at which it fell asleep.
        assert_eq!(kept.believed(then(900)), activity);
        let never = Kept { counted: None, measured: None, until: None, ..kept };
        assert_eq!(
            (never.told(then(5)), never.believed(then(5))),
            (Activity::default(), Activity::default())
        );
    }
}
