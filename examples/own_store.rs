//! A store of your own: a map behind a lock, held to the contract, then used by a sealed cache.
//!
//! ```sh
//! cargo run --example own_store
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::HashMap;
use std::error::Error;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cachekit::store::{
    Bytes, Capabilities, Deleted, Expected, Limits, Pending, Reach, Store, StoreOptions, Swap,
    Write,
};
use cachekit::{Cache, Clock, SystemClock};
use cachekit_conformance::{Subject, report};

type Entries = HashMap<String, (Bytes, Instant)>;

/// Entries in this process, without a bound.
struct MapStore {
    entries: Arc<Mutex<Entries>>,
    largest_entry: usize,
}

impl MapStore {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes one entry by what is there now; nothing else happens in between.
    fn change<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        let mut entries = self.entries();
        let now = Instant::now();
        entries.retain(|_, (_, end)| *end > now);
        act(&mut entries)
    }
}

fn end_of(ttl: Duration) -> Instant {
    // `Limits` has shown that it is not zero; a hundred years are enough for everybody.
    Instant::now() + ttl.min(Duration::from_secs(100 * 365 * 24 * 3600))
}

impl Store for MapStore {
    fn address(&self) -> &str {
        "map://example"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Reach::Process, self.largest_entry)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            let limits = Limits::of(self);
            limits.count(keys.len())?;
            let found: Vec<_> = self.change(|entries| {
                keys.iter().map(|key| entries.get(*key).map(|(value, _)| value.clone())).collect()
            });
            found.iter().flatten().try_for_each(|value| limits.value(value))?;
            Ok(found)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).write(&value, ttl)?;
            self.change(|entries| entries.insert(key.to_owned(), (value, end_of(ttl))));
            Ok(())
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            let limits = Limits::of(self);
            limits.count(writes.len())?;
            for write in writes {
                limits.write(&write.value, write.ttl)?;
            }
            for Write { key, value, ttl } in writes {
                self.set(key, value.clone(), *ttl).await?;
            }
            Ok(())
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        Box::pin(async move {
            Limits::of(self).write(&value, ttl)?;
            Ok(self.change(|entries| {
                let there = entries.get(key).map(|(value, _)| &value[..]);
                let expected = match expected {
                    Expected::Absent => None,
                    Expected::Exactly(seen) => Some(seen),
                };
                if there != expected {
                    return Swap::Refused;
                }
                entries.insert(key.to_owned(), (value, end_of(ttl)));
                Swap::Done
            }))
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        let done = self.change(|entries| {
            let is_seen = entries.get(key).is_some_and(|(value, _)| value == seen);
            if is_seen { entries.remove(key).is_some() } else { false }
        });
        Box::pin(ready(Ok(if done { Swap::Done } else { Swap::Refused })))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        let removed = self.change(|entries| entries.remove(key).is_some());
        Box::pin(ready(Ok(if removed { Deleted::Removed } else { Deleted::Absent })))
    }
}

/// What the conformance suite needs to know of it.
#[derive(Default)]
struct Mine(Arc<Mutex<Entries>>);

impl Subject for Mine {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        Arc::new(MapStore { entries: Arc::clone(&self.0), largest_entry: options.largest_entry() })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(by))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mine = Mine::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcomes = runtime.block_on(report(&mine));
    let failed = outcomes.iter().filter(|outcome| outcome.is_failure()).count();
    println!("{} checks, {failed} failed", outcomes.len());
    if failed > 0 {
        return Err(format!("{outcomes:#?}").into());
    }

    let store = mine.open(StoreOptions::default());
    let cache = Cache::builder().store(store).secure("4f".repeat(32)).build()?;
    let minute = Duration::from_secs(60);
    let report = cache.blocking().get_or_compute("report", minute, || 1234_u32)?;
    assert_eq!(cache.blocking().get::<u32>("report")?, Some(report));
    println!("a sealed cache found {report} in it");
    Ok(())
}
