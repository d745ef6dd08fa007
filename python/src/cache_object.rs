//! `Cache`: values by key, without a function behind them.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cachekit::KEYED_OPERATION;
use cachekit::shared::Secrecy;
use futures_util::future::try_join_all;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::arguments::{Binder, BinderOptions};
use crate::buffer::Buffer;
use crate::cache_info::CacheInfo;
use crate::encode::{EncodedValue, encode};
use crate::engine::{Call, Intent};
use crate::errors::{ArgumentError, Result};
use crate::fill::{self, Computation};
use crate::function::{Colour, Function, Unencodable};
use crate::lookup::{Lookup, decode, lookup_request};
use crate::options::Options;
use crate::plan::{Anonymous, OperationName, Plan, SchemaGuard};
use crate::reading::Reading;
use crate::request::Request;
use crate::serializer::{Serializer, Unfit};
use crate::tenant::TenantSource;
use crate::{coroutine, options, quantity, verbs};

/// The options of `Cache` and `Cache.secure`.
const OPTIONS: [&str; 9] = [
    "ttl",
    "backend",
    "l1",
    "master_key",
    "key_rotation_enabled",
    "serializer",
    "namespace",
    "version",
    "allow",
];

/// Values by key. Every verb has a twin for coroutines whose name begins with `a`.
#[pyclass(frozen, name = "Cache", module = "cachekit")]
pub(crate) struct CacheObject {
    /// A function that is never called: what names and encodes.
    entries: Py<Function>,
    tenant: Option<PyBackedStr>,
}

impl CacheObject {
    fn build(
        py: Python<'_>,
        secrecy: Secrecy,
        options: Option<&Bound<'_, PyDict>>,
    ) -> Result<Self> {
        let options = Options::read(secrecy, options, &OPTIONS)?;
        let entry = py.import("cachekit._identity")?.getattr("entry")?;
        let operation = OperationName {
            name: KEYED_OPERATION.to_owned(),
            version: options.version,
            guard: SchemaGuard::None,
            anonymous: Anonymous::No,
        };
        let serializer =
            Serializer::for_function(options.serializer.as_ref(), &entry, &options.allow)?;
        let function = Function {
            arguments: Binder::new(&entry, BinderOptions::default())?,
            wrapped: entry.unbind(),
            colour: Colour::Sync,
            serializer,
            reading: Reading::AsWritten,
            tenant: TenantSource::None,
            unencodable: Unencodable::Return,
            plan: Plan::new(options.settings, options.secrecy, options.backend_id, operation)?,
            operation: OnceLock::new(),
            complained: AtomicBool::new(false),
        };
        let tenant = options.tenant_id.map(PyBackedStr::try_from).transpose()?;
        Ok(Self { entries: Py::new(py, function)?, tenant })
    }

    fn request(&self, key: &Bound<'_, PyAny>) -> Result<Request> {
        let args = PyTuple::new(key.py(), [key])?;
        let mut arguments = Buffer::take();
        self.entries.get().arguments.encode(&args, None, &mut arguments)?;
        let tenant = self.tenant.as_ref().map(|tenant| tenant.clone_ref(key.py()));
        Ok(Request { arguments, tenant })
    }

    fn found(
        &self,
        colour: Colour,
        key: &Bound<'_, PyAny>,
        default: Option<Py<PyAny>>,
    ) -> Result<Py<PyAny>> {
        let (py, request) = (key.py(), self.request(key)?);
        verbs::peek(py, colour, &self.entries, request, default.unwrap_or_else(|| py.None()))
    }

    fn put(
        &self,
        colour: Colour,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<Py<PyAny>> {
        let (request, ttl) = (self.request(key)?, duration(ttl)?);
        verbs::set(key.py(), colour, self.entries.get(), request, value, ttl)
    }

    fn many(&self, colour: Colour, keys: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        let py = keys.py();
        let keys: Vec<_> = keys.try_iter()?.collect::<PyResult<_>>()?;
        let requests: Vec<_> = keys.iter().map(|key| self.request(key)).collect::<Result<_>>()?;
        tell_apart(&keys, &requests)?;
        let keys: Vec<_> = keys.into_iter().map(Bound::unbind).collect();
        let operation = verbs::operation(py, self.entries.get())?;
        let work = async move {
            let calls: Vec<Call<'_>> = requests.iter().map(Request::call).collect();
            operation.peek_many(&calls).await
        };
        let function = self.entries.clone_ref(py);
        colour.run(py, work, move |py, hits| {
            let found = PyDict::new(py);
            for (key, hit) in keys.iter().zip(hits) {
                let value = hit.map(|hit| decode(py, function.get(), &hit)).transpose()?.flatten();
                if let Some(value) = value {
                    found.set_item(key, value)?;
                }
            }
            Ok(found.into_any().unbind())
        })
    }

    fn put_many(
        &self,
        colour: Colour,
        values: &Bound<'_, PyDict>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<Py<PyAny>> {
        let (py, function, ttl) = (values.py(), self.entries.get(), duration(ttl)?);
        let mut writes = Vec::with_capacity(values.len());
        for (key, value) in values {
            let encoded = encode(function, &value).map_err(Unfit::into_error)?;
            writes.push((self.request(&key)?, encoded));
        }
        let operation = verbs::operation(py, function)?;
        let work = async move {
            let put = async |(request, value): &(Request, EncodedValue)| {
                operation.put(&request.call(), value.as_encoded(), ttl).await
            };
            try_join_all(writes.iter().map(put)).await.map(|_| ())
        };
        colour.run(py, work, verbs::nothing)
    }
}

#[pymethods]
impl CacheObject {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        Self::build(py, Secrecy::Plain, options)
    }

