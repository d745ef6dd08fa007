//! Which computations the running code is part of, so that it never waits for itself.
//!
//! The engine sees that by itself within a thread. A task may go on in another one
//! (`asyncio.to_thread`, an executor that copies the context), and carries this with it: a
//! `ContextVar` that holds the flights led around it.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::engine::FlightId;

/// A computation under way, as the context variable holds it.
#[pyclass(frozen)]
struct Flight(FlightId);

/// How many computations are marked at this moment. While there are none, no context can hold one
/// that is under way, and none is asked.
static MARKED: AtomicUsize = AtomicUsize::new(0);

/// The flights that the running context leads.
pub(crate) fn held(py: Python<'_>) -> PyResult<Vec<FlightId>> {
    if MARKED.load(SeqCst) == 0 {
        return Ok(Vec::new());
    }
    let flights = current(py)?;
    let id = |flight: Bound<'_, PyAny>| Ok(flight.cast::<Flight>()?.get().0);
    flights.iter().map(id).collect()
}

/// Marks the running context as part of `flight`; the token ends that.
pub(crate) fn enter(py: Python<'_>, flight: FlightId) -> PyResult<Py<PyAny>> {
    let mark = PyTuple::new(py, [Bound::new(py, Flight(flight))?])?;
    let around = current(py)?.add(mark)?;
    let token = variable(py)?.call_method1(intern!(py, "set"), (around,))?.unbind();
    MARKED.fetch_add(1, SeqCst);
    Ok(token)
}

/// Ends what [`enter`] began.
pub(crate) fn leave(py: Python<'_>, token: Py<PyAny>) -> PyResult<()> {
    MARKED.fetch_sub(1, SeqCst);
    variable(py)?.call_method1(intern!(py, "reset"), (token,))?;
    Ok(())
}

fn current(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let flights = variable(py)?.call_method1(intern!(py, "get"), (PyTuple::empty(py),))?;
    Ok(flights.cast_into::<PyTuple>()?)
}

fn variable(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static VARIABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = VARIABLE.get_or_try_init(py, || {
        let class = py.import("contextvars")?.getattr("ContextVar")?;
        Ok::<_, PyErr>(class.call1(("cachekit.flights",))?.unbind())
    })?;
    Ok(made.bind(py))
}
