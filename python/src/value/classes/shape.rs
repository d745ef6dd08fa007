//! What a class that can be rebuilt looks like.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::value::kinds::{Lazy, is_heap};

static ENUM_META: Lazy = Lazy::new("enum", "EnumMeta");
static FLAG: Lazy = Lazy::new("enum", "Flag");
static DATACLASS_FIELDS: Lazy = Lazy::new("dataclasses", "fields");
static MODULES: Lazy = Lazy::new("sys", "modules");
static SLOT: Lazy = Lazy::new("types", "MemberDescriptorType");

/// How instances of a class are taken apart and put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A member of an `Enum`, by its name.
    Enum,
    /// A member or combination of a `Flag`, by its number.
    Flag,
    NamedTuple,
    /// A dataclass or an attrs class, by `__dict__` and slots.
    Record,
    /// A `msgspec.Struct`.
    Struct,
    /// A pydantic model.
    Model,
}

/// One field of a class.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) name: Py<PyString>,
    /// The descriptor, where the field lives in a slot and not in `__dict__`.
    pub(crate) slot: Option<Py<PyAny>>,
}

/// A class, looked at once.
#[derive(Debug)]
pub(crate) struct Shape {
    /// `module:qualname`.
    pub(crate) key: String,
    pub(crate) class: Py<PyType>,
    pub(crate) form: Form,
    /// In order of definition.
    pub(crate) fields: Vec<Field>,
    /// Slots that are not fields.
    pub(crate) hidden: Vec<Field>,
    /// Whether instances have a `__dict__`.
    pub(crate) has_dict: bool,
}

impl Form {
    /// The form of a class, or none: then its instances cannot be kept.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> PyResult<Option<Self>> {
        let py = class.py();
        if class.get_type().is_subclass(ENUM_META.get(py)?)? {
            return Ok(Some(if class.is_subclass(FLAG.get(py)?)? {
                Self::Flag
            } else {
                Self::Enum
            }));
        }
        if class.is_subclass_of::<PyTuple>()? {
            let named = class.hasattr(intern!(py, "_fields"))? && is_heap(class)?;
            return Ok(named.then_some(Self::NamedTuple));
        }
        if is_subclass_of_loaded(class, "pydantic", "BaseModel")? {
            return Ok(Some(Self::Model));
        }
        if is_subclass_of_loaded(class, "msgspec", "Struct")? {
            return Ok(Some(Self::Struct));
        }
        let record = class.hasattr(intern!(py, "__dataclass_fields__"))?
            || class.hasattr(intern!(py, "__attrs_attrs__"))?;
        Ok((record && is_plain_object(class)?).then_some(Self::Record))
    }
}

/// A library that is not loaded has no classes; this one is then not imported to ask.
fn is_subclass_of_loaded(class: &Bound<'_, PyType>, module: &str, name: &str) -> PyResult<bool> {
    let modules = MODULES.get(class.py())?.cast::<PyDict>()?;
    match modules.get_item(module)? {
        Some(module) if module.hasattr(name)? => class.is_subclass(&module.getattr(name)?),
        _ => Ok(false),
    }
}

/// Whether all state of an instance is in `__dict__` and in slots: no base but `object` is built in,
/// so that none keeps something of its own (as `dict`, `Exception` or `datetime` do).
fn is_plain_object(class: &Bound<'_, PyType>) -> PyResult<bool> {
    for base in class.mro() {
        let base = base.cast_into::<PyType>()?;
        if !base.is(class.py().get_type::<PyAny>()) && !is_heap(&base)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Shape {
    /// Looks at a class of a form.
    pub(crate) fn new(class: &Bound<'_, PyType>, form: Form) -> PyResult<Self> {
        let mut slots = match form {
            Form::Record => slots(class)?,
            _ => Vec::new(),
        };
        let mut fields = Vec::new();
        for name in field_names(class, form)? {
            let slot = slots.iter().position(|slot| slot.text == name);
            fields.push(match slot {
                Some(position) => slots.swap_remove(position),
                None => Field::plain(class.py(), name),
            });
        }
        let offset: isize = class.getattr(intern!(class.py(), "__dictoffset__"))?.extract()?;
        Ok(Self {
            key: class_key(class)?,
            class: class.clone().unbind(),
            form,
            fields,
            hidden: slots,
            has_dict: offset != 0,
        })
    }
}

impl Shape {
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.class)?;
        self.fields.iter().chain(&self.hidden).try_for_each(|field| visit.call(&field.slot))
    }
}

impl Field {
    fn plain(py: Python<'_>, text: String) -> Self {
        Self { name: PyString::intern(py, &text).unbind(), text, slot: None }
    }
}

/// `module:qualname`, the name under which bytes know a class.
pub(crate) fn class_key(class: &Bound<'_, PyType>) -> PyResult<String> {
    Ok(format!("{}:{}", class.module()?, class.qualname()?))
}

/// The names of the fields, in order of definition.
pub(crate) fn field_names(class: &Bound<'_, PyType>, form: Form) -> PyResult<Vec<String>> {
    let py = class.py();
    match form {
        Form::Enum | Form::Flag => Ok(Vec::new()),
        Form::NamedTuple => class.getattr(intern!(py, "_fields"))?.extract(),
        Form::Struct => class.getattr(intern!(py, "__struct_fields__"))?.extract(),
        Form::Model => {
            let fields = class.getattr(intern!(py, "model_fields"))?;
            fields.try_iter()?.map(|name| name?.extract()).collect()
        }
        Form::Record => {
            let attributes = match class.getattr(intern!(py, "__attrs_attrs__")) {
                Ok(attributes) => attributes,
                Err(_) => DATACLASS_FIELDS.get(py)?.call1((class,))?,
            };
            let name = intern!(py, "name");
            attributes.try_iter()?.map(|field| field?.getattr(name)?.extract()).collect()
        }
    }
}

/// The slots of a class and its bases, by the attribute name that they really have.
fn slots(class: &Bound<'_, PyType>) -> PyResult<Vec<Field>> {
    let py = class.py();
    let mut slots = Vec::new();
    for base in class.mro() {
        let attributes = base.getattr(intern!(py, "__dict__"))?;
        for item in attributes.call_method0(intern!(py, "items"))?.try_iter()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item?.extract()?;
            if !value.get_type().is(SLOT.get(py)?) {
                continue;
            }
            let text: String = name.extract()?;
            if slots.iter().all(|known: &Field| known.text != text) {
                let name = PyString::intern(py, &text).unbind();
                slots.push(Field { text, name, slot: Some(value.unbind()) });
            }
        }
    }
    Ok(slots)
}
