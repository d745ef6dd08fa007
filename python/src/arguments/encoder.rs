//! One Python value to canonical bytes: the plain types, and the way to all others.

use cachekit::engine::codec::arguments::{Container, Sign, TypeTag, Writer};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBool, PyBytes, PyFloat, PyInt, PyString, PyTuple};

use super::hash_functions::HashFunctions;
use super::obstacle::Obstacle;
use crate::exact::exactly;

/// Writes values, telling them apart by their exact types.
pub(super) struct Encoder<'e> {
    pub(super) writer: Writer<'e>,
    /// The qualified name of the class in which the cached function is defined.
    pub(super) owner: Option<&'e str>,
    /// What `hash_funcs=` says.
    pub(super) functions: &'e HashFunctions,
}

pub(super) type Encoded = Result<(), Obstacle>;

impl Encoder<'_> {
    /// Writes any value.
    #[inline]
    pub(super) fn value(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        if let Some(text) = exactly::<PyString>(value) {
            self.text(text)
        } else if let Some(int) = exactly::<PyInt>(value) {
            self.int(int)
        } else if value.is_none() {
            self.writer.none();
            Ok(())
        } else if let Some(truth) = exactly::<PyBool>(value) {
            self.writer.bool(truth.is_true());
            Ok(())
        } else if let Some(float) = exactly::<PyFloat>(value) {
            self.writer.float(float.value());
            Ok(())
        } else if let Some(bytes) = exactly::<PyBytes>(value) {
            self.writer.bytes(bytes.as_bytes());
            Ok(())
        } else {
            self.structured(value)
        }
    }

    #[inline]
    pub(super) fn text(&mut self, text: &Bound<'_, PyString>) -> Encoded {
        match text.to_str() {
            Ok(text) => self.writer.text(text),
            Err(_) => return self.text_with_surrogates(text),
        }
        Ok(())
    }

    #[cold]
    fn text_with_surrogates(&mut self, text: &Bound<'_, PyString>) -> Encoded {
        let py = text.py();
        let encode = py.get_type::<PyString>().getattr(intern!(py, "encode"))?;
        let bytes = encode.call1((text, "utf-8", "surrogatepass"))?;
        let bytes = bytes.cast_into::<PyBytes>().map_err(PyErr::from)?;
        self.writer.text_with_surrogates(bytes.as_bytes());
        Ok(())
    }

    #[inline]
    pub(super) fn int(&mut self, int: &Bound<'_, PyInt>) -> Encoded {
        match int.extract::<i64>() {
            Ok(int) => self.writer.signed(int),
            Err(_) => return self.long_int(int),
        }
        Ok(())
    }

    /// By `int`'s own methods: a subclass may have others.
    #[cold]
    fn long_int(&mut self, int: &Bound<'_, PyInt>) -> Encoded {
        let py = int.py();
        let class = py.get_type::<PyInt>();
        let bits = class.call_method1(intern!(py, "bit_length"), (int,))?.extract::<usize>()?;
        let signed = [(intern!(py, "signed"), true)].into_py_dict(py)?;
        let bytes = class
            .getattr(intern!(py, "to_bytes"))?
            .call((int, bits / 8 + 1, "big"), Some(&signed))?
            .extract::<Vec<u8>>()?;
        let (sign, magnitude) = sign_and_magnitude(bytes);
        self.writer.integer(sign, &magnitude);
        Ok(())
    }

    /// A type of the specification's table, and its content.
    pub(super) fn standard(
        &mut self,
        name: &str,
        content: impl FnOnce(&mut Self) -> Encoded,
    ) -> Encoded {
        self.tagged(TypeTag::Standard(name), content)
    }

    pub(super) fn tagged(
        &mut self,
        type_tag: TypeTag<'_>,
        content: impl FnOnce(&mut Self) -> Encoded,
    ) -> Encoded {
        let tagged = self.writer.begin_tagged(type_tag)?;
        content(self)?;
        self.writer.end_tagged(tagged);
        Ok(())
    }

    /// A container whose entries `content` writes one by one, in order.
    pub(super) fn ordered(
        &mut self,
        container: Container,
        content: impl FnOnce(&mut Self) -> Encoded,
    ) -> Encoded {
        let scope = self.writer.begin(container)?;
        content(self)?;
        self.writer.end(scope);
        Ok(())
    }

    /// What an iterator gives.
    pub(super) fn items<'py>(
        &mut self,
        container: Container,
        items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
    ) -> Encoded {
        let mut scope = self.writer.begin(container)?;
        for (index, item) in items.enumerate() {
            self.writer.entry(&mut scope);
            self.value(&item?).map_err(|obstacle| match container {
                Container::Set => obstacle.at_element(),
                _ => obstacle.at_item(index),
            })?;
        }
        self.writer.end(scope);
        Ok(())
    }

    /// A map of the pairs that an iterator gives.
    pub(super) fn entries<'py>(
        &mut self,
        pairs: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
    ) -> Encoded {
        let mut scope = self.writer.begin(Container::Map)?;
        for pair in pairs {
            let pair = pair?.cast_into::<PyTuple>().map_err(PyErr::from)?;
            self.writer.entry(&mut scope);
            self.value(&*pair.get_borrowed_item(0)?).map_err(Obstacle::at_entry)?;
            self.value(&*pair.get_borrowed_item(1)?).map_err(Obstacle::at_entry)?;
        }
        self.writer.end(scope);
        Ok(())
    }
}

/// Takes apart a big-endian integer in two's complement.
fn sign_and_magnitude(mut bytes: Vec<u8>) -> (Sign, Vec<u8>) {
    if bytes.first().is_none_or(|first| first & 0x80 == 0) {
        return (Sign::NotNegative, bytes);
    }
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
    (Sign::Negative, bytes)
}
