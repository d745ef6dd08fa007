//! The typed face of a cache.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use cachekit_engine::codec::arguments::Call as Arguments;
use cachekit_engine::codec::{Codec, Json, MessagePack, SerializerId};
use cachekit_engine::{
    self as engine, Caller, Operation, OperationOptions, Protection, SharedError, Stats,
};
use futures_util::future::try_join_all;
use serde::Serialize;

use crate::config::DEFAULT_TTL;
use crate::lookup::{self, Found, Missed, Named, Probed, Written};
use crate::operations::Operations;
use crate::shared::ResolvedOptions;
use crate::{Blocking, CacheBuilder, ComputeError, Error};

/// The operation to which [`Cache`]'s own verbs belong, in every language: `cache.get("a")` in Rust
/// and in Python look for one entry.
pub const KEYED_OPERATION: &str = "cachekit.Cache";

/// A cache of values by key. Clones are cheap and share everything.
///
/// The verbs are asynchronous; [`blocking`](Self::blocking) has the same ones for synchronous code,
/// over the same entries and the same flights.
///
/// Keys are anything that is `Serialize`: a text, a number, a tuple. Values are whatever `C` reads
/// and writes: by default [`MessagePack`], which takes everything that is
/// `Serialize + DeserializeOwned`.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::time::Duration;
/// use cachekit::Cache;
///
/// let cache = Cache::builder().memory_only().secure("4f".repeat(32)).build()?;
///
/// let length = cache
///     .get_or_compute(&("report", 42), Duration::from_secs(60), || async { 1234_u32 })
///     .await?;
/// assert_eq!(length, 1234);
/// assert_eq!(cache.get::<u32>(&("report", 42)).await?, Some(1234));
///
/// cache.invalidate(&("report", 42)).await?;
/// assert_eq!(cache.get::<u32>(&("report", 42)).await?, None);
/// # Ok::<(), cachekit::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Cache<C = MessagePack> {
    state: Arc<State>,
    codec: C,
    /// The keyed operation with the cache's own time to live.
    keyed: Operation,
    tenant: Option<Arc<str>>,
}

/// What clones and views share.
pub(crate) struct State {
    pub(crate) engine: engine::Cache,
    pub(crate) namespace: String,
    pub(crate) ttl: Duration,
    pub(crate) operations: Operations,
}

impl Cache {
    /// Starts to describe a cache.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    /// A cache over an engine that may be shared with others.
    pub(crate) fn over(engine: engine::Cache, options: &ResolvedOptions) -> Result<Self, Error> {
        let state = Arc::new(State {
            engine,
            namespace: options.settings.namespace.clone().unwrap_or_default(),
            ttl: options.settings.ttl.unwrap_or(DEFAULT_TTL),
            operations: Operations::default(),
        });
        let keyed = state.keyed(SerializerId::MSGPACK, state.ttl)?;
        Ok(Self { state, codec: MessagePack::default(), keyed, tenant: None })
    }
}

impl State {
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(self.engine.options().protection, Protection::Sealed(_))
    }

    fn keyed(&self, serializer: SerializerId, ttl: Duration) -> Result<Operation, Error> {
        Ok(self.engine.operation(OperationOptions {
            namespace: self.namespace.clone(),
            name: KEYED_OPERATION.to_owned(),
            version: String::new(),
            schema: String::new(),
            ttl,
            serializer,
        })?)
    }
}

impl<C: Clone> Cache<C> {
    /// The same cache for one tenant: keys, names and entries of its own, that no other tenant's
    /// calls meet. An empty tenant is refused by every call.
    ///
    /// ```
    /// # use cachekit::Cache;
    /// let cache = Cache::builder().memory_only().secure("4f".repeat(32)).build()?;
    /// let (acme, bell) = (cache.for_tenant("acme"), cache.for_tenant("bell"));
    ///
    /// acme.blocking().set("plan", &"gold".to_owned(), None)?;
    /// assert_eq!(bell.blocking().get::<String>("plan")?, None);
    /// # Ok::<(), cachekit::Error>(())
    /// ```
    #[must_use]
    pub fn for_tenant(&self, tenant: impl AsRef<str>) -> Self {
        Self { tenant: Some(tenant.as_ref().into()), ..self.clone() }
    }

    /// The same cache with values written as JSON. What was written as MessagePack is a miss here,
    /// and overwritten.
    ///
    /// # Errors
    /// As [`with_codec`](Self::with_codec).
    ///
    /// ```
    /// # use cachekit::Cache;
    /// let cache = Cache::builder().memory_only().build()?.json()?;
    /// cache.blocking().set("answer", &42, None)?;
    /// # Ok::<(), cachekit::Error>(())
    /// ```
    pub fn json(&self) -> Result<Cache<Json>, Error> {
        self.with_codec::<(), _>(Json::default())
    }

