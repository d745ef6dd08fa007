//! How a handle behaves as an attribute of a class.

use pyo3::PyClassInitializer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::function::{Colour, Function};
use crate::handle::{AsyncCached, Cached};

/// What the function becomes when it is looked up in a class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// A method: bound to the instance.
    Instance,
    /// A class method: bound to the class.
    Class,
    /// A static method: not bound.
    Static,
}

/// A free handle, with the attributes that `functools.wraps` would give it.
pub(crate) fn free_handle<'py>(
    function: &Bound<'py, Function>,
    binding: Binding,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, wrapped) = (function.py(), &function.get().wrapped);
    let function = function.clone().unbind();
    let handle = new(py, Cached { function, binding, instance: None })?;
    let attributes = handle.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
    let wrapped = wrapped.bind(py);
    if let Some(own) = wrapped.getattr_opt(intern!(py, "__dict__"))? {
        attributes.update(own.cast::<PyDict>()?.as_mapping())?;
    }
    for name in ["__module__", "__name__", "__qualname__", "__doc__"] {
        if let Some(value) = wrapped.getattr_opt(name)? {
            attributes.set_item(name, value)?;
        }
    }
    Ok(handle)
}

/// What a lookup of the handle in a class gives.
pub(crate) fn get<'py>(
    handle: &Bound<'py, Cached>,
    instance: Option<Bound<'py, PyAny>>,
    owner: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, this) = (handle.py(), handle.get());
    let to = match this.binding {
        // A bound handle stays bound, as a bound method does.
        _ if this.instance.is_some() => None,
        Binding::Static => None,
        Binding::Instance => instance,
        Binding::Class => owner.or_else(|| instance.map(|i| i.get_type().into_any())),
    };
    match to {
        None => Ok(handle.clone().into_any()),
        Some(to) => new(
            py,
            Cached {
                function: this.function.clone_ref(py),
                binding: this.binding,
                instance: Some(to.unbind()),
            },
        ),
    }
}

/// Whether a bound handle shows its function's attribute of this name instead of its class' own.
pub(crate) fn belongs_to_function(name: &Bound<'_, PyString>) -> PyResult<bool> {
    Ok(matches!(name.to_str()?, "__doc__" | "__module__"))
}

/// By name, as functions are pickled: the other side has the same code.
pub(crate) fn reduce<'py>(handle: &Bound<'py, Cached>) -> PyResult<Bound<'py, PyAny>> {
    let py = handle.py();
    let Some(instance) = &handle.get().instance else {
        return handle.getattr(intern!(py, "__qualname__"));
    };
    let name = handle.getattr(intern!(py, "__name__"))?;
    let getattr = py.import("builtins")?.getattr("getattr")?;
    Ok((getattr, (instance, name)).into_pyobject(py)?.into_any())
}

pub(crate) fn same(one: &Option<Py<PyAny>>, other: &Option<Py<PyAny>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (None, None) => true,
        _ => false,
    }
}

fn new(py: Python<'_>, handle: Cached) -> PyResult<Bound<'_, PyAny>> {
    match handle.function.get().colour {
        Colour::Sync => Ok(Bound::new(py, handle)?.into_any()),
        Colour::Async => {
            let of_subclass = PyClassInitializer::from(handle).add_subclass(AsyncCached);
            Ok(Bound::new(py, of_subclass)?.into_any())
        }
    }
}
