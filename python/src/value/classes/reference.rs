//! How bytes refer to a class: defined at its first instance, by number after that.

use std::sync::Arc;

use cachekit::engine::codec::wire::Token;
use pyo3::prelude::*;

use super::shape::{Form, Shape};
use crate::value::decode::Decoder;
use crate::value::encode::Encoder;
use crate::value::error::{Reason, ValueError};
use crate::value::extension::Extension;

impl<'py> Encoder<'_, 'py> {
    pub(crate) fn by_class(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let shape = self.classes.of(value)?;
        let code = match shape.form {
            Form::Enum | Form::Flag => Extension::Member,
            Form::NamedTuple => Extension::NamedTuple,
            Form::Record => Extension::Record,
            Form::Struct => Extension::Struct,
            Form::Model => Extension::Model,
        };
        self.extension(code, |encoder| match shape.form {
            Form::Enum | Form::Flag => encoder.member(&shape, value),
            Form::NamedTuple => encoder.named_tuple(&shape, value),
            Form::Record => encoder.record(&shape, value),
            Form::Struct => encoder.structure(&shape, value),
            Form::Model => encoder.model(&shape, value),
        })
    }

    /// The number of a class that came before; else its name and the names of its fields.
    pub(crate) fn class(&mut self, shape: &Arc<Shape>) -> Result<(), ValueError> {
        if let Some(number) = self.defined.iter().rposition(|known| Arc::ptr_eq(known, shape)) {
            self.writer.unsigned(number as u64);
            return Ok(());
        }
        self.writer.array(1 + shape.fields.len())?;
        self.writer.text(&shape.key)?;
        for field in &shape.fields {
            self.writer.text(&field.text)?;
        }
        self.defined.push(Arc::clone(shape));
        Ok(())
    }
}

impl<'py> Decoder<'_, 'py> {
    /// A class of one of `forms`.
    pub(crate) fn class(&mut self, forms: &[Form]) -> Result<Arc<Shape>, ValueError> {
        let shape = match self.reader.token()? {
            Token::Signed(number) => {
                let number = usize::try_from(number).ok();
                let known = number.and_then(|number| self.defined.get(number));
                Arc::clone(known.ok_or_else(|| ValueError::invalid("class"))?)
            }
            Token::Array(count) => self.definition(count)?,
            _ => return Err(ValueError::invalid("class")),
        };
        if forms.contains(&shape.form) { Ok(shape) } else { Err(ValueError::invalid("class")) }
    }

    /// The fields must be those of today's class: state of another shape would make an instance that
    /// the class could not have made.
    fn definition(&mut self, count: usize) -> Result<Arc<Shape>, ValueError> {
        if count == 0 {
            return Err(ValueError::invalid("class"));
        }
        let shape = self.classes.named(self.py, self.name()?)?;
        let mut same = shape.fields.len() == count - 1;
        for number in 0..count - 1 {
            let name = self.name()?;
            same &= shape.fields.get(number).is_some_and(|field| field.text == name);
        }
        if !same {
            return Err(ValueError::new(Reason::Reshaped { class: shape.key.clone() }));
        }
        self.defined.push(Arc::clone(&shape));
        Ok(shape)
    }
}
