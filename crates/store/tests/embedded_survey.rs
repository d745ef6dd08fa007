//! What only an embedded store can tell.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{EmbeddedStore, Store, StoreOptions, StoreUrl};
use tempfile::TempDir;

#[tokio::test]
async fn a_survey_shows_every_live_entry_and_its_end() {
    let directory = TempDir::new().unwrap();
    let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
    let url: StoreUrl = format!("file://{}", directory.path().display()).parse().unwrap();
    let options = StoreOptions::default()
        .with_memory_capacity(4 * 1024 * 1024)
        .with_operation_timeout(Duration::from_secs(20))
        .with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let store = EmbeddedStore::at(&url, &options).unwrap();
    let large = Bytes::from(vec![7; 100_000]);
    store.set("short", Bytes::from_static(b"s"), Duration::from_millis(5)).await.unwrap();
    store.set("a", Bytes::from_static(b"value"), Duration::from_secs(1)).await.unwrap();
    store.set("b", large.clone(), Duration::from_secs(2)).await.unwrap();
    clock.advance(Duration::from_millis(5));

    let mut seen = Vec::new();
    store.survey(|digest, value, end| seen.push((end.0, *digest, value.to_vec()))).await.unwrap();
    seen.sort();
    let [a, b] = ["a", "b"].map(EmbeddedStore::digest);
    let expected =
        [(1_700_000_001_000, a, b"value".to_vec()), (1_700_000_002_000, b, large.to_vec())];
    assert_eq!(seen, expected);
    store.flush().await.unwrap();
}

#[test]
fn other_addresses_are_other_stores() {
    for url in ["memory://a", "redis://localhost", "memcached://localhost"] {
        let url: StoreUrl = url.parse().unwrap();
        assert!(EmbeddedStore::at(&url, &StoreOptions::default()).is_none());
    }
}
