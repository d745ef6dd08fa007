//! Which function stands behind an operation: two behind one would serve each other's values.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use crate::errors::misconfigured;
use crate::function::Function;
use crate::function_state;

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
    definition: Definition,
}

/// Where a function's text is, and whether that says all about it.
struct Definition {
    /// `file:line`, for a person to look at.
    place: String,
    /// Its code, then that of the functions behind its `__wrapped__`; nothing for a callable that has
    /// none.
    codes: Vec<Py<PyAny>>,
    /// Whether the same text can be another function: it closes over data, or belongs to an object.
    carries_state: bool,
}

impl Definition {
    fn of(function: &Bound<'_, PyAny>, place: String) -> PyResult<Self> {
        let codes = function_state::codes(function)?;
        let carries_state = function_state::carries_state(function)?;
        Ok(Self { place, codes, carries_state })
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        let codes = self.codes.iter().map(|code| code.clone_ref(py)).collect();
        Self { place: self.place.clone(), codes, carries_state: self.carries_state }
    }

    /// Two lambdas can stand on one line: their code differs.
    fn same_text(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        match (self.codes.first(), other.codes.first()) {
            (Some(one), Some(another)) => {
                Ok(self.place == other.place && one.bind(py).eq(another.bind(py))?)
            }
            (one, another) => Ok(one.is_none() && another.is_none()),
        }
    }

    /// Whether this is a function around the other: it has its name, and computes something else.
    fn wraps(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        let (Some(inner), Some((_, behind))) = (other.codes.first(), self.codes.split_first())
        else {
            return Ok(false);
        };
        for code in behind {
            if code.bind(py).eq(inner.bind(py))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
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
/// `ConfigurationError`: another function has it. A module-level definition that is run again (a
/// reload, a notebook's cell) replaces the first.
pub(crate) fn register(
    function: &Bound<'_, Function>,
    named: Named,
    place: String,
) -> PyResult<()> {
    let py = function.py();
    let identity = function.get().plan.identity();
    let definition = Definition::of(function.get().wrapped.bind(py), place)?;
    let known = |first: &Registered| (first.function.clone_ref(py), first.definition.clone_ref(py));
    let first = table().as_ref().and_then(|table| table.get(&identity).map(known));
    if let Some((weak, first)) = first {
        let alive = weak.bind(py).upgrade_as::<Function>()?;
        if !may_follow(alive.as_ref(), &first, function, &definition, named)? {
            return Err(taken(function, &first, &definition));
        }
    }
    let weak = PyWeakrefReference::new(function)?.unbind();
    let mut table = table();
    let known = table.get_or_insert_default();
    if known.len() % PRUNED_EVERY == PRUNED_EVERY - 1 {
        known.retain(|_, registered| {
            let alive = registered.function.bind(py).upgrade().is_some();
            alive || registered.definition.carries_state
        });
    }
    known.insert(identity, Registered { function: weak, definition });
    Ok(())
}

/// Forgets all. For tests.
pub(crate) fn forget() {
    *table() = None;
}

/// Whether a second function may have the first's operation. What the first left in the cache
/// outlives it, so its end alone is no reason: only a name that its user chose is given up with it.
fn may_follow(
    alive: Option<&Bound<'_, Function>>,
    first: &Definition,
    function: &Bound<'_, Function>,
    second: &Definition,
    named: Named,
) -> PyResult<bool> {
    let py = function.py();
    let wrapped = function.get().wrapped.bind(py);
    if alive.is_none() && named == Named::Explicitly {
        return Ok(true);
    }
    if alive.is_some_and(|alive| alive.get().wrapped.is(wrapped)) {
        return Ok(true);
    }
    if first.wraps(py, second)? || second.wraps(py, first)? {
        return Ok(false);
    }
    if first.same_text(py, second)? {
        // Run twice, what it carries can differ, and no name tells; unless the user's says that it
        // means the same.
        return Ok(named == Named::Explicitly || !second.carries_state);
    }
    function_state::is_redefined(wrapped, alive.map(|alive| alive.get().wrapped.bind(py)))
}

fn taken(function: &Bound<'_, Function>, first: &Definition, second: &Definition) -> PyErr {
    let name = function.get().plan.name();
    misconfigured(if first.place == second.place {
        format!(
            "two functions are cached as {name}, both of {}, and what they close over or belong to \
             may differ: pass that as an argument, give each a name= of its own, or one name= to \
             both if they mean the same",
            second.place
        )
    } else {
        format!(
            "two functions are cached as {name}: one at {}, one at {}. Give one of them another \
             name=, or what differs between them as an argument",
            first.place, second.place
        )
    })
}

fn table() -> MutexGuard<'static, Option<HashMap<Identity, Registered>>> {
    REGISTERED.lock().unwrap_or_else(PoisonError::into_inner)
}
