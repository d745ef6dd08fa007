//! What a particular store can do: data for the engine to choose by, never a guess.

use std::time::Duration;

/// What a store can do, and how well. Known without I/O.
///
/// New fields come with new stores; build one with [`Capabilities::new`] and the `with_`
/// methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Who shares the entries.
    pub reach: Reach,
    /// Whether compare-and-set and compare-and-delete are there.
    pub compare: Compare,
    /// What [`get_many`](crate::Store::get_many) promises.
    pub batch: Batch,
    /// Whether the store tells of what others change.
    pub watch: Watching,
    /// The largest value in bytes; larger ones are refused before any I/O.
    pub largest_entry: usize,
    /// The most keys or writes in one call.
    pub most_keys: usize,
    /// An entry is gone this long after its time to live at the latest.
    pub ttl_resolution: Duration,
}

/// Who sees what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// This process alone; a forked child starts with an empty store.
    Process,
    /// Other processes, perhaps on other machines.
    Shared,
}

/// Whether a write can depend on what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compare {
    /// Compare-and-set and compare-and-delete are atomic.
    Atomic,
    /// They fail with [`Unsupported`](crate::ErrorKind::Unsupported). The cache looks once more right
    /// before it writes instead: in the moment between, a value from before an invalidation may be
    /// written over it.
    Unsupported,
}

/// How well several reads hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batch {
    /// One round trip, and all answers were true at one moment.
    OneSnapshot,
    /// One round trip, but writes may fall between the reads.
    OneRoundTrip,
    /// A round trip for each key.
    OneByOne,
}

/// Whether others' changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Watching {
    /// [`watch`](crate::Store::watch) tells of them, soon and without a promise.
    Told,
    /// It fails with [`Unsupported`](crate::ErrorKind::Unsupported): who holds a copy of an entry
    /// has to look again from time to time.
    Unsupported,
}

impl Capabilities {
    /// Atomic comparison and snapshots, as an in-process store has them, for entries of up to
    /// `largest_entry` bytes; others' changes are not told.
    pub const fn new(reach: Reach, largest_entry: usize) -> Self {
        Self {
            reach,
            compare: Compare::Atomic,
            batch: Batch::OneSnapshot,
            watch: Watching::Unsupported,
            largest_entry,
            most_keys: 4096,
            ttl_resolution: Duration::from_millis(1),
        }
    }

    /// The same with another [`Compare`].
    pub const fn with_compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    /// The same with another [`Batch`].
    pub const fn with_batch(mut self, batch: Batch) -> Self {
        self.batch = batch;
        self
    }

    /// The same with another [`Watching`].
    pub const fn with_watch(mut self, watch: Watching) -> Self {
        self.watch = watch;
        self
    }

    /// The same with another bound on the keys of one call.
    pub const fn with_most_keys(mut self, most_keys: usize) -> Self {
        self.most_keys = most_keys;
        self
    }

    /// The same with another [`ttl_resolution`](Self::ttl_resolution).
    pub const fn with_ttl_resolution(mut self, resolution: Duration) -> Self {
        self.ttl_resolution = resolution;
        self
    }
}
