//! Nonces that never repeat.
//!
//! The AES key of an entry is unique to its writer session (`sid`); within a process the counter
//! only rises. So no (key, nonce) pair comes twice: not from two threads, because the counter is
//! one atomic; not from a parent and a child, because the kernel empties the page that holds it
//! all and the child draws a new `sid`; not after a restart or on another host, because `sid` is
//! 128 random bits. What cannot be promised is a virtual machine that is resumed twice from one
//! snapshot: call [`reseed`] after resuming.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{Clock, SystemClock};
use crate::kernel;
use crate::wiped_page::{Page, page, seeded};

/// Seals in one session before a new one begins.
const SESSION_SEALS: u64 = 1 << 32;
/// Bytes in one session before a new one begins: 64 GiB.
const SESSION_BYTES: u64 = 64 << 30;

/// One nonce, to be used for one encryption, at once.
///
/// Taking it and encrypting must be one synchronous piece of code: a slot that is held across an
/// `await` could be used on both sides of a fork.
#[derive(Debug, PartialEq, Eq)]
pub struct NonceSlot {
    /// The writer session: kernel-random, never zero.
    pub sid: [u8; 16],
    /// Unique within this process, whatever the session.
    pub counter: u64,
    /// The session's random bytes XOR the low 32 bits of the clock in nanoseconds. Uniqueness does
    /// not rest on them; they are what is left to differ after a snapshot is resumed twice.
    pub randomness: [u8; 4],
}

/// Whether a forked child is known to lose its parent's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WipeOnFork {
    /// The kernel wipes, and was seen to refuse advice that it does not know.
    Verified,
    /// The kernel gives no such page: every entry gets a session of its own. Safe, and slower: one
    /// system call per seal and one key derivation more per open.
    Unavailable,
}

/// What this kernel offers. Decided once, at the first use of this crate.
#[must_use]
pub fn wipe_on_fork() -> WipeOnFork {
    if page().is_some() { WipeOnFork::Verified } else { WipeOnFork::Unavailable }
}

/// Takes the next nonce, for an entry of `sealed_bytes` bytes.
///
/// A new session begins at start, after a fork, after 2^32 seals or 64 GiB, and on [`reseed`].
///
/// # Panics
/// If the kernel has no randomness (see `getrandom(2)`); nothing may be sealed then.
#[inline]
#[must_use]
pub fn take(sealed_bytes: u64) -> NonceSlot {
    match page() {
        Some(page) => take_from(page, sealed_bytes),
        None => session_of_its_own(),
    }
}

/// Begins a new session, for virtual machines that were resumed from a snapshot.
///
/// It helps only as far as the kernel's own randomness was renewed on resuming (Linux: the VM
/// generation id driver), and cannot help what was sealed between resuming and this call.
pub fn reseed() {
    if let Some(page) = page() {
        begin_session(page, page.sid_high.load(Ordering::Relaxed));
    }
}

fn take_from(page: &Page, sealed_bytes: u64) -> NonceSlot {
    loop {
        let epoch = seeded(&page.epoch);
        let (high, low) = (seeded(&page.sid_high), seeded(&page.sid_low));
        let random = seeded(&page.randomness);
        let counter = page.counter.fetch_add(1, Ordering::Relaxed);
        let bytes = page.session_bytes.fetch_add(sealed_bytes, Ordering::Relaxed);
        let seals = counter.saturating_sub(page.session_start.load(Ordering::Relaxed));
        if seals >= SESSION_SEALS || bytes >= SESSION_BYTES {
            begin_session(page, high);
            continue;
        }
        // A signal handler may have forked between the reads, and this may be the child.
        if page.epoch.load(Ordering::Relaxed) == epoch {
            let sid = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
            return NonceSlot { sid, counter, randomness: mixed_with_clock(random) };
        }
    }
}

