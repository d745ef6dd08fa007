//! HTTP stores keep the contract, against a real `cachekit-server`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::time::Duration;

use bytes::Bytes;
use cachekit_store::{Compare, Deleted, ErrorKind, Expected, StoreOptions, Swap, Write, open};
use cachekit_testkit::{
    AtUrl, Authority, CachekitServer, CachekitServerSetup, RedisServer, Validity, conformance,
};

const LONG: Duration = Duration::from_secs(600);

async fn keeps_the_contract(setup: CachekitServerSetup, settings: &str) {
    let server = setup.start();
    let subject = AtUrl::new(format!("{}{settings}", server.url())).token(server.token());
    conformance::run(&subject.outage(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_over_an_embedded_store() {
    keeps_the_contract(CachekitServerSetup::new(), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_over_redis() {
    let redis = RedisServer::start();
    keeps_the_contract(CachekitServerSetup::new().store(&redis.url()), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_weaker_contract_of_a_plain_server() {
    keeps_the_contract(CachekitServerSetup::new().base("/api"), "?server=plain").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_over_tls() {
    let authority = Authority::new();
    let certificate = authority.issue(&["localhost"], Validity::Current);
    let setup = CachekitServerSetup::new().tls(&certificate);
    let settings = format!("?ca={}", authority.file().display());
    keeps_the_contract(setup.base("/api"), &settings).await;
}

fn options(server: &CachekitServer) -> StoreOptions {
    StoreOptions::default().with_token(server.token())
}

#[tokio::test]
async fn a_server_that_is_not_trusted_is_sent_nothing() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let certificate = authority.issue(&["localhost"], Validity::Current);
    let server = CachekitServerSetup::new().tls(&certificate).start();
    let url = format!("{}?ca={}", server.url(), stranger.file().display());
    let store = open(&url, &options(&server)).unwrap();
    let error = store.get_many(&["k"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
}

#[tokio::test]
async fn who_has_no_token_or_another_is_told_so() {
    let server = CachekitServer::start();
    for token in [None, Some("cks_another-token-altogether-0123456789abcd")] {
        let mut options = StoreOptions::default();
        if let Some(token) = token {
            options = options.with_token(token);
        }
        let store = open(&server.url(), &options).unwrap();
        let value = Bytes::from_static(b"value");
        for error in [
            store.get_many(&["k"]).await.unwrap_err(),
            store.get_many(&["k", "l"]).await.unwrap_err(),
            store.set("k", value.clone(), LONG).await.unwrap_err(),
            store.compare_and_set("k", Expected::Absent, value, LONG).await.unwrap_err(),
            store.delete("k").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
            let shown = format!("{error} {error:?} {options:?}");
            assert!(shown.contains("CACHEKIT_API_KEY"), "{shown}");
            assert!(!shown.contains("another-token"), "{shown}");
        }
    }
    for wrong in ["", "a b", "a\r\nX: y", "ä"] {
        let refused = open(&server.url(), &StoreOptions::default().with_token(wrong));
        let error = refused.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
}

#[tokio::test]
async fn a_wrong_base_is_no_empty_store() {
    let server = CachekitServerSetup::new().base("/api").start();
    let elsewhere = format!("http://127.0.0.1:{}/apy", server.port());
    let store = open(&elsewhere, &options(&server)).unwrap();
    for error in [
        store.get_many(&["k", "l"]).await.unwrap_err(),
        store.set("k", Bytes::new(), LONG).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
        assert!(error.to_string().contains("/v1"), "{error}");
    }
}

#[tokio::test]
async fn a_plain_server_does_what_it_can() {
    let server = CachekitServer::start();
    let store = open(&format!("{}?server=plain", server.url()), &options(&server)).unwrap();
    assert_eq!(store.capabilities().compare, Compare::Unsupported);
    let value = Bytes::from_static(b"value");
    store.set("k", value.clone(), LONG).await.unwrap();
    let error = store.compare_and_delete("k", b"value").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let full = open(&server.url(), &options(&server)).unwrap();
    let swap = full.compare_and_set("k", Expected::Exactly(b"value"), value, LONG).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    assert_eq!(store.delete("k").await.unwrap(), Deleted::Removed);
}

#[tokio::test]
async fn many_large_writes_are_sent_in_as_many_batches_as_they_need() {
    let server = CachekitServer::start();
    let store = open(&server.url(), &options(&server)).unwrap();
    let keys: Vec<String> = (0..20).map(|i| format!("large:{i}")).collect();
    let value = |i: usize| Bytes::from(vec![i as u8; 1024 * 1024]);
    let writes: Vec<_> =
        keys.iter().enumerate().map(|(i, key)| Write { key, value: value(i), ttl: LONG }).collect();
    store.set_many(&writes).await.unwrap();
    for (i, key) in keys.iter().enumerate() {
        assert_eq!(store.get_many(&[key]).await.unwrap(), [Some(value(i))]);
    }
}
