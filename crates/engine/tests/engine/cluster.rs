//! A Redis cluster that loses a primary under the calls: no call fails, every value is right, and
//! the cache is used again once the replica has taken over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use cachekit_engine::{CacheOptions, L1, Operation, Protection};
use cachekit_store::StoreOptions;
use cachekit_testkit::{RedisCluster, eventually};

use crate::world::{Answer, call, get, operation, ring};

pub(crate) fn over(url: &str) -> Operation {
    let mut options = CacheOptions::new(Protection::Sealed(Arc::new(ring(1))));
    let impatient = StoreOptions::default()
        .with_connect_timeout(Duration::from_millis(100))
        .with_operation_timeout(Duration::from_millis(100));
    options.store = Some(cachekit_store::open(url, &impatient).expect("an address"));
    options.l1 = L1::Off;
    operation(options)
}

/// Calls until told to stop; each answer must be the one that belongs to its argument.
pub(crate) fn load(operation: &Operation, stop: &AtomicBool, calls: &AtomicU64) {
    for argument in (0..40_u8).cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let expected = [argument; 32];
        if let Answer::Cached(value) = get(operation, &call(&[argument]), &expected) {
            assert_eq!(value, expected);
        }
        calls.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn serves_hits(operation: &Operation, calls: &AtomicU64) {
    let (hits, before) = (operation.stats().store_hits, calls.load(Ordering::Relaxed));
    eventually("the store serves hits", || {
        operation.stats().store_hits > hits + 200 && calls.load(Ordering::Relaxed) > before + 200
    });
}

#[test]
fn a_primary_lost_under_load_breaks_no_call() {
    let cluster = RedisCluster::start();
    let operation = over(&cluster.url());
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let loads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| load(&operation, &stop, &calls))).collect();
        serves_hits(&operation, &calls);
        let before = operation.stats().store_errors;
        cluster.nodes()[0].kill();
        eventually("the loss is noticed", || operation.stats().store_errors > before);
        cluster.is_taken_over(0);
        serves_hits(&operation, &calls);
        cluster.nodes()[0].restart();
        serves_hits(&operation, &calls);
        stop.store(true, Ordering::Relaxed);
        for load in loads {
            load.join().expect("no call fails");
        }
    });
}
