//! memcached, one server or several, by its meta protocol (release 1.6 and later).
//!
//! A call goes `store` (the contract) → `ring` (which server has the key) → `links` (which
//! connection to it) → `connection` (send, wait, lose) → `framing` (replies, bounded before
//! anything is allocated for them). `command` writes the requests, `expiry` the times to live,
//! `reply` and `failure` sort what comes back.

mod command;
mod config;
mod connection;
mod expiry;
mod failure;
mod framing;
mod links;
mod reply;
mod ring;
mod store;

pub(crate) use config::MemcachedConfig;
pub use store::MemcachedStore;
