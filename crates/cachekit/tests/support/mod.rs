//! What the tests share.
#![allow(dead_code, unreachable_pub, clippy::expect_used, reason = "each test uses a part of it")]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use cachekit::Cache;

/// A master key for tests.
pub fn key() -> String {
    "5e0b17".repeat(11)
}

/// A plain cache of its own.
pub fn memory() -> Cache {
    Cache::builder().memory_only().build().expect("cache")
}

/// A sealed cache of its own.
pub fn sealed() -> Cache {
    Cache::builder().memory_only().secure(key()).build().expect("cache")
}

/// How often a function ran.
pub struct Calls(AtomicUsize);

impl Calls {
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Counts one, and says how many there were before.
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, SeqCst)
    }

    pub fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// An error that can be cloned, and knows nothing of caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub &'static str);
