//! Which function stands behind an operation: two behind one would serve each other's values.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use crate::errors::misconfigured;
use crate::function::Function;

/// What makes two operations one: the parts of a cache that are known when a function is decorated,
/// and the operation's name in it.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) ring: Option<[u8; 16]>,
    pub(crate) backend: BackendId,
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A backend as a decorator names it. An address may hold a password, so only its hash is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BackendId {
    /// None was named: whatever is in force at the first call.
    InForce,
    Memory,
    Url(u64),
    /// An object, by its address in memory: a store that holds it keeps it from being another's.
    Object(usize),
}

impl BackendId {
    /// Reads the option `backend`, which was checked before.
    pub(crate) fn of(backend: &Bound<'_, PyAny>) -> PyResult<Self> {
        if backend.is_none() {
            return Ok(Self::Memory);
        }
        let Ok(url) = backend.extract::<PyBackedStr>() else {
            return Ok(Self::Object(backend.as_ptr() as usize));
        };
        let mut hasher = DefaultHasher::new();
        url.hash(&mut hasher);
        Ok(Self::Url(hasher.finish()))
    }
}

struct Registered {
    function: Py<PyWeakrefReference>,
    place: String,
}

/// Locked only with the GIL held and never across Python code, so no thread that a fork leaves
/// behind can hold it.
static REGISTERED: Mutex<Option<HashMap<Identity, Registered>>> = Mutex::new(None);

/// A program that names functions as it goes leaves entries behind; at every so many they are swept.
const PRUNED_EVERY: usize = 256;

/// Whether an operation was named by its user.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Explicitly,
    ByItsPath,
}

/// Registers a function under its operation.
///
/// # Errors
/// `ConfigurationError`: another function, still in use, has it. A module-level definition that is
/// run again (a reload, a notebook's cell) replaces the first.
pub(crate) fn register(
    function: &Bound<'_, Function>,
    named: Named,
    place: String,
) -> PyResult<()> {
    let py = function.py();
    let identity = function.get().plan.identity();
    let known = |first: &Registered| (first.function.clone_ref(py), first.place.clone());
    let first = table().as_ref().and_then(|table| table.get(&identity).map(known));
    if let Some((weak, first_place)) = first
        && let Some(other) = weak.bind(py).upgrade_as::<Function>()?
    {
        check((&other, &first_place), (function, &place), named)?;
    }
    let weak = PyWeakrefReference::new(function)?.unbind();
    let mut table = table();
    let known = table.get_or_insert_default();
    if known.len() % PRUNED_EVERY == PRUNED_EVERY - 1 {
        known.retain(|_, registered| registered.function.bind(py).upgrade().is_some());
    }
    known.insert(identity, Registered { function: weak, place });
    Ok(())
}

/// Forgets all. For tests.
pub(crate) fn forget() {
    *table() = None;
}

fn check(
    (first, first_place): (&Bound<'_, Function>, &str),
    (second, place): (&Bound<'_, Function>, &str),
    named: Named,
) -> PyResult<()> {
    let py = first.py();
    let (one, other) = (first.get().wrapped.bind(py), second.get().wrapped.bind(py));
    let same_function = one.is(other);
    let same_text = first_place == place;
    if same_function || redefined(one, other)? {
        return Ok(());
    }
    // The same text run twice: only what it closes over can differ, and that no name tells.
    if same_text && (named == Named::Explicitly || !closes_over_anything(other)?) {
        return Ok(());
    }
    Err(misconfigured(format!(
        "two functions are cached as {}: one at {first_place}, one at {place}. Give one of them \
         another name=, or what differs between them as an argument",
        second.get().plan.name(),
    )))
}

/// Whether the second is the first's new definition: the same name in the same module's namespace.
fn redefined(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    let path = |function: &Bound<'_, PyAny>| -> PyResult<(String, String)> {
        let module = function.getattr("__module__")?.str()?.to_string();
        Ok((module, function.getattr("__qualname__")?.str()?.to_string()))
    };
    let (Ok(first), Ok(second)) = (path(one), path(other)) else { return Ok(false) };
    Ok(first == second && !second.1.contains('<'))
}

fn closes_over_anything(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    let closure = function.getattr_opt("__closure__")?;
    Ok(closure.is_some_and(|cells| !cells.is_none()))
}

fn table() -> MutexGuard<'static, Option<HashMap<Identity, Registered>>> {
    REGISTERED.lock().unwrap_or_else(PoisonError::into_inner)
}
