//! A value that was found.

use std::ops::Range;
use std::sync::Arc;

use cachekit_seal::{Kind, Scratch, plain, plaintext_len};

use crate::l1::{Object, Slot};
use crate::protect::Reopen;
use crate::stats::{Counters, Found};
use crate::{Error, Value};

/// A value that was found: still sealed, until it is opened into the caller's buffer.
#[derive(Clone)]
pub struct Hit {
    slot: Arc<Slot>,
    found: Found,
}

impl Hit {
    pub(crate) const fn peeked(slot: Arc<Slot>) -> Self {
        Self { slot, found: Found::Peeked }
    }

    pub(crate) fn counted(slot: Arc<Slot>, found: Found, counters: &Counters) -> Self {
        counters.hit(found);
        Self { slot, found }
    }

    pub(crate) const fn found(&self) -> Found {
        self.found
    }

    pub(crate) const fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// The face's own immutable object, where a plain first level holds one.
    #[must_use]
    pub fn object(&self) -> Option<&Object> {
        self.slot.object.as_ref()
    }

    /// Opens the value into `scratch`, which is wiped when it is used again or dropped.
    ///
    /// # Errors
    /// `Refused`: the bytes changed since they were checked: memory of this process is damaged, or
    /// somebody writes into it.
    pub fn open<'s>(&'s self, scratch: &'s mut Scratch) -> Result<Value<'s>, Error> {
        let opened = match &self.slot.reopen {
            Reopen::Sealed { session, name } => session.reopen(name, &self.slot.bytes, scratch)?,
            Reopen::Plain => plain::reopen(&self.slot.bytes, scratch)?,
        };
        Ok(match opened.kind() {
            Kind::None => Value::None,
            _ => Value::Body(opened.into_body()?),
        })
    }

    /// Bytes of the memory that [`open_into`](Self::open_into) takes; `None` for a plain entry, which
    /// has no need of it.
    #[must_use]
    pub fn plaintext_len(&self) -> Option<usize> {
        match self.slot.reopen {
            Reopen::Sealed { .. } => Some(plaintext_len(self.slot.bytes.len())),
            Reopen::Plain => None,
        }
    }

    /// Opens a sealed value into memory that the caller keeps, and says where in it the body is.
    /// `None` when there is none in it: the value is none, the entry compressed or plain. Then
    /// [`open`](Self::open) has it. After an error the memory is the caller's to zero.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_into(
        &self,
        plaintext: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<Option<Range<usize>>, Error> {
        let Reopen::Sealed { session, name } = &self.slot.reopen else { return Ok(None) };
        let opened = session.reopen_into(name, &self.slot.bytes, plaintext, scratch)?;
        Ok(opened.place().filter(|_| opened.kind() != Kind::None))
    }
}