    /// The same cache with values written by a codec of yours. What another codec wrote is a miss
    /// here, and overwritten.
    ///
    /// # Errors
    /// `Configuration`: the time to live does not fit the cache's bounds.
    pub fn with_codec<V, D: Codec<V>>(&self, codec: D) -> Result<Cache<D>, Error> {
        let keyed = self.state.keyed(codec.id(), self.state.ttl)?;
        Ok(Cache { state: Arc::clone(&self.state), codec, keyed, tenant: self.tenant.clone() })
    }
}

impl<C> Cache<C> {
    /// The same verbs for synchronous code.
    #[must_use]
    pub fn blocking(&self) -> Blocking<'_, C> {
        Blocking::new(self)
    }

    /// The value under this key, if there is one. A store that fails shows nothing.
    ///
    /// # Errors
    /// `Serialization`: the value there is no `V`. `Argument`, `Key`: the key or the tenant cannot
    /// name an entry. `Decryption`: a changed entry, where the cache was told to raise.
    pub async fn get<V>(&self, key: &(impl Serialize + ?Sized)) -> Result<Option<V>, Error>
    where
        C: Codec<V>,
    {
        let named = match self.probe(key)? {
            Probed::Hit(value) => return Ok(Some(value)),
            Probed::Miss(missed) => missed.named,
        };
        let hit = self.keyed.peek(&named.call()).await?;
        hit.map(|hit| lookup::open(&self.codec, &hit)).transpose()
    }

    /// Stores a value, over whatever is there. `ttl` is a `Duration`, or `None` for the cache's own.
    ///
    /// # Errors
    /// `Backend`: it could not be written. `Configuration`: the time to live is zero or above the
    /// cache's `max_ttl`. `Serialization`: the value cannot be written. Else as
    /// [`get`](Self::get).
    pub async fn set<V>(
        &self,
        key: &(impl Serialize + ?Sized),
        value: &V,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<(), Error>
    where
        C: Codec<V>,
    {
        let named = self.named(key)?;
        let written = Written::new(&self.keyed, &self.codec, value)?;
        lookup::put(&self.keyed, &named, written, ttl.into()).await
    }

    /// The value under this key, computed if there is none: once, for all who ask meanwhile.
    ///
    /// A store that fails never fails the call. If the computation is dropped or panics, the next
    /// of those who wait computes.
    ///
    /// # Errors
    /// `Serialization`: the computed value cannot be written, so that every call would compute
    /// anew. Else as [`get`](Self::get), but a value there that is no `V` is replaced.
    pub async fn get_or_compute<V, F, Fut>(
        &self,
        key: &(impl Serialize + ?Sized),
        ttl: impl Into<Option<Duration>>,
        compute: F,
    ) -> Result<V, Error>
    where
        C: Codec<V>,
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        let certain = || async { Ok::<V, Error>(compute().await) };
        self.get_or_try_compute(key, ttl, certain).await.map_err(only_the_caches)
    }

    /// As [`get_or_compute`](Self::get_or_compute), for a computation that may fail. A failure is
    /// not cached; it reaches everybody who waited for it.
    ///
    /// # Errors
    /// [`ComputeError::Computation`]: the computation's own error. [`ComputeError::Cache`]: as
    /// [`get_or_compute`](Self::get_or_compute).
    pub async fn get_or_try_compute<V, E, F, Fut>(
        &self,
        key: &(impl Serialize + ?Sized),
        ttl: impl Into<Option<Duration>>,
        compute: F,
    ) -> Result<V, ComputeError<E>>
    where
        C: Codec<V>,
        E: Send + Sync + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
    {
        let Missed { named, intent } = match self.probe(key)? {
            Probed::Hit(value) => return Ok(value),
            Probed::Miss(missed) => *missed,
        };
        let operation = self.living(ttl.into())?;
        let caller = Caller::task(&[]);
        let ticket = match lookup::enter(&operation, &self.codec, &named, intent, caller).await? {
            Found::Value(value) => return Ok(value),
            Found::Failed(error) => match shared(&error) {
                Some(error) => return Err(error),
                // Another type's failure, under the same key: its own is to be computed.
                None => return compute().await.map_err(|e| ComputeError::Computation(Arc::new(e))),
            },
            Found::Compute(ticket) => ticket,
        };
        match ticket.scope(compute()).await {
            Ok(value) => {
                let written = Written::new(&operation, &self.codec, &value)?;
                lookup::keep(ticket, written).await;
                Ok(value)
            }
            Err(error) => {
                let error = Arc::new(error);
                ticket.fail(Arc::clone(&error) as SharedError);
                Err(ComputeError::Computation(error))
            }
        }
    }

    /// Forgets the value under this key. No value whose computation began before is served
    /// afterwards, by any process that shares the store (within `l1_max_age` where it holds entries
    /// of its own).
    ///
    /// # Errors
    /// `Backend`: the store did not take it; this process has forgotten all the same. Else as
    /// [`get`](Self::get).
    pub async fn invalidate(&self, key: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let named = self.named(key)?;
        Ok(self.keyed.invalidate(&named.call()).await?)
    }

    /// Forgets everything in the cache, of all tenants and functions, as
    /// [`invalidate`](Self::invalidate) does for one key.
    ///
    /// Of **all** tenants on a handle of one tenant, too ([`for_tenant`](Self::for_tenant)): a
    /// clear is a barrier that belongs to the cache, and the format has none of one tenant. Leave
    /// it to the program; to let go of one tenant's entries, [`invalidate`](Self::invalidate)
    /// their keys.
    ///
    /// ```
    /// # use cachekit::Cache;
    /// let cache = Cache::builder().memory_only().secure("4f".repeat(32)).build()?;
    /// let (acme, bell) = (cache.for_tenant("acme"), cache.for_tenant("bell"));
    ///
    /// bell.blocking().set("plan", &"gold".to_owned(), None)?;
    /// acme.blocking().clear()?;
    /// assert_eq!(bell.blocking().get::<String>("plan")?, None);
    /// # Ok::<(), cachekit::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`invalidate`](Self::invalidate).
    pub async fn clear(&self) -> Result<(), Error> {
        Ok(self.state.engine.clear().await?)
    }

    /// The values under these keys, in their order, in one round trip where the store can.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_many<V, K: Serialize>(&self, keys: &[K]) -> Result<Vec<Option<V>>, Error>
    where
        C: Codec<V>,
    {
        let named = keys.iter().map(|key| self.named(key)).collect::<Result<Vec<_>, _>>()?;
        let calls: Vec<_> = named.iter().map(Named::call).collect();
        let hits = self.keyed.peek_many(&calls).await?;
        let open =
            |hit: Option<engine::Hit>| hit.map(|h| lookup::open(&self.codec, &h)).transpose();
        hits.into_iter().map(open).collect()
    }

    /// Stores many values at once.
    ///
    /// # Errors
    /// As [`set`](Self::set), for the first that fails; others may be stored or not.
    pub async fn set_many<V, K: Serialize>(
        &self,
        values: &[(K, V)],
        ttl: impl Into<Option<Duration>>,
    ) -> Result<(), Error>
    where
        C: Codec<V>,
    {
        let ttl = ttl.into();
        try_join_all(values.iter().map(|(key, value)| self.set(key, value, ttl))).await?;
        Ok(())
    }

    /// Where the value under this key is in the store: blinded in a sealed cache.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn key(&self, key: &(impl Serialize + ?Sized)) -> Result<String, Error> {
        Ok(self.keyed.address(&self.named(key)?.call())?)
    }

    /// What this cache's own verbs have counted; cached functions count for themselves.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.keyed.stats()
    }

    pub(crate) fn codec(&self) -> &C {
        &self.codec
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    pub(crate) fn serializer(&self) -> SerializerId {
        self.keyed.options().serializer
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    pub(crate) fn named(&self, key: &(impl Serialize + ?Sized)) -> Result<Named, Error> {
        Named::new(self.tenant(), |out| Arguments::keyed(out, key))
    }

    pub(crate) fn probe<V>(&self, key: &(impl Serialize + ?Sized)) -> Result<Probed<V>, Error>
    where
        C: Codec<V>,
    {
        lookup::probe(&self.keyed, &self.codec, self.tenant(), |out| Arguments::keyed(out, key))
    }

    /// The keyed operation with this time to live. Operations of one name share their entries and
    /// flights.
    pub(crate) fn living(&self, ttl: Option<Duration>) -> Result<Operation, Error> {
        match ttl {
            Some(ttl) if ttl != self.state.ttl => {
                let serializer = self.serializer();
                self.state.operations.keyed(serializer, ttl, || self.state.keyed(serializer, ttl))
            }
            _ => Ok(self.keyed.clone()),
        }
    }
}

pub(crate) fn shared<E: Send + Sync + 'static>(error: &SharedError) -> Option<ComputeError<E>> {
    let error: Arc<dyn Any + Send + Sync> = Arc::clone(error);
    error.downcast::<E>().ok().map(ComputeError::Computation)
}

/// The computation cannot fail, so the error is the cache's.
pub(crate) fn only_the_caches(error: ComputeError<Error>) -> Error {
    match error {
        ComputeError::Cache(error) => error,
        ComputeError::Computation(error) => (*error).clone(),
    }
}
