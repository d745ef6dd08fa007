//! The limits that every store holds its callers to before it does anything.

use std::time::Duration;

use crate::{Capabilities, Error, ErrorKind, Lifetime, Store};

/// What a store takes at most, for whoever writes one.
///
/// ```
/// use cachekit_store::{Limits, Capabilities, Reach};
/// use std::time::Duration;
///
/// let limits = Limits::new("mine://", Capabilities::new(Reach::Process, 4));
/// assert!(limits.count(3).is_ok());
/// assert_eq!(limits.write(b"1234", Duration::from_secs(2))?.as_millis(), 2000);
/// assert!(limits.write(b"12345", Duration::from_secs(2)).is_err());
/// # Ok::<(), cachekit_store::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    address: &'a str,
    capabilities: Capabilities,
}

impl<'a> Limits<'a> {
    /// The limits of a store of this address that can do this much.
    pub fn new(address: &'a str, capabilities: Capabilities) -> Self {
        Self { address, capabilities }
    }

    /// The limits that a store itself announces.
    pub fn of(store: &'a impl Store) -> Self {
        Self::new(store.address(), store.capabilities())
    }

    /// Whether a value is small enough, to be written or to be handed to who asked for it.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](ErrorKind::TooLarge): over [`Capabilities::largest_entry`].
    pub fn value(&self, value: &[u8]) -> Result<(), Error> {
        let (bytes, limit) = (value.len(), self.capabilities.largest_entry);
        if bytes <= limit {
            return Ok(());
        }
        Err(self.too_large(format!("a value of {bytes} bytes; the limit is {limit}")))
    }

    /// Whether a call has few enough keys or writes.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](ErrorKind::TooLarge): over [`Capabilities::most_keys`].
    pub fn count(&self, keys: usize) -> Result<(), Error> {
        let limit = self.capabilities.most_keys;
        if keys <= limit {
            return Ok(());
        }
        Err(self.too_large(format!("{keys} keys in one call; the limit is {limit}")))
    }

    /// Whether this may be written, and for how long.
    ///
    /// # Errors
    ///
    /// Those of [`value`](Self::value); [`Misconfigured`](ErrorKind::Misconfigured) for no time.
    pub fn write(&self, value: &[u8], ttl: Duration) -> Result<Lifetime, Error> {
        self.value(value)?;
        Lifetime::new(ttl, self.address)
    }

    fn too_large(&self, seen: String) -> Error {
        Error::new(ErrorKind::TooLarge, self.address, seen)
    }
}
