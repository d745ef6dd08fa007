//! The classes that a decorated function names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use pyo3::{PyTraverseError, PyVisit};

use super::annotations::Walk;
use super::shape::{Form, Shape, class_key};
use crate::value::error::{Reason, ValueError, class_name};

/// Which classes values may be rebuilt as: those of `allow=[...]`, those that the function's
/// annotations name, however deep, and those in the namespace of its module.
///
/// Nothing is resolved before the first value that carries a class: at decoration, what an
/// annotation names may not exist yet.
pub(crate) struct Classes {
    function: Option<Py<PyAny>>,
    /// No Python code runs while it is held, so nobody who waits for it holds what its owner needs.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By address; each shape keeps its class alive, so an address never becomes another class.
    by_class: HashMap<usize, Arc<Shape>>,
    by_key: HashMap<String, Arc<Shape>>,
    annotations_read: bool,
}

impl Classes {
    /// # Errors
    /// `TypeError` if `allow` holds something that is no class, or one that cannot be rebuilt.
    pub(crate) fn new<'py>(
        function: Option<&Bound<'py, PyAny>>,
        allow: &[Bound<'py, PyAny>],
    ) -> PyResult<Self> {
        let function = function.map(|function| Ok::<_, PyErr>(innermost(function)?.unbind()));
        let classes = Self { function: function.transpose()?, known: Mutex::new(Known::default()) };
        for class in allow {
            is_allowable(class)?;
            let mut walk = Walk::new(class.py());
            walk.annotation(class)?;
            classes.learn(&walk)?;
        }
        Ok(classes)
    }

    /// Shows the garbage collector the function and its classes: they may refer back to its handle.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        // The collector cannot wait. The lock is free: no Python code, so no collection, runs under it.
        let Ok(known) = self.known.try_lock() else { return Ok(()) };
        known.by_class.values().try_for_each(|shape| shape.traverse(visit))
    }

    /// The shape of an instance's class.
    ///
    /// # Errors
    /// `Unsupported` if the class has no form, `NotNamed` if bytes that name it would be refused.
    pub(crate) fn of(&self, value: &Bound<'_, PyAny>) -> Result<Arc<Shape>, ValueError> {
        let class = value.get_type();
        if let Some(shape) = self.known().by_class.get(&address(&class)) {
            return Ok(Arc::clone(shape));
        }
        let Some(form) = Form::of(&class)? else { return Err(ValueError::unsupported(value)) };
        self.read_annotations(class.py())?;
        if let Some(shape) = self.known().by_class.get(&address(&class)) {
            return Ok(Arc::clone(shape));
        }
        let key = class_key(&class)?;
        match self.in_module(class.py(), &key)? {
            Some(found) if found.is(&class) => Ok(self.add(&class, form)?),
            _ => Err(ValueError::new(Reason::NotNamed { class: class_name(&class) })),
        }
    }

    /// The shape of the class of this name.
    ///
    /// # Errors
    /// `Foreign` if the function names no such class.
    pub(crate) fn named(&self, py: Python<'_>, key: &str) -> Result<Arc<Shape>, ValueError> {
        if let Some(shape) = self.known().by_key.get(key) {
            return Ok(Arc::clone(shape));
        }
        self.read_annotations(py)?;
        if let Some(shape) = self.known().by_key.get(key) {
            return Ok(Arc::clone(shape));
        }
        if let Some(class) = self.in_module(py, key)?
            && let Some(form) = Form::of(&class)?
        {
            return Ok(self.add(&class, form)?);
        }
        Err(ValueError::new(Reason::Foreign { class: key.to_owned() }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_annotations(&self, py: Python<'_>) -> PyResult<()> {
        let Some(function) = &self.function else { return Ok(()) };
        if self.known().annotations_read {
            return Ok(());
        }
        let mut walk = Walk::new(py);
        walk.function(function.bind(py))?;
        self.learn(&walk)?;
        self.known().annotations_read = !walk.incomplete;
        Ok(())
    }

    fn learn(&self, walk: &Walk<'_>) -> PyResult<()> {
        for (class, form) in &walk.classes {
            if !self.known().by_class.contains_key(&address(class)) {
                self.add(class, *form)?;
            }
        }
        Ok(())
    }

    /// A class of the same name that comes later (a cell of a notebook run again) replaces the
    /// earlier one for reading.
    fn add(&self, class: &Bound<'_, PyType>, form: Form) -> PyResult<Arc<Shape>> {
        let shape = Arc::new(Shape::new(class, form)?);
        let mut known = self.known();
        let replaced = known.by_key.insert(shape.key.clone(), Arc::clone(&shape));
        let forgotten =
            replaced.and_then(|old| known.by_class.remove(&(old.class.as_ptr() as usize)));
        known.by_class.insert(address(class), Arc::clone(&shape));
        drop(known);
        // After the lock: the last reference to a class can run Python code.
        drop(forgotten);
        Ok(shape)
    }

    /// The class of this name in the namespace of the function's module: defined there, by its
    /// qualified name, or imported there, under any name.
    fn in_module<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyType>>> {
        let Some(function) = &self.function else { return Ok(None) };
        let Ok(globals) = function.bind(py).getattr("__globals__") else { return Ok(None) };
        let globals = globals.cast::<PyDict>()?;
        let name = key.split_once(':').map_or("", |(_, name)| name);
        if let Some(found) = by_qualname(globals, name)?
            && class_key(&found)? == key
        {
            return Ok(Some(found));
        }
        for value in globals.values() {
            if let Ok(class) = value.cast_into::<PyType>()
                && class_key(&class).is_ok_and(|found| found == key)
            {
                return Ok(Some(class));
            }
        }
        Ok(None)
    }
}

fn address(class: &Bound<'_, PyType>) -> usize {
    class.as_ptr() as usize
}

/// Behind `functools.wraps`, bound methods, `classmethod` and `staticmethod`: what has globals.
fn innermost<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let mut function = function.clone();
    for _ in 0..64 {
        let inner =
            ["__wrapped__", "__func__"].into_iter().find_map(|name| function.getattr(name).ok());
        match inner {
            Some(inner) => function = inner,
            None => break,
        }
    }
    Ok(function)
}

fn is_allowable(class: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(class) = class.cast::<PyType>() else {
        let given = class_name(&class.get_type());
        return Err(PyTypeError::new_err(format!("allow= takes classes, not a {given}")));
    };
    if Form::of(class)?.is_none() {
        return Err(PyTypeError::new_err(format!(
            "allow= takes enums, named tuples, dataclasses, attrs classes, msgspec structs and \
             pydantic models; {} is none of them",
            class_name(class)
        )));
    }
    Ok(())
}

/// `A.B` in a namespace, through classes alone: no attribute of an instance or module is looked up.
fn by_qualname<'py>(
    namespace: &Bound<'py, PyDict>,
    name: &str,
) -> PyResult<Option<Bound<'py, PyType>>> {
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or_default();
    let Some(found) = namespace.get_item(first)? else { return Ok(None) };
    let Ok(mut class) = found.cast_into::<PyType>() else { return Ok(None) };
    for part in parts {
        let inner = class.getattr("__dict__")?;
        let Ok(inner) = inner.get_item(part) else { return Ok(None) };
        let Ok(inner) = inner.cast_into::<PyType>() else { return Ok(None) };
        class = inner;
    }
    Ok(Some(class))
}
