//! The in-process store keeps the contract, and its own promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{ErrorKind, MemoryStore, Store, StoreOptions};
use cachekit_testkit::conformance::{self, Subject};

struct Memory {
    name: &'static str,
    clock: Arc<ManualClock>,
}

impl Memory {
    fn named(name: &'static str) -> Self {
        Self { name, clock: Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000))) }
    }

    fn with_capacity(&self, bytes: usize) -> MemoryStore {
        let options = StoreOptions::default().with_memory_capacity(bytes).with_clock(self.clock());
        MemoryStore::named(self.name, &options)
    }
}

impl Subject for Memory {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        let url = format!("memory://{}", self.name);
        cachekit_store::open(&url, &options.with_clock(self.clock())).unwrap()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.clock.advance(by);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    conformance::run(&Memory::named("contract")).await;
}

async fn get(store: &dyn Store, key: &str) -> Option<Bytes> {
    store.get_many(&[key]).await.unwrap().remove(0)
}

#[tokio::test]
async fn an_entry_lives_to_the_millisecond() {
    let memory = Memory::named("millisecond");
    let store = memory.open(StoreOptions::default());
    store.set("k", Bytes::from_static(b"v"), Duration::from_millis(10)).await.unwrap();
    memory.clock.advance(Duration::from_nanos(9_999_999));
    assert!(get(&*store, "k").await.is_some());
    memory.clock.advance(Duration::from_nanos(1));
    assert!(get(&*store, "k").await.is_none());
}

#[tokio::test]
async fn the_wall_clock_does_not_matter() {
    let memory = Memory::named("wall");
    let store = memory.open(StoreOptions::default());
    store.set("k", Bytes::from_static(b"v"), Duration::from_secs(1)).await.unwrap();
    memory.clock.set_wall(UnixMillis(9_000_000_000_000));
    assert!(get(&*store, "k").await.is_some());
}

#[tokio::test]
async fn when_full_it_forgets_what_runs_out_soonest() {
    let memory = Memory::named("full");
    let store = memory.with_capacity(4096);
    for (key, seconds) in [("soon", 10), ("late", 1000), ("later", 2000)] {
        let value = Bytes::from(vec![0; 1000]);
        store.set(key, value, Duration::from_secs(seconds)).await.unwrap();
    }
    store.set("new", Bytes::from(vec![0; 1000]), Duration::from_secs(1500)).await.unwrap();
    assert!(get(&store, "soon").await.is_none());
    for key in ["late", "later", "new"] {
        assert!(get(&store, key).await.is_some(), "{key}");
    }
    assert!(store.bytes() <= 4096);
}

#[tokio::test]
async fn it_never_holds_more_than_its_bound_and_gives_back_what_runs_out() {
    let memory = Memory::named("bound");
    let store = memory.with_capacity(100_000);
    for i in 0..2000_usize {
        let value = Bytes::from(vec![0; i * 7 % 3000]);
        store.set(&format!("k{}", i % 700), value, Duration::from_secs(60)).await.unwrap();
        assert!(store.bytes() <= 100_000);
    }
    memory.clock.advance(Duration::from_secs(60));
    store.set("last", Bytes::new(), Duration::from_secs(60)).await.unwrap();
    assert!(store.bytes() < 1000, "{}", store.bytes());
    store.delete("last").await.unwrap();
    assert_eq!(store.bytes(), 0);
}

#[tokio::test]
async fn what_never_fits_is_an_error() {
    let memory = Memory::named("never");
    let store = memory.with_capacity(1000);
    let error = store.set("k", Bytes::from(vec![0; 990]), Duration::from_secs(1)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Full);
}

#[tokio::test]
async fn names_are_stores_of_their_own_and_outlast_their_handles() {
    let options = StoreOptions::default();
    let one = cachekit_store::open("memory://outlast", &options).unwrap();
    one.set("k", Bytes::from_static(b"v"), Duration::from_secs(60)).await.unwrap();
    drop(one);
    let again = cachekit_store::open("memory://outlast", &options).unwrap();
    assert!(get(&*again, "k").await.is_some());
    let other = cachekit_store::open("memory://other", &options).unwrap();
    assert!(get(&*other, "k").await.is_none());
}
