//! What a method returned: bytes, truths, or something else.

use bytes::Bytes;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyList, PyMemoryView, PyTuple};

/// What was due, and what came instead; types alone, never a value.
pub(super) struct Misfit(pub(super) String);

type Read<T> = Result<T, Misfit>;

/// The bytes of an entry, copied, or none.
pub(super) fn entry(answer: &Bound<'_, PyAny>) -> Read<Option<Bytes>> {
    if answer.is_none() {
        return Ok(None);
    }
    if let Ok(bytes) = answer.cast::<PyBytes>() {
        return Ok(Some(Bytes::copy_from_slice(bytes.as_bytes())));
    }
    if let Ok(bytes) = answer.cast::<PyByteArray>() {
        return Ok(Some(bytes.to_vec().into()));
    }
    if answer.is_instance_of::<PyMemoryView>() {
        let copied = answer.py().get_type::<PyBytes>().call1((answer,));
        if let Some(bytes) = copied.ok().and_then(|copied| copied.cast_into::<PyBytes>().ok()) {
            return Ok(Some(Bytes::copy_from_slice(bytes.as_bytes())));
        }
    }
    Err(misfit(answer, "bytes or None"))
}

/// An entry for each of so many keys.
pub(super) fn entries(answer: &Bound<'_, PyAny>, asked: usize) -> Read<Vec<Option<Bytes>>> {
    if !answer.is_instance_of::<PyList>() && !answer.is_instance_of::<PyTuple>() {
        return Err(misfit(answer, "a list of bytes or None"));
    }
    let items = answer.try_iter().map_err(|_| misfit(answer, "a list of bytes or None"))?;
    let read = items.map(|item| match item {
        Ok(item) => entry(&item),
        Err(_) => Err(misfit(answer, "a list of bytes or None")),
    });
    // Each is looked at, though one misfit is enough: a coroutine has to be closed.
    let read: Vec<_> = read.collect();
    let found = read.into_iter().collect::<Read<Vec<_>>>()?;
    if found.len() == asked {
        return Ok(found);
    }
    Err(Misfit(format!("{} answers for {asked} keys", found.len())))
}

/// Whether something was done.
pub(super) fn truth(answer: &Bound<'_, PyAny>) -> Read<bool> {
    answer
        .cast::<PyBool>()
        .map(|truth| truth.is_true())
        .map_err(|_| misfit(answer, "True or False"))
}

/// Whatever a method returns that has nothing to say.
pub(super) fn nothing(answer: &Bound<'_, PyAny>) -> Read<()> {
    if is_awaitable(answer) { Err(misfit(answer, "nothing")) } else { Ok(()) }
}

/// A method that is no coroutine function may still return something to await.
fn is_awaitable(answer: &Bound<'_, PyAny>) -> bool {
    answer.hasattr(intern!(answer.py(), "__await__")).unwrap_or(false)
}

fn misfit(answer: &Bound<'_, PyAny>, due: &str) -> Misfit {
    if is_awaitable(answer) {
        // A coroutine that nobody awaits would complain when it is collected.
        let _ = answer.call_method0(intern!(answer.py(), "close"));
        return Misfit("something to await: define the method with `async def`".to_owned());
    }
    let class = answer.get_type().qualname();
    let class = class.map_or_else(|_| "something else".to_owned(), |class| class.to_string());
    Misfit(format!("{class} where {due} is due"))
}
