//! A primary under sentinels keeps the contract, and is found again when it is another.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::time::Duration;

use bytes::Bytes;
use cachekit_store::{Deleted, ErrorKind, Expected, Store, StoreOptions, Swap, Write, open};
use cachekit_testkit::{
    AtUrl, Authority, RedisSentinel, RedisServer, SentinelSetup, conformance, eventually,
    eventually_async,
};

const LONG: Duration = Duration::from_secs(600);

fn brisk() -> StoreOptions {
    let brisk = Duration::from_millis(500);
    StoreOptions::default().with_connect_timeout(brisk).with_operation_timeout(brisk)
}

fn value(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let group = RedisSentinel::start();
    conformance::run(&AtUrl::new(group.url()).outage(&group)).await;
}

/// Writes until a write is accepted, and reads it back.
async fn works_again(store: &dyn Store) {
    eventually_async("a primary is found again", || async {
        match store.set("k", value("new"), LONG).await {
            Ok(()) => true,
            Err(error) => {
                assert!(error.retryable(), "{error}");
                false
            }
        }
    })
    .await;
    assert_eq!(store.get_many(&["k"]).await.unwrap(), [Some(value("new"))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_primary_is_a_retryable_error_until_another_takes_over() {
    let group = RedisSentinel::start();
    let store = open(&group.url(), &brisk()).unwrap();
    store.set("k", value("old"), LONG).await.unwrap();
    group.is_replicated();
    group.servers()[0].kill();
    let error = store.get_many(&["k"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    eventually_async("another is read from", || async {
        store.get_many(&["k"]).await.is_ok_and(|found| found == [Some(value("old"))])
    })
    .await;
    works_again(&*store).await;
    group.servers()[0].restart();
    eventually("who comes back follows", || group.primary().is_some_and(|now| now != 0));
    let fresh = open(&group.url(), &brisk()).unwrap();
    eventually_async("nothing is lost", || async {
        fresh.get_many(&["k"]).await.is_ok_and(|found| found == [Some(value("new"))])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_replaced_by_hand_is_left_without_an_error() {
    let group = RedisSentinel::start();
    let store = open(&group.url(), &brisk()).unwrap();
    store.set("k", value("old"), LONG).await.unwrap();
    group.is_replicated();
    eventually("a sentinel finds a replica that is fit", || {
        group.sentinels()[0].try_query::<()>(&["SENTINEL", "FAILOVER", "cache"]).is_ok()
    });
    eventually("the sentinels have agreed", || {
        group.sentinels().iter().all(|sentinel| {
            let place: Vec<String> =
                sentinel.query(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "cache"]);
            place[1] != group.servers()[0].port().to_string()
        })
    });
    eventually("the old one is a replica", || group.primary().is_some_and(|now| now != 0));
    // Each kind of call meets a connection to what is a replica by now.
    assert_eq!(store.delete("absent").await.unwrap(), Deleted::Absent);
    let swap = store.compare_and_set("k", Expected::Exactly(b"old"), value("new"), LONG).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    let write = Write { key: "k", value: value("newer"), ttl: LONG };
    store.set_many(&[write]).await.unwrap();
    assert_eq!(store.get_many(&["k"]).await.unwrap(), [Some(value("newer"))]);
}

#[tokio::test]
async fn servers_and_sentinels_have_passwords_of_their_own() {
    let group = SentinelSetup::new().passwords("one", "other").start();
    let url = group.url();
    works_again(&*open(&url, &brisk()).unwrap()).await;
    for (wrong, expected) in [
        (url.replace("sentinel_password=other", ""), "`sentinel_password=`"),
        (url.replace("=other", "=wrong"), "`sentinel_password=`"),
        (url.replace(":one@", ":wrong@"), "another user or password"),
    ] {
        let error = open(&wrong, &brisk()).unwrap().get_many(&["k"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
}

#[tokio::test]
async fn all_of_it_may_be_encrypted() {
    let authority = Authority::new();
    let group = SentinelSetup::new().tls(&authority).start();
    works_again(&*open(&group.url(), &brisk()).unwrap()).await;
    let stranger = Authority::new();
    let url = group
        .url()
        .replace(&authority.file().display().to_string(), &stranger.file().display().to_string());
    let error = open(&url, &brisk()).unwrap().get_many(&["k"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
}

#[tokio::test]
async fn one_sentinel_is_enough_and_what_is_none_is_told_so() {
    let group = RedisSentinel::start();
    let dead = RedisServer::start();
    let (known, gone) = (group.sentinels()[2].port(), dead.port());
    dead.kill();
    let url = |places: &str, service: &str| format!("redis+sentinel://{places}/{service}");
    let places = format!("127.0.0.1:{gone},127.0.0.1:{known}");
    for _ in 0..3 {
        works_again(&*open(&url(&places, "cache"), &brisk()).unwrap()).await;
    }
    let plain = format!("127.0.0.1:{}", group.servers()[0].port());
    let sentinel = format!("127.0.0.1:{known}");
    for (wrong, expected) in [
        (url(&sentinel, "other"), "no service of that name"),
        (url(&plain, "cache"), "it is no sentinel"),
    ] {
        let error = open(&wrong, &brisk()).unwrap().get_many(&["k"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
