//! The key of one writer session, and the AES-256-GCM done with it (NIST SP 800-38D).

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, Nonce, UnboundKey};
use subtle::ConstantTimeEq;

use crate::derive::{Key32, expand, label};
use crate::error::Error;
use crate::header::{AssociatedData, Envelope, HEADER_LEN, NONCE_LEN, SUITE, TAG_LEN};
use crate::inner::{COMMITMENT_LEN, Inner};
use crate::name::Name;
use crate::open::Opened;
use crate::refusal::{Fault, KeyId, Refusal};
use crate::scratch::{Buffer, Scratch, wipe};

/// One writer session's key, derived and ready: what it takes to open again what was opened once.
///
/// Clones share the key, which is zeroed with the last of them. It cannot be printed.
#[derive(Clone)]
pub struct Session(Arc<SessionKey>);

struct SessionKey {
    aead: LessSafeKey,
    kid: KeyId,
    sid: [u8; 16],
}

impl Session {
    pub(crate) fn derive(seal: &Key32, kid: KeyId, sid: [u8; 16]) -> Result<Self, Error> {
        let key = expand(seal, &[label::SESSION, &[SUITE], &sid])?;
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| Error::Primitive)?;
        Ok(Self(Arc::new(SessionKey { aead: LessSafeKey::new(key), kid, sid })))
    }

    /// The id of the master key above this session.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.0.kid
    }

    pub(crate) fn sid(&self) -> &[u8; 16] {
        &self.0.sid
    }

    /// Opens bytes that [`TenantKeys::open`](crate::TenantKeys::open) accepted before, from memory.
    ///
    /// Tag, key commitment and structure are verified again; what depends on the time, on policy
    /// and on the state of the key is not. [`Opened::session`] is `None`: it is this one.
    ///
    /// # Errors
    /// [`Refusal::Tampered`]: these are not the bytes that were accepted under this name.
    #[inline]
    pub fn reopen<'s>(
        &self,
        name: &Name,
        sealed: &[u8],
        scratch: &'s mut Scratch,
    ) -> Result<Opened<'s>, Refusal> {
        let Scratch { plaintext, expanded } = scratch;
        let envelope = Envelope::read(sealed)?;
        let room = plaintext.room(envelope.ciphertext.len());
        self.reopen_envelope(name, &envelope, room, expanded)
    }

    /// Opens as [`reopen`](Self::reopen) does, into memory that the caller keeps; see
    /// [`TenantKeys::open_into`](crate::TenantKeys::open_into).
    ///
    /// # Errors
    /// As [`reopen`](Self::reopen); memory of another length is refused like a wrong tag.
    pub fn reopen_into<'s>(
        &self,
        name: &Name,
        sealed: &[u8],
        plaintext: &'s mut [u8],
        scratch: &'s mut Scratch,
    ) -> Result<Opened<'s>, Refusal> {
        self.reopen_envelope(name, &Envelope::read(sealed)?, plaintext, &mut scratch.expanded)
    }

    #[inline]
    fn reopen_envelope<'s>(
        &self,
        name: &Name,
        envelope: &Envelope<'_>,
        plaintext: &'s mut [u8],
        expanded: &'s mut Buffer,
    ) -> Result<Opened<'s>, Refusal> {
        let mut associated = AssociatedData::EMPTY;
        envelope.associate(name, &mut associated);
        let fields = self.decrypt(envelope, &associated, plaintext).map_err(Refusal::Tampered)?;
        let inner = Inner::read_sealed(fields, Some(envelope.header.kid))?;
        Ok(Opened::new(inner, expanded, None))
    }

    /// Decrypts into `plaintext`, which has its length, and returns what follows the key commitment.
    #[inline]
    pub(crate) fn decrypt<'r>(
        &self,
        envelope: &Envelope<'_>,
        associated: &AssociatedData,
        plaintext: &'r mut [u8],
    ) -> Result<&'r [u8], Fault> {
        let nonce = Nonce::assume_unique_for_key(envelope.header.nonce);
        let (ciphertext, tag) = (envelope.ciphertext, envelope.tag);
        let aead = &self.0.aead;
        let verified =
            aead.open_separate_gather(nonce, associated.aad(), ciphertext, tag, plaintext);
        if verified.is_err() {
            wipe(plaintext);
            return Err(Fault::Tag);
        }
        let (commitment, fields) =
            plaintext.split_first_chunk::<COMMITMENT_LEN>().ok_or(Fault::Truncated)?;
        let block = u128::from_ne_bytes(*commitment);
        let committed = (block as u64 | (block >> 64) as u64).ct_eq(&0);
        if committed.into() { Ok(fields) } else { Err(Fault::Commitment) }
    }

    /// Encrypts an entry in place: what is between the header and the room for the tag.
    #[inline]
    pub(crate) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        associated: &AssociatedData,
        entry: &mut [u8],
    ) -> Result<(), Error> {
        let (_, rest) = entry.split_first_chunk_mut::<HEADER_LEN>().ok_or(Error::Primitive)?;
        let (plaintext, room) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::Primitive)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self
            .0
            .aead
            .seal_in_place_separate_tag(nonce, associated.aad(), plaintext)
            .map_err(|_| Error::Primitive)?;
        room.copy_from_slice(tag.as_ref());
        Ok(())
    }
}
