//! Known-answer vectors need what no program may have: chosen nonces, keys to look at, and entries
//! with valid tags that no honest writer makes. Only behind the feature `vectors`, for the tests of
//! this repository; never part of the public interface.

use cachekit_process::UnixMillis;
use cachekit_process::writer::NonceSlot;

use crate::content::Content;
use crate::derive;
use crate::error::Error;
use crate::header::{AssociatedData, Header, TAG_LEN};
use crate::master_key::MasterKey;
use crate::name::Name;
use crate::nonce::Nonce;
use crate::seal::{Sealed, seal_with_slot};
use crate::session::Session;
use crate::tenant::TenantKeys;

/// A nonce that was chosen. **Two entries with one of these reveal their plaintexts.**
#[derive(Clone, Copy)]
pub struct ChosenNonce {
    /// The writer session.
    pub sid: [u8; 16],
    /// The counter.
    pub counter: u64,
    /// The last four bytes.
    pub randomness: [u8; 4],
}

impl From<ChosenNonce> for NonceSlot {
    fn from(nonce: ChosenNonce) -> Self {
        Self { sid: nonce.sid, counter: nonce.counter, randomness: nonce.randomness }
    }
}

/// HKDF-Extract, to follow a derivation step by step.
///
/// # Errors
/// If the cryptographic library fails.
pub fn extract(salt: &[u8], input: &[u8]) -> Result<[u8; 32], Error> {
    derive::extract(salt, input).map(|key| *key)
}

/// HKDF-Expand to 32 bytes.
///
/// # Errors
/// If the cryptographic library fails.
pub fn expand(key: &[u8; 32], info: &[&[u8]]) -> Result<[u8; 32], Error> {
    derive::expand(&derive::Key32::new(*key), info).map(|key| *key)
}

/// `PRK` and `N` of a master key.
#[must_use]
pub fn master_secrets(key: &MasterKey) -> ([u8; 32], [u8; 32]) {
    (*key.prk, *key.naming)
}

/// The length to which a plaintext is padded.
#[must_use]
pub const fn padded(length: u64) -> u64 {
    crate::pad::padded(length)
}

/// `K_seal` under the key at a position of the ring.
///
/// # Errors
/// If there is no key at the position, or a revoked one.
pub fn seal_key(keys: &TenantKeys, position: usize) -> Result<[u8; 32], Error> {
    keys.0.seal_key(position)
}

/// A name of any 32 bytes.
#[must_use]
pub const fn name(bytes: [u8; 32]) -> Name {
    Name::from_bytes(bytes)
}

/// Seals under a chosen nonce.
///
/// # Errors
/// As [`TenantKeys::seal`].
pub fn seal(
    keys: &TenantKeys,
    now: UnixMillis,
    nonce: ChosenNonce,
    name: &Name,
    content: &Content<'_>,
) -> Result<Sealed, Error> {
    seal_with_slot(&keys.prepare(now, content)?, nonce.into(), name)
}

/// Encrypts any plaintext under the key at a position of the ring, commitment and padding included.
///
/// # Errors
/// If there is no key at the position, or a revoked one.
pub fn seal_plaintext(
    keys: &TenantKeys,
    position: usize,
    nonce: ChosenNonce,
    name: &Name,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let root = keys.0.root(position)?;
    let session = Session::derive(&root.seal, root.kid, nonce.sid)?;
    let (sid, nonce) = (nonce.sid, Nonce::new(nonce.into()).into_bytes());
    let header = Header { kid: root.kid, sid, nonce };
    let mut entry = [&header.to_bytes(), plaintext, &[0; TAG_LEN]].concat();
    let mut associated = AssociatedData::EMPTY;
    associated.fill(&header.to_bytes(), name);
    session.encrypt(&header.nonce, &associated, &mut entry)?;
    Ok(entry)
}
