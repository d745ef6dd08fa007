//! The object, looked over once; and one store for one object, whoever names it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cachekit::OpenStore;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::event_loop::EventLoop;
use super::methods::{Methods, class_name};
use super::store::PythonStore;
use super::workers::Workers;
use crate::engine::process::PerProcess;
use crate::engine::store::{Store, StoreOptions};
use crate::errors::misconfigured;

/// An object that keeps entries, and what it takes to ask it.
pub(crate) struct ObjectStore {
    pub(super) object: Py<PyAny>,
    pub(super) methods: Methods,
    pub(super) address: Box<str>,
    /// `largest_entry`, where the object says it.
    pub(super) largest_entry: Option<usize>,
    pub(super) workers: PerProcess<Workers>,
    pub(super) event_loop: PerProcess<EventLoop>,
}

/// By the object's identity, which no other object can have as long as the store holds it. Locked
/// only with the GIL held and never across Python code, so no thread that a fork leaves behind can
/// hold it.
static KNOWN: Mutex<Option<HashMap<usize, Weak<ObjectStore>>>> = Mutex::new(None);

impl ObjectStore {
    /// The store of this object: decorators that are given the same object share it.
    ///
    /// # Errors
    /// `TypeError`, `ConfigurationError`: it is none.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Arc<Self>> {
        let identity = object.as_ptr() as usize;
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known().as_ref().and_then(|known| known.get(&identity)?.upgrade());
        if let Some(before) = before {
            return Ok(before);
        }
        let made = Arc::new(Self {
            methods: Methods::of(object)?,
            address: address(object)?.into(),
            largest_entry: largest_entry(object)?,
            object: object.clone().unbind(),
            workers: PerProcess::new(),
            event_loop: PerProcess::new(),
        });
        let mut known = known();
        let known = known.get_or_insert_default();
        known.retain(|_, store| store.strong_count() > 0);
        known.insert(identity, Arc::downgrade(&made));
        Ok(made)
    }
}

impl OpenStore for ObjectStore {
    fn open(self: Arc<Self>, options: &StoreOptions) -> Arc<dyn Store> {
        Arc::new(PythonStore::new(self, options))
    }
}

/// `address`, or the class and a number.
fn address(object: &Bound<'_, PyAny>) -> PyResult<String> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let Some(given) = object.getattr_opt("address")?.filter(|given| !given.is_callable()) else {
        let module: String = object.get_type().module()?.extract()?;
        let plain = format!("python://{module}.{}", class_name(object)?);
        let plain = plain.replace(|c: char| !c.is_ascii_graphic(), "_");
        return Ok(format!("{plain}/{}", NEXT.fetch_add(1, Relaxed)));
    };
    let text = given.cast::<PyString>().map(|text| text.to_string()).unwrap_or_default();
    if text.contains("://") && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    }
    Err(misconfigured(
        "backend: its address is for logs and errors: text such as \"dynamodb://table\", without \
         spaces and passwords",
    ))
}

fn largest_entry(object: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let Some(given) = object.getattr_opt("largest_entry")? else { return Ok(None) };
    match given.extract::<usize>() {
        Ok(bytes) if bytes > 0 => Ok(Some(bytes)),
        _ => Err(misconfigured("backend: its largest_entry is a number of bytes above zero")),
    }
}
