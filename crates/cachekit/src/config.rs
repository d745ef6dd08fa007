//! What a cache is told: in code, by `configure`, by the environment.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cachekit_engine::process::Clock;
use cachekit_engine::store::{Store, StoreOptions};
use cachekit_engine::{L1, Observer, OnTamper};

use crate::{Error, Secret, env};

/// How long a value is fresh unless something says otherwise: five minutes.
pub const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// Where the master key is.
#[derive(Clone)]
#[non_exhaustive]
pub enum MasterKeySource {
    /// Here, in hexadecimal.
    Hex(Secret),
    /// In a file that is not open to others.
    File(PathBuf),
}

/// Where entries are kept beyond this process.
#[derive(Clone)]
#[non_exhaustive]
pub enum Backend {
    /// Nowhere: the process holds its entries alone.
    Memory,
    /// In the store with this address.
    Url(Secret),
    /// In this store.
    Store(Arc<dyn Store>),
    /// In the store that this makes once it is known how patient it is to be.
    Opener(Arc<dyn OpenStore>),
}

/// Makes a store of what only a face knows: an object of its language, for example.
pub trait OpenStore: Send + Sync + 'static {
    /// The store, with these time-outs and limits. Does no I/O. Two stores that one opener made
    /// hold the same entries.
    fn open(self: Arc<Self>, options: &StoreOptions) -> Arc<dyn Store>;
}

/// Whether `CACHEKIT_MASTER_KEY_ROTATION` (or [`Settings::rotation`]) has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It has, where there is one: its first key that may seal today seals, all open.
    Honoured,
    /// It has none: the master key alone seals and opens.
    Ignored,
}

