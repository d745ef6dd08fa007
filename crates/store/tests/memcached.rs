//! memcached keeps the contract: on one server, on one thread, and on several servers.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use cachekit_process::{Clock, SystemClock};
use cachekit_store::{Store, StoreOptions};
use cachekit_testkit::{
    MemcachedServer,
    conformance::{self, Outage, Subject},
};

/// All servers go down and come up together.
struct Memcached {
    servers: Vec<MemcachedServer>,
    url: String,
}

impl Memcached {
    fn of(count: usize) -> Self {
        let servers: Vec<_> = (0..count).map(|_| MemcachedServer::start()).collect();
        let hosts: Vec<_> =
            servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        Self { servers, url: format!("memcached://{}", hosts.join(",")) }
    }
}

impl Subject for Memcached {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        cachekit_store::open(&self.url, &options).unwrap()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(by))
    }

    fn outage(&self) -> Option<&dyn Outage> {
        Some(self)
    }
}

impl Outage for Memcached {
    fn kill(&self) {
        self.servers.iter().for_each(MemcachedServer::kill);
    }

    fn restart(&self) {
        self.servers.iter().for_each(MemcachedServer::restart);
    }

    fn hang(&self) {
        self.servers.iter().for_each(MemcachedServer::stop);
    }

    fn resume(&self) {
        self.servers.iter().for_each(MemcachedServer::cont);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    conformance::run(&Memcached::of(1)).await;
}

#[tokio::test]
async fn keeps_the_contract_on_one_thread() {
    conformance::run(&Memcached::of(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_on_two_servers() {
    conformance::run(&Memcached::of(2)).await;
}
