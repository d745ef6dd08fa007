//! A miss: the function runs once, and its value goes to the store and to whoever waits.

use std::sync::Arc;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::encode::encode_returned;
use crate::engine::{self, Caller, Entered, Filled, Intent, SharedError};
use crate::errors::{Error, Result};
use crate::function::{Function, Unencodable};
use crate::lookup::decode;
use crate::request::Request;
use crate::{detach, flights};

/// An exception on its way to everybody who waited for the computation.
struct Raised(PyErr);

/// What becomes of a call that missed, before the function runs.
pub(crate) enum Settled {
    Value(Py<PyAny>),
    /// The value found does not decode: ask again, to replace it.
    Replace(engine::Hit),
    Compute(Box<engine::Ticket>),
}

/// Turns the engine's answer into Python's terms.
///
/// # Errors
/// The exception of the computation that was waited for.
pub(crate) fn settle(py: Python<'_>, function: &Function, entered: Entered) -> Result<Settled> {
    match entered {
        Entered::Compute(ticket) => Ok(Settled::Compute(Box::new(ticket))),
        Entered::Failed(error) => Err(Error::Python(raise_again(py, &error))),
        Entered::Hit(hit) => Ok(match decode(py, function, &hit)? {
            Some(value) => Settled::Value(value),
            None => Settled::Replace(hit),
        }),
    }
}

/// What computes a value.
pub(crate) struct Computation<'a, 'py> {
    pub(crate) callable: &'a Bound<'py, PyAny>,
    pub(crate) args: &'a Bound<'py, PyTuple>,
    pub(crate) kwargs: Option<&'a Bound<'py, PyDict>>,
}

/// Waits for a value, or for the right to compute it, and computes: the synchronous colour.
pub(crate) fn fill(
    py: Python<'_>,
    function: &Function,
    request: Request,
    intent: Intent,
    computation: &Computation<'_, '_>,
) -> Result<Py<PyAny>> {
    match wait(py, function, request, intent)? {
        Waited::Value(value) => Ok(value),
        Waited::Compute(ticket) => compute(py, function, ticket, computation),
    }
}

/// What a caller waited for.
enum Waited {
    Value(Py<PyAny>),
    Compute(Box<engine::Ticket>),
}

/// Futures are large, and a function that calls itself pays for its frames at every level: nothing of
/// what is waited for is on the stack while the function runs.
#[inline(never)]
fn wait(
    py: Python<'_>,
    function: &Function,
    request: Request,
    mut intent: Intent,
) -> Result<Waited> {
    let operation = function.operation(py)?;
    let holding = flights::held(py)?;
    loop {
        let caller = Caller::blocking_in(&holding);
        let entered = detach::wait(py, operation.enter(&request.call(), intent, caller))??;
        match settle(py, function, entered)? {
            Settled::Value(value) => return Ok(Waited::Value(value)),
            Settled::Compute(ticket) => return Ok(Waited::Compute(ticket)),
            Settled::Replace(hit) => intent = Intent::Replace(hit),
        }
    }
}

#[inline(never)]
fn compute(
    py: Python<'_>,
    function: &Function,
    ticket: Box<engine::Ticket>,
    computation: &Computation<'_, '_>,
) -> Result<Py<PyAny>> {
    let mark = ticket.flight().map(|flight| flights::enter(py, flight)).transpose()?;
    let outcome = computation.callable.call(computation.args, computation.kwargs);
    if let Some(token) = mark {
        flights::leave(py, token)?;
    }
    keep(py, function, *ticket, outcome)
}

/// As [`wait`]: not in the frame of the call.
#[inline(never)]
fn keep(
    py: Python<'_>,
    function: &Function,
    ticket: engine::Ticket,
    outcome: PyResult<Bound<'_, PyAny>>,
) -> Result<Py<PyAny>> {
    let encoded = outcome.and_then(|value| Ok((encode_returned(function, &value)?, value)));
    match encoded {
        Ok((Some(encoded), value)) => {
            let filling = async { ticket.fill(encoded.as_encoded()).await };
            written(function, detach::wait(py, filling)?)?;
            Ok(value.unbind())
        }
        Ok((None, value)) => {
            detach::run(py, || drop(ticket));
            Ok(value.unbind())
        }
        Err(error) => {
            fail(py, ticket, &error);
            Err(error.into())
        }
    }
}

/// Tells whoever waits. An interrupt is nobody's error but his whom it hit: the others go on.
pub(crate) fn fail(py: Python<'_>, ticket: engine::Ticket, error: &PyErr) {
    let shared = error.is_instance_of::<PyException>(py);
    let error: SharedError = Arc::new(Raised(error.clone_ref(py)));
    detach::run(py, || if shared { ticket.fail(error) } else { drop(ticket) });
}

/// The same exception object as the computation raised, with the traceback it had there.
fn raise_again(py: Python<'_>, error: &SharedError) -> PyErr {
    match error.downcast_ref::<Raised>() {
        Some(Raised(error)) => error.clone_ref(py),
        None => crate::errors::CacheKitError::new_err("another caller's computation failed"),
    }
}

/// The application's value is safe whatever became of the write; only `strict=True` wants to know.
pub(crate) fn written(
    function: &Function,
    outcome: std::result::Result<Filled, engine::Error>,
) -> Result<()> {
    match outcome {
        Ok(_) => Ok(()),
        Err(error) if function.unencodable == Unencodable::Raise => Err(error.into()),
        Err(error) => {
            if function.complains_now() {
                log::warn!("values of {} are not cached: {error}", function.plan.name());
            }
            Ok(())
        }
    }
}
