//! Hearing from an object of what others change.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;

use super::event_loop::{EventLoop, Submitted};
use super::failure::Failure;
use super::methods::Method;
use super::object::ObjectStore;
use super::workers::Workers;
use crate::engine::store::{Change, OnChange, Watch};
use crate::function::Colour;

/// What a store calls: `changed(key)`, or `changed(None)` where anything may have changed.
#[pyclass(frozen, module = "cachekit._native")]
struct Changed {
    listener: OnChange,
    over: Over,
}

/// Whether the watch has ended: the object hears of that a little later, and may call until then.
#[derive(Clone, Default)]
struct Over(Arc<AtomicBool>);

impl Over {
    fn set(&self) {
        self.0.store(true, SeqCst);
    }

    fn is_set(&self) -> bool {
        self.0.load(SeqCst)
    }
}

#[pymethods]
impl Changed {
    #[pyo3(signature = (key, /))]
    fn __call__(&self, key: Option<&str>) {
        if !self.over.is_set() {
            (self.listener)(key.map_or(Change::Anything, Change::Key));
        }
    }
}

/// Begins to watch. What goes wrong is logged: nothing rests on a watch.
pub(super) fn begin(shared: &Arc<ObjectStore>, listener: OnChange) -> Watch {
    match shared.methods.colour {
        Colour::Sync => Watch::new(Called::begin(shared, listener)),
        Colour::Async => Watch::new(Awaited::begin(shared, listener)),
    }
}

fn call(shared: &ObjectStore, py: Python<'_>, changed: Changed) -> PyResult<Py<PyAny>> {
    shared.object.call_method1(py, intern!(py, "watch"), (changed,))
}

fn complain(shared: &ObjectStore, failure: Failure) {
    log::warn!("{}: others' changes are seen later", failure.of(Method::Watch, &shared.address));
}

/// A watch whose method returned: what it returned is kept, and closed at the end.
struct Called {
    shared: Arc<ObjectStore>,
    over: Over,
    state: Arc<Mutex<State>>,
}

enum State {
    Beginning,
    Watching(Py<PyAny>),
    Over,
}

impl Called {
    fn begin(shared: &Arc<ObjectStore>, listener: OnChange) -> Self {
        let state = Arc::new(Mutex::new(State::Beginning));
        let over = Over::default();
        let changed = Changed { listener, over: over.clone() };
        let begun = Self { shared: Arc::clone(shared), over, state: Arc::clone(&state) };
        let asked = Arc::clone(shared);
        workers(shared).begin(move |py| match call(&asked, py, changed) {
            Err(error) => complain(&asked, error.into()),
            Ok(kept) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                if matches!(*state, State::Over) {
                    drop(state);
                    close(py, &kept);
                } else {
                    *state = State::Watching(kept);
                }
            }
        });
        begun
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        self.over.set();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Watching(kept) = std::mem::replace(&mut *state, State::Over) {
            // The store lives until it is closed, though this was the last who held it.
            let shared = Arc::clone(&self.shared);
            workers(&self.shared).begin(move |py| {
                close(py, &kept);
                drop(shared);
            });
        }
    }
}

fn workers(shared: &ObjectStore) -> &Workers {
    shared.workers.get_or_init(Workers::new)
}

fn close(py: Python<'_>, kept: &Py<PyAny>) {
    if let Ok(Some(close)) = kept.bind(py).getattr_opt(intern!(py, "close"))
        && let Err(error) = close.call0()
    {
        error.write_unraisable(py, Some(kept.bind(py)));
    }
}

/// A watch whose method is awaited for as long as it lasts, and cancelled at the end.
struct Awaited {
    over: Over,
    _submitted: Option<Submitted>,
}

impl Awaited {
    fn begin(shared: &Arc<ObjectStore>, listener: OnChange) -> Self {
        let over = Over::default();
        let changed = Changed { listener, over: over.clone() };
        let (ended, asked) = (over.clone(), Arc::clone(shared));
        let reply = move |answer: PyResult<&Bound<'_, PyAny>>| match answer {
            Err(error) if !ended.is_set() => complain(&asked, error.into()),
            Err(_) | Ok(_) => {}
        };
        let event_loop = shared.event_loop.get_or_init(EventLoop::new);
        let submitted = event_loop.begin(|py| call(shared, py, changed), Box::new(reply));
        let submitted = submitted.map_err(|failure| complain(shared, failure)).ok();
        Self { over, _submitted: submitted }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.over.set();
    }
}
