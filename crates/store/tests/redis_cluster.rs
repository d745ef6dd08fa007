//! A real cluster of six keeps the contract, while slots move and primaries are lost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use cachekit_process::{Clock, SystemClock};
use cachekit_store::{Batch, ErrorKind, Expected, Store, StoreOptions, Swap, Write, open};
use cachekit_testkit::{
    Authority, RedisCluster, RedisServer,
    conformance::{self, Outage, Subject},
    eventually_async,
};

const LONG: Duration = Duration::from_secs(600);

struct Cluster(RedisCluster);

impl Subject for Cluster {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        open(&self.0.url(), &options).unwrap()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(by))
    }

    fn outage(&self) -> Option<&dyn Outage> {
        Some(&self.0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    conformance::run(&Cluster(RedisCluster::start())).await;
}

#[tokio::test]
async fn all_of_it_may_be_encrypted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let cluster = RedisCluster::encrypted(&authority);
    let store = open(&cluster.url(), &patient()).unwrap();
    let entries: Vec<_> = (0..100).map(numbered).collect();
    for (key, value) in &entries {
        store.set(key, value.clone(), LONG).await.unwrap();
    }
    let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    let found = store.get_many(&keys).await.unwrap();
    assert!(found.iter().zip(&entries).all(|(found, (_, value))| found.as_ref() == Some(value)));
    let swap = store.compare_and_set(keys[7], Expected::Exactly(b"7"), "new".into(), LONG);
    assert_eq!(swap.await.unwrap(), Swap::Done);
    let [ours, theirs] = [&authority, &other].map(|a| a.file().display().to_string());
    let misled = open(&cluster.url().replace(&ours, &theirs), &patient()).unwrap();
    let error = misled.get_many(&["a"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
}

fn patient() -> StoreOptions {
    let patient = Duration::from_secs(5);
    StoreOptions::default().with_connect_timeout(patient).with_operation_timeout(patient)
}

fn numbered(number: u32) -> (String, Bytes) {
    (format!("key:{number}"), Bytes::from(number.to_string()))
}

#[tokio::test]
async fn entries_are_spread_and_found_from_any_one_node() {
    let cluster = RedisCluster::start();
    let store = open(&cluster.url_of(4), &patient()).unwrap();
    assert_eq!(store.capabilities().batch, Batch::OneRoundTrip);
    let entries: Vec<_> = (0..300).map(numbered).collect();
    let write = |(key, value): &'_ (String, Bytes)| (key.clone(), value.clone());
    let owned: Vec<_> = entries.iter().map(write).collect();
    let writes: Vec<_> =
        owned.iter().map(|(key, value)| Write { key, value: value.clone(), ttl: LONG }).collect();
    store.set_many(&writes).await.unwrap();
    for node in 0..3 {
        let held: u32 = cluster.nodes()[node].query(&["DBSIZE"]);
        assert!((50..150).contains(&held), "{held}");
        let other = open(&cluster.url_of(node), &patient()).unwrap();
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
        let answers = other.get_many(&keys).await.unwrap();
        let expected: Vec<_> = entries.iter().map(|(_, value)| Some(value.clone())).collect();
        assert_eq!(answers, expected);
    }
    for node in &cluster.nodes()[..3] {
        node.query::<()>(&["SCRIPT", "FLUSH"]);
    }
    for (key, value) in &entries[..30] {
        let swap = store.compare_and_set(key, Expected::Exactly(value), value.clone(), LONG).await;
        assert_eq!(swap.unwrap(), Swap::Done);
    }
}

/// Reads and counts up under one key of a slot and reads others, until told to stop.
async fn load(store: Arc<dyn Store>, key: String, stop: Arc<AtomicBool>, rounds: Arc<AtomicU64>) {
    let mut count = 0_u64;
    store.set(&key, Bytes::from(count.to_string()), LONG).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        let seen = count.to_string();
        count += 1;
        let next = Bytes::from(count.to_string());
        let expected = Expected::Exactly(seen.as_bytes());
        let swap = store.compare_and_set(&key, expected, next.clone(), LONG).await.unwrap();
        assert_eq!(swap, Swap::Done, "{key}");
        let answers = store.get_many(&[&key, "elsewhere", &key]).await.unwrap();
        assert_eq!(answers, [Some(next.clone()), None, Some(next)], "{key}");
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_moves_under_load_loses_nothing() {
    let cluster = Arc::new(RedisCluster::start());
    let store = open(&cluster.url(), &patient()).unwrap();
    let (stop, rounds) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let key = |number| format!("{{moving}}:{number}");
    let tasks: Vec<_> = (0..8)
        .map(|number| load(Arc::clone(&store), key(number), Arc::clone(&stop), Arc::clone(&rounds)))
        .map(tokio::spawn)
        .collect();
    let progress = |rounds: &AtomicU64| {
        let before = rounds.load(Ordering::Relaxed);
        cachekit_testkit::eventually("the load goes on", || {
            rounds.load(Ordering::Relaxed) > before + 80
        });
    };
    let (operated, seen) = (Arc::clone(&cluster), Arc::clone(&rounds));
    let operator = tokio::task::spawn_blocking(move || {
        let first = operated.primary_of("{moving}:0");
        for step in 1..=6 {
            operated.move_slot_of("{moving}:0", (first + step) % 3, || progress(&seen));
            progress(&seen);
        }
    });
    operator.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_primary_is_a_retryable_error_until_its_replica_takes_over() {
    let cluster = RedisCluster::start();
    let brisk = Duration::from_millis(250);
    let options = StoreOptions::default().with_connect_timeout(brisk).with_operation_timeout(brisk);
    let store = open(&cluster.url(), &options).unwrap();
    let (key, value) = numbered(1);
    store.set(&key, value.clone(), LONG).await.unwrap();
    let lost = cluster.primary_of(&key);
    // Replication is not waited for by anybody: the test does.
    let replica = &cluster.nodes()[lost + 3];
    cachekit_testkit::eventually("it is replicated", || replica.query::<u32>(&["DBSIZE"]) == 1);
    cluster.nodes()[lost].kill();
    let error = store.get_many(&[&key]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    eventually_async("the replica has taken over", || async {
        match store.get_many(&[&key]).await {
            Ok(answers) => {
                assert_eq!(answers, [Some(value.clone())]);
                true
            }
            Err(error) => {
                assert!(error.retryable(), "{error}");
                false
            }
        }
    })
    .await;
    store.set(&key, Bytes::from_static(b"new"), LONG).await.unwrap();
    cluster.nodes()[lost].restart();
    let elsewhere = open(&cluster.url_of(lost), &options).unwrap();
    eventually_async("it is back, as a replica", || async {
        let there = elsewhere.get_many(&[&key]).await;
        there.is_ok_and(|answers| answers == [Some(Bytes::from_static(b"new"))])
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_no_cluster_says_so() {
    let server = RedisServer::start();
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let error = open(&url, &patient()).unwrap().get_many(&["k"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert!(error.to_string().contains("no cluster"), "{error}");
}
