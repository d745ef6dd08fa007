//! Redis, and whatever speaks its protocol (RESP2): Valkey, KeyDB, Dragonfly.
//!
//! A call goes `store` (the contract, as commands) → `links` (which connection) → `connection`
//! (send, wait, lose) → `wire` and `framing` (bytes, bounded before anything is allocated for
//! them). `failure` sorts what comes back, `script` holds the two compare scripts;
//! `cluster` and `sentinel` find the server that a call is for;
//! `crate::backoff` keeps a dead server from being asked by every call.

mod cluster;
mod config;
mod connection;
mod failure;
mod framing;
mod links;
mod nodes;
mod redirect;
mod reply;
mod route;
mod script;
mod seeds;
mod sentinel;
mod server;
mod slot;
mod store;
mod topology;
mod wire;

pub(crate) use config::RedisConfig;
pub(crate) use seeds::{ClusterConfig, SentinelConfig};
pub use store::RedisStore;
