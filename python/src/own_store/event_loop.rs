//! Where methods run that are awaited: on an event loop that belongs to the store.
//!
//! Its thread runs nothing else, so no caller can keep it from answering: neither a synchronous
//! function that blocks the application's loop, nor a loop that has ended.

use std::sync::{Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::sync::oneshot;

use super::failure::Failure;

/// The event loop of one store in one process, begun by the first call.
pub(super) struct EventLoop(PyOnceLock<Running>);

struct Running {
    event_loop: Py<PyAny>,
    /// Of its thread, as `threading.get_ident` has it.
    thread: u64,
}

impl EventLoop {
    pub(super) fn new() -> Self {
        Self(PyOnceLock::new())
    }

    /// Awaits on the loop the coroutine that `begin` makes, and gives what it returned to `read`.
    /// Who stops waiting cancels it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        begin: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (tell, told) = oneshot::channel();
        let listener: Listener = Box::new(move |answer| {
            let _nobody_may_be_waiting = tell.send(answer.map_err(Failure::Raised).and_then(read));
        });
        let submitted = self.begin(begin, listener)?;
        let answer = told.await;
        submitted.answered();
        answer.unwrap_or(Err(Failure::Gone))
    }

    /// The same, for whoever does not wait: `listener` gets the answer.
    pub(super) fn begin(
        &self,
        begin: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>,
        listener: Listener,
    ) -> Result<Submitted, Failure> {
        let begun = Python::try_attach(|py| self.submit(py, begin, listener));
        begun.unwrap_or(Err(Failure::Gone))
    }

    fn submit(
        &self,
        py: Python<'_>,
        begin: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>,
        listener: Listener,
    ) -> Result<Submitted, Failure> {
        let module = py.import(intern!(py, "cachekit._own_store"))?;
        let running = self.0.get_or_try_init(py, || Running::start(&module))?;
        let here: u64 = module.call_method0(intern!(py, "get_ident"))?.extract()?;
        if here == running.thread {
            return Err(Failure::OnItsOwnThread);
        }
        let reply = Reply { listener: Mutex::new(Some(listener)) };
        let arguments = (&running.event_loop, begin(py)?, reply);
        let future = module.call_method1(intern!(py, "submit"), arguments)?;
        Ok(Submitted { future: Some(future.unbind()) })
    }
}

impl Running {
    fn start(module: &Bound<'_, PyModule>) -> PyResult<Self> {
        let (event_loop, thread) = module.call_method0("start")?.extract()?;
        Ok(Self { event_loop, thread })
    }
}

pub(super) type Listener = Box<dyn FnOnce(PyResult<&Bound<'_, PyAny>>) + Send>;

/// What the loop calls with the future that is done.
#[pyclass(frozen, module = "cachekit._native")]
struct Reply {
    listener: Mutex<Option<Listener>>,
}

#[pymethods]
impl Reply {
    fn __call__(&self, future: &Bound<'_, PyAny>) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(listener) = listener else { return };
        match future.call_method0(intern!(future.py(), "result")) {
            Ok(answer) => listener(Ok(&answer)),
            Err(error) => listener(Err(error)),
        }
    }
}

/// A coroutine on its way. Dropped before it has answered, it is cancelled.
pub(super) struct Submitted {
    future: Option<Py<PyAny>>,
}

impl Submitted {
    fn answered(mut self) {
        self.future = None;
    }
}

impl Drop for Submitted {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        Python::try_attach(|py| {
            // One that has ended meanwhile needs no cancelling.
            let _ = future.call_method0(py, intern!(py, "cancel"));
        });
    }
}
