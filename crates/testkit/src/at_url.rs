//! A store at an address, as a subject of the suite.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use cachekit_process::{Clock, SystemClock};
use cachekit_store::{Store, StoreOptions, open};

use crate::conformance::{Outage, Subject};

/// What an address leads to, whose entries run out by the system's clock.
pub struct AtUrl<'o> {
    url: String,
    token: Option<String>,
    outage: Option<&'o dyn Outage>,
}

impl<'o> AtUrl<'o> {
    /// The store at this address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), token: None, outage: None }
    }

    /// With this bearer token.
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// And how to take it down.
    pub fn outage(mut self, outage: &'o dyn Outage) -> Self {
        self.outage = Some(outage);
        self
    }
}

impl Subject for AtUrl<'_> {
    fn open(&self, options: StoreOptions) -> Arc<dyn Store> {
        let options = match &self.token {
            Some(token) => options.with_token(token),
            None => options,
        };
        open(&self.url, &options).expect("a good address")
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn pass(&self, by: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(by))
    }

    fn outage(&self) -> Option<&dyn Outage> {
        self.outage
    }
}
