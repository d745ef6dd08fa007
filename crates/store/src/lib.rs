//! Stores: what keeps blobs and never asks what is in them.
//!
//! A [`Store`] maps a key to bytes that it cannot read, for a while. The trait is the whole
//! contract; everything that the cache promises about freshness rests on two of its methods,
//! [`Store::get_many`] (one round trip, one snapshot) and [`Store::compare_and_set`].
//!
//! | file | what it holds |
//! |---|---|
//! | `store` | the contract |
//! | `limits` | what is refused before anything is done, for whoever writes a store |
//! | `capability` | what a particular store can do, and how well |
//! | `error` | what can go wrong, and whether trying again can help |
//! | `options` | time-outs, bounds and the clock, with their defaults |
//! | `url` | addresses as users write them, printed without their passwords |
//! | `lifetime` | times to live, as a store may keep them |
//! | `by_runtime` | a connection for each runtime of this process |
//! | `backoff` | keeps a server that cannot be reached from being tried by every call |
//! | `asking` | one caller asks again who has what, the others go by what is known |
//! | `digest` | SHA-256, where a protocol names it |
//! | `tls/` | encrypted connections, and the files that they need |
//! | `embedded/` | a file or shared memory, for the processes of one machine |
//! | `http/` | `cachekit-server`, and what speaks its protocol |
//! | `memcached/` | memcached, one server or several |
//! | `memory/` | a store inside this process |
//! | `watch` | hearing of what others change |
//! | `redis/` | Redis, and whatever speaks its protocol |
//!
//! ```
//! use cachekit_store::{open, StoreOptions};
//!
//! let store = open("memory://sessions", &StoreOptions::default())?;
//! assert_eq!(store.address(), "memory://sessions");
//! # Ok::<(), cachekit_store::Error>(())
//! ```
#![forbid(unsafe_code)]

mod asking;
mod backoff;
mod by_runtime;
mod capability;
mod digest;
mod embedded;
mod error;
mod http;
mod lifetime;
mod limits;
mod memcached;
mod memory;
mod open;
mod options;
mod redis;
mod store;
mod tls;
mod url;
mod watch;

pub use bytes::Bytes;
pub use capability::{Batch, Capabilities, Compare, Reach, Watching};
pub use embedded::EmbeddedStore;
pub use error::{Error, ErrorKind};
pub use http::HttpStore;
pub use lifetime::Lifetime;
pub use limits::Limits;
pub use memcached::MemcachedStore;
pub use memory::MemoryStore;
pub use open::open;
pub use options::StoreOptions;
pub use redis::RedisStore;
pub use store::{Deleted, Expected, Pending, Store, Swap, Write};
pub use url::StoreUrl;
pub use watch::{Change, OnChange, Watch};

/// The Rust of the book's page runs as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/stores.md")]
mod pages {}
