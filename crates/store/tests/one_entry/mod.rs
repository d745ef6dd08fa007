//! One entry, `k`, on a store behind a network that misbehaves: what holds whatever the store.

use std::time::Duration;

use bytes::Bytes;
use cachekit_store::{Error, ErrorKind, Store, StoreOptions};
use cachekit_testkit::{Fault, FaultProxy, eventually_async};

const BRISK: Duration = Duration::from_millis(250);
const LONG: Duration = Duration::from_secs(60);

/// Time-outs that a test can wait for.
pub(crate) fn brisk() -> StoreOptions {
    StoreOptions::default().with_connect_timeout(BRISK).with_operation_timeout(BRISK)
}

pub(crate) fn value() -> Bytes {
    Bytes::from_static(b"value")
}

pub(crate) async fn get(store: &dyn Store, key: &str) -> Result<Option<Bytes>, Error> {
    store.get_many(&[key]).await.map(|mut answers| answers.remove(0))
}

pub(crate) async fn works_again(store: &dyn Store) {
    eventually_async("the store works again", || async {
        get(store, "k").await.is_ok_and(|answer| answer == Some(value()))
    })
    .await;
}

/// A read whose reply is cut after so many bytes is asked again.
pub(crate) async fn is_read_though_cut(store: &dyn Store, proxy: &FaultProxy, after: [usize; 4]) {
    for bytes in after {
        proxy.inject(Fault::ResetAfter(bytes));
        assert_eq!(get(store, "k").await.unwrap(), Some(value()), "{bytes}");
        assert_eq!(proxy.fault(), Fault::None);
    }
}

/// A write whose reply is lost is an error, though it was done, and is not done again.
pub(crate) async fn is_written_once(store: &dyn Store, proxy: &FaultProxy) {
    proxy.inject(Fault::ResetAfter(0));
    let error = store.set("k", Bytes::from_static(b"new"), LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(get(store, "k").await.unwrap().as_deref(), Some(&b"new"[..]), "it was done");
}
