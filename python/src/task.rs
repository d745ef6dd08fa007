//! The asynchronous colour: a future of the engine, driven by the event loop that runs the task.
//!
//! `cachekit/_drive.py` holds the `async def` that awaits a [`Pending`]. Nothing here knows which
//! event loop it is: a loop has `create_future` and `call_soon_threadsafe`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::detach;
use crate::errors::Result;

/// What is left to do with the GIL, once the future is done.
type Finish = Box<dyn FnOnce(Python<'_>) -> Result<Py<PyAny>> + Send>;

enum State {
    Running(Pin<Box<dyn Future<Output = Finish> + Send>>),
    Done(Finish),
    /// Its result was taken, or nobody wants it any more.
    Over,
}

/// A future of the engine on its way through an event loop.
#[pyclass(frozen, module = "cachekit._native")]
pub(crate) struct Pending {
    state: Mutex<State>,
}

impl Pending {
    /// `finish` turns the future's output into an object; it runs with the GIL.
    pub(crate) fn new<F, C>(future: F, finish: C) -> Self
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        C: FnOnce(Python<'_>, F::Output) -> Result<Py<PyAny>> + Send + 'static,
    {
        let running = async move {
            let output = future.await;
            Box::new(move |py: Python<'_>| finish(py, output)) as Finish
        };
        Self { state: Mutex::new(State::Running(Box::pin(running))) }
    }

    /// A coroutine that awaits it.
    pub(crate) fn into_coroutine(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        static SETTLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let settle = SETTLE.import(py, "cachekit._drive", "settle")?;
        Ok(settle.call1((self,))?.unbind())
    }

    fn advance(&self, waker: &Waker) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Running(future) = &mut *state else { return true };
        match future.as_mut().poll(&mut Context::from_waker(waker)) {
            Poll::Pending => false,
            Poll::Ready(finish) => {
                *state = State::Done(finish);
                true
            }
        }
    }

    fn replace(&self, with: State) -> State {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *state, with)
    }
}

#[pymethods]
impl Pending {
    /// Goes on as far as possible; true when it is done. Otherwise `waiter`, a future of `loop`,
    /// gets a result as soon as it makes sense to ask again.
    fn advance_on(&self, py: Python<'_>, r#loop: Py<PyAny>, waiter: Py<PyAny>) -> bool {
        let waker = Waker::from(Arc::new(WakeLoop { r#loop, waiter }));
        detach::run(py, || self.advance(&waker))
    }

    /// The result, once.
    fn take(&self, py: Python<'_>) -> Result<Py<PyAny>> {
        match self.replace(State::Over) {
            State::Done(finish) => finish(py),
            State::Running(_) | State::Over => Ok(py.None()),
        }
    }

    /// Nobody waits for it any more: its task was cancelled. Whatever it led, another one may lead.
    fn abandon(&self, py: Python<'_>) {
        let state = self.replace(State::Over);
        detach::run(py, || drop(state));
    }
}

struct WakeLoop {
    r#loop: Py<PyAny>,
    waiter: Py<PyAny>,
}

impl Wake for WakeLoop {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    /// Runs on any thread, and never under a lock that a thread with the GIL could want: futures
    /// are polled and dropped without it.
    fn wake_by_ref(self: &Arc<Self>) {
        Python::try_attach(|py| {
            // A loop that was closed has nobody left to wake.
            let _ = self.call_soon(py);
        });
    }
}

impl WakeLoop {
    fn call_soon(&self, py: Python<'_>) -> PyResult<()> {
        static WAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let wake = WAKE.import(py, "cachekit._drive", "wake")?;
        let call_soon = intern!(py, "call_soon_threadsafe");
        self.r#loop.bind(py).call_method1(call_soon, (wake, &self.waiter))?;
        Ok(())
    }
}
