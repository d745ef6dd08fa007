//! A store that tells of changes makes the first level let go of what others changed.

use std::sync::Arc;
use std::time::Duration;

use cachekit_engine::{Cache, CacheOptions, L1, Operation, block_on};
use cachekit_process::ManualClock;
use cachekit_store::{MemoryStore, StoreOptions};

use crate::world::{Answer, START, call, get, named, ring};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Two caches over one store, each by a handle of its own, that would otherwise believe their first
/// levels for an hour.
struct Pair {
    clock: Arc<ManualClock>,
    mine: Cache,
    theirs: Cache,
}

impl Pair {
    fn new(name: &str) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let cache = || {
            let protection = cachekit_engine::Protection::Sealed(Arc::new(ring(1)));
            let mut options = CacheOptions::new(protection);
            let store = StoreOptions::default().with_clock(clock.clone());
            options.store = Some(Arc::new(MemoryStore::named(name, &store)));
            options.clock = clock.clone();
            options.l1 = L1::Bytes(1 << 20);
            options.l1_max_age = Duration::from_secs(3600);
            Cache::new(options).expect("a cache")
        };
        Self { mine: cache(), theirs: cache(), clock }
    }

    /// Both hold the value in their first levels.
    fn warm(&self) -> (Operation, Operation) {
        let (mine, theirs) = (named(&self.mine, "f"), named(&self.theirs, "f"));
        get(&mine, &call(b"x"), b"old");
        self.clock.advance(MILLISECOND);
        assert_eq!(get(&theirs, &call(b"x"), b"?"), Answer::Cached(b"old".to_vec()));
        self.clock.advance(MILLISECOND);
        assert_eq!(get(&mine, &call(b"x"), b"?"), Answer::Cached(b"old".to_vec()));
        self.clock.advance(MILLISECOND);
        assert_eq!(mine.stats().l1_hits + theirs.stats().l1_hits, 1, "a fill told nobody's own");
        (mine, theirs)
    }
}

fn computed(answer: &Answer) -> bool {
    matches!(answer, Answer::Computed(_))
}

#[test]
fn an_invalidation_elsewhere_is_heard_at_once() {
    let pair = Pair::new("watch-invalidate");
    let (mine, theirs) = pair.warm();
    block_on(mine.invalidate(&call(b"x"))).expect("invalidates");
    assert!(computed(&get(&theirs, &call(b"x"), b"new")));
}

#[test]
fn a_clear_elsewhere_is_heard_at_once() {
    for whole in [false, true] {
        let pair = Pair::new(&format!("watch-clear-{whole}"));
        let (mine, theirs) = pair.warm();
        if whole {
            block_on(pair.mine.clear()).expect("clears");
        } else {
            block_on(mine.clear()).expect("clears");
        }
        assert!(computed(&get(&theirs, &call(b"x"), b"new")), "whole cache: {whole}");
    }
}

#[test]
fn a_new_value_elsewhere_is_served_at_once() {
    let pair = Pair::new("watch-put");
    let (mine, theirs) = pair.warm();
    let value = cachekit_engine::Encoded::Body { bytes: b"new", object: None };
    block_on(mine.put(&call(b"x"), value, None)).expect("stores");
    assert_eq!(get(&theirs, &call(b"x"), b"?"), Answer::Cached(b"new".to_vec()));
}

#[test]
fn what_did_not_change_stays() {
    let pair = Pair::new("watch-others");
    let (mine, theirs) = pair.warm();
    get(&mine, &call(b"y"), b"other");
    let before = theirs.stats().l1_hits;
    assert_eq!(get(&theirs, &call(b"x"), b"?"), Answer::Cached(b"old".to_vec()));
    assert_eq!(theirs.stats().l1_hits, before + 1, "out of the first level");
}
