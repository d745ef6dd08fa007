//! Members of enums, named tuples, msgspec structs: rebuilt by one call.

use std::sync::Arc;

use cachekit::engine::codec::wire::Token;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};

use super::shape::{Form, Shape};
use crate::value::decode::Decoder;
use crate::value::encode::Encoder;
use crate::value::error::ValueError;
use crate::value::kinds::Lazy;

static FORCE_SETATTR: Lazy = Lazy::new("msgspec.structs", "force_setattr");

impl<'py> Encoder<'_, 'py> {
    /// Class, then the member's name, or a flag's number.
    pub(crate) fn member(
        &mut self,
        shape: &Arc<Shape>,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        self.writer.array(2)?;
        self.class(shape)?;
        let attribute = match shape.form {
            Form::Flag => intern!(self.py, "_value_"),
            _ => intern!(self.py, "_name_"),
        };
        self.value(&value.getattr(attribute)?)
    }

    /// Class, then the items.
    pub(crate) fn named_tuple(
        &mut self,
        shape: &Arc<Shape>,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        let tuple = value.cast::<PyTuple>().map_err(PyErr::from)?;
        if tuple.len() != shape.fields.len() {
            return Err(ValueError::lossy(value, "it does not have as many items as fields"));
        }
        if shape.has_dict && !value.getattr(intern!(self.py, "__dict__"))?.is_empty()? {
            return Err(ValueError::lossy(value, "it carries attributes besides its fields"));
        }
        self.writer.array(2)?;
        self.class(shape)?;
        self.writer.array(tuple.len())?;
        for (field, item) in shape.fields.iter().zip(tuple.iter_borrowed()) {
            self.value(&item).map_err(|error| error.at_attribute(&field.text))?;
        }
        Ok(())
    }

    /// Class, then the values of its fields.
    pub(crate) fn structure(
        &mut self,
        shape: &Arc<Shape>,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        if shape.has_dict && !value.getattr(intern!(self.py, "__dict__"))?.is_empty()? {
            return Err(ValueError::lossy(value, "it carries attributes besides its fields"));
        }
        self.writer.array(2)?;
        self.class(shape)?;
        self.writer.array(shape.fields.len())?;
        for field in &shape.fields {
            let item = value.getattr(field.name.bind(self.py))?;
            self.value(&item).map_err(|error| error.at_attribute(&field.text))?;
        }
        Ok(())
    }
}

impl<'py> Decoder<'_, 'py> {
    pub(crate) fn member(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let shape = self.class(&[Form::Enum, Form::Flag])?;
        let class = shape.class.bind(self.py);
        match (shape.form, self.reader.token()?) {
            (Form::Enum, Token::Text(name)) => {
                let name = crate::value::decode::string(self.py, name)?;
                class.as_any().get_item(name).map_err(|_| ValueError::invalid("member of its enum"))
            }
            (Form::Flag, token) => {
                let number = self.built(token)?;
                match number.is_exact_instance_of::<PyInt>() {
                    true => Ok(class.call1((number,))?),
                    false => Err(ValueError::invalid("member of its flag")),
                }
            }
            _ => Err(ValueError::invalid("member of its enum")),
        }
    }

    /// By `tuple.__new__`: a named tuple's own may have other parameters than its fields.
    pub(crate) fn named_tuple(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let shape = self.class(&[Form::NamedTuple])?;
        self.array_of(shape.fields.len())?;
        let items = self.tuple(shape.fields.len())?;
        let tuple = self.py.get_type::<PyTuple>();
        Ok(tuple.call_method1(intern!(self.py, "__new__"), (&shape.class, items))?)
    }

    /// By its constructor, the only way to one. Where `__post_init__` ran with it, whatever that
    /// changed is put back as it was written.
    pub(crate) fn structure(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let shape = self.class(&[Form::Struct])?;
        self.array_of(shape.fields.len())?;
        let arguments = PyDict::new(self.py);
        for field in &shape.fields {
            let name: &Bound<'py, PyString> = field.name.bind(self.py);
            arguments.set_item(name, self.value()?)?;
        }
        let class = shape.class.bind(self.py);
        let value = class.call((), Some(&arguments))?;
        if class.hasattr(intern!(self.py, "__post_init__"))? {
            let put = FORCE_SETATTR.get(self.py)?;
            for (name, item) in arguments.iter() {
                put.call1((&value, name, item))?;
            }
        }
        Ok(value)
    }
}
