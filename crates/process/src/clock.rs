//! Clocks, injected: no caching decision reads the time in any other way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::time::UnixMillis;

/// Where time comes from.
///
/// Nanoseconds in a `u64` reach the year 2554. Neither reading may block.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since 1970-01-01 UTC, as the machine believes; may jump in both directions.
    fn wall_nanos(&self) -> u64;

    /// Nanoseconds since boot, time asleep included; never runs backwards.
    fn boot_nanos(&self) -> u64;

    /// The wall clock as it stood a few milliseconds ago at most, where that is cheaper to know:
    /// enough to notice that it jumped.
    fn recent_wall_nanos(&self) -> u64 {
        self.wall_nanos()
    }
}

/// The machine's clocks: `CLOCK_REALTIME` and, where there is one, `CLOCK_BOOTTIME`.
///
/// On Linux both are read without entering the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[inline]
    fn wall_nanos(&self) -> u64 {
        // A machine that believes in a time before 1970 is read as 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos)
    }

    #[inline]
    fn boot_nanos(&self) -> u64 {
        // The clock of the same meaning: on Darwin `CLOCK_MONOTONIC` goes on while asleep.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const BOOT: libc::clockid_t = libc::CLOCK_BOOTTIME;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const BOOT: libc::clockid_t = libc::CLOCK_MONOTONIC;
        read(BOOT)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[inline]
    fn recent_wall_nanos(&self) -> u64 {
        read(libc::CLOCK_REALTIME_COARSE)
    }
}

#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for one `timespec`. The call cannot fail for a clock that
    // exists, and would leave zero.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let fraction = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(fraction)
}

/// A clock that moves only when told, for tests. Share it as `Arc<ManualClock>`.
///
/// ```
/// use cachekit_process::{Clock, ManualClock, UnixMillis};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(UnixMillis(1_700_000_000_000));
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.wall_nanos(), 1_700_000_005_000_000_000);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicU64,
    boot: AtomicU64,
}

impl ManualClock {
    /// A machine that booted one hour before `wall`.
    #[must_use]
    pub fn new(wall: UnixMillis) -> Self {
        let boot = nanos(Duration::from_secs(3600));
        Self { wall: AtomicU64::new(wall_nanos(wall)), boot: AtomicU64::new(boot) }
    }

    /// Lets time pass: both clocks move on.
    pub fn advance(&self, by: Duration) {
        self.wall.fetch_add(nanos(by), Ordering::SeqCst);
        self.advance_boot(by);
    }

    /// Lets time pass while the wall clock stands still.
    pub fn advance_boot(&self, by: Duration) {
        self.boot.fetch_add(nanos(by), Ordering::SeqCst);
    }

    /// Sets the wall clock, as an operator or a time server would; no time passes.
    pub fn set_wall(&self, to: UnixMillis) {
        self.wall.store(wall_nanos(to), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall_nanos(&self) -> u64 {
        self.wall.load(Ordering::SeqCst)
    }

    fn boot_nanos(&self) -> u64 {
        self.boot.load(Ordering::SeqCst)
    }
}

fn wall_nanos(at: UnixMillis) -> u64 {
    at.0.saturating_mul(1_000_000)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_been_up_and_is_past_2020() {
        let (wall, boot) = (SystemClock.wall_nanos(), SystemClock.boot_nanos());
        assert!(wall > 1_577_836_800_000_000_000);
        assert!(boot > 0);
        assert!(SystemClock.boot_nanos() >= boot);
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::new(UnixMillis(10));
        let boot = clock.boot_nanos();
        clock.set_wall(UnixMillis(5));
        assert_eq!((clock.wall_nanos(), clock.boot_nanos()), (5_000_000, boot));
        clock.advance_boot(Duration::from_nanos(3));
        assert_eq!((clock.wall_nanos(), clock.boot_nanos()), (5_000_000, boot + 3));
    }
}
