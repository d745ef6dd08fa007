//! Writing what depends on what is there, on stores that can compare and on those that cannot.
//!
//! A store that compares decides in one step. One that does not is looked at once more right before
//! the write: a fill that was overtaken while its function ran is still refused, and what is left is
//! the moment between that look and the write. In it an invalidation can be overwritten by a value
//! from before it, which then lives until its own end. `docs/stores.md` says so of such stores.

use std::time::Duration;

use bytes::Bytes;
use cachekit_store::{Compare, Deleted, Error, Expected, Store, Swap};

use crate::health::short_answer;

/// Writes an entry if what is there is what was seen.
pub(crate) async fn compare_and_set(
    store: &dyn Store,
    key: &str,
    expected: Expected<'_>,
    value: Bytes,
    ttl: Duration,
) -> Result<Swap, Error> {
    if store.capabilities().compare == Compare::Atomic {
        return store.compare_and_set(key, expected, value, ttl).await;
    }
    if !is_still(store, key, expected).await? {
        return Ok(Swap::Refused);
    }
    store.set(key, value, ttl).await.map(|()| Swap::Done)
}

/// Removes an entry if it is what was seen.
pub(crate) async fn compare_and_delete(
    store: &dyn Store,
    key: &str,
    seen: &[u8],
) -> Result<Swap, Error> {
    if store.capabilities().compare == Compare::Atomic {
        return store.compare_and_delete(key, seen).await;
    }
    if !is_still(store, key, Expected::Exactly(seen)).await? {
        return Ok(Swap::Refused);
    }
    store.delete(key).await.map(|deleted| match deleted {
        Deleted::Removed => Swap::Done,
        Deleted::Absent => Swap::Refused,
    })
}

async fn is_still(store: &dyn Store, key: &str, expected: Expected<'_>) -> Result<bool, Error> {
    let found = store.get_many(&[key]).await?;
    let [found] = &found[..] else { return Err(short_answer(store)) };
    Ok(match expected {
        Expected::Absent => found.is_none(),
        Expected::Exactly(seen) => found.as_deref() == Some(seen),
    })
}
