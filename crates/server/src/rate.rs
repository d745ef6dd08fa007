//! How often somebody may ask: a bucket that fills steadily and is taken from.

use std::time::{Duration, Instant};

/// So many requests a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

/// What is left at a moment.
pub(crate) struct Bucket {
    rate: Rate,
    left: f64,
    at: Option<Instant>,
}

impl Bucket {
    pub(crate) fn full(rate: Rate) -> Self {
        Self { rate, left: rate.burst, at: None }
    }

    /// Takes so many requests, or says in how many seconds they would be there. More than the burst
    /// is let through with a full bucket, which is then as far below nothing.
    pub(crate) fn take(&mut self, now: Instant, requests: u32) -> Result<(), u64> {
        let passed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.at = Some(now);
        self.left = (self.left + passed.as_secs_f64() * self.rate.per_second).min(self.rate.burst);
        let requests = f64::from(requests);
        let wanted = requests.min(self.rate.burst);
        if self.left >= wanted {
            self.left -= requests;
            return Ok(());
        }
        let seconds = ((wanted - self.left) / self.rate.per_second).ceil();
        // A whole number between 1 and a day.
        Err(seconds.clamp(1.0, 86_400.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket() -> (Bucket, Instant) {
        (Bucket::full(Rate { per_second: 10.0, burst: 5.0 }), Instant::now())
    }

    #[test]
    fn a_burst_then_a_steady_rate() {
        let (mut bucket, start) = bucket();
        assert!((0..5).all(|_| bucket.take(start, 1).is_ok()));
        assert_eq!(bucket.take(start, 1), Err(1));
        let later = start + Duration::from_millis(100);
        assert_eq!(bucket.take(later, 1), Ok(()));
        assert_eq!(bucket.take(later, 1), Err(1));
        // A pause fills it to its brim, not beyond.
        let much_later = start + Duration::from_secs(3600);
        assert!((0..5).all(|_| bucket.take(much_later, 1).is_ok()));
        assert!(bucket.take(much_later, 1).is_err());
    }

    #[test]
    fn more_than_the_burst_is_paid_for_afterwards() {
        let (mut bucket, start) = bucket();
        assert_eq!(bucket.take(start, 100), Ok(()));
        assert_eq!(bucket.take(start, 1), Err(10));
        assert!(bucket.take(start + Duration::from_secs(10), 1).is_ok());
    }
}
