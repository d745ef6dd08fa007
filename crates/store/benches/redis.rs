//! What the store adds to Redis' own round trip: the client library bare, and the store, by
//! turns, on the same server and the same kind of runtime.
//!
//! `cargo bench -p cachekit-store --bench redis`; needs `redis-server`. Under `taskset -c 0` both
//! ends share a core, and the numbers hold still.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "macros without documentation; a bench fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_store::{Expected, Store, StoreOptions, Swap, open};
use cachekit_testkit::RedisServer;
use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use redis::{Cmd, FromRedisValue, ToRedisArgs, aio::MultiplexedConnection, cmd};
use sha1_smol::Sha1;
use tokio::runtime::{Builder, Runtime};

const LONG: Duration = Duration::from_secs(3600);
/// The smallest sealed entry.
const ENTRY: usize = 308;

struct Bench {
    runtime: Runtime,
    store: Arc<dyn Store>,
    bare: MultiplexedConnection,
    _server: RedisServer,
}

impl Bench {
    fn start() -> Self {
        let server = RedisServer::start();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let store = open(&server.url(), &StoreOptions::default()).unwrap();
        let client = redis::Client::open(server.url()).unwrap();
        let bare = runtime.block_on(client.get_multiplexed_async_connection()).unwrap();
        Self { runtime, store, bare, _server: server }
    }

    fn bare<T: FromRedisValue>(&self, command: &Cmd) -> T {
        self.runtime.block_on(command.query_async(&mut self.bare.clone())).unwrap()
    }

    /// Loads a script that compares in this way and then sets.
    fn script(&self, compare: &str) -> String {
        let text = format!(
            "local there = redis.call('GET', KEYS[1]) {compare} \
             redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1"
        );
        self.bare(cmd("SCRIPT").arg("LOAD").arg(text))
    }

    fn run(&self, script: &str, seen: impl ToRedisArgs, value: &Bytes) {
        let mut swap = cmd("EVALSHA");
        swap.arg(script).arg(1).arg("swap").arg(seen).arg(&value[..]).arg(3_600_000);
        assert_eq!(self.bare::<u32>(&swap), 1);
    }

    fn put(&self, key: &str, value: &Bytes) {
        self.runtime.block_on(self.store.set(key, value.clone(), LONG)).unwrap();
    }
}

fn round_trips(criterion: &mut Criterion) {
    let bench = Bench::start();
    let mut group = criterion.benchmark_group("redis");
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    reads(&bench, &mut group);
    writes(&bench, &mut group);
    for size in [ENTRY, 8 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024] {
        swaps(&bench, &mut group, size);
    }
    group.finish();
}

fn reads(bench: &Bench, group: &mut BenchmarkGroup<'_, WallTime>) {
    let value = Bytes::from(vec![b'v'; ENTRY]);
    bench.put("k", &value);
    bench.put("barrier", &value);
    let keys = ["k", "barrier", "absent"];
    group.bench_function("bare GET", |bencher| {
        bencher.iter(|| assert!(bench.bare::<Vec<u8>>(cmd("GET").arg("k")) == value));
    });
    group.bench_function("get_many of 1", |bencher| {
        bencher.iter(|| {
            let got = bench.runtime.block_on(bench.store.get_many(&["k"])).unwrap();
            assert!(got[0].as_ref() == Some(&value));
        });
    });
    group.bench_function("bare MGET of 3", |bencher| {
        bencher.iter(|| {
            assert_eq!(bench.bare::<Vec<Option<Vec<u8>>>>(cmd("MGET").arg(&keys)).len(), 3);
        });
    });
    group.bench_function("get_many of 3", |bencher| {
        bencher.iter(|| {
            assert_eq!(bench.runtime.block_on(bench.store.get_many(&keys)).unwrap().len(), 3);
        });
    });
}

fn writes(bench: &Bench, group: &mut BenchmarkGroup<'_, WallTime>) {
    let value = Bytes::from(vec![b'v'; ENTRY]);
    group.bench_function("bare SET PX", |bencher| {
        bencher.iter(|| {
            bench.bare::<()>(cmd("SET").arg("k").arg(&value[..]).arg("PX").arg(3_600_000));
        });
    });
    group.bench_function("set", |bencher| bencher.iter(|| bench.put("k", &value)));
}

/// By the store, and by bare scripts to which what was seen is sent in either way: where they
/// cross is where the store changes from one to the other.
fn swaps(bench: &Bench, group: &mut BenchmarkGroup<'_, WallTime>, size: usize) {
    let value = Bytes::from(vec![b'v'; size]);
    bench.put("swap", &value);
    group.bench_function(format!("compare_and_set of {size} B"), |bencher| {
        bencher.iter(|| {
            let seen = Expected::Exactly(&value);
            let swap = bench.store.compare_and_set("swap", seen, value.clone(), LONG);
            assert_eq!(bench.runtime.block_on(swap).unwrap(), Swap::Done);
        });
    });
    let whole = bench.script("if there ~= ARGV[1] then return 0 end");
    group.bench_function(format!("bare script, {size} B whole"), |bencher| {
        bencher.iter(|| bench.run(&whole, &value[..], &value));
    });
    let digest = bench.script("if redis.sha1hex(there) ~= ARGV[1] then return 0 end");
    group.bench_function(format!("bare script, {size} B by SHA-1"), |bencher| {
        bencher.iter(|| bench.run(&digest, Sha1::from(&value).hexdigest(), &value));
    });
}

criterion_group!(benches, round_trips);
criterion_main!(benches);
