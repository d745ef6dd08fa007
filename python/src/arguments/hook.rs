//! The encoding of a call, for `tests/vectors` and for whoever wants to see what counts.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use super::binder::Binder;
use super::hash_functions::HashFunctions;
use super::options::{BinderOptions, KeyOption};

/// The canonical bytes of `function(*args, **kwargs)`, under the decorator's `ignore=`, `key=` and `hash_funcs=`.
#[pyfunction]
#[pyo3(signature = (function, args=None, kwargs=None, *, ignore=Vec::new(), key=None, hash_funcs=None))]
pub(crate) fn encode_arguments<'py>(
    function: &Bound<'py, PyAny>,
    args: Option<Bound<'py, PyTuple>>,
    kwargs: Option<&Bound<'py, PyDict>>,
    ignore: Vec<String>,
    key: Option<&Bound<'py, PyAny>>,
    hash_funcs: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let key = key.map(KeyOption::extract).transpose()?.flatten();
    let py = function.py();
    let hash_functions =
        hash_funcs.map_or_else(|| Ok(HashFunctions::default()), HashFunctions::extract)?;
    let binder = Binder::new(function, BinderOptions { ignore, key, hash_functions })?;
    let mut encoded = Vec::new();
    binder.encode(&args.unwrap_or_else(|| PyTuple::empty(py)), kwargs, &mut encoded)?;
    Ok(PyBytes::new(py, &encoded))
}
