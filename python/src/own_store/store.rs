//! The contract, kept by asking an object.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use tokio::runtime::Handle;

use super::answer::{self, Misfit};
use super::event_loop::EventLoop;
use super::failure::Failure;
use super::methods::Method;
use super::object::ObjectStore;
use super::watching;
use super::workers::Workers;
use crate::engine::store::{
    Capabilities, Compare, Deleted, Error, ErrorKind, Expected, Lifetime, Limits, OnChange,
    Pending, Reach, Store, StoreOptions, Swap, Watch, Watching, Write,
};
use crate::function::Colour;

/// An object as a store, with the patience of one cache.
pub(super) struct PythonStore {
    shared: Arc<ObjectStore>,
    largest_entry: usize,
    patience: Duration,
}

impl PythonStore {
    pub(super) fn new(shared: Arc<ObjectStore>, options: &StoreOptions) -> Self {
        let largest = options.largest_entry();
        Self {
            largest_entry: shared.largest_entry.map_or(largest, |own| own.min(largest)),
            shared,
            patience: options.operation_timeout(),
        }
    }

    /// Calls a method by way of `ask`, which returns its answer, or what has to be awaited for it.
    async fn ask<T: Send + 'static>(
        &self,
        method: Method,
        ask: impl FnOnce(Python<'_>, &Py<PyAny>) -> PyResult<Py<PyAny>> + Send + 'static,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Result<T, Misfit> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = &self.shared;
        if Handle::try_current().is_err() {
            let seen = "it was called outside a Tokio runtime";
            return Err(Error::new(ErrorKind::Misconfigured, &*shared.address, seen));
        }
        let asked = async {
            match shared.methods.colour {
                Colour::Sync => block(shared, ask, read).await,
                Colour::Async => {
                    let event_loop = shared.event_loop.get_or_init(EventLoop::new);
                    let read = |answer: &Bound<'_, PyAny>| read(answer).map_err(Failure::Misfit);
                    event_loop.run(|py| ask(py, &shared.object), read).await
                }
            }
        };
        match tokio::time::timeout(self.patience, asked).await {
            Ok(answer) => answer.map_err(|failure| failure.of(method, &shared.address)),
            Err(_) => {
                let seen =
                    format!("no answer from its {} within {:?}", method.name(), self.patience);
                Err(Error::new(ErrorKind::Timeout, &*shared.address, seen))
            }
        }
    }

    fn refuse_comparing(&self) -> Result<(), Error> {
        if self.shared.methods.compare == Compare::Atomic {
            return Ok(());
        }
        let seen = "it has no compare_and_set and no compare_and_delete";
        Err(Error::new(ErrorKind::Unsupported, &*self.shared.address, seen))
    }
}

/// On a thread of the store's own, so that whoever waits can stop waiting.
async fn block<T: Send + 'static>(
    shared: &Arc<ObjectStore>,
    ask: impl FnOnce(Python<'_>, &Py<PyAny>) -> PyResult<Py<PyAny>> + Send + 'static,
    read: impl FnOnce(&Bound<'_, PyAny>) -> Result<T, Misfit> + Send + 'static,
) -> Result<T, Failure> {
    let workers = shared.workers.get_or_init(Workers::new);
    let asked = Arc::clone(shared);
    let job = move |py: Python<'_>| {
        let answer = ask(py, &asked.object)?.into_bound(py);
        Ok(read(&answer)?)
    };
    workers.run(job).await
}

