//! How many notes come in a second.

use std::time::{Duration, Instant};

/// So many at once, and so many a second after that.
#[derive(Debug)]
pub struct Pace {
    burst: f64,
    rate: f64,
    left: f64,
    seen: Instant,
}

impl Pace {
    /// All of the burst is left.
    pub fn new(burst: u32, rate: u32, now: Instant) -> Self {
        Pace { burst: burst.into(), rate: rate.into(), left: burst.into(), seen: now }
    }

    /// Takes one, or says how long to wait for one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.seen).as_secs_f64();
        self.seen = self.seen.max(now);
        self.left = (self.left + passed * self.rate).min(self.burst);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.left) / self.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_so_many_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(3, 10, start);
        assert!((0..3).all(|_| pace.take(start).is_ok()));
        let wait = pace.take(start).unwrap_err();
        assert!(wait > Duration::from_millis(90) && wait <= Duration::from_millis(100), "{wait:?}");
        let later = start + Duration::from_millis(250);
        assert!(pace.take(later).is_ok() && pace.take(later).is_ok() && pace.take(later).is_err());
        // A clock that goes back gives nothing twice.
        assert!(pace.take(start).is_err());
        let much_later = later + Duration::from_secs(100);
        assert_eq!((0..10).filter(|_| pace.take(much_later).is_ok()).count(), 3);
    }
}
