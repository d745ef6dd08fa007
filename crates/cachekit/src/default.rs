//! The process-wide default, for functions that name no cache of their own.

use std::sync::OnceLock;

use parking_lot::RwLock;

use crate::shared::{self, ResolvedOptions, Secrecy};
use crate::{Cache, Error, Settings};

static CONFIGURED: RwLock<Option<Settings>> = RwLock::new(None);
static PLAIN: OnceLock<Cache> = OnceLock::new();
static SEALED: OnceLock<Cache> = OnceLock::new();

/// Tells the process-wide default cache what it is made of; what is left open comes from the
/// environment. Call it once, when the program starts.
///
/// ```
/// use cachekit::{Cache, cached, configure};
///
/// #[cached(ttl = "5m")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// configure(Cache::builder().memory_only().namespace("docs"))?;
/// assert_eq!(square(12), 144);
/// # Ok::<(), cachekit::Error>(())
/// ```
///
/// # Errors
/// `Configuration`: a cached function has run already, so the default cache exists. Half of the
/// program would use the one, half the other.
pub fn configure(settings: impl Into<Settings>) -> Result<(), Error> {
    if PLAIN.get().is_some() || SEALED.get().is_some() {
        return Err(Error::configuration(
            "`configure` came too late: a cached function has already used the default cache. \
             Call it when the program starts",
        ));
    }
    *CONFIGURED.write() = Some(settings.into());
    Ok(())
}

/// What [`configure`] was told, for faces that keep default caches of their own.
#[must_use]
pub fn configured() -> Settings {
    CONFIGURED.read().clone().unwrap_or_default()
}

/// The default cache of this kind, built at first use.
///
/// # Errors
/// `Configuration`, `Key`, `Backend`: it cannot be built. The next call tries again, so a key that
/// arrives late is found.
pub(crate) fn cache(secrecy: Secrecy) -> Result<&'static Cache, Error> {
    let place = match secrecy {
        Secrecy::Plain => &PLAIN,
        Secrecy::Sealed => &SEALED,
    };
    if let Some(cache) = place.get() {
        return Ok(cache);
    }
    let options = ResolvedOptions::new(Settings::new().effective()?, secrecy)?;
    let cache = Cache::over(shared::engine_for(&options)?, &options)?;
    Ok(place.get_or_init(|| cache))
}
