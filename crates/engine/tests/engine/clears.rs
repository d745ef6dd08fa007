//! Clears that race with others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use cachekit_engine::{Cache, CacheOptions, Filled, Protection, block_on};
use cachekit_store::{Capabilities, Deleted, Expected, Pending, Store, StoreOptions, Swap, Write};
use cachekit_testkit::RedisServer;

use crate::world::{Answer, World, call, get, named, operation, ring};

#[test]
fn sixteen_threads_that_clear_all_succeed() {
    let server = RedisServer::start();
    let cache = || {
        let mut options = CacheOptions::new(Protection::Sealed(Arc::new(ring(1))));
        let opened = cachekit_store::open(&server.url(), &StoreOptions::default());
        options.store = Some(opened.expect("an address"));
        Cache::new(options).expect("a cache")
    };
    // Half of them in another process, as far as the engine can tell.
    let (mine, theirs) = (cache(), cache());
    thread::scope(|scope| {
        for index in 0..16 {
            let operation = named(if index % 2 == 0 { &mine } else { &theirs }, "f");
            scope.spawn(move || {
                for _ in 0..200 {
                    block_on(operation.clear()).expect("a healthy store");
                }
            });
        }
    });
    // A look each to settle whose value is the highest; the entries after that are everybody's.
    let (one, other) = (named(&mine, "f"), named(&theirs, "f"));
    get(&one, &call(b"warm"), b"");
    get(&other, &call(b"warm"), b"");
    assert_eq!(get(&one, &call(b"x"), b"1"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&other, &call(b"x"), b""), Answer::Cached(b"1".to_vec()));
}

/// Lets another process clear before each of this one's writes.
struct Overtaken {
    store: Arc<dyn Store>,
    other: cachekit_engine::Operation,
    others_turn: AtomicBool,
}

impl Store for Overtaken {
    fn address(&self) -> &str {
        self.store.address()
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        self.store.get_many(keys)
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        self.store.set(key, value, ttl)
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        self.store.set_many(writes)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        Box::pin(async move {
            if self.others_turn.load(SeqCst) {
                self.other.clear().await.expect("the store is up");
            }
            self.store.compare_and_set(key, expected, value, ttl).await
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        self.store.compare_and_delete(key, seen)
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        self.store.delete(key)
    }
}

#[test]
fn a_clear_that_loses_every_race_is_done_by_the_winners() {
    let world = World::new();
    let other = operation(world.sealed(ring(1)));
    let mut options = world.sealed(ring(1));
    let store = Arc::new(Overtaken {
        store: Arc::clone(&world.store),
        other: other.clone(),
        others_turn: AtomicBool::new(false),
    });
    options.store = Some(Arc::clone(&store) as Arc<dyn Store>);
    let mine = operation(options);
    get(&mine, &call(b"x"), b"before");
    store.others_turn.store(true, SeqCst);
    block_on(mine.clear()).expect("what others wrote will do");
    store.others_turn.store(false, SeqCst);
    // The value that this process raised and could not write is above the store's.
    get(&mine, &call(b"warm"), b"");
    assert_eq!(get(&mine, &call(b"x"), b"after"), Answer::Computed(Filled::Stored));
    assert_eq!(get(&other, &call(b"x"), b""), Answer::Cached(b"after".to_vec()));
}
