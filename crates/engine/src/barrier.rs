//! Barriers: how `clear` reaches fills in flight, here and in other processes.
//!
//! A barrier is a value in the store that every read reads along and every `clear` replaces. An
//! entry carries a digest of the barriers that stood when its computation began (its generation);
//! it is served only while they still stand. No clocks of two machines are compared. See
//! `docs/format.md`, "Freshness".

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use cachekit_process::{BootMillis, UnixMillis, random};
use parking_lot::Mutex;

/// A barrier's value: milliseconds, then eight random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BarrierValue(pub(crate) [u8; 16]);

impl BarrierValue {
    /// What stands where nothing was ever cleared and no store is asked.
    pub(crate) const ZERO: Self = Self([0; 16]);

    pub(crate) fn new(ms: u64) -> Self {
        let mut value = [0; 16];
        let (head, tail) = value.split_at_mut(8);
        head.copy_from_slice(&ms.to_be_bytes());
        // They tell two clears of one millisecond apart; they are no secret.
        random(tail);
        Self(value)
    }

    pub(crate) fn from_body(body: &[u8]) -> Option<Self> {
        Some(Self(body.try_into().ok()?))
    }

    pub(crate) fn ms(self) -> u64 {
        self.0.first_chunk::<8>().map_or(0, |head| u64::from_be_bytes(*head))
    }
}

/// Moves whenever a barrier of an operation's moves: a first-level entry is valid while it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) u64);

impl Stamp {
    /// Fits no state: what carries it is never served by the first level.
    pub(crate) const NEVER: Self = Self(u64::MAX);
}

/// How long a process waits before it looks for another's note again.
const NOTE_AGAIN: Duration = Duration::from_secs(60);
/// How often a barrier may move before it could be taken for another.
const VERSIONS: u64 = 1 << 32;

/// What one process knows of one barrier.
pub(crate) struct Barrier {
    known: Mutex<Known>,
    version: AtomicU64,
}

#[derive(Clone, Copy, Default)]
struct Known {
    value: Option<BarrierValue>,
    /// Since when the store shows something that cannot be opened.
    foreign_since: Option<BootMillis>,
    /// Since when the store shows one under a key that only opens.
    retiring_since: Option<BootMillis>,
    /// When this process last asked when others first met it.
    asked_for_note: Option<BootMillis>,
}

/// How a barrier read from the store compares with what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learned {
    /// It is the newest known.
    Current,
    /// It is what was known when the read was sent; a newer one is known by now.
    Overtaken,
    /// The store shows less than was known when the read was sent: it has gone back.
    Behind,
}

impl Barrier {
    /// One that only this process has.
    pub(crate) fn local() -> Self {
        Self::with(Some(BarrierValue::ZERO))
    }

    /// One that the store has; unknown until it is first read.
    pub(crate) fn shared() -> Self {
        Self::with(None)
    }

    fn with(value: Option<BarrierValue>) -> Self {
        // Each begins where no other has been: an entry that was held against one whose operation
        // was let go of fits none that is made in its place.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let version = AtomicU64::new(NEXT.fetch_add(VERSIONS, SeqCst));
        Self { known: Mutex::new(Known { value, ..Known::default() }), version }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(SeqCst)
    }

    pub(crate) fn known(&self) -> Option<BarrierValue> {
        self.known.lock().value
    }

    /// Takes note of what the store shows.
    pub(crate) fn learn(&self, shown: BarrierValue, when_sent: Option<BarrierValue>) -> Learned {
        if when_sent.is_some_and(|sent| shown.ms() < sent.ms()) {
            return Learned::Behind;
        }
        let mut known = self.known.lock();
        known.foreign_since = None;
        let newest = match known.value {
            None => true,
            Some(value) if value == shown => return Learned::Current,
            Some(value) => {
                shown.ms() > value.ms() || (shown.ms() == value.ms() && known.value == when_sent)
            }
        };
        if !newest {
            return Learned::Overtaken;
        }
        known.value = Some(shown);
        self.version.fetch_add(1, SeqCst);
        Learned::Current
    }

    /// A value above all known, from here on the newest: what a `clear` writes.
    pub(crate) fn raise(&self, now: UnixMillis) -> BarrierValue {
        let mut known = self.known.lock();
        let value = BarrierValue::new(above(known.value, now));
        known.value = Some(value);
        self.version.fetch_add(1, SeqCst);
        value
    }

    /// A value above all known, *not* known yet: what repairs a store, if its write succeeds.
    pub(crate) fn proposal(&self, now: UnixMillis) -> BarrierValue {
        BarrierValue::new(above(self.known(), now))
    }

