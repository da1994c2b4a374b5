//! What never came into the ledger, by the numbers of the feed.

use std::ops::Range;

/// How many stretches are told apart. Beyond that the two oldest become one: rather is something called not recorded that is
/// than the other way.
const MOST: usize = 100;

/// Numbers of changes that will never be in the ledger, since too much waited for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holes {
    /// In order, and apart from each other.
    stretches: Vec<Range<u64>>,
}

impl Holes {
    /// These as well.
    pub fn cover(&mut self, numbers: Range<u64>) {
        let first = self.stretches.partition_point(|known| known.end < numbers.start);
        let after = self.stretches.partition_point(|known| known.start <= numbers.end);
        let met = &self.stretches[first..after.max(first)];
        let from = met.first().map_or(numbers.start, |known| known.start.min(numbers.start));
        let to = met.last().map_or(numbers.end, |known| known.end.max(numbers.end));
        self.stretches.splice(first..after.max(first), std::iter::once(from..to));
        if self.stretches.len() > MOST {
            self.stretches[1].start = self.stretches[0].start;
            self.stretches.remove(0);
        }
    }

    /// All of those as well.
    pub fn cover_all(&mut self, others: &Holes) {
        for numbers in &others.stretches {
            self.cover(numbers.clone());
        }
    }

    /// Whether that one is among them.
    #[must_use]
    pub fn has(&self, number: u64) -> bool {
        let at = self.stretches.partition_point(|known| known.end <= number);
        self.stretches.get(at).is_some_and(|known| known.contains(&number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn what_is_covered_is_known(stretches in prop::collection::vec((0_u64..500, 1_u64..9), 0..MOST)) {
            let (mut holes, mut expected) = (Holes::default(), BTreeSet::new());
            for (from, length) in stretches {
                holes.cover(from..from + length);
                expected.extend(from..from + length);
                let apart = holes.stretches.windows(2).all(|pair| pair[0].end < pair[1].start);
                prop_assert!(apart && holes.stretches.len() <= MOST, "{holes:?}");
            }
            for number in 0..520 {
                prop_assert_eq!(holes.has(number), expected.contains(&number), "{}", number);
            }
        }
    }

    #[test]
    fn of_too_many_the_oldest_are_taken_together() {
        let mut holes = Holes::default();
        for number in 0..=MOST as u64 {
            holes.cover(number * 10..number * 10 + 1);
        }
        assert!(
            holes.stretches.len() == MOST && holes.has(0) && holes.has(5) && holes.has(10) && !holes.has(15)
        );
        let mut others = Holes::default();
        others.cover_all(&holes);
        assert_eq!(others, holes);
    }
}
