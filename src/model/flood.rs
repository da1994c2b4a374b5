//! How much one host may have written into the record of changes: an engine that floods its events must not fill everybody's disk.

use jiff::Timestamp;

/// So many at once, as when thousands of containers start together.
const BURST: f64 = 20_000.0;
/// So many a second in the long run.
const A_SECOND: f64 = 200.0;

/// What a host may still have written.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    left: f64,
    at: Option<Timestamp>,
}

impl Default for Allowance {
    fn default() -> Self {
        Allowance { left: BURST, at: None }
    }
}

impl Allowance {
    /// Whether one more that came at `now` may be written.
    pub fn takes(&mut self, now: Timestamp) -> bool {
        let since = self.at.map_or(0.0, |at| now.duration_since(at).as_secs_f64());
        // A clock that was set back gives nothing and takes nothing.
        self.left = (self.left + since.max(0.0) * A_SECOND).min(BURST);
        self.at = Some(now);
        let takes = self.left >= 1.0;
        if takes {
            self.left -= 1.0;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_750_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let mut allowance = Allowance::default();
        let passed = (0..20_000).filter(|_| allowance.takes(at(0))).count();
        assert_eq!(passed, 20_000);
        let passed = (0..140_000).filter(|number| allowance.takes(at(number / 10))).count();
        assert!((2_700..=2_900).contains(&passed), "{passed} of 10,000 a second, 14 s long");
        // Set back by an hour, and quiet for long.
        assert!(!allowance.takes(at(-3_600_000)));
        let passed = (0..30_000).filter(|_| allowance.takes(at(3_600_000))).count();
        assert_eq!(passed, 20_000);
    }
}