/// What a cache is told. Every field may be left open for a lower layer to fill: an argument comes
/// before `configure`, and that before the environment ([`Settings::or`]).
///
/// It has no `Debug`: it carries keys.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// The master key. One given here stands in for the environment's.
    pub master_key: Option<MasterKeySource>,
    /// The key list for rotation, as in `CACHEKIT_MASTER_KEY_ROTATION`.
    pub rotation: Option<Secret>,
    /// Whether the key list has a say.
    pub rotation_policy: Option<Rotation>,
    /// The naming key.
    pub naming_key: Option<Secret>,
    /// The shared store.
    pub backend: Option<Backend>,
    /// The bearer token of an HTTP store, as in `CACHEKIT_API_KEY`.
    pub api_key: Option<Secret>,
    /// Starts the address of every entry in the store.
    pub prefix: Option<String>,
    /// Groups the operations of one application.
    pub namespace: Option<String>,
    /// How long a value is fresh. Default [`DEFAULT_TTL`].
    pub ttl: Option<Duration>,
    /// The longest life of an entry.
    pub max_ttl: Option<Duration>,
    /// The first level's bound.
    pub l1: Option<L1>,
    /// How long a first-level entry is served without a look at the shared store.
    pub l1_max_age: Option<Duration>,
    /// What a changed entry does to the call that meets it.
    pub on_tamper: Option<OnTamper>,
    /// How long making a connection may take.
    pub connect_timeout: Option<Duration>,
    /// How long one operation of the store may take.
    pub operation_timeout: Option<Duration>,
    /// Where time comes from.
    pub clock: Option<Arc<dyn Clock>>,
    /// Hears of events.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Settings {
    /// Nothing said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the process' environment says (`docs/environment.md`).
    ///
    /// # Errors
    /// `Configuration`: `CACHEKIT_MASTER_KEY` and `CACHEKIT_MASTER_KEY_FILE` are both set, or a
    /// value is not UTF-8.
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_lookup(&|name| std::env::var_os(name))
    }

    /// What an environment says that is looked up by `lookup`.
    ///
    /// # Errors
    /// As [`from_environment`](Self::from_environment).
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let secret = |variable: &env::Variable| -> Result<Option<Secret>, Error> {
            Ok(variable.read(lookup)?.map(Secret::from))
        };
        let master_key = match (secret(&env::MASTER_KEY)?, env::MASTER_KEY_FILE.read(lookup)?) {
            (Some(_), Some(_)) => {
                return Err(Error::configuration(
                    "CACHEKIT_MASTER_KEY and CACHEKIT_MASTER_KEY_FILE are both set, and nothing \
                     says which is meant: unset one of them",
                ));
            }
            (Some(hex), None) => Some(MasterKeySource::Hex(hex)),
            (None, Some(path)) => Some(MasterKeySource::File(PathBuf::from(path.as_str()))),
            (None, None) => None,
        };
        let mut url = None;
        for variable in [&env::URL, &env::REDIS_URL, &env::PLATFORM_REDIS_URL] {
            if url.is_none() {
                url = secret(variable)?;
            }
        }
        Ok(Self {
            master_key,
            rotation: secret(&env::MASTER_KEY_ROTATION)?,
            naming_key: secret(&env::NAMING_KEY)?,
            backend: url.map(Backend::Url),
            api_key: secret(&env::API_KEY)?,
            ..Self::default()
        })
    }

    /// This, and where it says nothing, what `lower` says.
    #[must_use]
    pub fn or(self, lower: &Self) -> Self {
        macro_rules! either {
            ($($field:ident),*) => {
                Self { $($field: self.$field.or_else(|| lower.$field.clone())),* }
            };
        }
        either!(
            master_key,
            rotation,
            rotation_policy,
            naming_key,
            backend,
            api_key,
            prefix,
            namespace,
            ttl,
            max_ttl,
            l1,
            l1_max_age,
            on_tamper,
            connect_timeout,
            operation_timeout,
            clock,
            observer
        )
    }

    /// How a store is opened by these settings, and by `options` where they say nothing.
    #[must_use]
    pub fn store_options(&self, mut options: StoreOptions) -> StoreOptions {
        if let Some(timeout) = self.connect_timeout {
            options = options.with_connect_timeout(timeout);
        }
        if let Some(timeout) = self.operation_timeout {
            options = options.with_operation_timeout(timeout);
        }
        if let Some(clock) = &self.clock {
            options = options.with_clock(Arc::clone(clock));
        }
        if let Some(token) = &self.api_key {
            options = options.with_token(token.expose());
        }
        options
    }

    /// This, then what [`configure`](crate::configure) was told, then the environment.
    ///
    /// # Errors
    /// As [`from_environment`](Self::from_environment).
    pub fn effective(self) -> Result<Self, Error> {
        Ok(self.or(&crate::default::configured()).or(&Self::from_environment()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Result<Settings, Error> {
        let find = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into());
        Settings::from_lookup(&find)
    }

    fn url(settings: &Settings) -> Option<&str> {
        match settings.backend.as_ref()? {
            Backend::Url(url) => Some(url.expose()),
            _ => None,
        }
    }

    #[test]
    fn the_three_addresses_have_an_order() {
        let all = [("CACHEKIT_URL", "a"), ("CACHEKIT_REDIS_URL", "b"), ("REDIS_URL", "c")];
        for (set, wanted) in [(&all[..], "a"), (&all[1..], "b"), (&all[2..], "c")] {
            assert_eq!(url(&environment(set).expect("settings")), Some(wanted));
        }
        assert_eq!(url(&environment(&[("CACHEKIT_URL", " ")]).expect("settings")), None);
    }

    #[test]
    fn two_master_keys_are_one_too_many() {
        let both = [("CACHEKIT_MASTER_KEY", "aa"), ("CACHEKIT_MASTER_KEY_FILE", "/run/key")];
        let message = environment(&both).err().expect("refused").to_string();
        assert!(message.contains("CACHEKIT_MASTER_KEY_FILE"), "{message}");
        assert!(!message.contains("/run/key") && !message.contains("aa"), "{message}");
    }

    #[test]
    fn the_token_goes_to_the_store_and_is_not_shown() {
        let settings = environment(&[("CACHEKIT_API_KEY", " t0ken ")]).expect("settings");
        let options = settings.store_options(StoreOptions::default());
        assert!(!format!("{options:?}").contains("t0ken"));
        let wrong = environment(&[("CACHEKIT_API_KEY", "t0 ken")]).expect("settings");
        let opened = |settings: &Settings| {
            cachekit_engine::store::open(
                "https://h",
                &settings.store_options(StoreOptions::default()),
            )
            .is_ok()
        };
        assert!(opened(&settings) && !opened(&wrong));
    }

    #[test]
    fn an_upper_layer_wins_field_by_field() {
        let lower = environment(&[("CACHEKIT_URL", "low"), ("CACHEKIT_NAMING_KEY", "n")]);
        let upper = Settings {
            backend: Some(Backend::Url("high".into())),
            ttl: Some(DEFAULT_TTL),
            ..Settings::new()
        };
        let both = upper.or(&lower.expect("settings"));
        assert_eq!(url(&both), Some("high"));
        assert_eq!(both.ttl, Some(DEFAULT_TTL));
        assert!(both.naming_key.is_some());
    }

    #[test]
    fn an_explicit_key_stands_in_for_the_file_of_the_environment() {
        let lower = environment(&[("CACHEKIT_MASTER_KEY_FILE", "/run/key")]).expect("settings");
        let upper =
            Settings { master_key: Some(MasterKeySource::Hex("ab".into())), ..Settings::new() };
        assert!(matches!(upper.or(&lower).master_key, Some(MasterKeySource::Hex(_))));
    }
}
