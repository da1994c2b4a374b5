//! Chance that repeats: the same seed gives the same numbers.

use std::fmt::Write as _;
use std::time::Duration;

/// A stream of numbers (`SplitMix64`): not for secrets, and good enough to look like life.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// A stream of its own for each seed and name.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        // FNV-1a, so that hosts of one scenario do not march in step.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut chance = Chance(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.bits();
        chance
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, or 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.bits() % end).unwrap_or(0)
    }

    /// A number from 0 up to, and without, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something happens that happens `percent` times of a hundred.
    pub fn percent(&mut self, percent: u8) -> bool {
        self.below(100) < usize::from(percent)
    }

    /// A duration from `low` to `high`, in milliseconds.
    pub fn millis(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(low + self.bits() % (high.saturating_sub(low) + 1))
    }

    /// A duration up to `most`.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.unit())
    }

    /// Text of `length` hex digits.
    pub fn hex(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            // Writing to a string cannot fail.
            let _ = write!(text, "{:016x}", self.bits());
        }
        text.truncate(length);
        text
    }

    /// `count` values in the shares wanted, as exactly as whole numbers allow, in an order by chance.
    pub fn spread<T: Copy>(&mut self, shares: impl Iterator<Item = (T, u32)>, count: usize) -> Vec<T> {
        let shares: Vec<(T, u32)> = shares.filter(|(_, share)| *share > 0).collect();
        let total: u64 = shares.iter().map(|(_, share)| u64::from(*share)).sum();
        let mut spread = Vec::with_capacity(count);
        let (mut sum, mut filled) = (0, 0);
        for (value, share) in shares {
            sum += u64::from(share);
            // Rounding the running sum, not each share, so that the parts make the whole.
            let until = (count as u64 * sum + total / 2) / total.max(1);
            let more = usize::try_from(until - filled).unwrap_or(0);
            spread.extend(std::iter::repeat_n(value, more));
            filled = until;
        }
        for last in (1..spread.len()).rev() {
            spread.swap(last, self.below(last + 1));
        }
        spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_others() {
        let take = |seed, name| {
            let mut chance = Chance::new(seed, name);
            (0..5).map(|_| chance.bits()).collect::<Vec<_>>()
        };
        assert_eq!(take(1, "a"), take(1, "a"));
        assert_ne!(take(1, "a"), take(2, "a"));
        assert_ne!(take(1, "a"), take(1, "b"));
    }

    #[test]
    fn shares_are_kept_and_nobody_is_lost() {
        let mut chance = Chance::new(1, "");
        let spread = chance.spread([('a', 1), ('b', 2), ('c', 0)].into_iter(), 64);
        assert_eq!(spread.len(), 64);
        assert_eq!(spread.iter().filter(|c| **c == 'a').count(), 21);
        assert!(!spread.contains(&'c'));
        assert!(chance.spread(std::iter::empty::<(char, u32)>(), 5).is_empty());
    }
}
