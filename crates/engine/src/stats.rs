//! Counters: cheap to raise on the hot path, added up when somebody asks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::observe::Refused;

/// What has been counted since the process started (or forked).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Served by the first level.
    pub l1_hits: u64,
    /// Served by the store.
    pub store_hits: u64,
    /// Served by a computation that another caller had under way.
    pub joined: u64,
    /// Nothing servable: the function ran.
    pub misses: u64,
    /// Values written.
    pub fills: u64,
    /// Values computed but written nowhere (see [`Filled`](crate::Filled)).
    pub unwritten: u64,
    /// The function raised.
    pub failures: u64,
    /// The store failed or was not asked because it had just failed.
    pub store_errors: u64,
    /// Values that no serializer could encode.
    pub unencodable: u64,
    /// Stored bytes that would not decode: misses, not hits.
    pub undecodable: u64,
    /// Refused entries, in the order of [`Refused::ALL`].
    pub refused: [u64; Refused::ALL.len()],
}

impl Stats {
    /// All that were served without running the function.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.l1_hits + self.store_hits + self.joined
    }

    /// How often entries were refused for this reason.
    #[must_use]
    pub fn refused(&self, reason: Refused) -> u64 {
        self.refused.get(reason as usize).copied().unwrap_or(0)
    }

    /// Adds the counts of another operation.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.l1_hits, other.l1_hits),
            (&mut self.store_hits, other.store_hits),
            (&mut self.joined, other.joined),
            (&mut self.misses, other.misses),
            (&mut self.fills, other.fills),
            (&mut self.unwritten, other.unwritten),
            (&mut self.failures, other.failures),
            (&mut self.store_errors, other.store_errors),
            (&mut self.unencodable, other.unencodable),
            (&mut self.undecodable, other.undecodable),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
        for (sum, more) in self.refused.iter_mut().zip(other.refused) {
            *sum += more;
        }
    }
}

/// Where a hit was found, and so as what it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    FirstLevel,
    Store,
    /// By joining another caller's computation.
    Joined,
    /// Somewhere, by a look that is not counted.
    Peeked,
}

/// How many counters share the work of counting hits, so that threads do not fight for one line.
const STRIPES: usize = 8;

/// One cache line, one counter.
#[derive(Default)]
#[repr(align(64))]
struct Stripe(AtomicU64);

thread_local! {
    static STRIPE: usize = {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        (NEXT.fetch_add(1, Relaxed) as usize) % STRIPES
    };
}

/// One operation's counters.
#[derive(Default)]
pub(crate) struct Counters {
    l1_hits: [Stripe; STRIPES],
    store_hits: AtomicU64,
    joined: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) fills: AtomicU64,
    pub(crate) unwritten: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) store_errors: AtomicU64,
    pub(crate) unencodable: AtomicU64,
    undecodable: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
}

impl Counters {
    #[inline]
    pub(crate) fn hit(&self, found: Found) {
        if let Some(counter) = self.hits(found) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// A hit that turned out to be none: what was found could not be read.
    pub(crate) fn undecodable(&self, found: Found) {
        if let Some(counter) = self.hits(found) {
            counter.fetch_sub(1, Relaxed);
        }
        count(&self.undecodable);
    }

    #[inline]
    fn hits(&self, found: Found) -> Option<&AtomicU64> {
        match found {
            Found::FirstLevel => {
                let stripe = STRIPE.with(|stripe| *stripe);
                self.l1_hits.get(stripe).map(|stripe| &stripe.0)
            }
            Found::Store => Some(&self.store_hits),
            Found::Joined => Some(&self.joined),
            Found::Peeked => None,
        }
    }

    pub(crate) fn refused(&self, reason: Refused) {
        if let Some(counter) = self.refused.get(reason as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// One thread may take back on its stripe what another counted on its own.
    fn l1_hits(&self) -> u64 {
        let stripes = self.l1_hits.iter().map(|stripe| stripe.0.load(Relaxed));
        stripes.fold(0, u64::wrapping_add)
    }

    pub(crate) fn read(&self) -> Stats {
        let mut refused = [0; Refused::ALL.len()];
        for (sum, counter) in refused.iter_mut().zip(&self.refused) {
            *sum = counter.load(Relaxed);
        }
        Stats {
            l1_hits: self.l1_hits(),
            store_hits: self.store_hits.load(Relaxed),
            joined: self.joined.load(Relaxed),
            misses: self.misses.load(Relaxed),
            fills: self.fills.load(Relaxed),
            unwritten: self.unwritten.load(Relaxed),
            failures: self.failures.load(Relaxed),
            store_errors: self.store_errors.load(Relaxed),
            unencodable: self.unencodable.load(Relaxed),
            undecodable: self.undecodable.load(Relaxed),
            refused,
        }
    }
}

/// Raises one counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
