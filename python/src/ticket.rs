//! The right to compute, in the hands of a coroutine.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::encode::{EncodedValue, encode_returned};
use crate::engine::{self, FlightId};
use crate::errors::Result;
use crate::fill::{fail, written};
use crate::function::Function;
use crate::task::Pending;
use crate::{detach, flights};

/// The right to compute once, in the hands of `cachekit/_drive.py`.
#[pyclass(frozen, module = "cachekit._native")]
pub(crate) struct Ticket {
    function: Py<Function>,
    flight: Option<FlightId>,
    ticket: Mutex<Option<engine::Ticket>>,
    mark: Mutex<Option<Py<PyAny>>>,
}

impl Ticket {
    pub(crate) fn new(function: Py<Function>, ticket: engine::Ticket) -> Self {
        let flight = ticket.flight();
        Self { function, flight, ticket: Mutex::new(Some(ticket)), mark: Mutex::new(None) }
    }

    fn take(&self) -> Option<engine::Ticket> {
        lock(&self.ticket).take()
    }
}

#[pymethods]
impl Ticket {
    /// The function runs from here on.
    fn __enter__(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(flight) = self.flight {
            *lock(&self.mark) = Some(flights::enter(py, flight)?);
        }
        Ok(())
    }

    /// It ran to its end, whatever that was.
    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) -> PyResult<()> {
        let mark = lock(&self.mark).take();
        mark.map_or(Ok(()), |token| flights::leave(py, token))
    }

    /// Hands the value to the cache and to whoever waits. What is returned is to be awaited.
    fn fill(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> Result<Option<Pending>> {
        let Some(ticket) = self.take() else { return Ok(None) };
        match encode_returned(self.function.get(), value) {
            Ok(Some(encoded)) => Ok(Some(filling(py, &self.function, ticket, encoded))),
            Ok(None) => {
                detach::run(py, || drop(ticket));
                Ok(None)
            }
            Err(error) => {
                fail(py, ticket, &error);
                Err(error.into())
            }
        }
    }

    /// Hands the exception to whoever waits.
    fn fail(&self, py: Python<'_>, error: Bound<'_, PyAny>) {
        if let Some(ticket) = self.take() {
            fail(py, ticket, &PyErr::from_value(error));
        }
    }

    /// Lets somebody else compute.
    fn abandon(&self, py: Python<'_>) {
        let ticket = self.take();
        detach::run(py, || drop(ticket));
    }
}

fn filling(
    py: Python<'_>,
    function: &Py<Function>,
    ticket: engine::Ticket,
    encoded: EncodedValue,
) -> Pending {
    let function = function.clone_ref(py);
    Pending::new(async move { ticket.fill(encoded.as_encoded()).await }, move |py, outcome| {
        written(function.get(), outcome)?;
        Ok(py.None())
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
