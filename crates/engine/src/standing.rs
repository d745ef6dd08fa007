//! What the last look at an operation's barriers came to. Nearly every look finds the very bytes of
//! the one before: they need not be opened again.

use std::time::Duration;

use bytes::Bytes;
use cachekit_process::UnixMillis;
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::barrier::{Snapshot, Stamp, View, generation};
use crate::barrier_addresses::BarrierAddresses;

/// How long the same bytes are taken for what they were. Dates and key states are judged anew
/// after it, so whatever depends on the time is late by this at most.
const TRUSTED: Duration = Duration::from_secs(1);

/// Barriers that stood, and what follows from them.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) view: View,
    /// One for each naming candidate.
    generations: SmallVec<[[u8; 8]; 1]>,
}

impl Standing {
    pub(crate) fn new(view: View, addresses: &BarrierAddresses) -> Self {
        let candidates = addresses.cache().len().max(addresses.operation().len());
        let generations = (0..candidates).map(|index| {
            let (cache, operation) = addresses.identities(index);
            generation(&[(cache, view.cache), (operation, view.operation)])
        });
        Self { view, generations: generations.collect() }
    }

    /// What entries under so many candidates carry while these barriers stand.
    pub(crate) fn generations(&self, candidates: usize) -> SmallVec<[[u8; 8]; 1]> {
        let of = |index| self.generations.get(index).or(self.generations.first());
        (0..candidates).filter_map(of).copied().collect()
    }
}

/// The last look that found barriers standing.
#[derive(Default)]
pub(crate) struct LastLook(Mutex<Option<Remembered>>);

struct Remembered {
    found: SmallVec<[Option<Bytes>; 2]>,
    standing: Standing,
    since: UnixMillis,
}

impl LastLook {
    /// What these bytes came to a moment ago, if this process has learned of no other barrier
    /// since (`stamp`), nor had when the request was sent (`sent`).
    pub(crate) fn recall(
        &self,
        found: &[Option<Bytes>],
        sent: &Snapshot,
        stamp: Stamp,
        now: UnixMillis,
    ) -> Option<Standing> {
        let last = self.0.lock();
        let last = last.as_ref()?;
        let same = last.standing.view.stamp == stamp
            && sent.stamp == stamp
            && now.since(last.since) < TRUSTED
            && last.found.as_slice() == found;
        same.then(|| last.standing.clone())
    }

    /// Takes note of a look that found them standing.
    pub(crate) fn remember(&self, found: &[Option<Bytes>], standing: &Standing, now: UnixMillis) {
        let (found, standing) = (SmallVec::from(found), standing.clone());
        *self.0.lock() = Some(Remembered { found, standing, since: now });
    }

    /// Takes note of a look that did not.
    pub(crate) fn forget(&self) {
        *self.0.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::barrier::BarrierValue;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn found(last: u8) -> [Option<Bytes>; 2] {
        [Some(Bytes::from(vec![1; 8])), Some(Bytes::from(vec![last; 8]))]
    }

    fn sent(stamp: u64) -> Snapshot {
        let value = Some(BarrierValue::ZERO);
        Snapshot { cache: value, operation: value, stamp: Stamp(stamp) }
    }

    fn remembered(stamp: u64) -> LastLook {
        let view =
            View { cache: BarrierValue::ZERO, operation: BarrierValue::ZERO, stamp: Stamp(stamp) };
        let last = LastLook::default();
        let standing = Standing { view, generations: SmallVec::from_slice(&[[7; 8]]) };
        last.remember(&found(2), &standing, NOW);
        last
    }

    #[test]
    fn equal_bytes_come_to_the_same_for_a_second() {
        let last = remembered(5);
        let recall = |ms| last.recall(&found(2), &sent(5), Stamp(5), UnixMillis(NOW.0 + ms));
        assert_eq!(recall(999).unwrap().generations(2).as_slice(), [[7; 8], [7; 8]]);
        assert!(recall(1000).is_none());
        last.forget();
        assert!(recall(0).is_none());
    }

    #[test]
    fn other_bytes_are_judged_anew() {
        let last = remembered(5);
        assert!(last.recall(&found(3), &sent(5), Stamp(5), NOW).is_none());
        assert!(last.recall(&[found(2)[0].clone(), None], &sent(5), Stamp(5), NOW).is_none());
        assert!(last.recall(&found(2)[..1], &sent(5), Stamp(5), NOW).is_none());
    }

    #[test]
    fn whoever_learned_of_a_barrier_meanwhile_judges_anew() {
        let last = remembered(5);
        assert!(last.recall(&found(2), &sent(5), Stamp(6), NOW).is_none(), "since the request");
        assert!(last.recall(&found(2), &sent(6), Stamp(6), NOW).is_none(), "since the last look");
        assert!(last.recall(&found(2), &sent(4), Stamp(5), NOW).is_none(), "before the request");
    }
}
