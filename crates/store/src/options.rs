//! Time-outs, bounds and the clock of a store, with their defaults.

use std::{fmt, sync::Arc, time::Duration};

use cachekit_process::{Clock, SystemClock};

/// How a store behaves; where it is says its address.
///
/// ```
/// use std::time::Duration;
/// use cachekit_store::StoreOptions;
///
/// let options = StoreOptions::default().with_operation_timeout(Duration::from_millis(200));
/// assert_eq!(options.connect_timeout(), Duration::from_millis(500));
/// ```
#[derive(Clone)]
pub struct StoreOptions {
    connect_timeout: Duration,
    operation_timeout: Duration,
    largest_entry: usize,
    memory_capacity: usize,
    token: Option<Arc<str>>,
    clock: Arc<dyn Clock>,
}

const MIB: usize = 1024 * 1024;
/// No time-out at all is no time-out that anybody waits for; beyond, deadlines could overflow.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_millis(500),
            operation_timeout: Duration::from_secs(1),
            largest_entry: 64 * MIB,
            memory_capacity: 256 * MIB,
            token: None,
            clock: Arc::new(SystemClock),
        }
    }
}

impl StoreOptions {
    /// How long making a connection may take, signing in included. Default 500 ms, at most
    /// a day.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// How long one operation may take once there is a connection. Default 1 s, at most a
    /// day.
    pub fn with_operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// The largest value in bytes, written or read. Default 64 MiB; whoever shares entries must
    /// agree on it.
    pub fn with_largest_entry(mut self, bytes: usize) -> Self {
        self.largest_entry = bytes;
        self
    }

    /// How many bytes an in-process or embedded store keeps, keys and bookkeeping included, before
    /// it forgets the entries that would run out soonest. Default 256 MiB. Of the processes that
    /// share an embedded store the first to open it decides. Other stores have limits of their
    /// own.
    pub fn with_memory_capacity(mut self, bytes: usize) -> Self {
        self.memory_capacity = bytes;
        self
    }

    /// The bearer token with which HTTP stores are asked; visible ASCII. Others do not look at it. It
    /// is never printed, and not wiped from memory: it goes along with every request.
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The clock by which an in-process or embedded store lets entries run out and connections are tried
    /// again. Network time-outs run on Tokio's clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// See [`with_connect_timeout`](Self::with_connect_timeout).
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// See [`with_operation_timeout`](Self::with_operation_timeout).
    pub fn operation_timeout(&self) -> Duration {
        self.operation_timeout
    }

    /// See [`with_largest_entry`](Self::with_largest_entry).
    pub fn largest_entry(&self) -> usize {
        self.largest_entry
    }

    /// See [`with_memory_capacity`](Self::with_memory_capacity).
    pub fn memory_capacity(&self) -> usize {
        self.memory_capacity
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// See [`with_clock`](Self::with_clock).
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("operation_timeout", &self.operation_timeout)
            .field("largest_entry", &self.largest_entry)
            .field("memory_capacity", &self.memory_capacity)
            .finish_non_exhaustive()
    }
}
