//! How long to wait before trying again: longer each time, never the same for two hosts, and never for ever.

use std::time::Duration;

/// The first wait.
pub const FIRST: Duration = Duration::from_millis(250);
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(15);

/// The wait before try number `failures` (1 after the first failure). `jitter` is between 0 and 1 and picks a point in
/// the upper half of the step, so that many hosts that fell together do not come back together.
#[must_use]
pub fn wait(failures: u32, jitter: f64) -> Duration {
    let doubled =
        FIRST.saturating_mul(1u32.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(u32::MAX));
    doubled.min(LONGEST).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_never_nothing_and_never_over_the_longest(failures: u32, jitter in 0.0..1.0f64) {
            let wait = wait(failures, jitter);
            prop_assert!(wait >= FIRST / 2);
            prop_assert!(wait <= LONGEST);
        }
    }

    #[test]
    fn it_doubles_up_to_the_longest() {
        let waits: Vec<_> = (1..9).map(|n| wait(n, 1.0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000]);
    }
}
