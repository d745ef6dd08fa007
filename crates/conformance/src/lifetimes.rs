//! Nothing outlives its time to live, and nothing ends before it for no reason.

use std::time::Duration;

use bytes::Bytes;
use cachekit_process::Clock;
use cachekit_store::{ErrorKind, Expected, Store, Swap, Write};

use crate::{LONG, Subject, get, key, open, put};

const SHORT: Duration = Duration::from_millis(60);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Waits until the entry is gone, and returns how long that took by the subject's clock.
async fn gone_after(subject: &dyn Subject, store: &dyn Store, key: &str) -> Duration {
    let clock = subject.clock();
    let start = clock.boot_nanos();
    let passed = |clock: &dyn Clock| Duration::from_nanos(clock.boot_nanos() - start);
    while get(store, key).await.is_some() {
        assert!(passed(&*clock) < Duration::from_secs(10), "it never runs out");
        subject.pass(MILLISECOND).await;
    }
    passed(&*clock)
}

pub(crate) async fn an_entry_runs_out(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("short"));
    let before = subject.clock().boot_nanos();
    store.set(&key, Bytes::from_static(b"value"), SHORT).await.expect("a write");
    gone_after(subject, &*store, &key).await;
    let lived = Duration::from_nanos(subject.clock().boot_nanos() - before);
    // A server may read its clock once for several commands, a millisecond ago.
    assert!(lived + MILLISECOND >= SHORT, "gone after {lived:?}");
}

pub(crate) async fn a_new_write_has_a_new_lifetime(subject: &dyn Subject) {
    let store = open(subject);
    let (longer, shorter) = (key("longer"), key("shorter"));
    let value = Bytes::from_static(b"value");
    store.set(&longer, value.clone(), SHORT).await.expect("a write");
    let write = Write { key: &longer, value: value.clone(), ttl: LONG };
    store.set_many(&[write]).await.expect("a write");
    put(&*store, &shorter, "value").await;
    store.set(&shorter, value, SHORT).await.expect("a write");
    gone_after(subject, &*store, &shorter).await;
    subject.pass(SHORT).await;
    assert!(get(&*store, &longer).await.is_some());
}

pub(crate) async fn the_shortest_and_the_longest_are_accepted(subject: &dyn Subject) {
    let store = open(subject);
    let (shortest, longest) = (key("shortest"), key("longest"));
    let value = Bytes::from_static(b"value");
    store.set(&shortest, value.clone(), Duration::from_nanos(1)).await.expect("a write");
    store.set(&longest, value, Duration::MAX).await.expect("a write");
    gone_after(subject, &*store, &shortest).await;
    assert!(get(&*store, &longest).await.is_some());
}

pub(crate) async fn zero_is_refused(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("zero"));
    put(&*store, &key, "kept").await;
    let zero = Duration::ZERO;
    let refused = store.set(&key, Bytes::new(), zero).await.expect_err("no time to live");
    assert_eq!(refused.kind(), ErrorKind::Misconfigured);
    let write = Write { key: &key, value: Bytes::new(), ttl: zero };
    assert!(store.set_many(&[write]).await.is_err());
    assert_eq!(get(&*store, &key).await.as_deref(), Some(&b"kept"[..]));
}

pub(crate) async fn a_swap_has_its_own_lifetime(subject: &dyn Subject) {
    let store = open(subject);
    let (fresh, replaced) = (key("fresh"), key("replaced"));
    let value = Bytes::from_static(b"value");
    let swap = store.compare_and_set(&fresh, Expected::Absent, value.clone(), SHORT);
    assert_eq!(swap.await.expect("a swap"), Swap::Done);
    put(&*store, &replaced, "before").await;
    let swap = store.compare_and_set(&replaced, Expected::Exactly(b"before"), value, SHORT);
    assert_eq!(swap.await.expect("a swap"), Swap::Done);
    gone_after(subject, &*store, &fresh).await;
    gone_after(subject, &*store, &replaced).await;
}

pub(crate) async fn what_has_run_out_is_absent_for_a_swap(subject: &dyn Subject) {
    let (store, key) = (open(subject), key("short"));
    store.set(&key, Bytes::from_static(b"old"), SHORT).await.expect("a write");
    gone_after(subject, &*store, &key).await;
    let swap = |expected| store.compare_and_set(&key, expected, Bytes::from_static(b"new"), LONG);
    assert_eq!(swap(Expected::Exactly(b"old")).await.expect("a swap"), Swap::Refused);
    assert_eq!(store.compare_and_delete(&key, b"old").await.expect("a swap"), Swap::Refused);
    assert_eq!(swap(Expected::Absent).await.expect("a swap"), Swap::Done);
}
