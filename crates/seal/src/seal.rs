//! Sealing: content in, opaque bytes out. `docs/format.md`, "Entry".

use std::borrow::Cow;

use cachekit_process::UnixMillis;
use cachekit_process::writer::{self, NonceSlot};

use crate::compress::{Stored, compress};
use crate::content::Content;
use crate::error::{ContentProblem, Error};
use crate::format::{Full, Writer};
use crate::header::{AssociatedData, HEADER_LEN, Header, OVERHEAD};
use crate::inner::{self, COMMITMENT_LEN};
use crate::name::Name;
use crate::nonce::Nonce;
use crate::pad::padded;
use crate::refusal::KeyId;
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
        self.prepare(now, content)?.seal(name)
    }

    /// Finds out what sealing `content` at `now` takes, for whoever has the memory that the entry
    /// goes to.
    ///
    /// ```
    /// # use cachekit_process::UnixMillis;
    /// # use cachekit_seal::*;
    /// # let key = MasterKey::from_bytes(&(0..32).collect::<Vec<u8>>())?;
    /// # let keys = Keyring::single(key).tenant(&Tenant::None)?;
    /// # let now = UnixMillis(1_790_000_000_000);
    /// # let fields = NameFields {
    /// #     purpose: Purpose::Entry, prefix: "ck:", namespace: "", operation: "f", version: "",
    /// #     schema: "", arguments: &[0; 32],
    /// # };
    /// # let name = keys.names(now, &fields)?[0];
    /// # let content = Content {
    /// #     kind: Kind::Value, serializer: 1, compression: Compression::None, created: now,
    /// #     fresh_until: now, stale_window_ms: 0, generation: [0; 8], tags: &[], body: b"value",
    /// # };
    /// let prepared = keys.prepare(now, &content)?;
    /// let mut entry = vec![0xFF; prepared.entry_len()];
    /// prepared.seal_into(&name, &mut entry)?;
    ///
    /// let mut scratch = Scratch::new();
    /// let opened = keys.open(now, &name, &OpenLimits::new(Purpose::Entry), &entry, &mut scratch)?;
    /// assert_eq!(opened.into_body()?, b"value");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    #[inline]
    pub fn prepare<'a>(
        &'a self,
        now: UnixMillis,
        content: &'a Content<'a>,
    ) -> Result<Prepared<'a>, Error> {
        content.check()?;
        let root = self.0.root(self.0.schedule.sealing(now)?)?;
        let stored = compress(content)?;
        let before = COMMITMENT_LEN + inner::length(content);
        let unpadded = before as u64 + stored.bytes().len() as u64;
        let plaintext_len = usize::try_from(padded(unpadded))
            .map_err(|_| Error::Content(ContentProblem::BodyTooLong))?;
        Ok(Prepared { keys: self, root, content, stored, plaintext_len })
    }
}

/// A content whose entry's length is known, and that is not sealed yet.
pub struct Prepared<'a> {
    keys: &'a TenantKeys,
    root: &'a Root,
    content: &'a Content<'a>,
    stored: Stored<'a>,
    plaintext_len: usize,
}

impl Prepared<'_> {
    /// Bytes of the entry.
    #[must_use]
    pub const fn entry_len(&self) -> usize {
        self.plaintext_len + OVERHEAD
    }

    /// The id of the master key that it will be sealed under.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.root.kid
    }

    /// Seals under `name` into memory of exactly [`entry_len`](Self::entry_len) bytes, all of which
    /// is overwritten. The plaintext is in it for a moment: nobody else may read it meanwhile.
    ///
    /// # Errors
    /// [`Error::Room`] for memory of another length. After any other error the memory holds nothing
    /// of use, and nothing of the content.
    ///
    /// # Panics
    /// As [`TenantKeys::seal`].
    pub fn seal_into(&self, name: &Name, entry: &mut [u8]) -> Result<(), Error> {
        self.seal_under_next(name, entry).map(|_| ())
    }

    fn seal_under_next(&self, name: &Name, entry: &mut [u8]) -> Result<Cow<'_, Session>, Error> {
        if entry.len() != self.entry_len() {
            return Err(Error::Room { needed: self.entry_len(), given: entry.len() });
        }
        // From here to the end of the encryption nothing waits: the nonce must not be held across
        // anything that could fork.
        self.seal_with(writer::take(self.entry_len() as u64), name, entry)
    }

    fn seal(&self, name: &Name) -> Result<Sealed, Error> {
        let mut bytes = self.room();
        let session = self.seal_under_next(name, &mut bytes)?.into_owned();
        Ok(Sealed { bytes, session })
    }

    #[expect(clippy::slow_vector_initialization, reason = "glibc's `calloc` passes its caches by")]
    fn room(&self) -> Vec<u8> {
        let mut room = Vec::with_capacity(self.entry_len());
        room.resize(self.entry_len(), 0);
        room
    }

    /// The entry's length was checked.
    pub(crate) fn seal_with(
        &self,
        slot: NonceSlot,
        name: &Name,
        entry: &mut [u8],
    ) -> Result<Cow<'_, Session>, Error> {
        let session = self.keys.0.writer.get(self.root, &slot.sid)?;
        let header =
            Header { kid: self.root.kid, sid: slot.sid, nonce: Nonce::new(slot).into_bytes() };
        let clear = header.to_bytes();
        let mut associated = AssociatedData::EMPTY;
        // Before the content: by the time that it is encrypted, these bytes are settled.
        associated.fill(&clear, name);
        let sealed = self
            .write(&clear, entry)
            .and_then(|()| session.encrypt(&header.nonce, &associated, entry));
        if sealed.is_err() {
            entry.fill(0);
        }
        sealed.map(|()| session)
    }

    /// Writes header, commitment, fields, body and padding where they belong: encryption then
    /// happens in place, and plaintext is nowhere else.
    fn write(&self, clear: &[u8; HEADER_LEN], entry: &mut [u8]) -> Result<(), Error> {
        let body = self.stored.bytes();
        let mut writer = Writer::new(entry);
        let room = |Full| Error::Primitive;
        writer.array(*clear).map_err(room)?;
        writer.array([0; COMMITMENT_LEN]).map_err(room)?;
        let fields = writer.place(inner::length(self.content)).map_err(room)?;
        inner::write(fields, self.content, self.stored.compression(), body)?;
        writer.bytes(body).map_err(room)?;
        writer.into_rest().fill(0);
        Ok(())
    }
}

/// Seals with a slot that was chosen: see [`crate::danger`].
#[cfg(feature = "vectors")]
pub(crate) fn seal_with_slot(
    prepared: &Prepared<'_>,
    slot: NonceSlot,
    name: &Name,
) -> Result<Sealed, Error> {
    let mut bytes = prepared.room();
    let session = prepared.seal_with(slot, name, &mut bytes)?.into_owned();
    Ok(Sealed { bytes, session })
}
