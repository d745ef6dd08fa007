//! The asynchronous colour of a call: what `cachekit/_drive.py` drives.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::engine::{Caller, Intent};
use crate::errors::Result;
use crate::fill::{Settled, settle};
use crate::flights;
use crate::function::Function;
use crate::lookup::{Lookup, lookup};
use crate::request::Request;
use crate::task::Pending;
use crate::ticket::Ticket;

/// The coroutine of a call. Nothing happens before it is awaited, but that it is made.
pub(crate) fn call<'py>(
    py: Python<'py>,
    function: &Py<Function>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Result<Py<PyAny>> {
    static CALL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let call = CALL.import(py, "cachekit._drive", "call")?;
    Ok(call.call1((function, args, kwargs))?.unbind())
}

/// The coroutine of a call that computes in any case.
pub(crate) fn refresh<'py>(
    py: Python<'py>,
    function: &Py<Function>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Result<Py<PyAny>> {
    static REFRESH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let refresh = REFRESH.import(py, "cachekit._drive", "refresh")?;
    Ok(refresh.call1((function, args, kwargs))?.unbind())
}

/// The value where the first level has it, else what finds it or gives the right to compute it.
pub(crate) fn begin(
    py: Python<'_>,
    function: &Py<Function>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> Result<Py<PyAny>> {
    match lookup(py, function.get(), args, kwargs)? {
        Lookup::Found(value) => Ok(value),
        Lookup::Missed(request, intent) => entering(py, function, request, intent),
    }
}

/// Asks the engine for a value, or for the right to compute it.
pub(crate) fn entering(
    py: Python<'_>,
    function: &Py<Function>,
    request: Request,
    intent: Intent,
) -> Result<Py<PyAny>> {
    let operation = function.get().operation(py)?.clone();
    let holding = flights::held(py)?;
    let function = function.clone_ref(py);
    let future = async move {
        let entered = operation.enter(&request.call(), intent, Caller::task(&holding)).await;
        (entered, request)
    };
    let pending = Pending::new(future, move |py, (entered, request)| {
        Ok(match settle(py, function.get(), entered?)? {
            Settled::Value(value) => value,
            Settled::Compute(ticket) => Py::new(py, Ticket::new(function, *ticket))?.into_any(),
            Settled::Replace(hit) => entering(py, &function, request, Intent::Replace(hit))?,
        })
    });
    Ok(Py::new(py, pending)?.into_any())
}
