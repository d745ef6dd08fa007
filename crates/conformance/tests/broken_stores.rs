//! Stores that are wrong in one way each are found out, and by a check of the right family.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use cachekit_conformance::{Outcome, Subject, Verdict, report};
use cachekit_process::{Clock, ManualClock, UnixMillis};
use cachekit_store::{
    Capabilities, Deleted, Error, Expected, MemoryStore, OnChange, Pending, Store, StoreOptions,
    Swap, Watch, Write,
};

/// What is wrong with a store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// It cuts a value at its first zero, as C does.
    Values,
    /// It never lets an entry run out.
    Lifetimes,
    /// It takes what is over its limit.
    Limits,
    /// It compares lengths.
    Swaps,
    /// It answers with what was read last.
    Concurrency,
    /// It says that it tells of changes, and never does.
    Watches,
}

struct Broken {
    wrong: Wrong,
    right: MemoryStore,
    last: Mutex<Option<Bytes>>,
}

impl Store for Broken {
    fn address(&self) -> &str {
        self.right.address()
    }

    fn capabilities(&self) -> Capabilities {
        self.right.capabilities()
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            let mut found = self.right.get_many(keys).await?;
            if self.wrong == Wrong::Concurrency && keys.iter().any(|key| key.contains("talk")) {
                let answer = self.last.lock().unwrap().clone();
                tokio::task::yield_now().await;
                *self.last.lock().unwrap() = found.remove(0);
                found = vec![answer; keys.len()];
            }
            Ok(found)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        let value = match (self.wrong, value.iter().position(|byte| *byte == 0)) {
            (Wrong::Values, Some(zero)) => value.slice(..zero),
            (Wrong::Limits, _) => value.slice(..value.len().min(64 * 1024)),
            _ => value,
        };
        let long = Duration::from_secs(1 << 30);
        let forever = self.wrong == Wrong::Lifetimes && !ttl.is_zero();
        self.right.set(key, value, if forever { long } else { ttl })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        self.right.set_many(writes)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        let Expected::Exactly(seen) = expected else {
            return self.right.compare_and_set(key, expected, value, ttl);
        };
        Box::pin(async move {
            let there = self.right.get_many(&[key]).await?.remove(0);
            match there {
                Some(there) if self.wrong == Wrong::Swaps && there.len() == seen.len() => {
                    self.right.set(key, value, ttl).await.map(|()| Swap::Done)
                }
                _ => self.right.compare_and_set(key, expected, value, ttl).await,
            }
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        self.right.compare_and_delete(key, seen)
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        self.right.delete(key)
    }

    fn watch(&self, changed: OnChange) -> Result<Watch, Error> {
        match self.wrong {
            Wrong::Watches => Ok(Watch::new(changed)),
            _ => self.right.watch(changed),
        }
    }
}

struct Case {
    wrong: Wrong,
    clock: Arc<ManualClock>,
}

impl Subject for Case {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        let name = format!("wrong-{}", self.wrong as u8);
        let right = MemoryStore::named(&name, &options.with_clock(self.clock()));
        Arc::new(Broken { wrong: self.wrong, right, last: Mutex::default() })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.clock.advance(by);
        Box::pin(std::future::ready(()))
    }
}

async fn failures(wrong: Wrong) -> Vec<(&'static str, String)> {
    let clock = Arc::new(ManualClock::new(UnixMillis(1_700_000_000_000)));
    let failed = |outcome: Outcome| match outcome.verdict {
        Verdict::Failed(why) => Some((outcome.check, why)),
        Verdict::Passed | Verdict::DoesNotApply => None,
    };
    report(&Case { wrong, clock }).await.into_iter().filter_map(failed).collect()
}

/// One test: a report listens to the whole process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_found_out_by_its_family() {
    assert_eq!(failures(Wrong::Nothing).await, []);
    for (wrong, family) in [
        (Wrong::Values, "values::"),
        (Wrong::Lifetimes, "lifetimes::"),
        (Wrong::Limits, "limits::"),
        (Wrong::Swaps, "swaps::"),
        (Wrong::Concurrency, "concurrency::"),
        (Wrong::Watches, "watches::"),
    ] {
        let failures = failures(wrong).await;
        let (_, why) = failures.iter().find(|(check, _)| check.starts_with(family)).expect(family);
        assert!(why.contains("src/"), "{why}");
    }
}
