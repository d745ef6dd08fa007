//! State that must not survive a `fork`.

use std::marker::PhantomData;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::epoch::{Epoch, epoch};

/// A value that every process makes for itself: locks, sockets, runtimes.
///
/// A forked child that asks gets its own, freshly made; the parent's copy is leaked in the child,
/// never locked, used or dropped there (a lock may have been held by a thread that no longer
/// exists, a socket is still the parent's). One leak per fork and value is the price.
///
/// ```
/// use cachekit_process::PerProcess;
/// use std::sync::Mutex;
///
/// static LOG: PerProcess<Mutex<Vec<&str>>> = PerProcess::new();
/// LOG.get_or_init(Default::default).lock().unwrap().push("mine");
/// ```
pub struct PerProcess<T> {
    current: AtomicPtr<Owned<T>>,
    /// `Send` and `Sync` as for the cell inside: the pointer alone would allow too much.
    owns: PhantomData<OnceLock<T>>,
}

struct Owned<T> {
    by: Epoch,
    value: OnceLock<T>,
}

impl<T> PerProcess<T> {
    /// An empty cell, for a `static` or a field.
    #[must_use]
    pub const fn new() -> Self {
        Self { current: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    /// This process' value, made by `make` at the first call after start or fork.
    ///
    /// Threads that race wait for one `make`; one that asks for the same cell again inside `make`
    /// deadlocks, as with [`OnceLock`]. A panic in `make` leaves the cell empty.
    #[inline]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let here = epoch();
        // SAFETY: see `owned`.
        let owned = match unsafe { self.owned() } {
            Some(owned) if owned.by == here => owned,
            _ => self.adopt(here),
        };
        owned.value.get_or_init(make)
    }

    /// This process' value, if it was made already.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // SAFETY: see `owned`.
        unsafe { self.owned() }.filter(|owned| owned.by == epoch())?.value.get()
    }

    /// # Safety
    /// Sound for any `&self`: a non-null pointer came from `Box::into_raw` in `adopt`, and nothing
    /// is freed before `drop`, which has `&mut self`. Unsafe only to keep the argument in view.
    unsafe fn owned(&self) -> Option<&Owned<T>> {
        // SAFETY: as above.
        unsafe { self.current.load(Ordering::Acquire).as_ref() }
    }

    /// Puts an empty cell of this process in place of none, or of an inherited one. The inherited
    /// one stays allocated: the forking thread may hold references into it.
    #[cold]
    fn adopt(&self, here: Epoch) -> &Owned<T> {
        let fresh = Box::into_raw(Box::new(Owned { by: here, value: OnceLock::new() }));
        let mut seen = self.current.load(Ordering::Acquire);
        loop {
            // SAFETY: see `owned`.
            if let Some(winner) = unsafe { seen.as_ref() }.filter(|owned| owned.by == here) {
                // SAFETY: `fresh` was never shared.
                drop(unsafe { Box::from_raw(fresh) });
                return winner;
            }
            let swap =
                self.current.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire);
            match swap {
                // SAFETY: just published, freed only by `drop`.
                Ok(_) => return unsafe { &*fresh },
                Err(now) => seen = now,
            }
        }
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> std::fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerProcess").finish_non_exhaustive()
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let owned = *self.current.get_mut();
        // SAFETY: see `owned`.
        if unsafe { owned.as_ref() }.is_some_and(|owned| owned.by == epoch()) {
            // SAFETY: made by `Box::into_raw`, and `&mut self` proves that nobody refers to it.
            drop(unsafe { Box::from_raw(owned) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn threads_share_one_value_made_once() {
        let (cell, made) = (PerProcess::new(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    assert_eq!(*cell.get_or_init(|| made.fetch_add(1, Ordering::Relaxed)), 0);
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert_eq!(cell.get(), Some(&0));
    }

    #[test]
    fn its_own_value_is_dropped_with_the_cell() {
        let value = Arc::new(());
        let cell = PerProcess::new();
        cell.get_or_init(|| Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 2);
        drop(cell);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_failed_make_leaves_the_cell_empty() {
        let cell: PerProcess<u8> = PerProcess::new();
        let attempt = std::panic::AssertUnwindSafe(|| cell.get_or_init(|| panic!("no")));
        assert!(std::panic::catch_unwind(attempt).is_err());
        assert_eq!(cell.get(), None);
        assert_eq!(*cell.get_or_init(|| 7), 7);
    }
}
