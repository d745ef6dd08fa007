//! Times to live, as memcached counts them: in whole seconds, beyond thirty days as a date.

use cachekit_process::Clock;

use crate::lifetime::Lifetime;

/// Beyond so many seconds memcached takes the number for a Unix time.
const LONGEST_RELATIVE: u64 = 30 * 24 * 3600;
/// memcached keeps a date in 32 bits with a sign.
const LAST_DATE: u64 = i32::MAX as u64;

/// The number after `T`.
///
/// memcached's clock ticks once a second and may tick right after a write: an entry for `n`
/// seconds lives between `n - 1` and `n`. One more is asked for, so that none ends early. A
/// date counts by this machine's clock, and the server's may differ; within thirty days no
/// clock matters.
pub(super) fn seconds(life: Lifetime, clock: &dyn Clock) -> u64 {
    let relative = life.as_millis().div_ceil(1000).saturating_add(1);
    if relative <= LONGEST_RELATIVE {
        return relative;
    }
    let now = clock.wall_nanos() / 1_000_000_000;
    let date = now.saturating_add(relative).min(LAST_DATE);
    // Near the last date, and beyond it, thirty days are the most that can be said.
    if date > now.saturating_add(LONGEST_RELATIVE) { date } else { LONGEST_RELATIVE }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cachekit_process::{ManualClock, UnixMillis};

    use super::*;

    const DAY: u64 = 24 * 3600;

    fn at(now: u64, ttl: Duration) -> u64 {
        let clock = ManualClock::new(UnixMillis(now * 1000));
        seconds(Lifetime::new(ttl, "").unwrap(), &clock)
    }

    #[test]
    fn is_rounded_up_and_one_tick_longer() {
        let now = 1_700_000_000;
        assert_eq!(at(now, Duration::from_nanos(1)), 2);
        assert_eq!(at(now, Duration::from_secs(1)), 2);
        assert_eq!(at(now, Duration::from_millis(1001)), 3);
    }

    #[test]
    fn thirty_days_are_the_longest_that_is_no_date() {
        let now = 1_700_000_000;
        let most = Duration::from_secs(30 * DAY - 1);
        assert_eq!(at(now, most), 30 * DAY);
        let more = most + Duration::from_millis(1);
        assert_eq!(at(now, more), now + 30 * DAY + 1);
        assert_eq!(at(now, Duration::from_secs(365 * DAY)), now + 365 * DAY + 1);
    }

    #[test]
    fn no_date_is_beyond_the_last_or_too_near_to_be_one() {
        assert_eq!(at(1_700_000_000, Duration::MAX), LAST_DATE);
        for now in [LAST_DATE - 30 * DAY, LAST_DATE - 1, LAST_DATE + DAY] {
            assert_eq!(at(now, Duration::MAX), 30 * DAY, "{now}");
        }
        assert_eq!(at(LAST_DATE - 30 * DAY - 1, Duration::MAX), LAST_DATE);
    }
}
