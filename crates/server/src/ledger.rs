//! How much each key space holds, as far as this server can know.
//!
//! It is told of what this server writes, removes and finds missing, and lets entries go when they
//! end. What the store below evicts is noticed when it is asked for or would have ended, and
//! what other servers write into the same store not at all. So counts are good for quotas and for
//! the operator's eyes, and nothing that must be exact hangs on them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use cachekit_process::UnixMillis;
use cachekit_store::EmbeddedStore;
use parking_lot::{Mutex, RwLock};

use crate::{space::SpaceId, token::Quota};

/// About 100 bytes each. Beyond, entries are kept and not counted.
const MOST: usize = 2_000_000;

/// What stands for a key. Half of a digest that an embedded store has as well, so that a survey of
/// one counts the same entries as the requests that wrote them.
type Print = u128;

/// Counts by key space.
#[derive(Default)]
pub(crate) struct Ledger {
    spaces: RwLock<HashMap<SpaceId, Arc<Mutex<Account>>>>,
}

/// One key space's.
#[derive(Default)]
struct Account {
    known: HashMap<Print, Known>,
    /// End and print of every known entry.
    ends: BTreeSet<(u64, Print)>,
    bytes: u64,
}

#[derive(Clone, Copy)]
struct Known {
    bytes: u64,
    end: u64,
}

/// What a key space holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// When entries end, from now: within a minute, ten, an hour, a day, a week, thirty days.
pub(crate) const HORIZONS_MS: [u64; 6] =
    [60_000, 600_000, 3_600_000, 86_400_000, 604_800_000, u64::MAX];

impl Ledger {
    /// Notes that `key` holds so many bytes until `end`.
    pub(crate) fn note(&self, space: SpaceId, key: &str, bytes: u64, end: UnixMillis) {
        self.note_digest(space, &EmbeddedStore::digest(key), bytes, end);
    }

    /// The same of a key that is known by its digest alone.
    pub(crate) fn note_digest(
        &self,
        space: SpaceId,
        digest: &[u8; 32],
        bytes: u64,
        end: UnixMillis,
    ) {
        self.account(space).lock().note(half(digest), Known { bytes, end: end.0 });
    }

    /// Notes that nothing is there.
    pub(crate) fn forget(&self, space: SpaceId, key: &str) {
        self.account(space).lock().forget(print(key));
    }

    /// Whether `more` entries of so many bytes fit beside what is there. What `key` holds already is
    /// replaced by them.
    pub(crate) fn allows(
        &self,
        space: SpaceId,
        quota: Quota,
        more: &[(&str, u64)],
        now: UnixMillis,
    ) -> bool {
        if quota == Quota::default() {
            return true;
        }
        let account = self.account(space);
        let mut account = account.lock();
        account.sweep(now.0);
        let Held { mut entries, mut bytes } = account.held();
        for (key, size) in more {
            match account.known.get(&print(key)) {
                Some(known) => bytes = bytes.saturating_sub(known.bytes),
                None => entries += 1,
            }
            bytes = bytes.saturating_add(*size);
        }
        quota.entries.is_none_or(|most| entries <= most)
            && quota.bytes.is_none_or(|most| bytes <= most)
    }

    pub(crate) fn held(&self, space: SpaceId, now: UnixMillis) -> Held {
        let account = self.account(space);
        let mut account = account.lock();
        account.sweep(now.0);
        account.held()
    }

    /// How many entries end within each of the [`HORIZONS_MS`], and not within the one before.
    pub(crate) fn ends(&self, now: UnixMillis) -> [u64; HORIZONS_MS.len()] {
        let accounts: Vec<_> = self.spaces.read().values().cloned().collect();
        let mut counts = [0; HORIZONS_MS.len()];
        for account in accounts {
            let mut account = account.lock();
            account.sweep(now.0);
            let mut horizons = HORIZONS_MS.into_iter().zip(&mut counts);
            let mut current = horizons.next();
            for (end, _) in &account.ends {
                while let Some((horizon, _)) = current
                    && *end >= now.0.saturating_add(horizon)
                    && horizon != u64::MAX
                {
                    current = horizons.next();
                }
                if let Some((_, count)) = &mut current {
                    **count += 1;
                }
            }
        }
        counts
    }

