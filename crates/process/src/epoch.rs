//! Which process is this? The answer differs in every forked child, `clone(2)` included.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::kernel;
use crate::wiped_page::{page, seeded};

/// The identity of this process between two forks: random, equal only to itself.
///
/// It is no secret and no process id: ids are reused, an epoch is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(NonZeroU64);

impl Epoch {
    /// The epoch as a number, for use in keys of maps.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// The epoch of the calling process: one atomic load once it is known.
///
/// State that was made under another epoch was inherited by `fork` and must neither be used nor
/// dropped; [`PerProcess`](crate::PerProcess) does that.
#[inline]
#[must_use]
pub fn epoch() -> Epoch {
    let word = match page() {
        Some(page) => seeded(&page.epoch),
        None => watched(),
    };
    // A seeded word is never zero; the fallback only pleases the type.
    Epoch(NonZeroU64::new(word).unwrap_or(NonZeroU64::MAX))
}

/// The process id above 32 random bits, or zero. One word, so that no thread can see half of it.
static WATCHED: AtomicU64 = AtomicU64::new(0);
static WATCHING: AtomicBool = AtomicBool::new(false);

/// Where no page is wiped: a `pthread_atfork` hook, and the process id for children that were made
/// without running hooks. A system call each time, and blind to a raw `clone` into a new process
/// namespace that reuses the id; nonces therefore do not rely on it (see [`crate::writer`]).
#[cold]
fn watched() -> u64 {
    // No `Once`: it holds a lock, and a lock can be inherited.
    if !WATCHING.load(Ordering::Relaxed) && !WATCHING.swap(true, Ordering::Relaxed) {
        // SAFETY: the hook only stores to an atomic, which is async-signal-safe.
        unsafe { libc::pthread_atfork(None, None, Some(forget_epoch)) };
    }
    watched_by(std::process::id())
}

fn watched_by(process: u32) -> u64 {
    let known = WATCHED.load(Ordering::Relaxed);
    if known >> 32 == u64::from(process) {
        return known;
    }
    let random = kernel::nonzero_word().get() & u64::from(u32::MAX);
    let fresh = u64::from(process) << 32 | random;
    match WATCHED.compare_exchange(known, fresh, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => fresh,
        Err(winner) => winner,
    }
}

extern "C" fn forget_epoch() {
    WATCHED.store(0, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_lasts_as_long_as_its_process() {
        assert_eq!(epoch(), epoch());
        let elsewhere = std::thread::spawn(epoch).join().unwrap();
        assert_eq!(epoch(), elsewhere);
    }

    #[test]
    fn the_watched_epoch_notices_a_new_process_id() {
        let before = watched();
        assert_eq!(before, watched());
        let child = watched_by(u32::MAX);
        assert_ne!(child, before);
        forget_epoch();
        assert_ne!(watched_by(u32::MAX), child, "a child that got its parent's id");
    }
}
