//! A cached function: what is called, how its calls are named, how its values are kept.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::arguments::Binder;
use crate::buffer::Buffer;
use crate::coroutine;
use crate::engine::{Intent, Operation};
use crate::errors::Result;
use crate::plan::Plan;
use crate::reading::Reading;
use crate::request::Request;
use crate::serializer::Serializer;
use crate::tenant::TenantSource;

/// Whether the wrapped function is a coroutine function; its handle's methods are of its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It returns its result, and blocks its thread meanwhile.
    Sync,
    /// It returns a coroutine.
    Async,
}

/// What becomes of a value that the serializer refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unencodable {
    /// It is returned, and not cached; counted, and logged once.
    Return,
    /// The call raises `SerializationError`.
    Raise,
}

/// A cached function. Its handles, free and bound, share it.
#[pyclass(frozen, weakref, module = "cachekit._native")]
pub(crate) struct Function {
    #[pyo3(get)]
    pub(crate) wrapped: Py<PyAny>,
    pub(crate) colour: Colour,
    pub(crate) arguments: Binder,
    pub(crate) tenant: TenantSource,
    pub(crate) serializer: Serializer,
    pub(crate) reading: Reading,
    pub(crate) unencodable: Unencodable,
    pub(crate) plan: Plan,
    pub(crate) operation: OnceLock<Operation>,
    pub(crate) complained: AtomicBool,
}

impl Function {
    /// The function's place in its cache. The first call settles which cache that is.
    ///
    /// # Errors
    /// `ConfigurationError`: the settings in force do not make a cache.
    pub(crate) fn operation(&self, py: Python<'_>) -> Result<&Operation> {
        match self.operation.get() {
            Some(operation) => Ok(operation),
            None => self.settle(py),
        }
    }

    #[cold]
    fn settle(&self, py: Python<'_>) -> Result<&Operation> {
        let operation = self.plan.operation(self.wrapped.bind(py), self.serializer.id())?;
        Ok(self.operation.get_or_init(|| operation))
    }

    /// Names a call.
    ///
    /// # Errors
    /// `TypeError` as the call itself would raise; `ArgumentError`; what the tenant extractor raised.
    pub(crate) fn request(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Request> {
        let mut arguments = Buffer::take();
        self.arguments.encode(args, kwargs, &mut arguments)?;
        let tenant = self.tenant.tenant(args, kwargs)?;
        Ok(Request { arguments, tenant })
    }

    /// True for the first of many: a log line per function, not per call.
    pub(crate) fn complains_now(&self) -> bool {
        !self.complained.swap(true, Relaxed)
    }
}

#[pymethods]
impl Function {
    /// The value where the first level has it, else a `Pending` that ends in the value or a `Ticket`.
    #[pyo3(signature = (args, kwargs))]
    fn lookup(
        slf: &Bound<'_, Self>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        coroutine::begin(slf.py(), slf.as_unbound(), args, kwargs)
    }

    /// A `Pending` that ends in a `Ticket`, whatever is cached.
    #[pyo3(signature = (args, kwargs))]
    fn refresh(
        slf: &Bound<'_, Self>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Py<PyAny>> {
        let request = slf.get().request(args, kwargs)?;
        coroutine::entering(slf.py(), slf.as_unbound(), request, Intent::Refresh)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.wrapped)?;
        self.arguments.traverse(&visit)?;
        self.tenant.traverse(&visit)?;
        self.reading.traverse(&visit)?;
        self.serializer.traverse(&visit)
    }
}
