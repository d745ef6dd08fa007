//! Entries of keys that this process does not have: left in place while a deployment may be on.
//!
//! A rolling deployment brings processes whose newest key the older ones do not know yet. If those
//! overwrote what they cannot open, both halves of the fleet would fight over every entry.

use std::time::Duration;

use cachekit_process::BootMillis;
use parking_lot::Mutex;

/// How long after the first meeting entries of a key are left in place.
const FORBEARANCE: Duration = Duration::from_secs(600);
/// How many such keys are kept apart; more than a fleet ever rotates through at once, and few
/// enough that a store cannot fill memory with invented ones.
const TRACKED: usize = 16;
/// One look in so many may overwrite all the same.
const EXCEPTION: u64 = 1000;

/// The keys met in one cache of one process, with the moment of the first meeting.
#[derive(Default)]
pub(crate) struct ForeignKeys {
    met: Mutex<Met>,
}

#[derive(Default)]
struct Met {
    keys: Vec<([u8; 4], BootMillis)>,
    looks: u64,
}

impl ForeignKeys {
    /// Takes note of a meeting; true while the entry is to be left in place.
    pub(crate) fn leave_in_place(&self, key: [u8; 4], now: BootMillis) -> bool {
        let mut met = self.met.lock();
        met.looks = met.looks.wrapping_add(1);
        let since = met.keys.iter().find(|(known, _)| *known == key).map(|(_, since)| *since);
        let since = match since {
            Some(since) => since,
            None if met.keys.len() < TRACKED => {
                met.keys.push((key, now));
                now
            }
            None => return false,
        };
        let age = now.0.saturating_sub(since.0);
        u128::from(age) < FORBEARANCE.as_millis() && !met.looks.is_multiple_of(EXCEPTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_respected_for_ten_minutes_but_for_one_look_in_a_thousand() {
        let foreign = ForeignKeys::default();
        let left = (0..1000).filter(|_| foreign.leave_in_place([1; 4], BootMillis(5))).count();
        assert_eq!(left, 999);
        assert!(foreign.leave_in_place([1; 4], BootMillis(5 + 599_999)));
        assert!(!foreign.leave_in_place([1; 4], BootMillis(5 + 600_000)));
    }

    #[test]
    fn invented_keys_beyond_the_bound_get_no_forbearance() {
        let foreign = ForeignKeys::default();
        for key in 0..16 {
            assert!(foreign.leave_in_place([key; 4], BootMillis(0)));
        }
        assert!(!foreign.leave_in_place([16; 4], BootMillis(0)));
    }
}
