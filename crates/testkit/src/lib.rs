//! What the tests of the other crates stand on: real servers, real faults, one contract.
//!
//! * [`RedisServer`]: a Redis of its own for a test, on a free port, gone with the test;
//! * [`RedisCluster`]: six of them that share the keys;
//! * [`RedisSentinel`]: one with two replicas, and three sentinels that replace it;
//! * [`Authority`]: certificates for it, good and bad;
//! * [`MemcachedServer`]: the same with memcached;
//! * [`CachekitServer`]: the same with our own HTTP server, built first if need be;
//! * [`FaultProxy`]: a network in front of it that delays, cuts and lies on command;
//! * [`AtUrl`]: whatever an address leads to, held to
//! * [`conformance`]: what every store must do, run against any of them;
//! * [`eventually`]: waiting for something to become true, never for time to pass.
//!
//! Everything here fails by panicking, as tests do.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test kit fails by panicking"
)]

mod at_url;
mod cachekit_server;
mod eventually;
mod fault_proxy;
mod memcached_server;
mod process;
mod redis_cluster;
mod redis_sentinel;
mod redis_server;
mod redis_tls;

pub use at_url::AtUrl;
pub use cachekit_conformance as conformance;
pub use cachekit_server::{CachekitServer, CachekitServerSetup, binary as server_binary};
pub use eventually::{eventually, eventually_async};
pub use fault_proxy::{Fault, FaultProxy};
pub use memcached_server::MemcachedServer;
pub use redis_cluster::RedisCluster;
pub use redis_sentinel::{RedisSentinel, SentinelSetup};
pub use redis_server::{RedisServer, RedisSetup};
pub use redis_tls::{Authority, Certificate, Clients, Validity};
