//! Hearing of changes from a real `cachekit-server`.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use cachekit_store::{Change, Expected, OnChange, Store, StoreOptions, Swap, open};
use cachekit_testkit::{CachekitServer, CachekitServerSetup};

const LONG: Duration = Duration::from_secs(600);

/// Keys, and `None` for anything.
type Heard = Arc<Mutex<Vec<Option<String>>>>;

fn listener() -> (Heard, OnChange) {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    let changed: OnChange = Arc::new(move |change| {
        told.lock().unwrap().push(match change {
            Change::Key(key) => Some(key.to_owned()),
            Change::Anything => None,
        });
    });
    (heard, changed)
}

fn store(server: &CachekitServer) -> Arc<dyn Store> {
    open(&server.url(), &StoreOptions::default().with_token(server.token())).unwrap()
}

async fn until(mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "it did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_writes_are_no_news() {
    let server = CachekitServerSetup::new().start();
    let (mine, theirs) = (store(&server), store(&server));
    let (heard, changed) = listener();
    let _watch = mine.watch(changed).unwrap();
    until(|| heard.lock().unwrap().contains(&None)).await;
    heard.lock().unwrap().clear();

    mine.set("a", Bytes::from_static(b"1"), LONG).await.unwrap();
    let swap = mine.compare_and_set("b", Expected::Absent, Bytes::from_static(b"1"), LONG).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    theirs.set("a", Bytes::from_static(b"2"), LONG).await.unwrap();
    // Events come in the order of the changes: this one is the last.
    theirs.set("last", Bytes::from_static(b"2"), LONG).await.unwrap();
    let has_last = || heard.lock().unwrap().contains(&Some("last".to_owned()));
    until(has_last).await;
    let told: Vec<_> = heard.lock().unwrap().iter().flatten().cloned().collect();
    assert_eq!(told, ["a", "last"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lost_stream_anything_may_have_changed_and_changes_are_told_again() {
    let server = CachekitServerSetup::new().start();
    let (mine, theirs) = (store(&server), store(&server));
    let (heard, changed) = listener();
    let _watch = mine.watch(changed).unwrap();
    until(|| heard.lock().unwrap().contains(&None)).await;
    server.kill();
    heard.lock().unwrap().clear();
    server.restart();
    until(|| heard.lock().unwrap().contains(&None)).await;
    theirs.set("after", Bytes::from_static(b"1"), LONG).await.unwrap();
    until(|| heard.lock().unwrap().contains(&Some("after".to_owned()))).await;
}
