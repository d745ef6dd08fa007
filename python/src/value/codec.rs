//! The codec that a decorated function carries.

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::classes::Classes;
use super::decode::Decoder;
use super::encode::Encoder;
use super::error::ValueError;
use super::keys::Keys;

/// Writes and reads the values of one function, with the classes that this function names.
///
/// Cheap to build: nothing is imported and no annotation is resolved before a value needs it. It may
/// be shared between threads, and is not tied to one process.
pub(crate) struct ValueCodec {
    classes: Classes,
}

impl ValueCodec {
    /// A codec that rebuilds the classes of `allow` and of their fields' annotations, no others.
    ///
    /// # Errors
    /// `TypeError` if `allow` holds something that is no class, or one that cannot be rebuilt.
    pub(crate) fn new(allow: &[Bound<'_, PyAny>]) -> PyResult<Self> {
        Ok(Self { classes: Classes::new(None, allow)? })
    }

    /// A codec that also rebuilds the classes which `function` names: in its annotations, however
    /// deep, and in the namespace of its module, defined or imported there.
    ///
    /// # Errors
    /// As [`ValueCodec::new`].
    pub(crate) fn for_function(
        function: &Bound<'_, PyAny>,
        allow: &[Bound<'_, PyAny>],
    ) -> PyResult<Self> {
        Ok(Self { classes: Classes::new(Some(function), allow)? })
    }

    /// Appends `value` to `out`, so that [`ValueCodec::decode`] gives an equal value of equal type.
    ///
    /// Identity is not kept: an object that occurs twice comes back as two.
    ///
    /// # Errors
    /// Names the first thing in the value that cannot be kept, and where it is. `out` is then what it
    /// was before.
    pub(crate) fn encode(
        &self,
        value: &Bound<'_, PyAny>,
        out: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        let before = out.len();
        let written = Encoder::new(value.py(), &self.classes, out).value(value);
        written.map_err(|error| {
            out.truncate(before);
            error.rooted("result")
        })
    }

    /// Reads the one value in `bytes`, which need not be trusted.
    ///
    /// Runs no code that bytes choose. Objects are made as they are read, so bytes that turn out
    /// malformed at their end have cost what came before; how much memory that can be for each byte
    /// is in `docs/values.md`.
    ///
    /// # Errors
    /// Bytes that are not exactly one value, that name a class which the function does not, or a
    /// class whose fields have changed.
    pub(crate) fn decode<'py>(
        &self,
        py: Python<'py>,
        bytes: &[u8],
    ) -> Result<Bound<'py, PyAny>, ValueError> {
        Keys::lend(|keys| {
            let mut decoder = Decoder::new(py, &self.classes, keys, bytes);
            let value = decoder.value()?;
            decoder.finish()?;
            Ok(value)
        })
    }

    /// Shows the garbage collector what it refers to.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.classes.traverse(visit)
    }
}
