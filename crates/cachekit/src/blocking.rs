//! The same verbs for synchronous code.

use std::sync::Arc;
use std::time::Duration;

use cachekit_engine::codec::Codec;
use cachekit_engine::{Caller, SharedError};
use serde::Serialize;

use crate::cache::{only_the_caches, shared};
use crate::lookup::{self, Found, Missed, Probed, Written};
use crate::{Cache, ComputeError, Error};

/// [`Cache`]'s verbs for synchronous code: they block the thread, and share entries and flights
/// with the asynchronous ones.
///
/// ```
/// use std::time::Duration;
/// use cachekit::Cache;
///
/// let cache = Cache::builder().memory_only().build()?;
/// let answer = cache.blocking().get_or_compute("answer", None, || 6 * 7)?;
/// assert_eq!(answer, 42);
/// # Ok::<(), cachekit::Error>(())
/// ```
///
/// Do not call them from a task of an asynchronous runtime: like any synchronous call they would
/// hold up its thread.
pub struct Blocking<'a, C> {
    cache: &'a Cache<C>,
}

impl<C> Clone for Blocking<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Blocking<'_, C> {}

impl<'a, C> Blocking<'a, C> {
    pub(crate) const fn new(cache: &'a Cache<C>) -> Self {
        Self { cache }
    }

    /// See [`Cache::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get<V>(&self, key: &(impl Serialize + ?Sized)) -> Result<Option<V>, Error>
    where
        C: Codec<V>,
    {
        match self.cache.probe(key)? {
            Probed::Hit(value) => Ok(Some(value)),
            Probed::Miss(..) => lookup::block_on(self.cache.get(key)),
        }
    }

    /// See [`Cache::set`].
    ///
    /// # Errors
    /// As there.
    pub fn set<V>(
        &self,
        key: &(impl Serialize + ?Sized),
        value: &V,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<(), Error>
    where
        C: Codec<V>,
    {
        lookup::block_on(self.cache.set(key, value, ttl))
    }

    /// See [`Cache::get_or_compute`]. The computation runs on this thread, outside of any runtime.
    ///
    /// # Errors
    /// As there.
    pub fn get_or_compute<V>(
        &self,
        key: &(impl Serialize + ?Sized),
        ttl: impl Into<Option<Duration>>,
        compute: impl FnOnce() -> V,
    ) -> Result<V, Error>
    where
        C: Codec<V>,
    {
        self.get_or_try_compute(key, ttl, || Ok::<V, Error>(compute())).map_err(only_the_caches)
    }

    /// See [`Cache::get_or_try_compute`].
    ///
    /// # Errors
    /// As there.
    pub fn get_or_try_compute<V, E>(
        &self,
        key: &(impl Serialize + ?Sized),
        ttl: impl Into<Option<Duration>>,
        compute: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, ComputeError<E>>
    where
        C: Codec<V>,
        E: Send + Sync + 'static,
    {
        let Missed { named, intent } = match self.cache.probe(key)? {
            Probed::Hit(value) => return Ok(value),
            Probed::Miss(missed) => *missed,
        };
        let (operation, codec) = (self.cache.living(ttl.into())?, self.cache.codec());
        let entering = lookup::enter(&operation, codec, &named, intent, Caller::blocking());
        let ticket = match lookup::block_on(entering)? {
            Found::Value(value) => return Ok(value),
            Found::Failed(error) => match shared(&error) {
                Some(error) => return Err(error),
                None => return compute().map_err(|e| ComputeError::Computation(Arc::new(e))),
            },
            Found::Compute(ticket) => ticket,
        };
        match lookup::run_in_flight(&ticket, compute) {
            Ok(value) => {
                let written = Written::new(&operation, codec, &value)?;
                lookup::block_on(lookup::keep(ticket, written));
                Ok(value)
            }
            Err(error) => {
                let error = Arc::new(error);
                ticket.fail(Arc::clone(&error) as SharedError);
                Err(ComputeError::Computation(error))
            }
        }
    }

    /// See [`Cache::invalidate`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate(&self, key: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        lookup::block_on(self.cache.invalidate(key))
    }

    /// See [`Cache::clear`].
    ///
    /// # Errors
    /// As there.
    pub fn clear(&self) -> Result<(), Error> {
        lookup::block_on(self.cache.clear())
    }

    /// See [`Cache::get_many`].
    ///
    /// # Errors
    /// As there.
    pub fn get_many<V, K: Serialize>(&self, keys: &[K]) -> Result<Vec<Option<V>>, Error>
    where
        C: Codec<V>,
    {
        lookup::block_on(self.cache.get_many(keys))
    }

    /// See [`Cache::set_many`].
    ///
    /// # Errors
    /// As there.
    pub fn set_many<V, K: Serialize>(
        &self,
        values: &[(K, V)],
        ttl: impl Into<Option<Duration>>,
    ) -> Result<(), Error>
    where
        C: Codec<V>,
    {
        lookup::block_on(self.cache.set_many(values, ttl))
    }
}
