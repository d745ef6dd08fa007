//! A Redis under sentinels that loses its primary under the calls: no call fails, every value is
//! right, and the cache is used again once another has taken over.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};

use cachekit_testkit::{RedisSentinel, eventually};

use crate::cluster::{load, over, serves_hits};

#[test]
fn a_watched_primary_lost_under_load_breaks_no_call() {
    let group = RedisSentinel::start();
    let operation = over(&group.url());
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let loads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| load(&operation, &stop, &calls))).collect();
        serves_hits(&operation, &calls);
        let before = operation.stats().store_errors;
        let killed = Instant::now();
        group.servers()[0].kill();
        eventually("the loss is noticed", || operation.stats().store_errors > before);
        let hits = operation.stats().store_hits;
        eventually("another serves hits", || operation.stats().store_hits > hits + 50);
        eprintln!("recovered {:?} after the primary was killed", killed.elapsed());
        group.servers()[0].restart();
        eventually("who comes back follows", || group.primary().is_some_and(|now| now != 0));
        serves_hits(&operation, &calls);
        stop.store(true, Ordering::Relaxed);
        for load in loads {
            load.join().expect("no call fails");
        }
    });
}
