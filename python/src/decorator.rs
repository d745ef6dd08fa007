//! From options to a cached function.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use cachekit::shared::Secrecy;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyType};

use crate::arguments::Binder;
use crate::descriptor::{self, Binding};
use crate::errors::{Result, wrong_type};
use crate::function::{Colour, Function};
use crate::handle::refuse_handle;
use crate::options::Options;
use crate::plan::{Anonymous, OperationName, Plan, SchemaGuard, bind_keys};
use crate::reading::Reading;
use crate::registry::{self, Named};
use crate::serializer::Serializer;
use crate::tenant::TenantSource;

/// The options of `cache` and `cache.secure`.
const OPTIONS: [&str; 15] = [
    "ttl",
    "backend",
    "l1",
    "master_key",
    "key_rotation_enabled",
    "serializer",
    "namespace",
    "name",
    "version",
    "key",
    "ignore",
    "hash_funcs",
    "tenant_extractor",
    "strict",
    "allow",
];

/// What `cache(...)` and `cache.secure(...)` return: it takes the function.
#[pyclass(frozen, module = "cachekit._native")]
pub(crate) struct Decorator {
    secrecy: Secrecy,
    options: Option<Py<PyDict>>,
}

#[pymethods]
impl Decorator {
    /// Options and keys are checked here, before there is a function.
    #[new]
    #[pyo3(signature = (secure, options=None, /))]
    fn new(secure: bool, options: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        let secrecy = if secure { Secrecy::Sealed } else { Secrecy::Plain };
        let read = Options::read(secrecy, options, &OPTIONS)?;
        bind_keys(&read.settings, read.secrecy)?;
        let options = options.map(|options| options.copy().map(Bound::unbind)).transpose()?;
        Ok(Self { secrecy, options })
    }

    fn __call__<'py>(&self, function: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        let py = function.py();
        let options = self.options.as_ref().map(|options| options.bind(py));
        let options = Options::read(self.secrecy, options, &OPTIONS)?;
        let (wrapped, binding) = unwrap_method(function)?;
        refuse_handle(&wrapped)?;
        let colour = colour(&wrapped)?;
        cached(&wrapped, binding, colour, options)
    }
}

fn cached<'py>(
    wrapped: &Bound<'py, PyAny>,
    binding: Binding,
    colour: Colour,
    options: Options<'py>,
) -> Result<Bound<'py, PyAny>> {
    let py = wrapped.py();
    let identity = py.import("cachekit._identity")?;
    let named = if options.name.is_some() { Named::Explicitly } else { Named::ByItsPath };
    let operation = operation_name(wrapped, &identity, &options)?;
    let place: String = identity.call_method1("place", (wrapped,))?.extract()?;
    let function = Function {
        wrapped: wrapped.clone().unbind(),
        colour,
        arguments: Binder::new(wrapped, options.arguments)?,
        serializer: Serializer::for_function(options.serializer.as_ref(), wrapped, &options.allow)?,
        reading: match named {
            Named::Explicitly => Reading::of_shared_entries(),
            Named::ByItsPath => Reading::AsWritten,
        },
        tenant: match (options.tenant_extractor, options.tenant_id) {
            (Some(extractor), _) => TenantSource::Extractor(extractor.unbind()),
            (None, Some(tenant)) => TenantSource::Fixed(tenant.unbind()),
            (None, None) => TenantSource::None,
        },
        unencodable: options.unencodable,
        plan: Plan::new(options.settings, options.secrecy, options.backend_id, operation)?,
        operation: OnceLock::new(),
        complained: AtomicBool::new(false),
    };
    // The first call may be another thread's, and a fork meanwhile would inherit its import's lock.
    for module in ["cachekit._shape", "cachekit._neutral", "cachekit._drive"] {
        py.import(module)?;
    }
    let function = Bound::new(py, function)?;
    registry::register(&function, named, place)?;
    Ok(descriptor::free_handle(&function, binding)?)
}

fn operation_name(
    wrapped: &Bound<'_, PyAny>,
    identity: &Bound<'_, PyModule>,
    options: &Options<'_>,
) -> PyResult<OperationName> {
    let version = options.version.clone();
    if let Some(name) = &options.name {
        let (name, guard) = (name.clone(), SchemaGuard::None);
        return Ok(OperationName { name, version, guard, anonymous: Anonymous::No });
    }
    let name: String = identity.call_method1("operation", (wrapped,))?.extract()?;
    let anonymous = if name.ends_with("<lambda>") {
        Anonymous::Lambda
    } else if name.starts_with("__main__.") {
        Anonymous::Typed
    } else {
        Anonymous::No
    };
    Ok(OperationName { anonymous, name, version, guard: SchemaGuard::ReturnAnnotation })
}

/// The function inside a `classmethod` or a `staticmethod`.
fn unwrap_method<'py>(function: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Binding)> {
    let py = function.py();
    let builtins = py.import("builtins")?;
    let is = |name| function.is_instance(&builtins.getattr(name)?);
    let inner = || function.getattr(intern!(py, "__func__"));
    if is("classmethod")? {
        return Ok((inner()?, Binding::Class));
    }
    if is("staticmethod")? {
        return Ok((inner()?, Binding::Static));
    }
    if !function.is_callable() || function.is_instance_of::<PyType>() {
        let class = function.get_type().qualname()?;
        return Err(wrong_type(format!(
            "cache decorates functions, not {class}; options are given by name: cache(ttl=300)"
        )));
    }
    Ok((function.clone(), Binding::Instance))
}

/// Flags of a code object (`inspect.CO_*`).
const GENERATOR: u32 = 0x20;
const COROUTINE: u32 = 0x80;
const ITERABLE_COROUTINE: u32 = 0x100;
const ASYNC_GENERATOR: u32 = 0x200;

/// # Errors
/// `TypeError`: a generator function.
pub(crate) fn colour(function: &Bound<'_, PyAny>) -> PyResult<Colour> {
    let flags = code_flags(function)?;
    if flags & ITERABLE_COROUTINE == 0 && flags & (GENERATOR | ASYNC_GENERATOR) != 0 {
        return Err(wrong_type(
            "a generator function returns an iterator, which can be used once: cache a function \
             that returns a list or a tuple",
        ));
    }
    let marked = function.getattr_opt("_is_coroutine_mark")?.is_some();
    let is_async = marked || flags & (COROUTINE | ITERABLE_COROUTINE) != 0;
    Ok(if is_async { Colour::Async } else { Colour::Sync })
}

/// The flags of what runs: of a `partial` its function, of an object its `__call__`.
fn code_flags(function: &Bound<'_, PyAny>) -> PyResult<u32> {
    let mut function = function.clone();
    for _ in 0..32 {
        if let Some(code) = function.getattr_opt("__code__")? {
            return code.getattr("co_flags")?.extract();
        }
        function = match function.getattr_opt("func")? {
            Some(inner) => inner,
            None => match function.get_type().getattr_opt("__call__")? {
                Some(call) if call.hasattr("__code__")? => call,
                _ => return Ok(0),
            },
        };
    }
    Ok(0)
}
