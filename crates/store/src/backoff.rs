//! Keeps a server that cannot be reached from being tried by every call.
//!
//! After a failed attempt calls fail at once, with the error of that attempt, until it is time for
//! the next; then one caller tries while the others go on failing at once.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};

use cachekit_process::Clock;
use parking_lot::Mutex;

use crate::Error;

const SHORTEST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_secs(3);

/// What is known about reaching one server; shared by the runtimes of a process.
pub(crate) struct Backoff {
    clock: Arc<dyn Clock>,
    /// How long an attempt may take: for so long it alone is tried.
    attempt: Duration,
    trouble: Mutex<Option<Trouble>>,
}

struct Trouble {
    failures: u32,
    retry_at: u64,
    error: Error,
}

impl Backoff {
    pub(crate) fn new(clock: Arc<dyn Clock>, attempt: Duration) -> Self {
        Self { clock, attempt, trouble: Mutex::new(None) }
    }

    /// Whether a connection may be tried now. `Ok` is a turn: others wait for its outcome.
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    pub(crate) fn turn(&self) -> Result<(), Error> {
        let mut trouble = self.trouble.lock();
        let Some(trouble) = trouble.as_mut() else { return Ok(()) };
        let now = self.clock.boot_nanos();
        if now < trouble.retry_at {
            return Err(trouble.error.clone());
        }
        // A turn whose caller goes away without an outcome ends by itself.
        trouble.retry_at = now.saturating_add(nanos(self.attempt));
        Ok(())
    }

    pub(crate) fn succeeded(&self) {
        *self.trouble.lock() = None;
    }

    pub(crate) fn failed(&self, error: &Error) {
        self.failed_for(error, Duration::ZERO);
    }

    /// The same, and the next attempt waits for at least so long, within the usual bound.
    pub(crate) fn failed_for(&self, error: &Error, least: Duration) {
        let mut trouble = self.trouble.lock();
        let failures = trouble.as_ref().map_or(0, |trouble| trouble.failures).saturating_add(1);
        let pause = nanos(jittered(failures).max(least.min(LONGEST)));
        let retry_at = self.clock.boot_nanos().saturating_add(pause);
        *trouble = Some(Trouble { failures, retry_at, error: error.clone() });
    }
}

/// How long to wait after so many failures in a row; no two waits are alike.
pub(crate) fn jittered(failures: u32) -> Duration {
    pause(failures, random_fraction())
}

/// Doubles with each failure; `fraction` of 256 of its second half spreads out the clients of a
/// server that has just come back.
fn pause(failures: u32, fraction: u8) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = SHORTEST.saturating_mul(1 << doublings).min(LONGEST);
    whole / 2 + (whole / 2) * u32::from(fraction) / 256
}

/// Good enough to spread retries. The process id is mixed in because forked children inherit the
/// state from which the standard library's keys come.
fn random_fraction() -> u8 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish().to_le_bytes()[0]
}

/// As clocks count.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use cachekit_process::{ManualClock, UnixMillis};

    use super::*;
    use crate::ErrorKind;

    fn fixture() -> (Arc<ManualClock>, Backoff, Error) {
        let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
        let backoff =
            Backoff::new(Arc::clone(&clock) as Arc<dyn Clock>, Duration::from_millis(500));
        (clock, backoff, Error::new(ErrorKind::Unavailable, "redis://h:1/0", "down"))
    }

    #[test]
    fn without_trouble_everybody_may_try() {
        let (_, backoff, _) = fixture();
        assert!(backoff.turn().is_ok() && backoff.turn().is_ok());
    }

    #[test]
    fn after_a_failure_calls_fail_with_its_error_until_one_may_try_again() {
        let (clock, backoff, error) = fixture();
        backoff.failed(&error);
        assert_eq!(backoff.turn().unwrap_err().kind(), ErrorKind::Unavailable);
        clock.advance(SHORTEST);
        assert!(backoff.turn().is_ok());
        assert!(backoff.turn().is_err(), "one at a time");
        backoff.succeeded();
        assert!(backoff.turn().is_ok() && backoff.turn().is_ok());
    }

    #[test]
    fn a_turn_that_was_abandoned_passes_to_another() {
        let (clock, backoff, error) = fixture();
        backoff.failed(&error);
        clock.advance(SHORTEST);
        assert!(backoff.turn().is_ok());
        clock.advance(Duration::from_millis(499));
        assert!(backoff.turn().is_err());
        clock.advance(Duration::from_millis(1));
        assert!(backoff.turn().is_ok());
    }

    #[test]
    fn pauses_double_to_a_bound_and_are_spread() {
        assert_eq!(pause(1, 0), SHORTEST / 2);
        assert!(pause(1, 255) < SHORTEST);
        assert_eq!(pause(2, 0), SHORTEST);
        assert!(pause(u32::MAX, 255) <= LONGEST);
        assert!(pause(u32::MAX, 0) >= LONGEST / 2);
    }
}
