//! An encoded value, and who owns its bytes.

use std::ops::Deref;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::buffer::Buffer;

/// The bytes of an encoded value. What our own codec wrote is wiped when it is dropped; what a
/// serializer in Python made is Python's.
pub(crate) enum Body {
    Ours(Buffer),
    Python(PyBackedBytes),
}

impl From<Bound<'_, PyBytes>> for Body {
    fn from(bytes: Bound<'_, PyBytes>) -> Self {
        Self::Python(bytes.into())
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Ours(bytes) => bytes,
            Self::Python(bytes) => bytes,
        }
    }
}
