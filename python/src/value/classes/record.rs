//! Dataclasses and attrs classes: their state, wherever it lives.
//!
//! State is what is in `__dict__` and in the slots of the class and its bases. Usually that is
//! exactly the fields, and the values follow in the order of the fields. Where it is not (a field
//! never assigned, a cached property, an attribute added by hand) names and values follow instead.

use std::sync::Arc;

use cachekit::engine::codec::wire::Token;
use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::shape::{Field, Form, Shape};
use crate::value::decode::Decoder;
use crate::value::encode::Encoder;
use crate::value::error::ValueError;
use crate::value::kinds::Lazy;

static OBJECT: Lazy = Lazy::new("builtins", "object");

/// The class as it was subscribed, which `typing` leaves on instances of generic classes: not state.
const SUBSCRIBED: &str = "__orig_class__";
/// What attrs keeps of a hash that differs in every process: written as not computed yet.
const CACHED_HASH: &str = "_attrs_cached_hash";

impl<'py> Encoder<'_, 'py> {
    /// Class, then the values of its fields or a map of names to values.
    pub(crate) fn record(
        &mut self,
        shape: &Arc<Shape>,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        self.writer.array(2)?;
        self.class(shape)?;
        let dict = instance_dict(shape, value)?;
        match regular(shape, value, dict.as_ref())? {
            Some(values) => {
                self.writer.array(values.len())?;
                for (field, item) in shape.fields.iter().zip(&values) {
                    self.value(item).map_err(|error| error.at_attribute(&field.text))?;
                }
                Ok(())
            }
            None => self.irregular(shape, value, dict.as_ref()),
        }
    }

    #[cold]
    fn irregular(
        &mut self,
        shape: &Arc<Shape>,
        value: &Bound<'py, PyAny>,
        dict: Option<&Bound<'py, PyDict>>,
    ) -> Result<(), ValueError> {
        let mut state = Vec::new();
        for field in shape.fields.iter().chain(&shape.hidden) {
            if let Some(item) = in_slot(field, value)? {
                state.push((field.text.clone(), item));
            }
        }
        for (name, item) in dict.into_iter().flat_map(|dict| dict.iter()) {
            let name: String = name.extract()?;
            if name != SUBSCRIBED {
                state.push((name, item));
            }
        }
        self.writer.map(state.len())?;
        for (name, item) in &state {
            self.writer.text(name)?;
            if name == CACHED_HASH {
                self.writer.nil();
            } else {
                self.value(item).map_err(|error| error.at_attribute(name))?;
            }
        }
        Ok(())
    }
}

/// The values of the fields, if they are all the state there is.
fn regular<'py>(
    shape: &Shape,
    value: &Bound<'py, PyAny>,
    dict: Option<&Bound<'py, PyDict>>,
) -> Result<Option<Vec<Bound<'py, PyAny>>>, ValueError> {
    for field in &shape.hidden {
        if in_slot(field, value)?.is_some() {
            return Ok(None);
        }
    }
    let mut values = Vec::with_capacity(shape.fields.len());
    let mut from_dict = 0;
    for field in &shape.fields {
        let item = match (&field.slot, dict) {
            (Some(_), _) => in_slot(field, value)?,
            (None, Some(dict)) => {
                from_dict += 1;
                dict.get_item(field.name.bind(value.py()))?
            }
            (None, None) => None,
        };
        let Some(item) = item else { return Ok(None) };
        values.push(item);
    }
    Ok((dict.map_or(0, |dict| dict.len()) == from_dict).then_some(values))
}

fn in_slot<'py>(
    field: &Field,
    value: &Bound<'py, PyAny>,
) -> Result<Option<Bound<'py, PyAny>>, ValueError> {
    let py = value.py();
    let Some(slot) = &field.slot else { return Ok(None) };
    match slot.bind(py).call_method1(intern!(py, "__get__"), (value,)) {
        Ok(item) => Ok(Some(item)),
        Err(error) if error.is_instance_of::<PyAttributeError>(py) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn instance_dict<'py>(
    shape: &Shape,
    value: &Bound<'py, PyAny>,
) -> Result<Option<Bound<'py, PyDict>>, ValueError> {
    if !shape.has_dict {
        return Ok(None);
    }
    let dict = value.getattr(intern!(value.py(), "__dict__"))?;
    Ok(Some(dict.cast_into::<PyDict>().map_err(PyErr::from)?))
}

impl<'py> Decoder<'_, 'py> {
    pub(crate) fn record(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let shape = self.class(&[Form::Record])?;
        let object = OBJECT.get(self.py)?;
        let value = object.call_method1(intern!(self.py, "__new__"), (&shape.class,))?;
        let dict = instance_dict(&shape, &value)?;
        match self.reader.token()? {
            Token::Array(count) if count == shape.fields.len() => {
                for field in &shape.fields {
                    let item = self.value()?;
                    put(
                        field.slot.as_ref(),
                        field.name.bind(self.py),
                        &value,
                        dict.as_ref(),
                        item,
                    )?;
                }
            }
            Token::Map(count) => {
                for _ in 0..count {
                    self.named_state(&shape, &value, dict.as_ref())?;
                }
            }
            _ => return Err(ValueError::invalid("state")),
        }
        Ok(value)
    }

    fn named_state(
        &mut self,
        shape: &Shape,
        value: &Bound<'py, PyAny>,
        dict: Option<&Bound<'py, PyDict>>,
    ) -> Result<(), ValueError> {
        let text = self.name()?;
        let mut slots = shape.fields.iter().chain(&shape.hidden);
        let slot = slots.find(|field| field.text == text).and_then(|field| field.slot.as_ref());
        let name = PyString::new(self.py, text);
        let item = self.value()?;
        put(slot, &name, value, dict, item)
    }
}

/// Into the slot by its descriptor, or straight into `__dict__`: no `__setattr__`, property or
/// descriptor of the class runs, whatever the name.
fn put<'py>(
    slot: Option<&Py<PyAny>>,
    name: &Bound<'py, PyString>,
    value: &Bound<'py, PyAny>,
    dict: Option<&Bound<'py, PyDict>>,
    item: Bound<'py, PyAny>,
) -> Result<(), ValueError> {
    let py = value.py();
    match (slot, dict) {
        (Some(slot), _) => {
            slot.bind(py).call_method1(intern!(py, "__set__"), (value, item))?;
            Ok(())
        }
        (None, Some(dict)) => Ok(dict.set_item(name, item)?),
        (None, None) => Err(ValueError::invalid("state")),
    }
}
