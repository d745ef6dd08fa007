//! Objects that are their fields: dataclasses, attrs classes, msgspec structs, pydantic models.

use cachekit::engine::codec::arguments::Container;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use super::encoder::{Encoded, Encoder};
use super::obstacle::{NOTHING_LASTING, Obstacle};
use crate::value::kinds::{Lazy, is_heap};
use crate::value::{Form, field_names};

static UNDEFINED: Lazy = Lazy::new("pydantic_core", "PydanticUndefined");

impl Encoder<'_> {
    /// The map of the fields; of a model that has more than fields, that too.
    pub(super) fn record(
        &mut self,
        value: &Bound<'_, PyAny>,
        class: &Bound<'_, PyType>,
    ) -> Encoded {
        let form = match Form::of(class)? {
            Some(form @ (Form::Struct | Form::Model)) => form,
            Some(form @ Form::Record) if is_own(class)? => form,
            _ => return Err(Obstacle::unkeyable(value, NOTHING_LASTING)),
        };
        let names = field_names(class, form)?;
        self.instance(class, |encoder| match form {
            Form::Model => encoder.model(value, &names),
            _ => encoder.fields(value, &names),
        })
    }

    fn fields(&mut self, value: &Bound<'_, PyAny>, names: &[String]) -> Encoded {
        let mut scope = self.writer.begin(Container::Map)?;
        for name in names {
            let content = value.getattr(PyString::intern(value.py(), name))?;
            self.writer.entry(&mut scope);
            self.writer.text(name);
            self.value(&content).map_err(|obstacle| obstacle.at_attribute(name))?;
        }
        self.writer.end(scope);
        Ok(())
    }

    /// The fields alone where there is no more; else they, what the model took beyond them, and its
    /// private attributes, in a tuple.
    fn model(&mut self, value: &Bound<'_, PyAny>, names: &[String]) -> Encoded {
        let py = value.py();
        let extra = part(value, intern!(py, "__pydantic_extra__"))?;
        let private = part(value, intern!(py, "__pydantic_private__"))?;
        if extra.is_empty() && private.is_empty() {
            return self.fields(value, names);
        }
        self.ordered(Container::Tuple, |encoder| {
            encoder.fields(value, names)?;
            encoder.entries(extra.items().iter().map(Ok))?;
            encoder.entries(private.items().iter().map(Ok))
        })
    }
}

/// A part of a model's state, without what was declared and never assigned.
fn part<'py>(
    value: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyDict>> {
    let assigned = PyDict::new(value.py());
    if let Ok(state) = value.getattr(name)?.cast::<PyDict>() {
        let undefined = UNDEFINED.get(value.py())?;
        for (name, item) in state.iter().filter(|(_, item)| !item.is(undefined)) {
            assigned.set_item(name, item)?;
        }
    }
    Ok(assigned)
}

/// Whether the fields are the class's own and all there is: a plain subclass may have attributes of
/// which no field tells, and a type that is not written in Python state that nobody sees.
fn is_own(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let own = class.getattr(intern!(py, "__dict__"))?;
    let told = own.contains(intern!(py, "__dataclass_fields__"))?
        || own.contains(intern!(py, "__attrs_attrs__"))?;
    let mro: Bound<'_, PyTuple> = class.mro();
    // The last one is `object`.
    for base in mro.iter().take(mro.len().saturating_sub(1)) {
        if !is_heap(base.cast::<PyType>()?)? {
            return Ok(false);
        }
    }
    Ok(told)
}
