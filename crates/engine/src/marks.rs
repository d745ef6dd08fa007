//! What this process has seen of each name, so that it never goes back behind it.
//!
//! A mark is the newest `created` seen under a name; a tombstone wins a tie. The table is bounded
//! and no flush touches it. See `docs/format.md`, "Freshness", *Rollback*.
//!
//! A first-level hit must honour marks without paying for a look into the table. So each mark
//! belongs to one of [`GROUPS`] groups, and a group counts how often a mark of its was raised. A
//! first-level entry remembers the count at which it was last checked: while the count stands, its
//! mark stands.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use cachekit_process::UnixMillis;
use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache as Table, DefaultLifecycle};

use crate::name::{Digest, Uniform};

/// How many names are remembered.
const CAPACITY: usize = 128 * 1024;
const GROUPS: usize = 1024;

/// `created` doubled, plus one for a tombstone: so that a tombstone wins a tie.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark(u64);

impl Mark {
    const fn entry(created: UnixMillis) -> Self {
        Self(created.0.saturating_mul(2))
    }

    const fn tombstone(created: UnixMillis) -> Self {
        Self(created.0.saturating_mul(2).saturating_add(1))
    }

    const fn created(self) -> UnixMillis {
        UnixMillis(self.0 / 2)
    }
}

/// The count of raised marks in one group, as seen at some moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupCount(pub(crate) u64);

/// The table of marks of one cache in one process.
pub(crate) struct Marks {
    table: Table<Digest, Mark, UnitWeighter, Uniform>,
    /// One lock and one count a group; the lock makes "compare, then raise" one step.
    groups: Box<[(Mutex<()>, AtomicU64)]>,
}

impl Marks {
    pub(crate) fn new() -> Self {
        Self {
            table: Table::with(
                CAPACITY,
                CAPACITY as u64,
                UnitWeighter,
                Uniform::default(),
                DefaultLifecycle::default(),
            ),
            groups: (0..GROUPS).map(|_| (Mutex::new(()), AtomicU64::new(0))).collect(),
        }
    }

    /// The group's count, to be read *before* [`admits`](Self::admits): whatever is raised after
    /// that changes it.
    pub(crate) fn count(&self, digest: &Digest) -> GroupCount {
        GroupCount(self.group(digest).map_or(0, |(_, count)| count.load(SeqCst)))
    }

    /// Whether an entry of this date may still be served.
    pub(crate) fn admits(&self, digest: &Digest, created: UnixMillis) -> bool {
        self.table.get(digest).is_none_or(|mark| Mark::entry(created) >= mark)
    }

    /// Takes note of a servable entry. False when something newer was seen meanwhile.
    pub(crate) fn saw_entry(&self, digest: &Digest, created: UnixMillis) -> bool {
        self.raise(digest, Mark::entry(created))
    }

    /// Takes note of an invalidation.
    pub(crate) fn saw_tombstone(&self, digest: &Digest, created: UnixMillis) {
        self.raise(digest, Mark::tombstone(created));
    }

    /// The date of something that is written now: the clock's, but above all seen for the name.
    pub(crate) fn date(&self, digest: &Digest, now: UnixMillis) -> UnixMillis {
        match self.table.get(digest) {
            Some(mark) => now.max(UnixMillis(mark.created().0.saturating_add(1))),
            None => now,
        }
    }

    fn raise(&self, digest: &Digest, to: Mark) -> bool {
        let Some((lock, count)) = self.group(digest) else { return true };
        let held = lock.lock();
        let known = self.table.get(digest);
        if known.is_some_and(|mark| mark > to) {
            return false;
        }
        if known != Some(to) {
            self.table.insert(*digest, to);
            count.fetch_add(1, SeqCst);
        }
        drop(held);
        true
    }

    fn group(&self, digest: &Digest) -> Option<&(Mutex<()>, AtomicU64)> {
        self.groups.get(digest.group(GROUPS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(byte: u8) -> Digest {
        Digest([byte; 16])
    }

    #[test]
    fn an_older_entry_is_not_admitted_after_a_newer_one() {
        let marks = Marks::new();
        assert!(marks.saw_entry(&digest(1), UnixMillis(10)));
        assert!(!marks.admits(&digest(1), UnixMillis(9)));
        assert!(marks.admits(&digest(1), UnixMillis(10)));
        assert!(!marks.saw_entry(&digest(1), UnixMillis(9)));
        assert!(marks.admits(&digest(2), UnixMillis(1)));
    }

    #[test]
    fn a_tombstone_wins_a_tie_and_what_is_written_next_is_newer() {
        let marks = Marks::new();
        marks.saw_tombstone(&digest(1), UnixMillis(10));
        assert!(!marks.admits(&digest(1), UnixMillis(10)));
        let next = marks.date(&digest(1), UnixMillis(4));
        assert_eq!(next, UnixMillis(11));
        assert!(marks.admits(&digest(1), next));
    }

    #[test]
    fn the_count_moves_with_every_raise_and_only_then() {
        let marks = Marks::new();
        let before = marks.count(&digest(1));
        marks.saw_entry(&digest(1), UnixMillis(10));
        let raised = marks.count(&digest(1));
        assert!(before != raised);
        marks.saw_entry(&digest(1), UnixMillis(10));
        assert!(marks.count(&digest(1)) == raised);
    }
}
