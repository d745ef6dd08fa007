//! Whether JSON can say a value: said before it is written, so that nothing changes silently.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use crate::errors::SerializationError;

/// Deeper nesting is refused: no reader of JSON has to follow it, and ours ends here.
const DEEPEST: usize = 127;

/// Raises `SerializationError` unless the value is made of exactly the types that JSON has.
#[pyfunction]
pub(crate) fn check_json(value: &Bound<'_, PyAny>) -> PyResult<()> {
    check(value, DEEPEST)
        .map_err(|what| SerializationError::new_err(format!("JSON cannot keep {what}")))
}

fn check(value: &Bound<'_, PyAny>, depth: usize) -> Result<(), String> {
    if value.is_exact_instance_of::<PyString>()
        || value.is_none()
        || value.is_exact_instance_of::<PyBool>()
    {
        return Ok(());
    }
    if let Ok(number) = value.cast_exact::<PyInt>() {
        let fits = number.extract::<i64>().is_ok() || number.extract::<u64>().is_ok();
        return fits.then_some(()).ok_or_else(|| "an integer beyond 64 bits".to_owned());
    }
    if let Ok(number) = value.cast_exact::<PyFloat>() {
        return number
            .value()
            .is_finite()
            .then_some(())
            .ok_or_else(|| "NaN or infinity".to_owned());
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("more than {DEEPEST} levels, or a value that holds itself"));
    };
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list.iter().try_for_each(|item| check(&item, depth));
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return dict.iter().try_for_each(|(key, item)| {
            if key.is_exact_instance_of::<PyString>() {
                check(&item, depth)
            } else {
                Err(format!("a dict with a key of type {}", class(&key)))
            }
        });
    }
    Err(format!("a value of type {}", class(value)))
}

fn class(value: &Bound<'_, PyAny>) -> String {
    value.get_type().qualname().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}
