//! What a handle can be asked beside being called, each written once for both colours.
//!
//! A verb is a future of the engine and what turns its output into an object. The synchronous
//! colour drives it on its own thread, the asynchronous one returns a coroutine.

use std::future::Future;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::detach;
use crate::encode::{EncodedValue, encode};
use crate::engine::{Error as EngineError, Operation};
use crate::errors::Result;
use crate::function::{Colour, Function};
use crate::lookup::decode;
use crate::request::Request;
use crate::serializer::Unfit;
use crate::task::Pending;

type Answer<T> = std::result::Result<T, EngineError>;

impl Colour {
    /// Has the future driven, as the colour does it.
    pub(crate) fn run<F, C, T>(self, py: Python<'_>, future: F, finish: C) -> Result<Py<PyAny>>
    where
        F: Future<Output = Answer<T>> + Send + 'static,
        C: FnOnce(Python<'_>, T) -> Result<Py<PyAny>> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Self::Sync => finish(py, detach::wait(py, future)??),
            Self::Async => {
                let pending =
                    Pending::new(future, move |py, answer: Answer<T>| finish(py, answer?));
                Ok(pending.into_coroutine(py)?)
            }
        }
    }
}

/// Forgets one call's value.
pub(crate) fn invalidate(
    py: Python<'_>,
    colour: Colour,
    function: &Function,
    request: Request,
) -> Result<Py<PyAny>> {
    let operation = operation(py, function)?;
    let work = async move { operation.invalidate(&request.call()).await };
    colour.run(py, work, nothing)
}

/// Forgets all of the function's values.
pub(crate) fn clear(py: Python<'_>, colour: Colour, function: &Function) -> Result<Py<PyAny>> {
    let operation = operation(py, function)?;
    colour.run(py, async move { operation.clear().await }, nothing)
}

/// The cached value, or `absent`; never computes.
pub(crate) fn peek(
    py: Python<'_>,
    colour: Colour,
    function: &Py<Function>,
    request: Request,
    absent: Py<PyAny>,
) -> Result<Py<PyAny>> {
    let operation = operation(py, function.get())?;
    let work = async move { operation.peek(&request.call()).await };
    let function = function.clone_ref(py);
    colour.run(py, work, move |py, hit| match hit {
        Some(hit) => Ok(decode(py, function.get(), &hit)?.unwrap_or(absent)),
        None => Ok(absent),
    })
}

/// Whether a value is cached.
pub(crate) fn contains(
    py: Python<'_>,
    colour: Colour,
    function: &Function,
    request: Request,
) -> Result<Py<PyAny>> {
    let operation = operation(py, function)?;
    let work = async move { operation.peek(&request.call()).await };
    colour
        .run(py, work, |py, hit| Ok(PyBool::new(py, hit.is_some()).to_owned().into_any().unbind()))
}

/// Caches a value that the caller has, for `ttl` or for as long as the function's values live.
///
/// # Errors
/// `SerializationError`: unlike a computed value, it was to be kept in so many words.
pub(crate) fn set(
    py: Python<'_>,
    colour: Colour,
    function: &Function,
    request: Request,
    value: &Bound<'_, PyAny>,
    ttl: Option<Duration>,
) -> Result<Py<PyAny>> {
    let operation = operation(py, function)?;
    let encoded: EncodedValue = encode(function, value).map_err(Unfit::into_error)?;
    let work = async move { operation.put(&request.call(), encoded.as_encoded(), ttl).await };
    colour.run(py, work, nothing)
}

/// The address of a call's entry in the store.
pub(crate) fn key(py: Python<'_>, function: &Function, request: &Request) -> Result<String> {
    Ok(function.operation(py)?.address(&request.call())?)
}

pub(crate) fn operation(py: Python<'_>, function: &Function) -> Result<Operation> {
    Ok(function.operation(py)?.clone())
}

pub(crate) fn nothing(py: Python<'_>, (): ()) -> Result<Py<PyAny>> {
    Ok(py.None())
}
