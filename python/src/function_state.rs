//! What a function is beside its text: two that one text made can differ by it, and no name tells.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyModule, PyString, PyTuple, PyType};

/// How many wrappers, or functions closing over functions, are looked through.
const DEEPEST: usize = 16;

/// Whether what it computes can depend on more than its text and its arguments: data that it closes
/// over, the object whose method it is, whatever a callable object holds.
pub(crate) fn carries_state(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    closes_over_data(function, DEEPEST)
}

fn closes_over_data(function: &Bound<'_, PyAny>, depth: usize) -> PyResult<bool> {
    let py = function.py();
    let Some(depth) = depth.checked_sub(1) else { return Ok(true) };
    if function.getattr_opt(intern!(py, "__code__"))?.is_none() {
        return Ok(true);
    }
    let owner = function.getattr_opt(intern!(py, "__self__"))?;
    if owner.is_some_and(|owner| !owner.is_none() && !owner.is_instance_of::<PyType>()) {
        return Ok(true);
    }
    let Some(cells) = function.getattr_opt(intern!(py, "__closure__"))? else { return Ok(false) };
    let Ok(cells) = cells.cast_into::<PyTuple>() else { return Ok(false) };
    for cell in &cells {
        let content = match cell.getattr(intern!(py, "cell_contents")) {
            Ok(content) => content,
            // Empty: the function itself, which is not bound to its name yet.
            Err(error) if error.is_instance_of::<PyValueError>(py) => continue,
            Err(error) => return Err(error),
        };
        if !is_text(&content, depth)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Modules, classes, and functions that carry nothing either: the same wherever the text is run.
fn is_text(content: &Bound<'_, PyAny>, depth: usize) -> PyResult<bool> {
    if content.is_instance_of::<PyModule>() || content.is_instance_of::<PyType>() {
        return Ok(true);
    }
    if let Ok(built_in) = content.cast::<PyCFunction>() {
        let owner = built_in.getattr(intern!(content.py(), "__self__"))?;
        return Ok(owner.is_none() || owner.is_instance_of::<PyModule>());
    }
    Ok(content.hasattr(intern!(content.py(), "__code__"))? && !closes_over_data(content, depth)?)
}

/// The code of a function, then of those behind its `__wrapped__`.
pub(crate) fn codes(function: &Bound<'_, PyAny>) -> PyResult<Vec<Py<PyAny>>> {
    let py = function.py();
    let mut codes = Vec::new();
    let mut function = Some(function.clone());
    while let Some(next) = function.take().filter(|_| codes.len() < DEEPEST) {
        codes.extend(next.getattr_opt(intern!(py, "__code__"))?.map(Bound::unbind));
        function = next.getattr_opt(intern!(py, "__wrapped__"))?;
    }
    Ok(codes)
}

/// Whether a text stands in a function's own code: then it is the program's, and nobody's data.
pub(crate) fn is_written_in(function: &Bound<'_, PyAny>, text: &str) -> bool {
    let code = function.getattr(intern!(function.py(), "__code__"));
    code.and_then(|code| is_constant_of(&code, text, DEEPEST)).unwrap_or(false)
}

/// Constants are texts, tuples of them, and the code of inner functions.
fn is_constant_of(constant: &Bound<'_, PyAny>, text: &str, depth: usize) -> PyResult<bool> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(false) };
    if let Ok(constant) = constant.cast::<PyString>() {
        return Ok(constant.to_str().is_ok_and(|constant| constant == text));
    }
    let inner = match constant.getattr_opt(intern!(constant.py(), "co_consts"))? {
        Some(constants) => constants,
        None => constant.clone(),
    };
    let Ok(inner) = inner.cast::<PyTuple>() else { return Ok(false) };
    for constant in inner {
        if is_constant_of(&constant, text, depth)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a function is the new definition of what has its operation: of the same name in the
/// namespace of the same module, and no method of some object.
pub(crate) fn is_redefined(
    function: &Bound<'_, PyAny>,
    first: Option<&Bound<'_, PyAny>>,
) -> PyResult<bool> {
    let path = |function: &Bound<'_, PyAny>| -> PyResult<(String, String)> {
        let module = function.getattr("__module__")?.str()?.to_string();
        Ok((module, function.getattr("__qualname__")?.str()?.to_string()))
    };
    let Ok(second) = path(function) else { return Ok(false) };
    if second.1.contains('<') || carries_state(function)? {
        return Ok(false);
    }
    Ok(first.is_none_or(|first| path(first).is_ok_and(|first| first == second)))
}
