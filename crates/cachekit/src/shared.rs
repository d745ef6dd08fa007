//! Caches that agree are one cache.
//!
//! A cache is a ring, a backend and a prefix. Functions whose settings agree in these (and in the
//! options below) share one engine: its first level, its flights, its view of the store. So one's
//! `clear` is at once the other's.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Once;
use std::time::Duration;

use cachekit_engine::process::PerProcess;
use cachekit_engine::store::{Store, StoreOptions};
use cachekit_engine::{self as engine, CacheOptions, L1, OnTamper, Protection};
use parking_lot::Mutex;

use crate::{Backend, Error, Settings, keys};

/// Whether a cache's entries are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Sealed under the ring that the settings describe.
    Sealed,
    /// Stored as they are encoded.
    Plain,
}

/// Settings with nothing left open: what an engine is made of.
#[derive(Clone)]
#[non_exhaustive]
pub struct ResolvedOptions {
    /// Plain, or sealed under a ring.
    pub protection: Protection,
    /// The shared store.
    pub backend: Backend,
    /// All else, as given.
    pub settings: Settings,
}

impl ResolvedOptions {
    /// Makes the keys of effective settings ([`Settings::effective`]). Speaks to no store and does
    /// not look at its address: a wrong one is the first call's to find.
    ///
    /// # Errors
    /// As [`keys::keyring`], for sealed caches; plain ones look at no key.
    pub fn new(settings: Settings, secrecy: Secrecy) -> Result<Self, Error> {
        let protection = match secrecy {
            Secrecy::Plain => Protection::Plain,
            Secrecy::Sealed => Protection::Sealed(keys::keyring(&settings)?),
        };
        let backend = settings.backend.clone().unwrap_or(Backend::Memory);
        Ok(Self { protection, backend, settings })
    }

    /// An engine of its own, shared with nobody.
    ///
    /// # Errors
    /// `Configuration`: an option out of its bounds. `Backend`: an address that no store
    /// understands. `Key`: no key may seal today.
    pub fn build(&self) -> Result<engine::Cache, Error> {
        let Settings { prefix, max_ttl, l1, l1_max_age, on_tamper, clock, observer, .. } =
            self.settings.clone();
        let mut options = CacheOptions::new(self.protection.clone());
        options.store = self.store()?;
        options.prefix = prefix.unwrap_or(options.prefix);
        options.l1 = l1.unwrap_or(options.l1);
        options.l1_max_age = l1_max_age.unwrap_or(options.l1_max_age);
        options.max_ttl = max_ttl.unwrap_or(options.max_ttl);
        options.on_tamper = on_tamper.unwrap_or(options.on_tamper);
        options.clock = clock.unwrap_or(options.clock);
        options.observer = observer;
        Ok(engine::Cache::new(options)?)
    }

    fn store(&self) -> Result<Option<Arc<dyn Store>>, Error> {
        let options = || self.settings.store_options(StoreOptions::default());
        match &self.backend {
            Backend::Memory => {
                if self.settings.backend.is_none() {
                    say_memory_only();
                }
                Ok(None)
            }
            Backend::Store(store) => Ok(Some(Arc::clone(store))),
            Backend::Opener(opener) => Ok(Some(Arc::clone(opener).open(&options()))),
            Backend::Url(url) => Ok(Some(cachekit_engine::store::open(url.expose(), &options())?)),
        }
    }

    fn agreement(&self) -> Agreement {
        let settings = &self.settings;
        Agreement {
            ring: match &self.protection {
                Protection::Plain => None,
                Protection::Sealed(ring) => Some(ring.identity()),
            },
            backend: match &self.backend {
                Backend::Memory => Place::Memory,
                Backend::Url(url) => Place::Url(url.expose().to_owned()),
                Backend::Store(store) => Place::Object(address(store)),
                Backend::Opener(opener) => Place::Object(address(opener)),
            },
            token: settings.api_key.as_ref().map(|token| token.expose().to_owned()),
            prefix: settings.prefix.clone(),
            l1: settings.l1.map(|l1| match l1 {
                L1::Off => None,
                L1::Bytes(bytes) => Some(bytes),
            }),
            raises: settings.on_tamper == Some(OnTamper::Raise),
            durations: [
                settings.max_ttl,
                settings.l1_max_age,
                settings.connect_timeout,
                settings.operation_timeout,
            ],
            clock: settings.clock.as_ref().map(address),
            observer: settings.observer.as_ref().map(address),
        }
    }
}

/// What two caches must have in common to be one.
///
/// An address of memory stands for an object: the engine in the table keeps it alive, so no other
/// object can take its place.
#[derive(PartialEq, Eq, Hash)]
struct Agreement {
    ring: Option<[u8; 16]>,
    backend: Place,
    token: Option<String>,
    prefix: Option<String>,
    l1: Option<Option<u64>>,
    raises: bool,
    durations: [Option<Duration>; 4],
    clock: Option<usize>,
    observer: Option<usize>,
}

#[derive(PartialEq, Eq, Hash)]
enum Place {
    Memory,
    Url(String),
    Object(usize),
}

fn address<T: ?Sized>(object: &Arc<T>) -> usize {
    Arc::as_ptr(object).cast::<()>() as usize
}

static ENGINES: PerProcess<Mutex<HashMap<Agreement, engine::Cache>>> = PerProcess::new();

/// Makes whoever asks from now on begin with nothing held by this process. Who has an engine keeps
/// it. For tests of applications.
pub fn forget_engines() {
    let engines = std::mem::take(&mut *ENGINES.get_or_init(Mutex::default).lock());
    // After the lock: the last of an engine may run code of a store's own.
    drop(engines);
}

/// The one engine of all callers whose options agree, built by the first of them.
///
/// It lives as long as the process, or until [`forget_engines`]. A forked child builds its own: the
/// table's lock may be held by a thread that the child does not have. Engines that were handed out
/// before the fork go on working there.
///
/// # Errors
/// As [`ResolvedOptions::build`].
pub fn engine_for(options: &ResolvedOptions) -> Result<engine::Cache, Error> {
    let agreement = options.agreement();
    let mut engines = ENGINES.get_or_init(Mutex::default).lock();
    if let Some(engine) = engines.get(&agreement) {
        return Ok(engine.clone());
    }
    let engine = options.build()?;
    engines.insert(agreement, engine.clone());
    Ok(engine)
}

fn say_memory_only() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        log::info!(
            "no CACHEKIT_URL, CACHEKIT_REDIS_URL or REDIS_URL: entries are held by this process alone"
        );
    });
}