    /// For how long the store has been showing a barrier that this process cannot open.
    pub(crate) fn foreign_for(&self, now: BootMillis) -> Duration {
        now.since(*self.known.lock().foreign_since.get_or_insert(now))
    }

    /// For how long this process has known that the store's barrier is under a key that only opens.
    pub(crate) fn retiring_for(&self, now: BootMillis) -> Duration {
        now.since(*self.known.lock().retiring_since.get_or_insert(now))
    }

    /// Whether to ask now when others first met it: at once, then at most once a minute.
    pub(crate) fn may_ask_for_note(&self, now: BootMillis) -> bool {
        let mut known = self.known.lock();
        let may = known.asked_for_note.is_none_or(|last| now.since(last) >= NOTE_AGAIN);
        if may {
            known.asked_for_note = Some(now);
        }
        may
    }
}

fn above(known: Option<BarrierValue>, now: UnixMillis) -> u64 {
    known.map_or(now.0, |value| now.0.max(value.ms().saturating_add(1)))
}

/// The barriers of one operation: the whole cache's and its own.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) cache: &'a Barrier,
    pub(crate) operation: &'a Barrier,
}

impl Pair<'_> {
    /// The state that first-level entries are held against: two loads on the path of a hit.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(self.cache.version().wrapping_add(self.operation.version()))
    }

    /// The values known at this moment, with their stamp.
    pub(crate) fn known(&self) -> Snapshot {
        let cache = self.cache.known.lock();
        let operation = self.operation.known.lock();
        Snapshot { cache: cache.value, operation: operation.value, stamp: self.stamp() }
    }

    /// The stamp under which just these values stand, or one that fits nothing.
    pub(crate) fn stamp_of(&self, cache: BarrierValue, operation: BarrierValue) -> Stamp {
        let known = self.known();
        if known.cache == Some(cache) && known.operation == Some(operation) {
            known.stamp
        } else {
            Stamp::NEVER
        }
    }
}

/// Both barriers as known at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) cache: Option<BarrierValue>,
    pub(crate) operation: Option<BarrierValue>,
    pub(crate) stamp: Stamp,
}

/// The barriers as one read saw them.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) cache: BarrierValue,
    pub(crate) operation: BarrierValue,
    pub(crate) stamp: Stamp,
}

/// The generation of entries computed under these barriers: SHA-256 over name and value of each,
/// first eight bytes. Tags' barriers follow, bytewise ascending.
pub(crate) fn generation(barriers: &[(&[u8], BarrierValue)]) -> [u8; 8] {
    let mut context = Context::new(&SHA256);
    for (name, value) in barriers {
        context.update(name);
        context.update(&value.0);
    }
    context.finish().as_ref().first_chunk::<8>().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(ms: u64, last: u8) -> BarrierValue {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&ms.to_be_bytes());
        bytes[15] = last;
        BarrierValue(bytes)
    }

    #[test]
    fn a_store_that_goes_back_is_seen_and_changes_nothing() {
        let barrier = Barrier::shared();
        assert_eq!(barrier.learn(value(10, 0), None), Learned::Current);
        let sent = barrier.known();
        assert_eq!(barrier.learn(value(9, 0), sent), Learned::Behind);
        assert_eq!(barrier.known(), Some(value(10, 0)));
        assert_eq!(barrier.proposal(UnixMillis(1)).ms(), 11);
    }

    #[test]
    fn a_reply_overtaken_by_an_own_clear_never_becomes_the_newest() {
        let barrier = Barrier::shared();
        barrier.learn(value(10, 0), None);
        let sent = barrier.known();
        let cleared = barrier.raise(UnixMillis(12));
        assert_eq!(barrier.learn(value(10, 0), sent), Learned::Overtaken);
        assert_eq!(barrier.known(), Some(cleared));
    }

    #[test]
    fn the_stamp_moves_with_either_barrier_and_fits_only_the_values_known() {
        let (cache, operation) = (Barrier::local(), Barrier::local());
        let pair = Pair { cache: &cache, operation: &operation };
        let before = pair.stamp();
        let own = operation.raise(UnixMillis(5));
        assert_ne!(pair.stamp(), before);
        assert_eq!(pair.stamp_of(BarrierValue::ZERO, own), pair.stamp());
        assert_eq!(pair.stamp_of(value(1, 1), own), Stamp::NEVER);
        let between = pair.stamp();
        cache.raise(UnixMillis(6));
        assert_ne!(pair.stamp(), between);
    }
}
