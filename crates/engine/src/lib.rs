//! The one place where stores and sealing meet: what is served, what is computed, what is written.
//!
//! A call goes through these files, in this order:
//!
//! | hit | miss |
//! |---|---|
//! | `call` what was asked | `flight` who computes, who waits |
//! | `name` its digest and its addresses | `ticket` the right to compute once |
//! | `first_level` what this process holds in `l1` | *the function runs* |
//! | `read` the store, one round trip | `write` compare-and-set against what the miss saw |
//! | `settle` the barriers read along, `standing` as they stood last | `protect` sealed, or plain: decided by the cache alone |
//! | `inspect` may these bytes be served? | `compare` on stores that cannot |
//! | `hit` opened into the caller's buffer | |
//!
//! Beside them: `barrier` and `marks` (what this process has seen, and never goes back
//! behind), `operation_table` (what an operation's handles share),
//! `wait_graph` (who waits for whom), `meeting` (since when barriers retire), `invalidate` (tombstones and clears), `clear` (its barrier, against others'), `breaker` and `foreign` (when the store, or
//! an entry, is left alone), `drive` (who polls), `stats`, `observe` and `health` (what is
//! told).
//!
//! Values, arguments and tenants are bytes here: turning them from and to a language's own is the
//! faces' work.
#![forbid(unsafe_code)]

mod barrier;
mod barrier_addresses;
mod breaker;
mod cache;
mod cache_state;
mod call;
mod caller;
mod changes;
mod clear;
mod compare;
mod drive;
mod error;
mod first_level;
mod flight;
mod flight_scope;
mod foreign;
mod health;
mod hit;
mod inspect;
mod invalidate;
mod l1;
mod marks;
mod meeting;
mod name;
mod observe;
mod operation;
mod operation_state;
mod operation_table;
mod options;
mod protect;
mod read;
mod seldom;
mod settle;
mod sighting;
mod standing;
mod stats;
mod ticket;
mod wait_graph;
mod write;

/// The crates below: a face depends on this one alone, and reaches them through it.
pub use cachekit_codec as codec;
pub use cachekit_codec::SerializerId;
pub use cachekit_process as process;
pub use cachekit_seal as seal;
pub use cachekit_seal::Scratch;
pub use cachekit_store as store;

pub use cache::Cache;
pub use call::{Call, Encoded, Value};
pub use caller::{Caller, FlightId};
pub use drive::block_on;
pub use error::Error;
pub use flight::SharedError;
pub use hit::Hit;
pub use l1::Object;
pub use observe::{Event, Filled, Observer, Refused};
pub use operation::{Entered, Intent, Operation};
pub use options::{
    CacheOptions, DEFAULT_L1_BYTES, DEFAULT_L1_MAX_AGE, DEFAULT_MAX_TTL, DEFAULT_PREFIX, L1,
    LARGEST_ENTRY, OnTamper, OperationOptions, Protection,
};
pub use stats::Stats;
pub use ticket::Ticket;
