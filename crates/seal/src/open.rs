//! Opening: stored bytes in, and out either a content that may be used or the reason why not.
//! `docs/format.md`, "Opening": the order of the checks is part of the format.

use std::borrow::Cow;
use std::ops::Range;

use cachekit_process::UnixMillis;

use crate::compress::expand;
use crate::content::{Compression, Kind};
use crate::header::{AssociatedData, Envelope, OVERHEAD, SUITE};
use crate::inner::{COMMITMENT_LEN, FIXED_LEN, Inner, Tags};
use crate::name::{Name, Purpose};
use crate::policy::{Demotion, Expected, OpenLimits, judge};
use crate::refusal::{Fault, KeyId, Refusal};
use crate::schedule::{KeyPlan, KeyState};
use crate::scratch::{Buffer, Scratch};
use crate::session::Session;
use crate::session_table::{self, SessionId};
use crate::tenant::{Root, TenantKeys};

/// Where in a plaintext a body without tags begins, in bytes: for memory that is to be aligned.
pub const BODY_START: usize = COMMITMENT_LEN + FIXED_LEN;

const NO_TAG: Refusal = Refusal::Tampered(Fault::Tag);

impl TenantKeys {
    /// Opens stored bytes into `scratch`, and checks everything that can be checked without
    /// remembering other entries: structure, suite, key, tag, commitment, form of every field,
    /// dates, demotion, life, stale window.
    ///
    /// It does not check rollback, generation and expiry: those are the caller's, in this order.
    /// A compressed body is expanded when it is asked for.
    ///
    /// # Errors
    /// The first [`Refusal`] in the order of the specification.
    #[inline]
    pub fn open<'s>(
        &'s self,
        now: UnixMillis,
        name: &Name,
        limits: &OpenLimits,
        sealed: &[u8],
        scratch: &'s mut Scratch,
    ) -> Result<Opened<'s>, Refusal> {
        let Scratch { plaintext, expanded } = scratch;
        let envelope = Envelope::read(sealed)?;
        let room = plaintext.room(envelope.ciphertext.len());
        self.open_envelope(now, name, limits, &envelope, (room, expanded))
    }

    /// Opens as [`open`](Self::open) does, into memory of exactly [`plaintext_len`] bytes that the
    /// caller keeps: [`Opened::place`] says where in it the body is. `scratch` is for a compressed
    /// body. After a refusal the memory may hold what was sealed, and is the caller's to zero.
    ///
    /// # Errors
    /// As [`open`](Self::open); memory of another length is refused like a wrong tag.
    pub fn open_into<'s>(
        &'s self,
        now: UnixMillis,
        name: &Name,
        limits: &OpenLimits,
        sealed: &[u8],
        (plaintext, scratch): (&'s mut [u8], &'s mut Scratch),
    ) -> Result<Opened<'s>, Refusal> {
        let envelope = Envelope::read(sealed)?;
        self.open_envelope(now, name, limits, &envelope, (plaintext, &mut scratch.expanded))
    }

    fn open_envelope<'s>(
        &'s self,
        now: UnixMillis,
        name: &Name,
        limits: &OpenLimits,
        envelope: &Envelope<'_>,
        (plaintext, expanded): (&'s mut [u8], &'s mut Buffer),
    ) -> Result<Opened<'s>, Refusal> {
        let mut associated = AssociatedData::EMPTY;
        envelope.associate(name, &mut associated);
        let (root, plan) = self.opening_key(envelope.header.kid)?;
        let (session, fields) = self.open_session(root, envelope, &associated, plaintext)?;
        let expected = Expected { limits, fault: Refusal::Tampered };
        let inner = Inner::judge_sealed(fields, root.kid, &expected)?;
        check_wrapper(&inner, limits).map_err(Refusal::Tampered)?;
        let demotion = plan.demotion.map(|at| Demotion { kid: root.kid, at });
        judge(&inner, limits, now, demotion)?;
        Ok(Opened::new(inner, expanded, Some(session)))
    }

    fn opening_key(&self, kid: KeyId) -> Result<(&Root, &KeyPlan), Refusal> {
        let (position, plan) = self.0.schedule.find(kid).ok_or(Refusal::UnknownKey { kid })?;
        if plan.state == KeyState::Revoked {
            return Err(Refusal::Revoked { kid });
        }
        let root = self.0.root(position).map_err(|_| Refusal::UnknownKey { kid })?;
        Ok((root, plan))
    }

    /// Decrypts with the session that the header names. A session that was not known is kept only
    /// once a tag under it was verified.
    fn open_session<'s>(
        &'s self,
        root: &Root,
        envelope: &Envelope<'_>,
        associated: &AssociatedData,
        plaintext: &'s mut [u8],
    ) -> Result<(Cow<'s, Session>, &'s [u8]), Refusal> {
        let sid = envelope.header.sid;
        if let Some(own) = self.0.writer.first(root, &sid) {
            let fields = own.decrypt(envelope, associated, plaintext).map_err(Refusal::Tampered)?;
            return Ok((Cow::Borrowed(own), fields));
        }
        let id = SessionId { lineage: root.lineage, suite: SUITE, sid };
        let (known, session) = match session_table::find(&id) {
            Some(session) => (true, session),
            // A derivation fails only if memory ran out, and then no tag was verified.
            None => (false, Session::derive(&root.seal, root.kid, sid).map_err(|_| NO_TAG)?),
        };
        let fields = session.decrypt(envelope, associated, plaintext).map_err(Refusal::Tampered)?;
        if !known {
            session_table::keep(id, session.clone());
        }
        Ok((Cow::Owned(session), fields))
    }
}

