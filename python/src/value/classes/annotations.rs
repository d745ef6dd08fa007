//! The classes that annotations name, however deep.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyList, PyString, PyTuple, PyType};

use super::shape::Form;
use crate::value::kinds::Lazy;

static TYPE_HINTS: Lazy = Lazy::new("typing", "get_type_hints");
static ORIGIN: Lazy = Lazy::new("typing", "get_origin");
static ARGUMENTS: Lazy = Lazy::new("typing", "get_args");
static NAMESPACE: Lazy = Lazy::new("types", "SimpleNamespace");

/// Annotations of more parts than this are somebody's generator gone wrong.
const PARTS: usize = 10_000;

/// Walks annotations and collects the classes that can be rebuilt.
pub(crate) struct Walk<'py> {
    py: Python<'py>,
    /// What was looked at, kept alive so that an address stays what it was.
    seen: Vec<Bound<'py, PyAny>>,
    /// What was found, in the order of finding.
    pub(crate) classes: Vec<(Bound<'py, PyType>, Form)>,
    /// Whether a name could not be resolved: asked again later, it may be.
    pub(crate) incomplete: bool,
}

impl<'py> Walk<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { py, seen: Vec::new(), classes: Vec::new(), incomplete: false }
    }

    /// Looks at the annotations of a function: its result and its parameters.
    ///
    /// Each is resolved alone, so that one that names something unknown hides no other.
    pub(crate) fn function(&mut self, function: &Bound<'py, PyAny>) -> PyResult<()> {
        let Some(annotations) = self.optional(function.getattr("__annotations__"))? else {
            return Ok(());
        };
        let globals = function.getattr("__globals__").ok();
        let locals = closure(function)?;
        for (name, annotation) in annotations.cast::<PyDict>()?.copy()?.iter() {
            let hints = [("__annotations__", [(name, annotation)].into_py_dict(self.py)?)];
            let one = NAMESPACE.get(self.py)?.call((), Some(&hints.into_py_dict(self.py)?))?;
            let resolved = TYPE_HINTS.get(self.py)?.call1((one, &globals, &locals));
            self.hints(resolved)?;
        }
        Ok(())
    }

    /// Looks at one annotation, or a class given as if it were one.
    pub(crate) fn annotation(&mut self, annotation: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.seen.len() >= PARTS || self.seen.iter().any(|seen| seen.is(annotation)) {
            return Ok(());
        }
        self.seen.push(annotation.clone());
        if let Ok(class) = annotation.cast::<PyType>() {
            self.class(class)?;
        } else if let Some(form) = Form::of(&annotation.get_type())? {
            // A member of an enum, in `Literal[Colour.RED]`.
            self.found(&annotation.get_type(), form);
        }
        if let Ok(parts) = annotation.cast::<PyList>() {
            return parts.iter().try_for_each(|part| self.annotation(&part));
        }
        let arguments = ARGUMENTS.get(self.py)?.call1((annotation,))?;
        for argument in arguments.cast::<PyTuple>()?.iter() {
            self.annotation(&argument)?;
        }
        let origin = ORIGIN.get(self.py)?.call1((annotation,))?;
        if !origin.is_none() {
            self.annotation(&origin)?;
        }
        self.indirect(annotation)
    }

    /// `NewType`, a type alias, a type variable: what they stand for.
    fn indirect(&mut self, annotation: &Bound<'py, PyAny>) -> PyResult<()> {
        for name in ["__supertype__", "__value__", "__bound__"] {
            if annotation.is_instance_of::<PyType>() || annotation.is_instance_of::<PyString>() {
                return Ok(());
            }
            if let Some(meant) = self.optional(annotation.getattr(name))?
                && !meant.is_none()
            {
                self.annotation(&meant)?;
            }
        }
        match annotation.getattr("__constraints__") {
            Ok(constraints) => match constraints.cast::<PyTuple>() {
                Ok(constraints) => constraints.iter().try_for_each(|each| self.annotation(&each)),
                Err(_) => Ok(()),
            },
            Err(_) => Ok(()),
        }
    }

    fn class(&mut self, class: &Bound<'py, PyType>) -> PyResult<()> {
        let form = Form::of(class)?;
        if let Some(form) = form {
            self.found(class, form);
        }
        if class.module().is_ok_and(|module| module == "builtins") {
            return Ok(());
        }
        if let Ok(bases) = class.getattr("__orig_bases__")
            && let Ok(bases) = bases.cast::<PyTuple>()
        {
            bases.iter().try_for_each(|base| self.annotation(&base))?;
        }
        if form.is_some() || class.hasattr("__total__")? {
            let resolved = TYPE_HINTS.get(self.py)?.call1((class,));
            self.hints(resolved)?;
        }
        Ok(())
    }

    fn found(&mut self, class: &Bound<'py, PyType>, form: Form) {
        if self.classes.iter().all(|(known, _)| !known.is(class)) {
            self.classes.push((class.clone(), form));
        }
    }

    fn hints(&mut self, resolved: PyResult<Bound<'py, PyAny>>) -> PyResult<()> {
        let Some(hints) = self.optional(resolved)? else { return Ok(()) };
        for (_, annotation) in hints.cast::<PyDict>()?.iter() {
            self.annotation(&annotation)?;
        }
        Ok(())
    }

    /// An annotation that cannot be resolved names nothing: its classes are refused when a value of
    /// theirs is written, with the way out. Only what is no `Exception` goes on up.
    fn optional(
        &mut self,
        found: PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_instance_of::<PyException>(self.py) => {
                self.incomplete = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// The variables of enclosing functions that a function uses, by name.
fn closure<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let variables = PyDict::new(function.py());
    let (Ok(cells), Ok(code)) = (function.getattr("__closure__"), function.getattr("__code__"))
    else {
        return Ok(variables);
    };
    if cells.is_none() {
        return Ok(variables);
    }
    let names = code.getattr("co_freevars")?;
    for (name, cell) in names.try_iter()?.zip(cells.try_iter()?) {
        // An empty cell is a variable that is not assigned yet.
        if let Ok(content) = cell?.getattr("cell_contents") {
            variables.set_item(name?, content)?;
        }
    }
    Ok(variables)
}