/// Replaces the session that was `seen`, unless another thread already did.
///
/// Readers may see halves of two sessions meanwhile. The pair is still one that no other process
/// has (either half is random), under a counter that this process gives out once.
#[cold]
fn begin_session(page: &Page, seen: u64) {
    let fresh = kernel::nonzero_word().get();
    let swap = page.sid_high.compare_exchange(seen, fresh, Ordering::Relaxed, Ordering::Relaxed);
    if swap.is_ok() {
        page.sid_low.store(kernel::nonzero_word().get(), Ordering::Relaxed);
        page.randomness.store(kernel::nonzero_word().get(), Ordering::Relaxed);
        page.session_start.store(page.counter.load(Ordering::Relaxed), Ordering::Relaxed);
        page.session_bytes.store(0, Ordering::Relaxed);
    }
}

/// For kernels that do not wipe. The counter is for show there: `sid` alone is unique.
#[cold]
fn session_of_its_own() -> NonceSlot {
    static SEALS: AtomicU64 = AtomicU64::new(0);
    let mut sid = [0; 16];
    while sid == [0; 16] {
        kernel::random(&mut sid);
    }
    let counter = SEALS.fetch_add(1, Ordering::Relaxed);
    NonceSlot { sid, counter, randomness: mixed_with_clock(kernel::nonzero_word().get()) }
}

/// Not a caching decision, so the machine's own clock and not an injected one.
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are what is wanted")]
fn mixed_with_clock(random: u64) -> [u8; 4] {
    (random as u32 ^ SystemClock.wall_nanos() as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_session_lasts_and_its_counter_rises() {
        let page = Page::default();
        let (first, second) = (take_from(&page, 300), take_from(&page, 300));
        assert_eq!(first.sid, second.sid);
        assert_ne!(first.sid, [0; 16]);
        assert_eq!((first.counter, second.counter), (0, 1));
        assert_eq!(page.session_bytes.load(Ordering::Relaxed), 600);
    }

    #[test]
    fn a_session_ends_after_2_to_the_32_seals() {
        let page = Page::default();
        let first = take_from(&page, 1);
        page.counter.store(SESSION_SEALS - 1, Ordering::Relaxed);
        assert_eq!(take_from(&page, 1).sid, first.sid);
        let next = take_from(&page, 1);
        assert_ne!(next.sid, first.sid);
        assert!(next.counter > SESSION_SEALS, "the counter goes on");
        assert_eq!(take_from(&page, 1).sid, next.sid);
    }

    #[test]
    fn a_session_ends_after_64_gib() {
        let page = Page::default();
        let first = take_from(&page, SESSION_BYTES - 1);
        assert_eq!(take_from(&page, 1).sid, first.sid);
        let next = take_from(&page, 1);
        assert_ne!(next.sid, first.sid);
        assert_eq!(take_from(&page, 1).sid, next.sid);
    }

    #[test]
    fn a_wiped_page_is_another_session() {
        let (parent, child) = (take_from(&Page::default(), 1), take_from(&Page::default(), 1));
        assert_eq!(parent.counter, child.counter);
        assert_ne!(parent.sid, child.sid);
        assert_ne!(parent.sid[..8], child.sid[..8]);
        assert_ne!(parent.sid[8..], child.sid[8..]);
    }

    #[test]
    fn reseeding_changes_the_session_and_not_the_counter() {
        let before = take(1);
        reseed();
        let after = take(1);
        assert_ne!(before.sid, after.sid);
        if wipe_on_fork() == WipeOnFork::Verified {
            assert!(after.counter > before.counter);
        }
    }

    #[test]
    fn without_wiping_no_two_seals_share_a_session() {
        let sessions: HashSet<_> = (0..1000).map(|_| session_of_its_own().sid).collect();
        assert_eq!(sessions.len(), 1000);
    }

    #[test]
    fn threads_that_change_sessions_all_the_time_never_repeat() {
        let page = Page::default();
        let slots: Vec<_> = std::thread::scope(|scope| {
            let work =
                || (0..10_000).map(|_| take_from(&page, SESSION_BYTES / 7)).collect::<Vec<_>>();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let distinct: HashSet<_> = slots.iter().map(|slot| (slot.sid, slot.counter)).collect();
        assert_eq!(distinct.len(), slots.len());
        let sessions: HashSet<_> = slots.iter().map(|slot| slot.sid).collect();
        assert!(sessions.len() > 1000, "sessions did change: {}", sessions.len());
    }
}
