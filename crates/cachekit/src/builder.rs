//! How a cache is built in code.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cachekit_engine::process::Clock;
use cachekit_engine::store::Store;
use cachekit_engine::{L1, Observer, OnTamper};

use crate::shared::{self, ResolvedOptions, Secrecy};
use crate::{Backend, Cache, Error, MasterKeySource, Rotation, Secret, Settings};

/// Builds a [`Cache`], or tells [`configure`](crate::configure) what the default one is made of.
///
/// What is not said here comes from [`configure`](crate::configure), then from the environment.
#[derive(Clone, Default)]
#[must_use = "call `build`, or hand it to `configure`"]
pub struct CacheBuilder {
    settings: Settings,
    sealed: bool,
}

impl CacheBuilder {
    /// Keeps entries in the store with this address, shared with other processes:
    /// `redis://host:6379/0`, or `memory://name` for one that this process shares with itself.
    pub fn url(mut self, url: impl Into<Secret>) -> Self {
        self.settings.backend = Some(Backend::Url(url.into()));
        self
    }

    /// Tells a store behind HTTP who asks: the bearer token, as in `CACHEKIT_API_KEY`.
    pub fn api_key(mut self, token: impl Into<Secret>) -> Self {
        self.settings.api_key = Some(token.into());
        self
    }

    /// Keeps entries in this store.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.settings.backend = Some(Backend::Store(store));
        self
    }

    /// Keeps entries in this process alone, whatever the environment says.
    pub fn memory_only(mut self) -> Self {
        self.settings.backend = Some(Backend::Memory);
        self
    }

    /// Seals every entry under this master key: 32 bytes or more in hexadecimal.
    ///
    /// Where a rotation list is set, its first key seals and this one opens.
    pub fn secure(mut self, master_key: impl Into<Secret>) -> Self {
        self.settings.master_key = Some(MasterKeySource::Hex(master_key.into()));
        self.sealed = true;
        self
    }

    /// Seals every entry under the key in this file, which nobody else may be able to read.
    pub fn secure_from_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.master_key = Some(MasterKeySource::File(path.into()));
        self.sealed = true;
        self
    }

    /// Seals every entry under the key that `configure` or the environment names.
    pub fn secure_from_environment(mut self) -> Self {
        self.sealed = true;
        self
    }

    /// The key list for rotation, as in `CACHEKIT_MASTER_KEY_ROTATION`: the first key that may seal
    /// today seals, all open.
    pub fn rotation(mut self, list: impl Into<Secret>) -> Self {
        self.settings.rotation = Some(list.into());
        self.settings.rotation_policy = Some(Rotation::Honoured);
        self
    }

    /// Lets no rotation list have a say, whatever the environment says.
    pub fn without_rotation(mut self) -> Self {
        self.settings.rotation_policy = Some(Rotation::Ignored);
        self
    }

    /// A long-lived key for the names of entries, so that a rotation changes none.
    pub fn naming_key(mut self, key: impl Into<Secret>) -> Self {
        self.settings.naming_key = Some(key.into());
        self
    }

    /// Starts the address of every entry in the store; `ck:` unless told otherwise.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = Some(prefix.into());
        self
    }

    /// Groups this application's entries, apart from those of others in the same store.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.settings.namespace = Some(namespace.into());
        self
    }

    /// How long a value is fresh where a call does not say. Default five minutes.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = Some(ttl);
        self
    }

    /// The longest life of any entry; longer ones are refused when read, too. Default 30 days.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.settings.max_ttl = Some(max_ttl);
        self
    }

    /// What the process itself may hold. Default 64 MiB.
    pub fn l1(mut self, l1: L1) -> Self {
        self.settings.l1 = Some(l1);
        self
    }

    /// How long the process serves what it holds without a look at the shared store. Default 5 s.
    pub fn l1_max_age(mut self, age: Duration) -> Self {
        self.settings.l1_max_age = Some(age);
        self
    }

    /// What an entry does that somebody without the key has changed. Default: a miss.
    pub fn on_tamper(mut self, on_tamper: OnTamper) -> Self {
        self.settings.on_tamper = Some(on_tamper);
        self
    }

    /// How long connecting to the store may take. Default 500 ms.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = Some(timeout);
        self
    }

    /// How long one operation of the store may take. Default 1 s.
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.settings.operation_timeout = Some(timeout);
        self
    }

    /// Where time comes from; for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = Some(clock);
        self
    }

    /// Hears of everything but first-level hits.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.settings.observer = Some(observer);
        self
    }

    /// Builds the cache. It speaks to no store yet.
    ///
    /// Caches with a shared store and equal options are one cache under several handles. One
    /// without a store holds entries of its own.
    ///
    /// # Errors
    /// `Configuration`: a sealed cache without a key, a key file open to others, an option out of
    /// bounds. `Key`: a key that is no key. `Backend`: an address that no store understands.
    pub fn build(self) -> Result<Cache, Error> {
        let secrecy = if self.sealed { Secrecy::Sealed } else { Secrecy::Plain };
        let options = ResolvedOptions::new(self.settings.effective()?, secrecy)?;
        let engine = match options.backend {
            Backend::Memory => options.build()?,
            _ => shared::engine_for(&options)?,
        };
        Cache::over(engine, &options)
    }
}

impl From<CacheBuilder> for Settings {
    fn from(builder: CacheBuilder) -> Self {
        builder.settings
    }
}
