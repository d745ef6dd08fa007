//! Keeps a failing store from slowing every call: after a few failures it is left alone for a
//! moment, then tried by one call.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cachekit_process::BootMillis;

/// Failures in a row before the store is left alone.
const TOLERATED: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The breaker of one cache's store in one process.
#[derive(Default)]
pub(crate) struct Breaker {
    failures: AtomicU32,
    closed_from: AtomicU64,
}

impl Breaker {
    /// Whether a call may ask the store. While it is paused, one call per pause may.
    pub(crate) fn admits(&self, now: BootMillis) -> bool {
        let failures = self.failures.load(SeqCst);
        if failures < TOLERATED {
            return true;
        }
        let closed_from = self.closed_from.load(SeqCst);
        let next = now.0.saturating_add(pause(failures));
        now.0 >= closed_from
            && self.closed_from.compare_exchange(closed_from, next, SeqCst, SeqCst).is_ok()
    }

    pub(crate) fn succeeded(&self) {
        if self.failures.load(SeqCst) != 0 {
            self.failures.store(0, SeqCst);
        }
    }

    pub(crate) fn failed(&self, now: BootMillis) {
        let failures = self.failures.fetch_add(1, SeqCst).saturating_add(1);
        self.closed_from.store(now.0.saturating_add(pause(failures)), SeqCst);
    }
}

fn pause(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(TOLERATED).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    pause.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_three_failures_one_call_per_pause_is_admitted_until_one_succeeds() {
        let breaker = Breaker::default();
        for ms in 0..3 {
            assert!(breaker.admits(BootMillis(ms)));
            breaker.failed(BootMillis(ms));
        }
        assert!(!breaker.admits(BootMillis(50)));
        assert!(breaker.admits(BootMillis(102)));
        assert!(!breaker.admits(BootMillis(103)));
        breaker.succeeded();
        assert!(breaker.admits(BootMillis(103)));
    }

    #[test]
    fn the_pause_grows_to_its_bound() {
        assert_eq!(pause(3), 100);
        assert_eq!(pause(4), 200);
        assert_eq!(pause(u32::MAX), 2000);
    }
}
