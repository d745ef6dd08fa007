//! Every key and every label it is derived by, in one table. `docs/format.md`, "Keys".
//!
//! HKDF-SHA256 is RFC 5869; Extract is HMAC-SHA256 keyed by the salt (section 2.2).

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::error::Error;

/// 32 secret bytes, zeroed when dropped.
pub(crate) type Key32 = Zeroizing<[u8; 32]>;

/// What separates one key from every other. No label is a prefix of another that is used with the
/// same parent: `tenant` is followed by a two-byte length, and `no tenant` by nothing.
pub(crate) mod label {
    /// Salt of the extraction of `PRK` from a master key.
    pub(crate) const MASTER: &[u8] = b"cachekit/2 master";
    /// `PRK` to the key id that stands in the clear header.
    pub(crate) const KEY_ID: &[u8] = b"cachekit/2 kid";
    /// `PRK` or `N` to one tenant's salt; the tenant follows, behind its length.
    pub(crate) const TENANT: &[u8] = b"cachekit/2 tenant";
    /// `PRK` or `N` to the salt of what has no tenant.
    pub(crate) const NO_TENANT: &[u8] = b"cachekit/2 no tenant";
    /// `K_t` to `K_seal`.
    pub(crate) const SEAL: &[u8] = b"cachekit/2 seal";
    /// `K_seal` to a session key; the suite and the session follow.
    pub(crate) const SESSION: &[u8] = b"cachekit/2 session";
    /// Salt of the extraction of `N` from the naming root.
    pub(crate) const NAMING: &[u8] = b"cachekit/2 naming";
    /// A tenant's naming secret to `K_name`.
    pub(crate) const NAME: &[u8] = b"cachekit/2 name";
}

/// HKDF-Extract.
pub(crate) fn extract(salt: &[u8], input: &[u8]) -> Result<Key32, Error> {
    let mut key = Key32::default();
    let salt = hmac::Key::new(hmac::HMAC_SHA256, salt);
    hmac::sign_to_buffer(&salt, input, &mut *key).map_err(|_| Error::Primitive)?;
    Ok(key)
}

/// HKDF-Expand to 32 bytes; `info` is the concatenation of the parts.
pub(crate) fn expand(key: &Key32, info: &[&[u8]]) -> Result<Key32, Error> {
    let mut output = Key32::default();
    expand_into(key, info, &mut *output)?;
    Ok(output)
}

/// HKDF-Expand to the four bytes of a key id.
pub(crate) fn expand_key_id(key: &Key32) -> Result<[u8; 4], Error> {
    let mut output = [0; 4];
    expand_into(key, &[label::KEY_ID], &mut output)?;
    Ok(output)
}

fn expand_into(key: &Key32, info: &[&[u8]], output: &mut [u8]) -> Result<(), Error> {
    let prk = Prk::new_less_safe(HKDF_SHA256, &**key);
    let okm = prk.expand(info, Length(output.len())).map_err(|_| Error::Primitive)?;
    okm.fill(output).map_err(|_| Error::Primitive)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, appendix A.1, its first 32 bytes of OKM.
    #[test]
    fn rfc_5869_test_case_1() {
        let salt = hex::decode("000102030405060708090a0b0c").unwrap();
        let prk = extract(&salt, &[0x0b; 22]).unwrap();
        let expected = "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5";
        assert_eq!(hex::encode(*prk), expected);
        let info = hex::decode("f0f1f2f3f4f5f6f7f8f9").unwrap();
        let okm = expand(&prk, &[&info[..3], &info[3..]]).unwrap();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        assert_eq!(hex::encode(*okm), expected);
    }

    /// RFC 5869, appendix A.3: no salt, no info.
    #[test]
    fn rfc_5869_test_case_3() {
        let prk = extract(&[], &[0x0b; 22]).unwrap();
        let expected = "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04";
        assert_eq!(hex::encode(*prk), expected);
        let okm = expand(&prk, &[]).unwrap();
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
        assert_eq!(hex::encode(*okm), expected);
    }

    #[test]
    fn labels_that_share_a_parent_never_collide() {
        let from_prk = [label::KEY_ID, label::TENANT, label::NO_TENANT];
        let from_seal = [label::SEAL, label::NAME, label::SESSION];
        for labels in [from_prk, from_seal] {
            for (i, one) in labels.iter().enumerate() {
                for (j, other) in labels.iter().enumerate() {
                    assert!(i == j || !one.starts_with(other), "{i} {j}");
                }
            }
        }
    }
}
