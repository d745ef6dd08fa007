//! HTTP: `cachekit-server`, and whatever else speaks its protocol (`docs/http.md`).
//!
//! A call goes `store` (the contract, as requests of `request`) → `links` (which connection) →
//! `connection` (send, wait, read within a bound). `features` knows what the server said that it
//! can do, `batch` is the body of many reads or writes, `failure` sorts what comes back. `watching` listens to `events`.

mod batch;
mod config;
mod connection;
mod events;
mod failure;
mod features;
mod links;
mod name;
mod reply;
mod request;
mod server;
mod store;
mod watching;

pub(crate) use config::HttpConfig;
pub use store::HttpStore;
