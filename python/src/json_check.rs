//! Whether JSON can say a value: said before it is written, so that nothing changes silently.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use crate::exact::exactly;
use crate::value::{Reason, ValueError, class_name};

/// Deeper nesting is refused: no reader of JSON has to follow it, and ours ends here.
const DEEPEST: usize = 127;

/// Whether the value is made of exactly the types that JSON has.
///
/// # Errors
/// What is not, and where it is.
pub(crate) fn check_json(value: &Bound<'_, PyAny>) -> Result<(), ValueError> {
    check(value, DEEPEST).map_err(|error| error.rooted("result"))
}

fn check(value: &Bound<'_, PyAny>, depth: usize) -> Result<(), ValueError> {
    if value.is_exact_instance_of::<PyString>()
        || value.is_none()
        || value.is_exact_instance_of::<PyBool>()
    {
        return Ok(());
    }
    if let Some(number) = exactly::<PyInt>(value) {
        let fits = number.extract::<i64>().is_ok() || number.extract::<u64>().is_ok();
        return fits.then_some(()).ok_or_else(|| not_json("an integer beyond 64 bits"));
    }
    if let Some(number) = exactly::<PyFloat>(value) {
        let finite = number.value().is_finite();
        return finite.then_some(()).ok_or_else(|| not_json("NaN or infinity"));
    }
    let Some(depth) = depth.checked_sub(1) else {
        let what = format!("more than {DEEPEST} levels, or a value that holds itself");
        return Err(not_json(what));
    };
    if let Some(list) = exactly::<PyList>(value) {
        let mut items = list.iter().enumerate();
        return items.try_for_each(|(index, item)| {
            check(&item, depth).map_err(|error| error.at_item(index))
        });
    }
    if let Some(dict) = exactly::<PyDict>(value) {
        return dict.iter().try_for_each(|(key, item)| {
            if !key.is_exact_instance_of::<PyString>() {
                let class = class_name(&key.get_type());
                return Err(not_json(format!("a dict with a key of type {class}")));
            }
            check(&item, depth).map_err(|error| error.at_key(&key))
        });
    }
    let class = class_name(&value.get_type());
    Err(not_json(format!("a value of type {class}")))
}

fn not_json(what: impl Into<String>) -> ValueError {
    ValueError::new(Reason::NotJson { what: what.into() })
}
