//! A store that is down, hangs or comes back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cachekit_store::{ErrorKind, Store, StoreOptions};

use crate::{LONG, Outage, Subject, key, put};

/// Time-outs that a test can wait for.
fn brisk() -> StoreOptions {
    StoreOptions::default()
        .with_connect_timeout(Duration::from_millis(250))
        .with_operation_timeout(Duration::from_millis(250))
}

/// What the contract allows for one call under [`brisk`], and much for a busy machine.
const BOUND: Duration = Duration::from_secs(5);

/// Far beyond what a busy machine needs to start a server.
const PATIENCE: Duration = Duration::from_secs(20);

fn outage(subject: &dyn Subject) -> &dyn Outage {
    subject.outage().expect("chosen by it")
}

/// What timed out before may be done a moment later, a deletion between these two included.
async fn is_back(store: &dyn Store, key: &str) -> bool {
    let value = Bytes::from_static(b"back");
    store.set(key, value.clone(), LONG).await.is_ok()
        && store.get_many(&[key]).await.is_ok_and(|answers| answers == [Some(value)])
}

async fn works_again(store: &dyn Store, key: &str) {
    let start = Instant::now();
    while !is_back(store, key).await {
        assert!(start.elapsed() < PATIENCE, "it does not work again");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Every kind of call fails in time, and in a way that says that it may work later.
async fn fails_retryably(store: &dyn Store, key: &str) {
    let start = Instant::now();
    let value = Bytes::from_static(b"value");
    let errors = [
        store.get_many(&[key]).await.map(drop).expect_err("down"),
        store.set(key, value.clone(), LONG).await.expect_err("down"),
        store.delete(key).await.map(drop).expect_err("down"),
    ];
    assert!(start.elapsed() < BOUND * 3, "{:?}", start.elapsed());
    for error in errors {
        let expected = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
        assert!(expected && error.retryable(), "{error:?}");
        assert_eq!(error.address(), store.address());
    }
}

pub(crate) async fn a_dead_store_is_a_retryable_error(subject: &dyn Subject) {
    let (store, key) = (subject.open(brisk()), key("a"));
    put(&*store, &key, "value").await;
    outage(subject).kill();
    fails_retryably(&*store, &key).await;
    outage(subject).restart();
    works_again(&*store, &key).await;
}

pub(crate) async fn a_restarted_store_is_used_again(subject: &dyn Subject) {
    let (store, key) = (subject.open(brisk()), key("a"));
    for _ in 0..3 {
        put(&*store, &key, "value").await;
        outage(subject).kill();
        outage(subject).restart();
        // The old connection is lost without anybody having noticed: a read finds out, connects
        // anew and answers as if nothing had happened, if it has the time.
        if let Err(error) = store.get_many(&[&key]).await {
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        }
        works_again(&*store, &key).await;
    }
}

pub(crate) async fn a_hung_store_times_out_and_is_used_again(subject: &dyn Subject) {
    let (store, key) = (subject.open(brisk()), key("a"));
    put(&*store, &key, "value").await;
    outage(subject).hang();
    let start = Instant::now();
    let error = store.get_many(&[&key]).await.expect_err("hung");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    fails_retryably(&*store, &key).await;
    outage(subject).resume();
    works_again(&*store, &key).await;
}

pub(crate) async fn a_crowd_meets_a_dead_store_without_queueing(subject: &dyn Subject) {
    let (store, key) = (subject.open(brisk()), key("a"));
    put(&*store, &key, "value").await;
    outage(subject).hang();
    let start = Instant::now();
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (store, key) = (Arc::clone(&store), key.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    assert!(store.get_many(&[&key]).await.is_err());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task that does not panic");
    }
    // One after the other it would be 320 time-outs, 80 seconds.
    assert!(start.elapsed() < BOUND * 3, "{:?}", start.elapsed());
    outage(subject).resume();
    works_again(&*store, &key).await;
}
