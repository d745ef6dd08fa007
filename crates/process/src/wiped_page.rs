//! One page that the kernel empties in every child (`madvise(2)`, `MADV_WIPEONFORK`, Linux 4.14).
//!
//! All words are atomics and zero means "seed me". Seeding is a compare-and-swap, so threads agree
//! without a lock; a lock could be inherited in its locked state by a child whose owner is gone.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering};

use crate::kernel;

/// What must not be shared by two processes. `Relaxed` suffices throughout: every word stands for
/// itself, and only the rise of `counter` has to be unique, which any read-modify-write is.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Page {
    /// Identifies this process among its parents and children.
    pub(crate) epoch: AtomicU64,
    /// The writer session, in two halves, and its random bytes (the low 32 bits count).
    pub(crate) sid_high: AtomicU64,
    pub(crate) sid_low: AtomicU64,
    pub(crate) randomness: AtomicU64,
    /// Nonces taken by this process. It only rises, through every session: **only a wipe may
    /// reset it**, which is why a read that mixes two sessions is harmless.
    pub(crate) counter: AtomicU64,
    /// The counter at which the session began, and the bytes sealed since.
    pub(crate) session_start: AtomicU64,
    pub(crate) session_bytes: AtomicU64,
}

/// Reads a word, seeding it from the kernel if it is empty. All threads get the same answer.
pub(crate) fn seeded(word: &AtomicU64) -> u64 {
    match word.load(Ordering::Relaxed) {
        0 => seed(word),
        value => value,
    }
}

#[cold]
fn seed(word: &AtomicU64) -> u64 {
    let fresh = kernel::nonzero_word().get();
    match word.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => fresh,
        Err(winner) => winner,
    }
}

/// The mapped page. Null until the first use, and for ever where the kernel does not wipe.
static PAGE: AtomicPtr<Page> = AtomicPtr::new(ptr::null_mut());
static SUPPORT: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const VERIFIED: u8 = 1;
const UNAVAILABLE: u8 = 2;

/// The wiped page, or `None` where the kernel gives none. An atomic load once it is known.
#[inline]
pub(crate) fn page() -> Option<&'static Page> {
    // SAFETY: a non-null `PAGE` is a live, zero-initialised mapping, large enough and aligned for
    // `Page`, that is never unmapped; `Page` holds only atomics, for which zeros are valid.
    match unsafe { PAGE.load(Ordering::Acquire).as_ref() } {
        None => find_page(),
        known => known,
    }
}

#[cold]
fn find_page() -> Option<&'static Page> {
    if SUPPORT.load(Ordering::Relaxed) == UNAVAILABLE {
        return None;
    }
    let Some(fresh) = map() else {
        // Another thread may have succeeded (memory was short for a moment): success wins.
        let _ =
            SUPPORT.compare_exchange(UNKNOWN, UNAVAILABLE, Ordering::Relaxed, Ordering::Relaxed);
        // SAFETY: as in `page`.
        return unsafe { PAGE.load(Ordering::Acquire).as_ref() };
    };
    SUPPORT.store(VERIFIED, Ordering::Relaxed);
    let winner =
        match PAGE.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(winner) => {
                // SAFETY: `fresh` was mapped with this length just now and never shared.
                unsafe { libc::munmap(fresh.cast(), page_size()) };
                winner
            }
        };
    // SAFETY: as in `page`.
    unsafe { winner.as_ref() }
}

#[cfg(target_os = "linux")]
fn map() -> Option<*mut Page> {
    /// No kernel has such an advice. One that accepts it (an emulator that ignores `madvise`)
    /// would have accepted `MADV_WIPEONFORK` without wiping anything.
    const NONSENSE: libc::c_int = 0x6e6f_6e73;
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches no other memory.
    let address = unsafe { libc::mmap(ptr::null_mut(), page_size(), protection, flags, -1, 0) };
    if address == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: both calls name exactly the mapping made above.
    let wipes = unsafe {
        libc::madvise(address, page_size(), libc::MADV_WIPEONFORK) == 0
            && libc::madvise(address, page_size(), NONSENSE) != 0
    };
    if !wipes {
        // SAFETY: the mapping made above, never shared.
        unsafe { libc::munmap(address, page_size()) };
        return None;
    }
    Some(address.cast())
}

#[cfg(not(target_os = "linux"))]
fn map() -> Option<*mut Page> {
    None
}

fn page_size() -> usize {
    // SAFETY: `sysconf` has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_agree_on_a_seed() {
        let word = AtomicU64::new(0);
        let seen: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| seeded(&word))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.iter().all(|value| *value == seen[0] && *value != 0));
    }

    #[test]
    fn the_page_is_one_and_starts_empty() {
        let first = page().map(ptr::from_ref);
        assert_eq!(first, page().map(ptr::from_ref));
        if cfg!(target_os = "linux") {
            assert!(first.is_some(), "this kernel does not wipe on fork");
        }
    }
}
