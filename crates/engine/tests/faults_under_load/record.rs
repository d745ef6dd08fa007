//! What became of the calls, and how long they took.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// A call looks at the store and writes to it, each for a connect and an operation time-out (1.5 s)
/// at most, and may first have waited as long for another caller who did the same: five seconds. What
/// a busy machine adds is let pass; who waits for ever is found.
const LONGEST: Duration = Duration::from_secs(20);

/// The calls of one load.
#[derive(Default)]
pub(crate) struct Record {
    errors: AtomicU64,
    wrong: AtomicU64,
    took: Mutex<Vec<Duration>>,
}

impl Record {
    /// Takes down a call: whether its value was right, or that it failed, and how long it took.
    pub(crate) fn note(&self, right: Result<bool, ()>, took: Duration) {
        match right {
            Ok(true) => {}
            Ok(false) => drop(self.wrong.fetch_add(1, Relaxed)),
            Err(()) => drop(self.errors.fetch_add(1, Relaxed)),
        }
        self.took().push(took);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.took().len() as u64
    }

    /// Of the calls after the first so many.
    pub(crate) fn since(&self, first: u64) -> String {
        let mut took = self.took()[usize::try_from(first).expect("a count")..].to_vec();
        took.sort_unstable();
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
        if took.is_empty() {
            return "no calls".to_owned();
        }
        let (calls, half, most, longest) = (took.len(), at(0.5), at(0.99), at(1.0));
        format!("{calls} calls, median {half:.1?}, p99 {most:.1?}, longest {longest:.1?}")
    }

    /// # Panics
    ///
    /// If a call failed, had a wrong value, or took too long.
    pub(crate) fn is_right(&self, whose: &str) {
        assert_eq!(self.errors.load(Relaxed), 0, "{whose}: calls failed");
        assert_eq!(self.wrong.load(Relaxed), 0, "{whose}: calls had wrong values");
        let longest = self.took().iter().max().copied().unwrap_or_default();
        assert!(longest < LONGEST, "{whose}: a call took {longest:?}");
    }

    fn took(&self) -> MutexGuard<'_, Vec<Duration>> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (errors, wrong) = (self.errors.load(Relaxed), self.wrong.load(Relaxed));
        write!(f, "errors {errors}, wrong values {wrong}; {}", self.since(0))
    }
}