/// A wrapper has no expiry and no generation: anything else was not made by one.
pub(crate) fn check_wrapper(inner: &Inner<'_>, limits: &OpenLimits) -> Result<(), Fault> {
    let is_wrapper = limits.purpose == Purpose::Wrapper;
    let is_bare = inner.fresh_until == UnixMillis::MAX && inner.generation == [0; 8];
    if is_wrapper && !is_bare { Err(Fault::Fields) } else { Ok(()) }
}

/// Bytes that an entry of so many decrypts to, padding included.
#[must_use]
pub const fn plaintext_len(entry_len: usize) -> usize {
    entry_len.saturating_sub(OVERHEAD)
}

/// An opened entry. It borrows the buffer that it was opened into.
pub struct Opened<'s> {
    inner: Inner<'s>,
    body: Body<'s>,
    session: Option<Cow<'s, Session>>,
}

enum Body<'s> {
    Ready(&'s [u8]),
    Frame { frame: &'s [u8], raw_len: u32, room: &'s mut Buffer, fault: fn(Fault) -> Refusal },
}

impl<'s> Opened<'s> {
    #[inline]
    pub(crate) fn new(
        inner: Inner<'s>,
        room: &'s mut Buffer,
        session: Option<Cow<'s, Session>>,
    ) -> Self {
        let body = match inner.compression {
            Compression::None => Body::Ready(inner.stored),
            Compression::Zstd => {
                let (frame, raw_len) = (inner.stored, inner.raw_len);
                Body::Frame { frame, raw_len, room, fault: Refusal::Tampered }
            }
        };
        Self { inner, body, session }
    }

    /// Reports a bad frame as `fault` does.
    pub(crate) fn blaming(mut self, blame: fn(Fault) -> Refusal) -> Self {
        if let Body::Frame { fault, .. } = &mut self.body {
            *fault = blame;
        }
        self
    }

    /// What the entry is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// What the body was serialized by; 0 where nothing was.
    #[must_use]
    pub const fn serializer(&self) -> u8 {
        self.inner.serializer
    }

    /// How the body was compressed.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.inner.compression
    }

    /// When the computation started.
    #[must_use]
    pub const fn created(&self) -> UnixMillis {
        self.inner.created
    }

    /// Until when, inclusive, it may be served.
    #[must_use]
    pub const fn fresh_until(&self) -> UnixMillis {
        self.inner.fresh_until
    }

    /// For how many milliseconds more it may be served while the function fails.
    #[must_use]
    pub const fn stale_window_ms(&self) -> u32 {
        self.inner.stale_window_ms
    }

    /// What the barriers stood at before the computation.
    #[must_use]
    pub const fn generation(&self) -> [u8; 8] {
        self.inner.generation
    }

    /// The tags that were added during the call.
    #[must_use]
    pub const fn tags(&self) -> Tags<'s> {
        Tags::new(self.inner.tags)
    }

    /// What opens these bytes again without deriving anything; `None` for plain entries, and from
    /// [`Session::reopen`].
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Where in the plaintext of a sealed entry the body is: at [`BODY_START`] where there are no
    /// tags. `None` for a compressed body, which is elsewhere once it is expanded.
    #[must_use]
    pub fn place(&self) -> Option<Range<usize>> {
        let length = self.inner.stored.len();
        let is_there = self.inner.compression == Compression::None;
        is_there.then(|| self.inner.start..self.inner.start + length)
    }

    /// The body, expanded at the first call if it was compressed.
    ///
    /// # Errors
    /// [`Refusal::Tampered`] (or `Malformed`, if plain) if it is not one frame of its length.
    pub fn body(&mut self) -> Result<&'s [u8], Refusal> {
        let body = std::mem::replace(&mut self.body, Body::Ready(&[]));
        let ready = body.ready();
        if let Ok(ready) = ready {
            self.body = Body::Ready(ready);
        }
        ready
    }

    /// The body, for as long as the buffer is borrowed.
    ///
    /// # Errors
    /// As [`body`](Self::body).
    pub fn into_body(self) -> Result<&'s [u8], Refusal> {
        self.body.ready()
    }
}

impl<'s> Body<'s> {
    #[inline]
    fn ready(self) -> Result<&'s [u8], Refusal> {
        match self {
            Self::Ready(body) => Ok(body),
            Self::Frame { frame, raw_len, room, fault } => {
                expand(frame, raw_len, room).map_err(fault)
            }
        }
    }
}
