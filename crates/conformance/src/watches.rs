//! Hearing of what others change.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cachekit_store::{Change, OnChange, Store};

use crate::{Subject, key, open, put};

/// How long a change may take to be told of.
const SOON: Duration = Duration::from_secs(3);

/// What was told: keys, and `None` for anything.
type Heard = Arc<Mutex<Vec<Option<String>>>>;

fn listener() -> (Heard, OnChange) {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    let changed: OnChange = Arc::new(move |change| {
        told.lock().expect("no panic in a watch").push(match change {
            Change::Key(key) => Some(key.to_owned()),
            Change::Anything => None,
        });
    });
    (heard, changed)
}

fn has(heard: &Heard, key: &str) -> bool {
    heard.lock().expect("no panic in a watch").iter().flatten().any(|told| told == key)
}

/// Changes the entry again and again until the watch, which may still have to connect, tells of it.
async fn hears_of(heard: &Heard, key: &str, writer: &dyn Store) {
    let started = Instant::now();
    let mut round = 0_u32;
    while !has(heard, key) {
        assert!(started.elapsed() < SOON, "a change was not told within {SOON:?}");
        if round.is_multiple_of(10) {
            put(writer, key, format!("{round}")).await;
        }
        round += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn others_changes_are_told(subject: &dyn Subject) {
    let (watcher, writer) = (open(subject), open(subject));
    let (heard, changed) = listener();
    let _watch = watcher.watch(changed).expect("a watch");
    let (written, deleted) = (key("written"), key("deleted"));
    hears_of(&heard, &written, &*writer).await;
    put(&*writer, &deleted, "x").await;
    hears_of(&heard, &deleted, &*writer).await;
    heard.lock().expect("no panic in a watch").clear();
    writer.delete(&deleted).await.expect("an answer");
    let started = Instant::now();
    while !has(&heard, &deleted) {
        assert!(started.elapsed() < SOON, "a deletion was not told within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn a_dropped_watch_is_over(subject: &dyn Subject) {
    let (watcher, writer) = (open(subject), open(subject));
    let (heard, changed) = listener();
    let watch = watcher.watch(changed).expect("a watch");
    hears_of(&heard, &key("before"), &*writer).await;
    drop(watch);
    // Another watch on the same store is the measure of what would have been told by now.
    let (after, changed) = listener();
    let _watch = watcher.watch(changed).expect("a watch");
    let late = key("after");
    hears_of(&after, &late, &*writer).await;
    assert!(!has(&heard, &late), "it was told after the watch had ended");
}
