//! Sealing: content in, opaque bytes out. `docs/format.md`, "Entry".

use cachekit_process::UnixMillis;
use cachekit_process::writer::{self, NonceSlot};

use crate::compress::{Stored, compress};
use crate::content::Content;
use crate::error::Error;
use crate::header::{Header, OVERHEAD};
use crate::inner::{self, COMMITMENT_LEN};
use crate::name::Name;
use crate::nonce::Nonce;
use crate::pad::padded;
use crate::session::Session;
use crate::tenant::{Root, TenantKeys};

/// A sealed entry: the only thing that a sealing cache can hand to a store.
///
/// It is made by [`TenantKeys::seal`] alone, so holding one proves that the bytes are sealed.
pub struct Sealed {
    bytes: Vec<u8>,
    session: Session,
}

impl Sealed {
    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes to store, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What opens these bytes again without deriving anything.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }
}

impl TenantKeys {
    /// Seals `content` under `name`, with the key that seals at `now` and the next nonce of this
    /// process.
    ///
    /// The length of the result tells the length of the content only up to its padding: 308 bytes
    /// for up to 199 bytes of body without tags. Whether the kind fits the name is the caller's
    /// business; a reader refuses it otherwise.
    ///
    /// # Errors
    /// [`Error::Content`] for what the format has no place for, [`Error::NoSealingKey`],
    /// [`Error::Compression`].
    ///
    /// # Panics
    /// If the kernel gives no randomness for a new session.
    pub fn seal(
        &self,
        now: UnixMillis,
        name: &Name,
        content: &Content<'_>,
    ) -> Result<Sealed, Error> {
        content.check()?;
        let root = self.0.root(self.0.schedule.sealing(now)?)?;
        let stored = compress(content)?;
        let length = padded_length(content, &stored)?;
        // From here to the end of the encryption nothing waits: the nonce must not be held across
        // anything that could fork.
        let slot = writer::take((length + OVERHEAD) as u64);
        self.seal_with(root, slot, name, &Layout { content, stored: &stored, length })
    }

    pub(crate) fn seal_with(
        &self,
        root: &Root,
        slot: NonceSlot,
        name: &Name,
        layout: &Layout<'_>,
    ) -> Result<Sealed, Error> {
        let session = self.0.writer.get(root, slot.sid)?;
        let header = Header { kid: root.kid, sid: slot.sid, nonce: Nonce::new(slot).into_bytes() };
        let mut bytes = Vec::with_capacity(layout.length + OVERHEAD);
        header.write(&mut bytes);
        layout.write(&mut bytes)?;
        session.encrypt(&header, name, &mut bytes)?;
        Ok(Sealed { bytes, session })
    }
}

/// A plaintext to be written: what, and how long with its padding.
pub(crate) struct Layout<'a> {
    pub(crate) content: &'a Content<'a>,
    pub(crate) stored: &'a Stored<'a>,
    pub(crate) length: usize,
}

impl Layout<'_> {
    /// Appends commitment, fields and padding. The capacity suffices, so that no reallocation
    /// leaves plaintext behind; encryption then happens in place.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        out.extend_from_slice(&[0; COMMITMENT_LEN]);
        inner::write(out, self.content, self.stored.compression(), self.stored.bytes())?;
        out.resize(start + self.length, 0);
        Ok(())
    }
}

pub(crate) fn padded_length(content: &Content<'_>, stored: &Stored<'_>) -> Result<usize, Error> {
    let unpadded = COMMITMENT_LEN as u64 + inner::length(content, stored.bytes());
    usize::try_from(padded(unpadded))
        .map_err(|_| Error::Content(crate::error::ContentProblem::BodyTooLong))
}
