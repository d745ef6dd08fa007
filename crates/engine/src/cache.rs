//! A cache: a ring, a backend and a prefix, and what the process holds of them.

use std::sync::Arc;

use aws_lc_rs::rand;
use cachekit_process::{PerProcess, Timeline};
use quick_cache::sync::Cache as Table;

use crate::barrier::Barrier;
use crate::breaker::Breaker;
use crate::flight::Flights;
use crate::foreign::ForeignKeys;
use crate::l1::FirstLevel;
use crate::marks::Marks;
use crate::operation::Operation;
use crate::options::{CacheOptions, OperationOptions};
use crate::protect::Keys;
use crate::{Error, drive, invalidate};

/// How many tenants' keys are kept derived.
const TENANTS: usize = 1024;

/// A cache. Clones share it: its first level, its flights, its view of the store.
#[derive(Clone)]
pub struct Cache {
    state: Arc<CacheState>,
}

/// What all clones share.
pub(crate) struct CacheState {
    pub(crate) options: CacheOptions,
    pub(crate) timeline: Timeline,
    /// The keys of the calls without a tenant, under which barriers are sealed too.
    pub(crate) keys: Keys,
    digest_key: [u8; 32],
    process: PerProcess<ProcessState>,
}

/// What a forked child starts without: whatever has a lock, or speaks of what was seen.
pub(crate) struct ProcessState {
    pub(crate) l1: FirstLevel,
    pub(crate) marks: Marks,
    pub(crate) flights: Flights,
    pub(crate) barrier: Barrier,
    pub(crate) breaker: Breaker,
    pub(crate) foreign: ForeignKeys,
    tenants: Table<Box<str>, Keys>,
}

impl Cache {
    /// Builds a cache. It does no I/O: the store is first spoken to by the first call.
    ///
    /// # Errors
    /// `Option`: an option out of its bounds. `Seal`: the ring cannot seal today.
    pub fn new(options: CacheOptions) -> Result<Self, Error> {
        options.check()?;
        let mut digest_key = [0; 32];
        rand::fill(&mut digest_key).map_err(|_| Error::Option {
            option: "randomness",
            problem: "the operating system gave none; nothing can be cached safely".to_owned(),
        })?;
        let keys = Keys::derive(&options.protection, None)?;
        let timeline = Timeline::new(Arc::clone(&options.clock));
        let process = PerProcess::new();
        let state = CacheState { options, timeline, keys, digest_key, process };
        Ok(Self { state: Arc::new(state) })
    }

    /// Adds an operation: one function, or one explicit group of entries.
    ///
    /// # Errors
    /// `Ttl`: zero, or above `max_ttl`. `Seal`: a name field over 65 535 bytes.
    pub fn operation(&self, options: OperationOptions) -> Result<Operation, Error> {
        Operation::new(Arc::clone(&self.state), options)
    }

    /// Forgets everything: no value whose computation began before is served afterwards, by any
    /// process that shares the store (within `l1_max_age` where it holds entries itself).
    ///
    /// # Errors
    /// `Store`: the store did not take it. This process has forgotten all the same.
    pub async fn clear(&self) -> Result<(), Error> {
        drive::anywhere(invalidate::clear_cache(&self.state)).await
    }

    /// Entries and bytes in the first level.
    #[must_use]
    pub fn l1_size(&self) -> (usize, u64) {
        self.state.process().l1.size()
    }

    /// The store's address, without its password; `None` when entries stay in this process.
    #[must_use]
    pub fn store_address(&self) -> Option<&str> {
        self.state.options.store.as_deref().map(|store| store.address())
    }

    /// The options it was built with.
    #[must_use]
    pub fn options(&self) -> &CacheOptions {
        &self.state.options
    }
}

impl CacheState {
    pub(crate) fn process(&self) -> &ProcessState {
        self.process.get_or_init(|| ProcessState {
            l1: FirstLevel::new(self.options.l1),
            marks: Marks::new(),
            flights: Flights::new(),
            barrier: self.new_barrier(),
            breaker: Breaker::default(),
            foreign: ForeignKeys::default(),
            tenants: Table::new(TENANTS),
        })
    }

    pub(crate) fn new_barrier(&self) -> Barrier {
        if self.options.store.is_some() { Barrier::shared() } else { Barrier::local() }
    }

    pub(crate) fn digest_key(&self) -> &[u8; 32] {
        &self.digest_key
    }

    /// The tenant's keys, derived on first use.
    pub(crate) fn keys_of(&self, tenant: Option<&str>) -> Result<Keys, Error> {
        let Some(tenant) = tenant else { return Ok(self.keys.clone()) };
        let tenants = &self.process().tenants;
        if let Some(keys) = tenants.get(tenant) {
            return Ok(keys);
        }
        let keys = Keys::derive(&self.options.protection, Some(tenant))?;
        tenants.insert(tenant.into(), keys.clone());
        Ok(keys)
    }
}
