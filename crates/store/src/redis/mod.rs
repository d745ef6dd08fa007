//! Redis, and whatever speaks its protocol (RESP2): Valkey, KeyDB, Dragonfly.
//!
//! A call goes `store` (the contract, as commands) → `links` (which connection) → `connection`
//! (send, wait, lose) → `wire` and `framing` (bytes, bounded before anything is allocated for
//! them). `failure` sorts what comes back, `script` holds the two compare scripts;
//! `crate::backoff` keeps a dead server from being asked by every call.

mod config;
mod connection;
mod failure;
mod framing;
mod links;
mod reply;
mod script;
mod server;
mod store;
mod tls;
mod wire;

pub(crate) use config::RedisConfig;
pub use store::RedisStore;
