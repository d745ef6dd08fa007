//! pydantic models: the four parts of state that pydantic itself gives to `pickle`.

use std::sync::Arc;

use cachekit::engine::codec::wire::Token;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PySet, PyString};

use super::shape::{Form, Shape};
use crate::value::decode::Decoder;
use crate::value::encode::Encoder;
use crate::value::error::ValueError;
use crate::value::kinds::Lazy;

static OBJECT: Lazy = Lazy::new("builtins", "object");
static UNDEFINED: Lazy = Lazy::new("pydantic_core", "PydanticUndefined");

impl<'py> Encoder<'_, 'py> {
    /// Class; values of the fields, or a map where there are others; extra fields or nil; names of
    /// the fields that were given, or nil for all; private attributes or nil.
    pub(crate) fn model(
        &mut self,
        shape: &Arc<Shape>,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        let py = self.py;
        self.writer.array(5)?;
        self.class(shape)?;
        let state = value.getattr(intern!(py, "__dict__"))?;
        self.model_state(shape, state.cast::<PyDict>().map_err(PyErr::from)?)?;
        self.value(&value.getattr(intern!(py, "__pydantic_extra__"))?)?;
        let given = value.getattr(intern!(py, "__pydantic_fields_set__"))?;
        self.given(shape, given.cast::<PySet>().map_err(PyErr::from)?)?;
        let private = value.getattr(intern!(py, "__pydantic_private__"))?;
        match private.cast::<PyDict>() {
            Ok(private) => self.private(private),
            Err(_) => self.value(&private),
        }
    }

    fn model_state(&mut self, shape: &Shape, state: &Bound<'py, PyDict>) -> Result<(), ValueError> {
        let mut values = Vec::with_capacity(shape.fields.len());
        for field in &shape.fields {
            values.extend(state.get_item(field.name.bind(self.py))?);
        }
        if values.len() != shape.fields.len() || state.len() != values.len() {
            return self.dict(state);
        }
        self.writer.array(values.len())?;
        for (field, item) in shape.fields.iter().zip(&values) {
            self.value(item).map_err(|error| error.at_attribute(&field.text))?;
        }
        Ok(())
    }

    fn given(&mut self, shape: &Shape, given: &Bound<'py, PySet>) -> Result<(), ValueError> {
        let mut all = given.len() == shape.fields.len();
        for field in &shape.fields {
            all = all && given.contains(field.name.bind(self.py))?;
        }
        if all {
            self.writer.nil();
            return Ok(());
        }
        self.elements(given, given.len())
    }

    /// Without those that were declared and never assigned, as pydantic leaves them out.
    fn private(&mut self, private: &Bound<'py, PyDict>) -> Result<(), ValueError> {
        let undefined = UNDEFINED.get(self.py)?;
        let assigned = PyDict::new(self.py);
        for (name, item) in private.iter() {
            if !item.is(undefined) {
                assigned.set_item(name, item)?;
            }
        }
        self.dict(&assigned)
    }
}

impl<'py> Decoder<'_, 'py> {
    /// Without validation: what was validated once is put back as it was.
    pub(crate) fn model(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let py = self.py;
        self.array_of(5)?;
        let shape = self.class(&[Form::Model])?;
        let object = OBJECT.get(py)?;
        let value = object.call_method1(intern!(py, "__new__"), (&shape.class,))?;
        let state = self.read_model_state(&shape)?;
        let extra = self.optional_dict()?;
        let given = self.read_given(&shape)?;
        let private = self.optional_dict()?;
        let set = |name: &Bound<'py, PyString>, part: &Bound<'py, PyAny>| -> PyResult<()> {
            // A `RootModel` has some of these as attributes of its class.
            if !value.getattr_opt(name)?.is_some_and(|already| already.is(part)) {
                object.call_method1(intern!(py, "__setattr__"), (&value, name, part))?;
            }
            Ok(())
        };
        set(intern!(py, "__dict__"), &state)?;
        set(intern!(py, "__pydantic_extra__"), &extra)?;
        set(intern!(py, "__pydantic_fields_set__"), &given)?;
        set(intern!(py, "__pydantic_private__"), &private)?;
        Ok(value)
    }

    fn read_model_state(&mut self, shape: &Shape) -> Result<Bound<'py, PyAny>, ValueError> {
        let state = PyDict::new(self.py);
        match self.reader.token()? {
            Token::Array(count) if count == shape.fields.len() => {
                for field in &shape.fields {
                    state.set_item(field.name.bind(self.py), self.value()?)?;
                }
            }
            Token::Map(count) => self.fill(&state, count)?,
            _ => return Err(ValueError::invalid("state")),
        }
        Ok(state.into_any())
    }

    fn read_given(&mut self, shape: &Shape) -> Result<Bound<'py, PyAny>, ValueError> {
        let given = PySet::empty(self.py)?;
        match self.reader.token()? {
            Token::Nil => {
                for field in &shape.fields {
                    given.add(field.name.bind(self.py))?;
                }
            }
            Token::Array(count) => {
                for _ in 0..count {
                    given.add(self.value()?)?;
                }
            }
            _ => return Err(ValueError::invalid("state")),
        }
        Ok(given.into_any())
    }

    fn optional_dict(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        match self.reader.token()? {
            Token::Nil => Ok(self.py.None().into_bound(self.py)),
            Token::Map(count) => {
                let dict = PyDict::new(self.py);
                self.fill(&dict, count)?;
                Ok(dict.into_any())
            }
            _ => Err(ValueError::invalid("state")),
        }
    }
}
