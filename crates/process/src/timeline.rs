//! A wall clock that never runs backwards and never stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::clock::Clock;
use crate::time::{BootMillis, UnixMillis};

/// A step back further than this is worth a line in the log.
const NOTABLE_STEP_BACK_NANOS: i64 = 60 * 1_000_000_000;

/// What `now` means to one cache: the wall clock, or the boot clock carried on from the furthest
/// that the wall clock ever was ahead of it, whichever is later.
///
/// So an authenticated expiry cannot be put off by setting the clock back: time goes on from where
/// it was. A jump *forward* is believed, and stays believed in this process after it was corrected;
/// entries then expire early, never late. Two processes need not agree.
pub struct Timeline {
    clock: Arc<dyn Clock>,
    /// The largest wall − boot seen, in nanoseconds.
    lead: AtomicI64,
    step_back_logged: AtomicBool,
}

impl Timeline {
    /// A timeline that starts at what `clock` says now.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (lead, _) = read(&*clock);
        Self { clock, lead: AtomicI64::new(lead), step_back_logged: AtomicBool::new(false) }
    }

    /// The time: at or after every earlier answer to any thread. One reading of each clock. A jump
    /// of the wall clock shows within a few milliseconds.
    #[inline]
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.read().0
    }

    /// [`now`](Self::now) and [`boot`](Self::boot) at one moment.
    #[inline]
    #[must_use]
    pub fn read(&self) -> (UnixMillis, BootMillis) {
        let wall = self.clock.recent_wall_nanos();
        let boot = self.clock.boot_nanos();
        let lead = signed(wall).saturating_sub(signed(boot));
        let known = self.lead.load(Ordering::Acquire);
        let furthest = if lead == known { known } else { self.reconcile(lead, known) };
        (millis(boot, furthest), BootMillis(boot / 1_000_000))
    }

    /// Time since boot, for ages: unmoved by anything that is done to the wall clock.
    #[inline]
    #[must_use]
    pub fn boot(&self) -> BootMillis {
        BootMillis(self.clock.boot_nanos() / 1_000_000)
    }

    /// The clock underneath.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn reconcile(&self, lead: i64, known: i64) -> i64 {
        if lead > known {
            return self.lead.fetch_max(lead, Ordering::AcqRel).max(lead);
        }
        if known.saturating_sub(lead) > NOTABLE_STEP_BACK_NANOS {
            self.report_step_back(known);
        }
        known
    }

    #[cold]
    fn report_step_back(&self, known: i64) {
        // Measured again: sleep between the two readings looks like a step back.
        let behind = known.saturating_sub(read(&*self.clock).0);
        let real = behind > NOTABLE_STEP_BACK_NANOS;
        if real && !self.step_back_logged.swap(true, Ordering::Relaxed) {
            log::warn!(
                "the wall clock was set back by {} s; entries go on to age from where it was, \
                 until the process restarts or the clock has caught up",
                behind / 1_000_000_000
            );
        }
    }
}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timeline").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// wall − boot, and boot. The wall clock is read *first*: a pause between the two readings then
/// makes the lead too small, which the maximum forgets, and never too large, which it would keep.
#[inline]
fn read(clock: &dyn Clock) -> (i64, u64) {
    let wall = clock.wall_nanos();
    let boot = clock.boot_nanos();
    (signed(wall).saturating_sub(signed(boot)), boot)
}

#[inline]
fn millis(boot: u64, lead: i64) -> UnixMillis {
    UnixMillis(boot.saturating_add_signed(lead) / 1_000_000)
}

#[inline]
fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, SystemClock};
    use proptest::prelude::*;
    use std::time::Duration;

    const START: UnixMillis = UnixMillis(1_790_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);
    const SECOND: Duration = Duration::from_secs(1);

    fn line() -> (Arc<ManualClock>, Timeline) {
        let clock = Arc::new(ManualClock::new(START));
        let line = Timeline::new(Arc::clone(&clock) as Arc<dyn Clock>);
        (clock, line)
    }

    #[test]
    fn an_hour_back_goes_on_from_where_it_was() {
        let (clock, line) = line();
        clock.set_wall(START.saturating_sub(HOUR));
        assert_eq!(line.now(), START);
        clock.advance(SECOND);
        assert_eq!(line.now(), START.saturating_add(SECOND));
        assert!(line.step_back_logged.load(Ordering::Relaxed));
    }

    #[test]
    fn an_hour_forth_is_believed_and_kept() {
        let (clock, line) = line();
        let forth = START.saturating_add(HOUR);
        clock.set_wall(forth);
        assert_eq!(line.now(), forth);
        clock.set_wall(START);
        clock.advance(SECOND);
        assert_eq!(line.now(), forth.saturating_add(SECOND));
    }

    #[test]
    fn a_wall_clock_that_stands_still_does_not_stop_time() {
        let (clock, line) = line();
        clock.advance_boot(SECOND);
        assert_eq!(line.now(), START.saturating_add(SECOND));
        assert!(!line.step_back_logged.load(Ordering::Relaxed), "one second is not notable");
    }

    #[test]
    fn a_pause_between_the_readings_adds_no_lead() {
        struct Paused(ManualClock);
        impl Clock for Paused {
            fn wall_nanos(&self) -> u64 {
                let wall = self.0.wall_nanos();
                self.0.advance(HOUR);
                wall
            }
            fn boot_nanos(&self) -> u64 {
                self.0.boot_nanos()
            }
        }
        let line = Timeline::new(Arc::new(Paused(ManualClock::new(START))));
        for _ in 0..3 {
            let _ = line.now();
        }
        let honest = read(&ManualClock::new(START)).0;
        assert!(line.lead.load(Ordering::Relaxed) <= honest);
    }

    #[test]
    fn the_system_clock_agrees_with_itself() {
        let line = Timeline::new(Arc::new(SystemClock));
        let wall = UnixMillis(SystemClock.wall_nanos() / 1_000_000);
        assert!(line.now().since(wall) < Duration::from_secs(60));
        assert!(wall.since(line.now()) < Duration::from_secs(60));
    }

    proptest! {
        #[test]
        fn never_back_never_still(steps in prop::collection::vec(
            (0..5000_u64, prop::option::of(0..4_000_000_000_000_u64)), 1..50)
        ) {
            let (clock, line) = line();
            let mut last = line.now();
            for (pass, wall) in steps {
                if let Some(wall) = wall {
                    clock.set_wall(UnixMillis(wall));
                }
                clock.advance(Duration::from_millis(pass));
                let now = line.now();
                prop_assert!(now >= last.saturating_add(Duration::from_millis(pass)));
                last = now;
            }
        }
    }
}
