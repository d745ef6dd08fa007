//! Failures of the store below, in the log: once a second, however many requests meet them.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

const PERIOD: Duration = Duration::from_secs(1);

/// When it was last said, and how often it was not since.
struct Said {
    at: Option<Instant>,
    unsaid: u64,
}

static SAID: Mutex<Said> = Mutex::new(Said { at: None, unsaid: 0 });

/// Says that the store failed, or counts it for the next time.
pub(crate) fn store_failed(error: &cachekit_store::Error) {
    if let Some(unsaid) = SAID.lock().turn(Instant::now()) {
        tracing::warn!(kind = ?error.kind(), error = %error, unsaid, "the store failed");
    }
}

impl Said {
    /// `Some` if it is time to say it, with how many were passed over.
    fn turn(&mut self, now: Instant) -> Option<u64> {
        if self.at.is_some_and(|at| now.saturating_duration_since(at) < PERIOD) {
            self.unsaid += 1;
            return None;
        }
        self.at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_said_once_a_second() {
        let (mut said, start) = (Said { at: None, unsaid: 0 }, Instant::now());
        assert_eq!(said.turn(start), Some(0));
        assert!((0..500).all(|_| said.turn(start + PERIOD / 2).is_none()));
        assert_eq!(said.turn(start + PERIOD), Some(500));
        assert_eq!(said.turn(start + 2 * PERIOD), Some(0));
    }
}
