//! A model check of `clear` and `invalidate` against fills in flight, with the real engine over
//! the real in-process store: every order in which the requests of several processes can overtake
//! each other (or the first so many, where there are more).
//!
//! The property: whoever starts to ask after a `clear` or an `invalidate` has returned is never
//! given a value whose computation began before it was called.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect ends"
)]

mod schedule;
mod stepping_store;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cachekit_engine::{
    Cache, CacheOptions, Call, Caller, Encoded, Entered, Hit, Intent, L1, Operation,
    OperationOptions, Protection, Scratch, SerializerId, Value,
};
use cachekit_process::{ManualClock, UnixMillis};
use cachekit_seal::{Keyring, MasterKey};
use cachekit_store::{MemoryStore, Store, StoreOptions};
use schedule::{Actor, explore, sample, step};
use stepping_store::SteppingStore;

const CALL: Call<'static> = Call { tenant: None, arguments: b"one call" };

/// What the function computes from: its version, and the version below which nothing may be
/// served any more.
#[derive(Default)]
struct Source {
    version: Cell<u8>,
    floor: Cell<u8>,
}

struct World {
    source: Rc<Source>,
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    sealed: bool,
}

impl World {
    fn new(sealed: bool) -> Self {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let name = format!("world-{}", WORLDS.fetch_add(1, Relaxed));
        let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
        let memory = MemoryStore::named(&name, &StoreOptions::default().with_clock(clock.clone()));
        let store = Arc::new(SteppingStore(Arc::new(memory)));
        Self { source: Rc::default(), store, clock, sealed }
    }

    /// One more process on the same store. Without a first level nothing may be late.
    fn process(&self, l1: L1) -> (Cache, Operation) {
        let protection = if self.sealed {
            let master = MasterKey::from_bytes(&[7; 32]).expect("a key");
            Protection::Sealed(Arc::new(Keyring::single(master)))
        } else {
            Protection::Plain
        };
        let mut options = CacheOptions::new(protection);
        options.store = Some(Arc::clone(&self.store));
        options.clock = self.clock.clone();
        options.l1 = l1;
        let cache = Cache::new(options).expect("a cache");
        let operation = cache.operation(OperationOptions {
            namespace: String::new(),
            name: "f".to_owned(),
            version: String::new(),
            schema: String::new(),
            ttl: Duration::from_secs(60),
            serializer: SerializerId::MSGPACK,
        });
        (cache, operation.expect("an operation"))
    }
}

fn version(hit: &Hit) -> u8 {
    let mut scratch = Scratch::new();
    match hit.open(&mut scratch).expect("opens") {
        Value::Body(body) => body[0],
        Value::None => panic!("a value was put in"),
    }
}

/// A call: what it returns must not be below the floor that stood when it was made.
async fn call(source: &Source, operation: &Operation) {
    let floor = source.floor.get();
    let entered = operation.enter(&CALL, Intent::Get, Caller::task(&[])).await.expect("enters");
    let value = match entered {
        Entered::Hit(hit) => version(&hit),
        Entered::Compute(ticket) => {
            let value = source.version.get();
            step().await;
            let body = Encoded::Body { bytes: &[value], object: None };
            let _written = ticket.fill(body).await.expect("fills");
            value
        }
        Entered::Failed(_) => panic!("nobody failed"),
    };
    assert!(value >= floor, "served version {value} after version {floor} was made final");
}

fn calling(world: &World, operation: &Operation, times: usize) -> Actor {
    let (source, operation) = (Rc::clone(&world.source), operation.clone());
    Box::pin(async move {
        for _ in 0..times {
            call(&source, &operation).await;
        }
    })
}

#[derive(Clone, Copy)]
enum How {
    Invalidate,
    ClearOperation,
    ClearCache,
}

/// Changes what the function computes from, and says so.
fn changing(world: &World, (cache, operation): &(Cache, Operation), how: How) -> Actor {
    let source = Rc::clone(&world.source);
    let (cache, operation) = (cache.clone(), operation.clone());
    Box::pin(async move {
        source.version.set(source.version.get() + 1);
        let version = source.version.get();
        match how {
            How::Invalidate => operation.invalidate(&CALL).await,
            How::ClearOperation => operation.clear().await,
            How::ClearCache => cache.clear().await,
        }
        .expect("the store is up");
        source.floor.set(source.floor.get().max(version));
        call(&source, &operation).await;
    })
}

fn check(limit: usize, scenario: impl Fn() -> Vec<Actor>) -> usize {
    let (runs, _all) = explore(limit, scenario);
    runs
}

#[test]
fn a_fill_in_another_process_never_outlives_an_invalidation_or_a_clear() {
    for how in [How::Invalidate, How::ClearOperation, How::ClearCache] {
        for sealed in [false, true] {
            let runs = check(4_000, || {
                let world = World::new(sealed);
                let (a, b) = (world.process(L1::Off), world.process(L1::Off));
                vec![calling(&world, &a.1, 2), changing(&world, &b, how)]
            });
            assert!(runs > 500, "the scenario has more orders than {runs}");
        }
    }
}

#[test]
fn a_fill_in_the_same_process_never_outlives_an_invalidation_or_a_clear() {
    for how in [How::Invalidate, How::ClearOperation, How::ClearCache] {
        let runs = check(4_000, || {
            let world = World::new(false);
            let a = world.process(L1::Bytes(1 << 20));
            vec![calling(&world, &a.1, 2), changing(&world, &a, how)]
        });
        assert!(runs > 200, "the scenario has more orders than {runs}");
    }
}

#[test]
fn of_two_clears_that_race_each_keeps_its_promise() {
    for how in [How::ClearOperation, How::ClearCache] {
        for l1 in [L1::Off, L1::Bytes(1 << 20)] {
            // In two processes, and by two handles in one.
            sample(2_000, || {
                let world = World::new(false);
                let (a, b) = (world.process(L1::Off), world.process(l1));
                let c = if l1 == L1::Off { world.process(l1) } else { b.clone() };
                vec![
                    calling(&world, &a.1, 1),
                    changing(&world, &b, how),
                    changing(&world, &c, how),
                    calling(&world, &b.1, 1),
                ]
            });
        }
    }
}

#[test]
fn two_fills_and_two_changes_in_three_processes() {
    sample(6_000, || {
        let world = World::new(false);
        let (a, b, c) = (world.process(L1::Off), world.process(L1::Off), world.process(L1::Off));
        vec![
            calling(&world, &a.1, 1),
            changing(&world, &b, How::ClearOperation),
            changing(&world, &c, How::Invalidate),
            calling(&world, &b.1, 1),
        ]
    });
}
