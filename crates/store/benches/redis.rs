//! What the store adds to Redis' own round trip: the client library bare, and the store, by
//! turns, on the same server and the same kind of runtime.
//!
//! `cargo bench -p cachekit-store --bench redis`; needs `redis-server`.
#![allow(missing_docs, reason = "what criterion's macros make")]

use std::time::Duration;

use bytes::Bytes;
use cachekit_store::{Expected, StoreOptions, Swap, open};
use cachekit_testkit::RedisServer;
use criterion::{Criterion, criterion_group, criterion_main};
use redis::cmd;
use tokio::runtime::Builder;

const LONG: Duration = Duration::from_secs(3600);

fn round_trips(criterion: &mut Criterion) {
    let server = RedisServer::start();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let store = open(&server.url(), &StoreOptions::default()).unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut bare = runtime.block_on(client.get_multiplexed_async_connection()).unwrap();
    let value = Bytes::from(vec![b'v'; 308]);
    runtime.block_on(store.set("k", value.clone(), LONG)).unwrap();
    runtime.block_on(store.set("barrier", value.clone(), LONG)).unwrap();

    let mut group = criterion.benchmark_group("redis");
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    group.bench_function("bare GET", |bencher| {
        bencher.iter(|| {
            let get = runtime.block_on(cmd("GET").arg("k").query_async::<Vec<u8>>(&mut bare));
            assert_eq!(get.unwrap().len(), 308);
        });
    });
    group.bench_function("get_many of 1", |bencher| {
        bencher.iter(|| assert!(runtime.block_on(store.get_many(&["k"])).unwrap()[0].is_some()));
    });
    group.bench_function("bare MGET of 3", |bencher| {
        bencher.iter(|| {
            let mget = cmd("MGET").arg(&["k", "barrier", "absent"]).clone();
            let got = runtime.block_on(mget.query_async::<Vec<Option<Vec<u8>>>>(&mut bare));
            assert_eq!(got.unwrap().len(), 3);
        });
    });
    group.bench_function("get_many of 3", |bencher| {
        let keys = ["k", "barrier", "absent"];
        bencher.iter(|| assert_eq!(runtime.block_on(store.get_many(&keys)).unwrap().len(), 3));
    });
    group.bench_function("bare SET PX", |bencher| {
        bencher.iter(|| {
            let mut set = cmd("SET");
            set.arg("k").arg(&value[..]).arg("PX").arg(3_600_000);
            runtime.block_on(set.query_async::<()>(&mut bare)).unwrap();
        });
    });
    group.bench_function("set", |bencher| {
        bencher.iter(|| runtime.block_on(store.set("k", value.clone(), LONG)).unwrap());
    });
    for (name, size) in [("308 B", 308), ("1 KiB", 1024), ("1.1 KiB", 1100), ("64 KiB", 65_536)] {
        let value = Bytes::from(vec![b'v'; size]);
        runtime.block_on(store.set("swap", value.clone(), LONG)).unwrap();
        group.bench_function(format!("compare_and_set over {name}"), |bencher| {
            bencher.iter(|| {
                let seen = Expected::Exactly(&value);
                let swap = store.compare_and_set("swap", seen, value.clone(), LONG);
                assert_eq!(runtime.block_on(swap).unwrap(), Swap::Done);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, round_trips);
criterion_main!(benches);
