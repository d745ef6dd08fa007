//! The codec alone, as Python functions: what `DefaultSerializer` calls outside a decorator.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyModule};

use super::codec::ValueCodec;
use super::immutable;

/// Adds the functions of this file to the extension module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(encode_value, module)?)?;
    module.add_function(wrap_pyfunction!(decode_value, module)?)?;
    module.add_function(wrap_pyfunction!(is_immutable, module)?)
}

/// The value as bytes.
#[pyfunction]
#[pyo3(signature = (value, allow = Vec::new(), function = None))]
fn encode_value<'py>(
    value: &Bound<'py, PyAny>,
    allow: Vec<Bound<'py, PyAny>>,
    function: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut out = Vec::with_capacity(256);
    let written = codec(&allow, function.as_ref())?.encode(value, &mut out);
    written.map_err(|error| error.into_exception(PyValueError::new_err))?;
    Ok(PyBytes::new(value.py(), &out))
}

/// The value that is in bytes.
#[pyfunction]
#[pyo3(signature = (data, allow = Vec::new(), function = None))]
fn decode_value<'py>(
    py: Python<'py>,
    data: &[u8],
    allow: Vec<Bound<'py, PyAny>>,
    function: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let read = codec(&allow, function.as_ref())?.decode(py, data);
    read.map_err(|error| error.into_exception(PyValueError::new_err))
}

/// Whether the value can be held without a copy.
#[pyfunction]
fn is_immutable(value: &Bound<'_, PyAny>) -> bool {
    immutable::is_immutable(value)
}

fn codec<'py>(
    allow: &[Bound<'py, PyAny>],
    function: Option<&Bound<'py, PyAny>>,
) -> PyResult<ValueCodec> {
    match function {
        Some(function) => ValueCodec::for_function(function, allow),
        None => ValueCodec::new(allow),
    }
}
