//! What a cache and an operation are told at construction.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cachekit_codec::SerializerId;
use cachekit_process::{Clock, SystemClock};
use cachekit_seal::Keyring;
use cachekit_store::Store;

use crate::Error;
use crate::observe::Observer;

/// The longest life that an entry may have unless told otherwise: 30 days.
pub const DEFAULT_MAX_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a first-level entry is served without looking at a shared store: 5 seconds.
pub const DEFAULT_L1_MAX_AGE: Duration = Duration::from_secs(5);
/// The first level's bound: 64 MiB.
pub const DEFAULT_L1_BYTES: u64 = 64 * 1024 * 1024;
/// The largest encoded value: 64 MiB.
pub const LARGEST_ENTRY: usize = 64 * 1024 * 1024;
/// What the address of every stored entry starts with.
pub const DEFAULT_PREFIX: &str = "ck:";

/// Whether stored entries are sealed. Chosen once, when the cache is built: what a store answers
/// never chooses it.
#[derive(Clone)]
pub enum Protection {
    /// Entries are stored as they are encoded, under readable addresses.
    Plain,
    /// Entries are sealed under the ring's keys, and their addresses blinded.
    Sealed(Arc<Keyring>),
}

impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Sealed(_) => "Sealed",
        })
    }
}

/// The first level: entries held by the process itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum L1 {
    /// Every call looks at the store.
    Off,
    /// At most this many bytes, entries' overhead included.
    Bytes(u64),
}

/// What happens when an entry was changed by somebody without the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTamper {
    /// It is a miss: counted, the bytes removed, the function runs.
    #[default]
    Miss,
    /// The bytes are removed, and the call that met them returns [`Error::Refused`]; the next one
    /// computes.
    Raise,
}

/// How a [`Cache`](crate::Cache) is built.
#[derive(Clone)]
#[non_exhaustive]
pub struct CacheOptions {
    /// Plain or sealed.
    pub protection: Protection,
    /// The shared store; `None` keeps entries in this process alone.
    pub store: Option<Arc<dyn Store>>,
    /// Starts every address in the store, and is part of every name.
    pub prefix: String,
    /// The first level's bound.
    pub l1: L1,
    /// How long a first-level entry is served without a look at the shared store. Without a shared
    /// store it has no meaning.
    pub l1_max_age: Duration,
    /// The longest life of an entry; longer ones are refused when they are written and when read.
    pub max_ttl: Duration,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Hears of everything but first-level hits.
    pub observer: Option<Arc<dyn Observer>>,
    /// What a changed entry does to the call that meets it.
    pub on_tamper: OnTamper,
}

impl CacheOptions {
    /// Sealed or plain entries in this process alone, all else by default.
    #[must_use]
    pub fn new(protection: Protection) -> Self {
        Self {
            protection,
            store: None,
            prefix: DEFAULT_PREFIX.to_owned(),
            l1: L1::Bytes(DEFAULT_L1_BYTES),
            l1_max_age: DEFAULT_L1_MAX_AGE,
            max_ttl: DEFAULT_MAX_TTL,
            clock: Arc::new(SystemClock),
            observer: None,
            on_tamper: OnTamper::Miss,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.max_ttl < Duration::from_millis(1) || self.max_ttl > DEFAULT_MAX_TTL * 122 {
            let problem = "a life between 1 ms and ten years".to_owned();
            return Err(Error::Option { option: "max_ttl", problem });
        }
        if self.prefix.len() > 64 || !self.prefix.bytes().all(|b| b.is_ascii_graphic()) {
            let problem = "at most 64 printable ASCII characters, no spaces".to_owned();
            return Err(Error::Option { option: "prefix", problem });
        }
        if self.l1 == L1::Off && self.store.is_none() {
            let problem = "without a backend there is nothing else to hold entries".to_owned();
            return Err(Error::Option { option: "l1", problem });
        }
        if matches!(self.l1, L1::Bytes(bytes) if bytes < 4096) {
            let problem = "at least 4096 bytes, or off".to_owned();
            return Err(Error::Option { option: "l1", problem });
        }
        Ok(())
    }
}

/// How an [`Operation`](crate::Operation) is built: one function, or one explicit cache object.
#[derive(Debug, Clone)]
pub struct OperationOptions {
    /// Groups operations; part of the name.
    pub namespace: String,
    /// The operation's own name: an explicit one, or the function's full path.
    pub name: String,
    /// The user's version; another version never meets this one's entries.
    pub version: String,
    /// A fingerprint of the value's shape, empty when the name is explicit.
    pub schema: String,
    /// How long a value is fresh.
    pub ttl: Duration,
    /// The one serializer whose entries are read and written.
    pub serializer: SerializerId,
}