impl Store for PythonStore {
    fn address(&self) -> &str {
        &self.shared.address
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Reach::Shared, self.largest_entry)
            .with_compare(self.shared.methods.compare)
            .with_batch(self.shared.methods.batch())
            .with_watch(self.shared.methods.watch)
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            Limits::of(self).count(keys.len())?;
            let asked = keys.len();
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            let read = move |answer: &Bound<'_, PyAny>| answer::entries(answer, asked);
            let found = match (&keys[..], self.shared.methods.get_many) {
                ([], _) => Vec::new(),
                (_, true) => {
                    let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                        object.call_method1(py, intern!(py, "get_many"), (keys,))
                    };
                    self.ask(Method::GetMany, ask, read).await?
                }
                (_, false) => {
                    let each = each("get", self.shared.methods.colour);
                    let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                        let get = object.getattr(py, intern!(py, "get"))?;
                        Ok(helper(py)?.call_method1(each, (get, keys))?.unbind())
                    };
                    self.ask(Method::Get, ask, read).await?
                }
            };
            found.iter().flatten().try_for_each(|value| Limits::of(self).value(value))?;
            Ok(found)
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            let write = One::new(key, value.clone(), Limits::of(self).write(&value, ttl)?);
            let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                let write = write.arguments(py)?;
                object.call_method1(py, intern!(py, "set"), write)
            };
            self.ask(Method::Set, ask, answer::nothing).await
        })
    }

    fn set_many<'a>(&'a self, writes: &'a [Write<'a>]) -> Pending<'a, ()> {
        Box::pin(async move {
            Limits::of(self).count(writes.len())?;
            let checked = writes.iter().map(|write| {
                let life = Limits::of(self).write(&write.value, write.ttl)?;
                Ok(One::new(write.key, write.value.clone(), life))
            });
            let writes = checked.collect::<Result<Vec<_>, Error>>()?;
            if writes.is_empty() {
                return Ok(());
            }
            let (many, colour) = (self.shared.methods.set_many, self.shared.methods.colour);
            let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                let writes = writes.iter().map(|write| write.arguments(py));
                let writes = PyList::new(py, writes.collect::<PyResult<Vec<_>>>()?)?;
                if many {
                    return object.call_method1(py, intern!(py, "set_many"), (writes,));
                }
                let set = object.getattr(py, intern!(py, "set"))?;
                Ok(helper(py)?.call_method1(each("set", colour), (set, writes))?.unbind())
            };
            let method = if many { Method::SetMany } else { Method::Set };
            self.ask(method, ask, answer::nothing).await
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: Bytes,
        ttl: Duration,
    ) -> Pending<'a, Swap> {
        Box::pin(async move {
            self.refuse_comparing()?;
            let write = One::new(key, value.clone(), Limits::of(self).write(&value, ttl)?);
            let expected = match expected {
                Expected::Absent => None,
                Expected::Exactly(seen) => Some(Bytes::copy_from_slice(seen)),
            };
            let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                let expected = expected.map(|seen| PyBytes::new(py, &seen));
                let value = PyBytes::new(py, &write.value);
                let arguments = (write.key, expected, value, write.seconds);
                object.call_method1(py, intern!(py, "compare_and_set"), arguments)
            };
            self.ask(Method::CompareAndSet, ask, answer::truth).await.map(swap)
        })
    }

    fn compare_and_delete<'a>(&'a self, key: &'a str, seen: &'a [u8]) -> Pending<'a, Swap> {
        Box::pin(async move {
            self.refuse_comparing()?;
            let (key, seen) = (key.to_owned(), Bytes::copy_from_slice(seen));
            let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                let arguments = (key, PyBytes::new(py, &seen));
                object.call_method1(py, intern!(py, "compare_and_delete"), arguments)
            };
            self.ask(Method::CompareAndDelete, ask, answer::truth).await.map(swap)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, Deleted> {
        Box::pin(async move {
            let key = key.to_owned();
            let ask = move |py: Python<'_>, object: &Py<PyAny>| {
                object.call_method1(py, intern!(py, "delete"), (key,))
            };
            let deleted = self.ask(Method::Delete, ask, answer::truth).await?;
            Ok(if deleted { Deleted::Removed } else { Deleted::Absent })
        })
    }

    fn watch(&self, changed: OnChange) -> Result<Watch, Error> {
        match self.shared.methods.watch {
            Watching::Told => Ok(watching::begin(&self.shared, changed)),
            _ => Err(Error::new(ErrorKind::Unsupported, &*self.shared.address, "it has no watch")),
        }
    }
}

/// One write, on its way to another thread.
struct One {
    key: String,
    value: Bytes,
    seconds: f64,
}

impl One {
    fn new(key: &str, value: Bytes, life: Lifetime) -> Self {
        // Exact: a hundred years of milliseconds fit a float's 53 bits many times over.
        Self { key: key.to_owned(), value, seconds: life.as_millis() as f64 / 1000.0 }
    }

    /// `(key, value, ttl)`.
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        (&self.key, PyBytes::new(py, &self.value), self.seconds).into_pyobject(py)
    }
}

const fn swap(done: bool) -> Swap {
    if done { Swap::Done } else { Swap::Refused }
}

/// The function of `cachekit/_own_store.py` that calls a method several times.
fn each(method: &str, colour: Colour) -> &'static str {
    match (method, colour) {
        ("get", Colour::Sync) => "get_each",
        ("get", Colour::Async) => "get_each_async",
        (_, Colour::Sync) => "set_each",
        (_, Colour::Async) => "set_each_async",
    }
}

fn helper(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "cachekit._own_store"))
}
