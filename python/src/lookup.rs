//! A hit: the path of most calls. Nothing here waits, and little allocates.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::buffer::OpenedInto;
use crate::encode::Kept;
use crate::engine::{Hit, Intent, Value};
use crate::errors::{Error, Result};
use crate::function::Function;
use crate::request::Request;
use crate::serializer::Unfit;

/// What the first level knew.
pub(crate) enum Lookup {
    /// The value.
    Found(Py<PyAny>),
    /// Nothing that serves; how to go on.
    Missed(Request, Intent),
}

/// Names a call, and asks the first level.
pub(crate) fn lookup(
    py: Python<'_>,
    function: &Function,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> Result<Lookup> {
    lookup_request(py, function, function.request(args, kwargs)?)
}

/// Asks the first level for a call that has been named.
pub(crate) fn lookup_request(
    py: Python<'_>,
    function: &Function,
    request: Request,
) -> Result<Lookup> {
    let operation = function.operation(py)?;
    let Some(hit) = operation.probe(&request.call()) else {
        return Ok(Lookup::Missed(request, Intent::Get));
    };
    Ok(match decode(py, function, &hit)? {
        Some(value) => Lookup::Found(value),
        None => Lookup::Missed(request, Intent::Replace(hit)),
    })
}

/// The value of a hit, or nothing when its bytes do not decode (a class that changed since, say).
///
/// # Errors
/// An interrupt, while Python code rebuilt the value.
pub(crate) fn decode(
    py: Python<'_>,
    function: &Function,
    hit: &Hit,
) -> PyResult<Option<Py<PyAny>>> {
    if let Some(kept) = hit.object().and_then(|object| object.downcast_ref::<Kept>()) {
        return Ok(Some(kept.0.clone_ref(py)));
    }
    let mut room = OpenedInto::take();
    let in_place = function.serializer.decode_in_place(py, hit.plaintext_len(), |memory| {
        hit.open_into(memory, room.scratch()).map_err(|error| Error::from(error).into())
    });
    let decoded = match in_place {
        Ok(None) => match hit.open(room.scratch()) {
            Ok(Value::None) => return Ok(Some(py.None())),
            Ok(Value::Body(bytes)) => function.serializer.decode(py, bytes),
            // This process's own memory was changed since the entry was checked: like no entry.
            Err(_) => return Ok(None),
        },
        Ok(Some(value)) => Ok(value),
        Err(unfit) => Err(unfit),
    };
    let read = |value| function.reading.apply(function.wrapped.bind(py), value);
    match decoded.and_then(read) {
        Ok(value) => Ok(Some(value)),
        Err(Unfit::Interrupted(error)) => Err(error),
        Err(Unfit::Value(_)) => Ok(None),
    }
}
