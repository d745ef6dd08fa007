//! A sealed hit and a sealed write on every store, one caller at a time, each server on this machine: the
//! numbers of the table in README.md. `make bench-stores`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench that meets what it does not expect ends"
)]

use std::{
    fs, process,
    sync::Arc,
    time::{Duration, Instant},
};

use cachekit_engine::{
    Cache, CacheOptions, Call, Caller, Encoded, Entered, Intent, L1, Operation, OperationOptions,
    Protection, Scratch, SerializerId, block_on,
};
use cachekit_seal::{Keyring, MasterKey};
use cachekit_store::StoreOptions;
use cachekit_testkit::{
    Authority, CachekitServer, Clients, MemcachedServer, RedisCluster, RedisServer, RedisSetup,
    Validity,
};
use tempfile::TempDir;

/// What a record of a few fields takes.
const VALUE: [u8; 400] = [7; 400];
const TTL: Duration = Duration::from_secs(600);
const CALLS: u64 = 64;
const HITS: u64 = 4000;
const WRITES: u64 = 1000;

fn main() {
    println!("| store | a hit | a write |\n|---|---|---|");
    row("this process (the first level)", None, &StoreOptions::default());
    embedded();
    let redis = RedisServer::start();
    let socket = format!("unix://{}", redis.socket().display());
    row("Redis, Unix socket", Some(&socket), &StoreOptions::default());
    row("Redis", Some(&redis.url()), &StoreOptions::default());
    encrypted();
    let cluster = RedisCluster::start();
    row("Redis Cluster", Some(&cluster.url()), &StoreOptions::default());
    drop(cluster);
    let memcached = MemcachedServer::start();
    row("memcached", Some(&memcached.url()), &StoreOptions::default());
    let server = CachekitServer::start();
    let options = StoreOptions::default().with_token(server.token());
    row("HTTP, `cachekit-server`", Some(&server.url()), &options);
}

fn embedded() {
    let name = format!("bench-{}", process::id());
    row("shared memory", Some(&format!("shm://{name}")), &StoreOptions::default());
    forget(&name);
    let directory = TempDir::new().expect("a directory");
    let url = format!("file://{}", directory.path().display());
    row("a file", Some(&url), &StoreOptions::default());
}

/// Removes what `shm://name` has left: it is there until somebody does, or the machine restarts.
fn forget(name: &str) {
    for found in fs::read_dir("/dev/shm").expect("shared memory").flatten() {
        if found.file_name().to_string_lossy().ends_with(name) {
            fs::remove_dir_all(found.path()).expect("our own directory");
        }
    }
}

fn encrypted() {
    let authority = Authority::new();
    let certificate = authority.issue(&["127.0.0.1"], Validity::Current);
    let server = RedisSetup::new().tls(&certificate, Clients::Anybody).start();
    let (port, authority) = (server.tls_port(), authority.file());
    let url = format!("rediss://127.0.0.1:{port}/0?ca={}", authority.display());
    row("Redis, TLS", Some(&url), &StoreOptions::default());
}

fn row(name: &str, url: Option<&str>, options: &StoreOptions) {
    let operation = operation(url, options);
    let each = |count| (0..count).map(|i: u64| (i % CALLS).to_le_bytes());
    let put = |arguments: &[u8; 8]| {
        let value = Encoded::Body { bytes: &VALUE, object: None };
        block_on(operation.put(&call(arguments), value, Some(TTL))).expect("a store that is up");
    };
    each(CALLS).for_each(|arguments| put(&arguments));
    let mut scratch = Scratch::new();
    let hits = each(HITS).map(|a| timed(|| hit(&operation, &call(&a), &mut scratch)));
    let hit = median(hits);
    let write = median(each(WRITES).map(|arguments| timed(|| put(&arguments))));
    println!("| {name} | {hit:.1?} | {write:.1?} |");
}

fn call(arguments: &[u8; 8]) -> Call<'_> {
    Call { tenant: None, arguments }
}

/// What a synchronous caller does: looks into the first level, then into the store, and opens what
/// is there.
fn hit(operation: &Operation, call: &Call<'_>, scratch: &mut Scratch) {
    let hit = operation.probe(call).unwrap_or_else(|| {
        match block_on(operation.enter(call, Intent::Get, Caller::blocking())) {
            Ok(Entered::Hit(hit)) => hit,
            _ => panic!("a hit was due"),
        }
    });
    hit.open(scratch).expect("what was put there");
}

fn timed(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn operation(url: Option<&str>, options: &StoreOptions) -> Operation {
    let key = MasterKey::from_bytes(&std::array::from_fn::<u8, 32, _>(|i| i as u8)).expect("a key");
    let mut cache = CacheOptions::new(Protection::Sealed(Arc::new(Keyring::single(key))));
    if let Some(url) = url {
        cache.store = Some(cachekit_store::open(url, options).expect("an address"));
        cache.l1 = L1::Off;
    }
    let operation = OperationOptions {
        namespace: "bench".to_owned(),
        name: "f".to_owned(),
        version: String::new(),
        schema: String::new(),
        ttl: TTL,
        serializer: SerializerId::MSGPACK,
    };
    Cache::new(cache).and_then(|cache| cache.operation(operation)).expect("an operation")
}
