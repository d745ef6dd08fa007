//! The arguments of a call.

use serde::Serialize;

use super::scope::Scope;
use super::serializer::{tagged, write};
use super::writer::Writer;
use crate::Error;

/// Writes a call as the map from parameter names to arguments.
///
/// The order of the calls to [`argument`](Self::argument) does not matter. Ignored parameters are
/// left out. Names are part of the encoding: a function whose parameters are reordered keeps its
/// entries, one whose parameters are renamed does not.
#[derive(Debug)]
#[must_use = "a call is complete only when it is finished"]
pub struct Call<'a> {
    writer: Writer<'a>,
    scope: Scope,
}

impl<'a> Call<'a> {
    /// A call that is appended to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let mut writer = Writer::new(out);
        let scope = writer.begin_call();
        Self { writer, scope }
    }

    /// Adds one argument.
    ///
    /// # Errors
    /// [`Error::TooDeep`] beyond [`MAX_DEPTH`](crate::MAX_DEPTH); [`Error::Argument`] if the argument's `Serialize`
    /// implementation fails. The buffer then holds a part of a call and is of no use.
    pub fn argument<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.writer.entry(&mut self.scope);
        self.writer.text(name);
        write(&mut self.writer, value)
    }

    /// Completes the encoding.
    pub fn finish(mut self) {
        self.writer.end(self.scope);
    }

    /// Appends, in place of a call's arguments, the key that the application made for it.
    ///
    /// No call's arguments ever encode to the same bytes. A key from a template is the tuple of
    /// the template's text and the values of its fields, typed as they are, in order.
    ///
    /// # Errors
    /// As [`argument`](Self::argument); `out` is then as it was.
    pub fn keyed<T: Serialize + ?Sized>(out: &'a mut Vec<u8>, key: &T) -> Result<(), Error> {
        let start = out.len();
        let written = tagged(&mut Writer::new(out), "key", key);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}
