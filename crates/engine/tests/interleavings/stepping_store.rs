//! A store whose every request can be overtaken: on its way there, and on its way back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cachekit_store::{Capabilities, Deleted, Expected, Pending, Store, Swap, Watching, Write};

use crate::schedule::step;

/// Wraps a real store: each request lets the others move before it takes effect and before its
/// answer arrives.
pub(crate) struct SteppingStore(pub(crate) Arc<dyn Store>);

macro_rules! stepping {
    ($request:expr) => {
        Box::pin(async move {
            step().await;
            let answer = $request.await;
            step().await;
            answer
        })
    };
}

impl Store for SteppingStore {
    fn address(&self) -> &str {
        self.0.address()
    }

    fn capabilities(&self) -> Capabilities {
        // The model has no hints: what it proves holds without them.
        self.0.capabilities().with_watch(Watching::Unsupported)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        stepping!(self.0.get_many(keys))
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        stepping!(self.0.set(key, value, ttl))
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        stepping!(self.0.set_many(writes))
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        stepping!(self.0.compare_and_set(key, expected, value, ttl))
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        stepping!(self.0.compare_and_delete(key, seen))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        stepping!(self.0.delete(key))
    }
}
