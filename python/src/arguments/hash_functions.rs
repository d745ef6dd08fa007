//! `hash_funcs={Connection: lambda connection: connection.dsn}`.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::errors::{misconfigured, wrong_type};
use crate::value::class_name;

/// What identifies the instances of a class, said where the function is decorated.
#[derive(Default)]
pub(crate) struct HashFunctions(Vec<(Py<PyType>, Py<PyAny>)>);

impl HashFunctions {
    pub(super) const NONE: &'static Self = &Self(Vec::new());

    /// Reads the option as Python passes it.
    ///
    /// # Errors
    /// `TypeError` if it is no dict of classes and callables; `ConfigurationError` for a type whose
    /// values are keys as they are.
    pub(crate) fn extract(option: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(pairs) = option.cast::<PyDict>() else {
            let class = option.get_type().qualname()?;
            return Err(wrong_type(format!(
                "hash_funcs takes a dict from classes to callables, not {class}"
            )));
        };
        let pairs = pairs.iter().map(|(class, function)| {
            let Ok(class) = class.cast_into::<PyType>() else {
                return Err(wrong_type("the keys of hash_funcs are classes"));
            };
            if !function.is_callable() {
                let class = class_name(&class);
                return Err(wrong_type(format!("hash_funcs[{class}] is not callable")));
            }
            is_not_plain(&class)?;
            Ok((class.unbind(), function.unbind()))
        });
        Ok(Self(pairs.collect::<PyResult<_>>()?))
    }

    /// The function of the nearest class that an instance of `class` is derived from.
    #[inline]
    pub(super) fn of<'py>(&self, class: &Bound<'py, PyType>) -> Option<Bound<'py, PyAny>> {
        if self.0.is_empty() {
            return None;
        }
        class.mro().iter().find_map(|base| {
            let known = self.0.iter().find(|(class, _)| class.is(&base));
            known.map(|(_, function)| function.bind(class.py()).clone())
        })
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.iter().try_for_each(|(class, function)| {
            visit.call(class)?;
            visit.call(function)
        })
    }
}

/// The types of the fast path, which asks nobody; and the one that everything is derived from.
fn is_not_plain(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let plain = [
        py.get_type::<PyString>(),
        py.get_type::<PyInt>(),
        py.get_type::<PyBool>(),
        py.get_type::<PyFloat>(),
        py.get_type::<PyBytes>(),
        py.None().bind(py).get_type(),
        py.get_type::<PyAny>(),
    ];
    if plain.iter().any(|known| known.is(class)) {
        let class = class_name(class);
        let article = if class.starts_with(['i', 'o']) { "an" } else { "a" };
        return Err(misconfigured(format!(
            "hash_funcs cannot change what {article} {class} is: pass key=<callable> to say what counts"
        )));
    }
    Ok(())
}
