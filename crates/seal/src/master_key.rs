//! Root keys: what a person generates, keeps and rotates.

use zeroize::Zeroizing;

use crate::derive::{Key32, expand_key_id, extract, label};
use crate::error::{Error, KeySource};
use crate::refusal::KeyId;

/// The fewest bytes of a root key.
const MIN_LEN: usize = 32;

/// A master key, reduced at once to what is derived from it; the key itself is not kept.
///
/// It cannot be printed, compared or serialized.
pub struct MasterKey {
    /// `PRK`: the parent of everything that seals.
    pub(crate) prk: Key32,
    /// `N`: the parent of names, should this key be the naming root.
    pub(crate) naming: Key32,
    pub(crate) kid: KeyId,
    pub(crate) strength: Strength,
}

/// Whether a key could have come out of a random generator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    Plausible,
    /// One byte, repeated.
    Repeated,
}

impl MasterKey {
    /// Reads a key of 32 bytes or more from hexadecimal digits of either case.
    ///
    /// Any such bytes are accepted: how hard they are to guess is up to whoever made them.
    ///
    /// # Errors
    /// [`Error::KeyEncoding`] if it is not hexadecimal or shorter than 32 bytes.
    pub fn from_hex(digits: &str) -> Result<Self, Error> {
        Self::from_bytes(&decode(digits, KeySource::Master)?)
    }

    /// Takes a key of 32 bytes or more. The caller's copy stays the caller's to zero.
    ///
    /// # Errors
    /// [`Error::KeyEncoding`] if it is shorter than 32 bytes.
    pub fn from_bytes(key: &[u8]) -> Result<Self, Error> {
        if key.len() < MIN_LEN {
            return Err(Error::KeyEncoding(KeySource::Master));
        }
        let prk = extract(label::MASTER, key)?;
        let kid = expand_key_id(&prk)?;
        let naming = extract(label::NAMING, key)?;
        Ok(Self { prk, naming, kid, strength: strength(key) })
    }

    /// The key id that entries sealed by this key carry in the clear.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.kid
    }
}

/// A key that only names entries, so that names survive a change of master keys.
///
/// It cannot be printed, compared or serialized.
pub struct NamingKey {
    pub(crate) naming: Key32,
}

impl NamingKey {
    /// Reads a key of 32 bytes or more from hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`Error::KeyEncoding`] if it is not hexadecimal or shorter than 32 bytes.
    pub fn from_hex(digits: &str) -> Result<Self, Error> {
        Self::from_bytes(&decode(digits, KeySource::Naming)?)
    }

    /// Takes a key of 32 bytes or more. The caller's copy stays the caller's to zero.
    ///
    /// # Errors
    /// [`Error::KeyEncoding`] if it is shorter than 32 bytes.
    pub fn from_bytes(key: &[u8]) -> Result<Self, Error> {
        if key.len() < MIN_LEN {
            return Err(Error::KeyEncoding(KeySource::Naming));
        }
        Ok(Self { naming: extract(label::NAMING, key)? })
    }
}

fn decode(digits: &str, source: KeySource) -> Result<Zeroizing<Vec<u8>>, Error> {
    hex::decode(digits).map(Zeroizing::new).map_err(|_| Error::KeyEncoding(source))
}

fn strength(key: &[u8]) -> Strength {
    let first = key.first().copied().unwrap_or_default();
    if key.iter().all(|byte| *byte == first) { Strength::Repeated } else { Strength::Plausible }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "CACHEKIT_MASTER_KEY must be hex-encoded, minimum 32 bytes";

    #[test]
    fn short_odd_and_non_hex_keys_are_refused() {
        for bad in ["", "not_hex", &"a".repeat(62), &"a".repeat(63), &"g".repeat(64)] {
            let error = MasterKey::from_hex(bad).err().unwrap();
            assert!(error.to_string().starts_with(REFUSED), "{error}");
        }
        let error = NamingKey::from_hex("00").err().unwrap().to_string();
        assert!(error.starts_with("CACHEKIT_NAMING_KEY must be hex-encoded"), "{error}");
    }

    #[test]
    fn both_cases_and_longer_keys_are_accepted() {
        let lower = MasterKey::from_hex(&"ab".repeat(32)).unwrap();
        let upper = MasterKey::from_hex(&"AB".repeat(32)).unwrap();
        assert_eq!(lower.id(), upper.id());
        let longer = MasterKey::from_hex(&"ab".repeat(33)).unwrap();
        assert_ne!(lower.id(), longer.id());
    }

    #[test]
    fn one_repeated_byte_is_noticed() {
        let strength = |digits: &str| MasterKey::from_hex(digits).unwrap().strength;
        assert!(strength(&"a".repeat(64)) == Strength::Repeated);
        assert!(strength(&format!("{}bb", "aa".repeat(31))) == Strength::Plausible);
    }
}
