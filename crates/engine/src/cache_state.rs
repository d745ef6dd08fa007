//! What all clones of a cache share, and what a process holds of it.

use cachekit_process::{PerProcess, Timeline, random};
use quick_cache::sync::Cache as Table;
use std::sync::Arc;

use crate::Error;
use crate::barrier::Barrier;
use crate::breaker::Breaker;
use crate::changes::Changes;
use crate::flight::Flights;
use crate::foreign::ForeignKeys;
use crate::health::Health;
use crate::l1::FirstLevel;
use crate::marks::Marks;
use crate::operation_table::{Known, OperationTable};
use crate::options::{CacheOptions, OperationOptions};
use crate::protect::Keys;

/// How many tenants' keys are kept derived.
const TENANTS: usize = 1024;

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
    operations: OperationTable,
    pub(crate) breaker: Breaker,
    pub(crate) health: Health,
    pub(crate) foreign: ForeignKeys,
    /// Where the store tells of others' changes.
    pub(crate) changes: Option<Changes>,
    tenants: Table<Box<str>, Keys>,
}

impl CacheState {
    pub(crate) fn new(options: CacheOptions) -> Result<Self, Error> {
        options.check()?;
        let mut digest_key = [0; 32];
        random(&mut digest_key);
        let keys = Keys::derive(&options.protection, None)?;
        let timeline = Timeline::new(Arc::clone(&options.clock));
        Ok(Self { options, timeline, keys, digest_key, process: PerProcess::new() })
    }

    pub(crate) fn process(&self) -> &ProcessState {
        self.process.get_or_init(|| ProcessState {
            l1: FirstLevel::new(self.options.l1),
            marks: Marks::new(),
            flights: Flights::new(),
            barrier: self.new_barrier(),
            operations: OperationTable::new(),
            breaker: Breaker::default(),
            health: Health::default(),
            foreign: ForeignKeys::default(),
            changes: Changes::of(self.options.store.as_deref()),
            tenants: Table::new(TENANTS),
        })
    }

    /// What this process knows of an operation, shared by all its handles.
    pub(crate) fn operation(&self, options: &OperationOptions) -> Arc<Known> {
        self.process().operations.find(options, || self.new_barrier())
    }

    fn new_barrier(&self) -> Barrier {
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