    /// A cache whose entries are sealed.
    #[classmethod]
    #[pyo3(signature = (**options))]
    fn secure(class: &Bound<'_, PyType>, options: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        Self::build(class.py(), Secrecy::Sealed, options)
    }

    /// The same cache for one tenant.
    fn for_tenant(&self, py: Python<'_>, tenant: &Bound<'_, PyAny>) -> PyResult<Self> {
        options::text("tenant", tenant)?;
        Ok(Self { entries: self.entries.clone_ref(py), tenant: Some(tenant.extract()?) })
    }

    #[pyo3(signature = (key, default=None))]
    fn get(&self, key: &Bound<'_, PyAny>, default: Option<Py<PyAny>>) -> Result<Py<PyAny>> {
        self.found(Colour::Sync, key, default)
    }

    #[pyo3(signature = (key, default=None))]
    fn aget(&self, key: &Bound<'_, PyAny>, default: Option<Py<PyAny>>) -> Result<Py<PyAny>> {
        self.found(Colour::Async, key, default)
    }

    #[pyo3(signature = (key, value, *, ttl=None))]
    fn set(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<Py<PyAny>> {
        self.put(Colour::Sync, key, value, ttl)
    }

    #[pyo3(signature = (key, value, *, ttl=None))]
    fn aset(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<Py<PyAny>> {
        self.put(Colour::Async, key, value, ttl)
    }

    fn get_or_compute(
        &self,
        key: &Bound<'_, PyAny>,
        compute: &Bound<'_, PyAny>,
    ) -> Result<Py<PyAny>> {
        let (py, function) = (key.py(), self.entries.get());
        match lookup_request(py, function, self.request(key)?)? {
            Lookup::Found(value) => Ok(value),
            Lookup::Missed(request, intent) => {
                let args = PyTuple::empty(py);
                let computation = Computation { callable: compute, args: &args, kwargs: None };
                fill::fill(py, function, request, intent, &computation)
            }
        }
    }

    fn aget_or_compute(
        &self,
        key: &Bound<'_, PyAny>,
        compute: &Bound<'_, PyAny>,
    ) -> Result<Py<PyAny>> {
        let py = key.py();
        let begun = coroutine::entering(py, &self.entries, self.request(key)?, Intent::Get)?;
        Ok(py.import("cachekit._drive")?.call_method1("finish", (begun, compute))?.unbind())
    }

    fn contains(&self, key: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        verbs::contains(key.py(), Colour::Sync, self.entries.get(), self.request(key)?)
    }

    fn acontains(&self, key: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        verbs::contains(key.py(), Colour::Async, self.entries.get(), self.request(key)?)
    }

    fn invalidate(&self, key: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        verbs::invalidate(key.py(), Colour::Sync, self.entries.get(), self.request(key)?)
    }

    fn ainvalidate(&self, key: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        verbs::invalidate(key.py(), Colour::Async, self.entries.get(), self.request(key)?)
    }

    fn clear(&self, py: Python<'_>) -> Result<Py<PyAny>> {
        verbs::clear(py, Colour::Sync, self.entries.get())
    }

    fn aclear(&self, py: Python<'_>) -> Result<Py<PyAny>> {
        verbs::clear(py, Colour::Async, self.entries.get())
    }

    fn get_many(&self, keys: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        self.many(Colour::Sync, keys)
    }

    fn aget_many(&self, keys: &Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        self.many(Colour::Async, keys)
    }

    #[pyo3(signature = (values, *, ttl=None))]
    fn set_many(
        &self,
        values: &Bound<'_, PyDict>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<Py<PyAny>> {
        self.put_many(Colour::Sync, values, ttl)
    }

    #[pyo3(signature = (values, *, ttl=None))]
    fn aset_many(
        &self,
        values: &Bound<'_, PyDict>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<Py<PyAny>> {
        self.put_many(Colour::Async, values, ttl)
    }

    fn key(&self, key: &Bound<'_, PyAny>) -> Result<String> {
        verbs::key(key.py(), self.entries.get(), &self.request(key)?)
    }

    fn cache_info(&self, py: Python<'_>) -> Result<CacheInfo> {
        Ok(CacheInfo::new(&self.entries.get().operation(py)?.stats()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.entries)
    }
}

/// The answer is a dict, and a dict takes 1 and True for one key.
fn tell_apart(keys: &[Bound<'_, PyAny>], requests: &[Request]) -> PyResult<()> {
    let Some(first) = keys.first() else { return Ok(()) };
    let seen = PyDict::new(first.py());
    for (index, (key, request)) in keys.iter().zip(requests).enumerate() {
        let before: Option<usize> = seen.get_item(key)?.map(|at| at.extract()).transpose()?;
        let other = before.and_then(|at| requests.get(at));
        if other.is_some_and(|other| *other.arguments != *request.arguments) {
            return Err(ArgumentError::new_err(
                "two of the keys are equal to Python and not the same key (1 and True, say): ask \
                 for them one at a time",
            ));
        }
        seen.set_item(key, index)?;
    }
    Ok(())
}

fn duration(ttl: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    ttl.map(|ttl| quantity::duration("ttl", ttl)).transpose()
}
