//! Caching whose backend never sees your data.
//!
//! A sealed cache encrypts every entry in the process that made it (AES-256-GCM, a key for every
//! tenant and every writer), and hides what the entry is called: the store keeps opaque bytes under
//! opaque names. What it gives back is checked before it is believed.
//!
//! ```
//! use cachekit::{Cache, cached, configure};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Patient {
//!     name: String,
//!     diagnosis: String,
//! }
//!
//! #[cached(secure, ttl = "5m")]
//! fn patient(id: u64) -> Patient {
//!     // Slow, and nobody else's business.
//!     Patient { name: format!("Patient {id}"), diagnosis: "hay fever".into() }
//! }
//!
//! // In production the key comes from CACHEKIT_MASTER_KEY, and the store from CACHEKIT_URL.
//! configure(Cache::builder().memory_only().secure("4f".repeat(32)))?;
//! assert_eq!(patient(7).diagnosis, "hay fever");
//! assert!(patient_peek(7)?.is_some());
//! # Ok::<(), cachekit::Error>(())
//! ```
//!
//! # Where to look
//! - [`cached`]: the attribute, its options, and the functions that it puts beside yours.
//! - [`Cache`]: values by key, with [`get_or_compute`](Cache::get_or_compute) and
//!   [`for_tenant`](Cache::for_tenant); [`Cache::blocking`] for synchronous code.
//! - [`CacheBuilder`] and [`configure`]: keys, stores, bounds. [`mod@env`]: the environment variables.
//! - [`store`]: a store of your own.
//! - [`Error`]: what can go wrong, and what to do.
//!
//! # What it does not promise
//! A store can drop an entry, or show an old one until that one's authenticated end; it can
//! neither read, change, swap nor extend one. The threat table is in `docs/`.
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "cached/mod.rs"]
pub mod __private;
mod blocking;
mod buffers;
mod builder;
mod cache;
mod config;
mod default;
pub mod duration;
pub mod env;
mod error;
mod key_file;
pub mod keys;
mod lookup;
mod operations;
mod secret;
pub mod shared;

/// The engine under this face, for other faces. Programs need nothing of it.
#[doc(hidden)]
pub use cachekit_engine as engine;
pub use cachekit_engine::codec::{Codec, Json, MessagePack, SerializerId};
pub use cachekit_engine::process::{Clock, ManualClock, SystemClock, UnixMillis};
/// What keeps entries: the [`Store`] trait, to write one of your own, and the stores
/// that are there.
pub use cachekit_engine::store;
pub use cachekit_engine::store::Store;
pub use cachekit_engine::{
    DEFAULT_L1_BYTES, DEFAULT_L1_MAX_AGE, DEFAULT_MAX_TTL, DEFAULT_PREFIX, Event, Filled, L1,
    Observer, OnTamper, Refused, Stats,
};

pub use blocking::Blocking;
pub use builder::CacheBuilder;
pub use cache::{Cache, KEYED_OPERATION};
pub use config::{Backend, DEFAULT_TTL, MasterKeySource, OpenStore, Rotation, Settings};
pub use default::{configure, configured};
pub use error::{ComputeError, Error};
pub use secret::Secret;

#[doc = include_str!("cached.md")]
pub use cachekit_macros::cached;

/// What most programs need: `use cachekit::prelude::*;`.
pub mod prelude {
    pub use crate::{Cache, ComputeError, Error, cached, configure};
}

/// The Rust of the README and of the book runs as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[doc = include_str!("../../../docs/rust.md")]
mod pages {}
