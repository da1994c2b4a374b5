//! How often the screen is drawn: at once after something happened, and at most 30 times in any second.

use std::time::Duration;

use tokio::time::Instant;

/// So many frames may follow each other at once.
const BURST: u32 = 4;
/// Then one each so often: with a burst, 30 in a second.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 26);

/// Hands out frames.
#[derive(Debug)]
pub struct Pace {
    /// The moment up to which frames are spent.
    spent_until: Instant,
}

impl Pace {
    /// A pace with all frames of a burst unspent.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Pace { spent_until: now }
    }

    /// When the next frame may be drawn: now, or a little later.
    #[must_use]
    pub fn next(&self, now: Instant) -> Instant {
        let may_be_ahead = FRAME * (BURST - 1);
        self.spent_until.checked_sub(may_be_ahead).map_or(now, |at| at.max(now))
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.spent_until = self.spent_until.max(now) + FRAME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_frame_is_drawn_at_once_and_no_second_has_more_than_thirty() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut frames = vec![];
        let mut now = start;
        while now < start + Duration::from_secs(3) {
            now = pace.next(now);
            pace.drawn(now);
            frames.push(now);
        }
        assert_eq!(frames[0], start);
        for from in &frames {
            let within =
                frames.iter().filter(|at| *at >= from && **at < *from + Duration::from_secs(1)).count();
            assert!(within <= 30, "{within} frames in a second");
        }
        let later = now + Duration::from_secs(1);
        assert_eq!(pace.next(later), later);
    }
}
