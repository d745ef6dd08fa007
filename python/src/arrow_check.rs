//! Whether Arrow may be shown a stream: asked before it is read, and before it is stored.

use cachekit::engine::codec::arrow;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use crate::errors::SerializationError;

/// Raises `SerializationError` for a stream that Arrow would believe too much of; with `rows`, only
/// if so many rows cannot be in it.
#[pyfunction]
#[pyo3(signature = (stream, rows=None))]
pub(crate) fn check_arrow(stream: &Bound<'_, PyAny>, rows: Option<u64>) -> PyResult<()> {
    let outcome = match (rows, stream.cast::<PyByteArray>()) {
        (Some(rows), _) => arrow::check_rows(rows, stream.len()?),
        (None, Ok(bytes)) => arrow::check(&bytes.to_vec()),
        (None, Err(_)) => arrow::check(stream.cast::<PyBytes>()?.as_bytes()),
    };
    outcome.map_err(|refused| SerializationError::new_err(refused.to_string()))
}
