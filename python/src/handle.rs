//! What a decorated function becomes: still the function, and a handle on what it caches.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::cache_info::CacheInfo;
use crate::engine::Intent;
use crate::errors::{Result, wrong_type};
use crate::fill::Computation;
use crate::function::{Colour, Function};
use crate::lookup::{Lookup, lookup};
use crate::request::Request;
use crate::{coroutine, descriptor, fill, verbs};

/// A cached function, free or bound to an instance.
///
/// Calling it is calling the function. The other methods take the call's arguments, as the function
/// does, and concern that call's entry.
#[pyclass(frozen, subclass, dict, weakref, generic, module = "cachekit._native")]
pub(crate) struct Cached {
    pub(crate) function: Py<Function>,
    pub(crate) binding: descriptor::Binding,
    /// What it was accessed through: the first argument of every call.
    pub(crate) instance: Option<Py<PyAny>>,
}

/// A cached coroutine function: what waits in [`Cached`] is awaited here.
#[pyclass(frozen, extends = Cached, generic, module = "cachekit._native")]
pub(crate) struct AsyncCached;

impl Cached {
    fn colour(&self) -> Colour {
        self.function.get().colour
    }

    fn arguments<'py>(&self, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.instance {
            None => Ok(args.clone()),
            Some(instance) => {
                let first = PyTuple::new(args.py(), [instance.bind(args.py())])?;
                Ok(first.as_sequence().concat(args.as_sequence())?.cast_into()?)
            }
        }
    }

    fn request(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Request> {
        self.function.get().request(&self.arguments(args)?, kwargs)
    }

    fn call_sync(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        let function = self.function.get();
        match lookup(py, function, args, kwargs)? {
            Lookup::Found(value) => Ok(value),
            Lookup::Missed(request, intent) => {
                let callable = function.wrapped.bind(py);
                fill::fill(py, function, request, intent, &Computation { callable, args, kwargs })
            }
        }
    }
}

#[pymethods]
impl Cached {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        let args = self.arguments(args)?;
        match self.colour() {
            Colour::Sync => self.call_sync(py, &args, kwargs),
            Colour::Async => coroutine::call(py, &self.function, &args, kwargs),
        }
    }

    /// Computes the call's value now, caches and returns it.
    #[pyo3(signature = (*args, **kwargs))]
    fn refresh(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        let (args, function) = (self.arguments(args)?, self.function.get());
        match function.colour {
            Colour::Async => coroutine::refresh(py, &self.function, &args, kwargs),
            Colour::Sync => {
                let request = function.request(&args, kwargs)?;
                let callable = function.wrapped.bind(py);
                let computation = Computation { callable, args: &args, kwargs };
                fill::fill(py, function, request, Intent::Refresh, &computation)
            }
        }
    }

    /// Forgets the call's value: none that was computed from before is served afterwards.
    #[pyo3(signature = (*args, **kwargs))]
    fn invalidate(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        verbs::invalidate(py, self.colour(), self.function.get(), self.request(args, kwargs)?)
    }

    /// The cached value of the call, or None; the function never runs.
    #[pyo3(signature = (*args, **kwargs))]
    fn peek(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        verbs::peek(py, self.colour(), &self.function, self.request(args, kwargs)?, py.None())
    }

    /// Whether a value of the call is cached, None included.
    #[pyo3(signature = (*args, **kwargs))]
    fn contains(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        verbs::contains(py, self.colour(), self.function.get(), self.request(args, kwargs)?)
    }

    /// Caches `value` as the call's.
    #[pyo3(signature = (value, /, *args, **kwargs))]
    fn set(
        &self,
        py: Python<'_>,
        value: &Bound<'_, PyAny>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        let request = self.request(args, kwargs)?;
        verbs::set(py, self.colour(), self.function.get(), request, value, None)
    }

    /// The address of the call's entry in the store.
    #[pyo3(signature = (*args, **kwargs))]
    fn key(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<String> {
        verbs::key(py, self.function.get(), &self.request(args, kwargs)?)
    }

    /// What was counted for this function in this process.
    fn cache_info(&self, py: Python<'_>) -> Result<CacheInfo> {
        Ok(CacheInfo::new(&self.function.get().operation(py)?.stats()))
    }

    /// Forgets all of the function's values, in every process that shares the store.
    fn cache_clear(&self, py: Python<'_>) -> Result<Py<PyAny>> {
        verbs::clear(py, self.colour(), self.function.get())
    }

    /// The function as it was before it was decorated, bound as this handle is.
    #[getter]
    fn __wrapped__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let wrapped = self.function.get().wrapped.bind(py);
        match &self.instance {
            None => Ok(wrapped.clone()),
            Some(instance) => wrapped.call_method1(intern!(py, "__get__"), (instance,)),
        }
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: Option<Bound<'py, PyAny>>,
        owner: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        descriptor::get(slf, instance, owner)
    }

    /// A bound handle has the documentation and the module of its function, not of its class.
    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        if this.instance.is_some() && descriptor::belongs_to_function(name)? {
            return this.function.get().wrapped.bind(py).getattr(name);
        }
        py.get_type::<PyAny>().call_method1(intern!(py, "__getattribute__"), (slf, name))
    }

    /// Whatever a handle does not have itself (`__code__`, `__defaults__`, a framework's mark) is
    /// its function's.
    fn __getattr__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, function) = (slf.py(), slf.get().function.get());
        if let Some(found) = function.wrapped.bind(py).getattr_opt(name)? {
            return Ok(found);
        }
        if function.colour == Colour::Async && name == "_is_coroutine_mark" {
            return py.import("inspect")?.getattr(name);
        }
        let class = slf.get_type().name()?;
        Err(PyAttributeError::new_err(format!("'{class}' object has no attribute '{name}'")))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        descriptor::reduce(slf)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = self.function.get().plan.name();
        Ok(match &self.instance {
            None => format!("<cached function {name}>"),
            Some(instance) => {
                format!("<bound cached function {name} of {}>", instance.bind(py).repr()?)
            }
        })
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = other.get();
            self.function.is(&other.function) && descriptor::same(&self.instance, &other.instance)
        })
    }

    fn __hash__(&self) -> usize {
        let instance = self.instance.as_ref().map_or(0, |instance| instance.as_ptr() as usize);
        (self.function.as_ptr() as usize).rotate_left(7) ^ instance
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        visit.call(&self.instance)
    }
}

/// Refuses what no handle can be made of.
pub(crate) fn refuse_handle(function: &Bound<'_, PyAny>) -> PyResult<()> {
    if function.cast::<Cached>().is_ok() {
        return Err(wrong_type("the function is cached already: decorate it once"));
    }
    Ok(())
}
