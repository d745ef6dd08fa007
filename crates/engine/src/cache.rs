//! A cache: a ring, a backend and a prefix, and what the process holds of them.

use std::sync::Arc;

use crate::cache_state::CacheState;
use crate::operation::Operation;
use crate::options::{CacheOptions, OperationOptions};
use crate::{Error, drive, invalidate};

/// A cache. Clones share it: its first level, its flights, its view of the store.
#[derive(Clone)]
pub struct Cache {
    state: Arc<CacheState>,
}

impl Cache {
    /// Builds a cache. It does no I/O: the store is first spoken to by the first call.
    ///
    /// # Errors
    /// `Option`: an option out of its bounds. `Seal`: the ring cannot seal today.
    pub fn new(options: CacheOptions) -> Result<Self, Error> {
        Ok(Self { state: Arc::new(CacheState::new(options)?) })
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
