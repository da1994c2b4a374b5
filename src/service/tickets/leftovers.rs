//! Containers that wakeboard made for its own work and that a killed process left behind.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, info, warn};

use crate::engine::Engine;
use crate::ledger::is_dead_here;
use crate::model::container::Phase;
use crate::model::holder::Holder;
use crate::model::internal::{Internal, MAKER, Purpose};

/// A rehearsal takes seconds. One that is older than this is left over, whoever made it.
const LEFT_OVER: SignedDuration = SignedDuration::from_mins(10);
/// How many are removed in one go.
const MOST: usize = 64;

/// Removes the rehearsals on that engine whose makers are gone. Nothing that ever ran is touched.
pub(super) async fn sweep(engine: Arc<dyn Engine>) {
    let all = match engine.internal().await {
        Ok(all) => all,
        // The next connection looks again.
        Err(error) => return debug!(%error, "left over containers cannot be looked for"),
    };
    let now = Timestamp::now();
    for it in all.iter().filter(|it| is_left_over(it, now, is_dead_here)).take(MOST) {
        match engine.remove(&it.id).await {
            Ok(()) => info!(name = %it.name, "removed a container that was left over"),
            Err(error) => warn!(name = %it.name, %error, "a container that was left over stays"),
        }
    }
}

fn is_left_over(it: &Internal, now: Timestamp, is_dead: impl Fn(&Holder) -> bool) -> bool {
    let maker: Option<Holder> = it.labels.get(MAKER).and_then(|maker| maker.parse().ok());
    it.purpose == Purpose::Rehearsal
        && it.phase == Phase::Created
        && (maker.is_some_and(|maker| is_dead(&maker)) || now.duration_since(it.made) > LEFT_OVER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::here;

    #[test]
    fn only_what_nobody_is_at_any_more_goes() {
        let made = Timestamp::from_second(1_700_000_000).unwrap();
        let rehearsal = |maker: &str| Internal {
            id: "1".into(),
            name: "r".into(),
            purpose: Purpose::Rehearsal,
            made,
            phase: Phase::Created,
            labels: [(MAKER.into(), maker.into())].into(),
        };
        let ours = rehearsal(&here().to_string());
        let (soon, late) = (made + SignedDuration::from_secs(1), made + SignedDuration::from_mins(11));
        assert!(!is_left_over(&ours, soon, |_| false));
        assert!(is_left_over(&ours, soon, |_| true));
        assert!(is_left_over(&ours, late, |_| false));
        assert!(!is_left_over(&rehearsal("unreadable"), soon, |_| true));
        assert!(is_left_over(&rehearsal("unreadable"), late, |_| true));
        assert!(!is_left_over(&Internal { phase: Phase::Running, ..ours.clone() }, late, |_| true));
        assert!(!is_left_over(&Internal { purpose: Purpose::Holder, ..ours }, late, |_| true));
    }
}
