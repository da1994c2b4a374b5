//! The lease of a ticket fences: work ends before another process may take the tenant over.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::shift::LEASE;
use super::trouble::Trouble;

/// The times of a lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// How long it lasts from its last renewal on.
    pub lasts: Duration,
    /// How often it is renewed.
    pub renewed_every: Duration,
    /// How soon a renewal that failed is tried again.
    pub again_after: Duration,
    /// How long before its end work stops: a call that is under way, and clocks, may need that.
    pub margin: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Times {
            lasts: LEASE,
            renewed_every: Duration::from_secs(8),
            again_after: Duration::from_secs(2),
            margin: Duration::from_secs(5),
        }
    }
}

/// Renews a lease that was taken just now, and returns when it is lost: at once where `renew` says that another has it, and in
/// time where it cannot be renewed. Work that goes on beside it must be dropped then.
pub(super) async fn hold<E, F>(times: Times, mut renew: impl FnMut() -> F) -> Trouble
where
    F: Future<Output = Result<bool, E>>,
{
    let good_for = times.lasts.saturating_sub(times.margin);
    // From before each call on: when it was written down meanwhile is not known.
    let mut end = Instant::now() + good_for;
    let mut wait = times.renewed_every;
    loop {
        sleep(wait).await;
        let asked = Instant::now();
        wait = match timeout_at(end, renew()).await {
            Ok(Ok(true)) => {
                end = asked + good_for;
                times.renewed_every
            }
            Ok(Ok(false)) => return Trouble::TakenOver,
            Ok(Err(_)) if Instant::now() < end => times.again_after.min(end - Instant::now()),
            Ok(Err(_)) | Err(_) => return Trouble::LeaseLost,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::timeout;

    fn times() -> Times {
        let ms = Duration::from_millis;
        Times { lasts: ms(600), renewed_every: ms(100), again_after: ms(30), margin: ms(200) }
    }

    #[tokio::test]
    async fn one_that_cannot_be_renewed_ends_the_work_before_another_may_begin() {
        let begun = Instant::now();
        let trouble = hold(times(), || async { Err::<bool, _>("no ledger") }).await;
        assert!(matches!(trouble, Trouble::LeaseLost), "{trouble:?}");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(300) && took < times().lasts, "{took:?}");
    }

    #[tokio::test]
    async fn a_ledger_that_does_not_answer_is_not_waited_for_longer() {
        let begun = Instant::now();
        let trouble = hold(times(), std::future::pending::<Result<bool, ()>>).await;
        assert!(matches!(trouble, Trouble::LeaseLost), "{trouble:?}");
        assert!(begun.elapsed() < times().lasts, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_break_that_is_over_in_time_does_no_harm() {
        let tries = Cell::new(0);
        let renew = || {
            tries.set(tries.get() + 1);
            let answer = if tries.get() % 3 == 0 { Ok(true) } else { Err("gone") };
            async move { answer }
        };
        let held = timeout(Duration::from_millis(1500), hold(times(), renew)).await;
        assert!(held.is_err(), "it was lost: {held:?}");
        assert!(tries.get() > 6);
    }

    #[tokio::test]
    async fn one_that_another_took_ends_the_work_at_once() {
        let begun = Instant::now();
        let trouble = hold(times(), || async { Ok::<_, ()>(false) }).await;
        assert!(matches!(trouble, Trouble::TakenOver));
        assert!(begun.elapsed() < Duration::from_millis(400));
    }
}