    fn account(&self, space: SpaceId) -> Arc<Mutex<Account>> {
        if let Some(account) = self.spaces.read().get(&space) {
            return Arc::clone(account);
        }
        Arc::clone(self.spaces.write().entry(space).or_default())
    }
}

impl Account {
    fn note(&mut self, print: Print, known: Known) {
        self.forget(print);
        if self.known.len() < MOST {
            self.known.insert(print, known);
            self.ends.insert((known.end, print));
            self.bytes = self.bytes.saturating_add(known.bytes);
        }
    }

    fn forget(&mut self, print: Print) {
        if let Some(known) = self.known.remove(&print) {
            self.ends.remove(&(known.end, print));
            self.bytes = self.bytes.saturating_sub(known.bytes);
        }
    }

    fn sweep(&mut self, now: u64) {
        while let Some(&(end, print)) = self.ends.first()
            && end <= now
        {
            self.forget(print);
        }
    }

    fn held(&self) -> Held {
        Held { entries: self.known.len() as u64, bytes: self.bytes }
    }
}

fn print(key: &str) -> Print {
    half(&EmbeddedStore::digest(key))
}

fn half(digest: &[u8; 32]) -> Print {
    let mut half = [0; 16];
    for (slot, byte) in half.iter_mut().zip(digest) {
        *slot = *byte;
    }
    Print::from_ne_bytes(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: SpaceId = SpaceId([1; 8]);
    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn end(ms: u64) -> UnixMillis {
        UnixMillis(NOW.0 + ms)
    }

    #[test]
    fn counts_what_is_there_until_it_ends() {
        let ledger = Ledger::default();
        ledger.note(SPACE, "a", 10, end(5));
        ledger.note(SPACE, "b", 20, end(9));
        ledger.note(SPACE, "a", 30, end(7));
        assert_eq!(ledger.held(SPACE, NOW), Held { entries: 2, bytes: 50 });
        assert_eq!(ledger.held(SPACE, end(7)), Held { entries: 1, bytes: 20 });
        ledger.forget(SPACE, "b");
        ledger.forget(SPACE, "b");
        assert_eq!(ledger.held(SPACE, NOW), Held::default());
        assert_eq!(ledger.held(SpaceId([2; 8]), NOW), Held::default());
    }

    #[test]
    fn a_quota_counts_what_is_replaced_once() {
        let ledger = Ledger::default();
        ledger.note(SPACE, "a", 60, end(10));
        let quota = Quota { entries: Some(2), bytes: Some(100) };
        let allows = |more: &[(&str, u64)], now| ledger.allows(SPACE, quota, more, now);
        assert!(allows(&[("a", 100)], NOW));
        assert!(!allows(&[("a", 101)], NOW));
        assert!(allows(&[("b", 40)], NOW));
        assert!(!allows(&[("b", 41)], NOW));
        assert!(!allows(&[("b", 1), ("c", 1)], NOW));
        assert!(allows(&[("b", 1), ("c", 1)], end(10)));
        assert!(ledger.allows(SPACE, Quota::default(), &[("z", u64::MAX)], NOW));
    }

    #[test]
    fn the_histogram_counts_every_entry_once() {
        let ledger = Ledger::default();
        for (key, ms) in
            [("a", 1), ("b", 59_999), ("c", 60_000), ("d", 86_400_000), ("e", 2_592_000_000)]
        {
            ledger.note(SPACE, key, 1, end(ms));
        }
        assert_eq!(ledger.ends(NOW), [2, 1, 0, 0, 1, 1]);
    }
}
