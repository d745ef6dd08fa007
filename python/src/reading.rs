//! Values of a named entry, which another language may have written, as the annotation says.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::serializer::{Unfit, raised};

/// How a decoded value is looked at.
pub(crate) enum Reading {
    /// Only this function writes its entries: what it wrote is what comes back.
    AsWritten,
    /// The entry's name is shared. What makes a value of what the function says it returns is found
    /// at the first value, when what the annotation names exists.
    AsAnnotated(OnceLock<Option<Py<PyAny>>>),
}

impl Reading {
    pub(crate) const fn of_shared_entries() -> Self {
        Self::AsAnnotated(OnceLock::new())
    }

    /// # Errors
    /// `Unfit`: the value is not what `function` says it returns.
    #[inline]
    pub(crate) fn apply(
        &self,
        function: &Bound<'_, PyAny>,
        value: Py<PyAny>,
    ) -> Result<Py<PyAny>, Unfit> {
        match self {
            Self::AsWritten => Ok(value),
            Self::AsAnnotated(reader) => {
                annotated(reader, function, value).map_err(|error| raised(function.py(), error))
            }
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::AsAnnotated(reader) => visit.call(reader.get().and_then(Option::as_ref)),
            Self::AsWritten => Ok(()),
        }
    }
}

fn annotated(
    reader: &OnceLock<Option<Py<PyAny>>>,
    function: &Bound<'_, PyAny>,
    value: Py<PyAny>,
) -> PyResult<Py<PyAny>> {
    let py = function.py();
    let reader = match reader.get() {
        Some(reader) => reader,
        None => {
            let found = py.import("cachekit._neutral")?.call_method1("reader", (function,))?;
            reader.get_or_init(|| (!found.is_none()).then(|| found.unbind()))
        }
    };
    match reader {
        Some(reader) => reader.call1(py, (value,)),
        None => Ok(value),
    }
}
