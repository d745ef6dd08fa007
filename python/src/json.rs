//! JSON where orjson is not installed: values to text and back in one pass each.

use std::fmt;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::errors::SerializationError;
use crate::exact::exactly;
use crate::json_check::check_json;
use crate::value::{Reason, ValueError};

/// The value as JSON.
///
/// Raises `SerializationError` unless it is made of exactly the types that JSON has.
#[pyfunction]
pub(crate) fn json_to_bytes<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    encode(value).map_err(|error| error.into_exception(SerializationError::new_err))
}

/// As [`json_to_bytes`], with where in the value the trouble is.
pub(crate) fn encode<'py>(value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyBytes>, ValueError> {
    check_json(value)?;
    let mut out = Vec::new();
    write(value, &mut out)?;
    Ok(PyBytes::new(value.py(), &out))
}

/// The value that is in JSON.
///
/// Raises `SerializationError`, which quotes nothing, for what is not one JSON value.
#[pyfunction]
pub(crate) fn json_from_bytes<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let mut reader = serde_json::Deserializer::from_slice(data);
    let value = Value(py).deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    value
        .map_err(|_| SerializationError::new_err(format!("{} bytes that are not JSON", data.len())))
}

/// What was checked: another thread may have changed a container since, so nothing is taken for granted.
fn write(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> Result<(), ValueError> {
    if let Some(text) = exactly::<PyString>(value) {
        return put(out, text.to_str().map_err(|_| not_json("a lone surrogate"))?);
    }
    if value.is_none() {
        return put(out, &());
    }
    if let Some(truth) = exactly::<PyBool>(value) {
        return put(out, &truth.is_true());
    }
    if let Some(number) = exactly::<PyInt>(value) {
        return match number.extract::<i64>() {
            Ok(number) => put(out, &number),
            Err(_) => put(out, &number.extract::<u64>()?),
        };
    }
    if let Some(number) = exactly::<PyFloat>(value) {
        return put(out, &number.value());
    }
    if let Some(list) = exactly::<PyList>(value) {
        out.push(b'[');
        for (index, item) in list.iter().enumerate() {
            separate(index, out);
            write(&item, out)?;
        }
        out.push(b']');
        return Ok(());
    }
    let dict = value.cast_exact::<PyDict>().map_err(|_| not_json("a value of another type"))?;
    out.push(b'{');
    for (index, pair) in dict.items().iter().enumerate() {
        let (key, item): (Bound<'_, PyString>, Bound<'_, PyAny>) = pair.extract()?;
        separate(index, out);
        write(key.as_any(), out)?;
        out.push(b':');
        write(&item, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn put<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), ValueError> {
    serde_json::to_writer(out, value).map_err(|_| not_json("a value of another type"))
}

fn not_json(what: &str) -> ValueError {
    ValueError::new(Reason::NotJson { what: what.to_owned() })
}

/// Builds Python objects as the text is read.
#[derive(Clone, Copy)]
struct Value<'py>(Python<'py>);

impl<'de, 'py> DeserializeSeed<'de> for Value<'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, 'py> Visitor<'de> for Value<'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(PyBool::new(self.0, value).to_owned().into_any())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        let Ok(value) = value.into_pyobject(self.0);
        Ok(value.into_any())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        let Ok(value) = value.into_pyobject(self.0);
        Ok(value.into_any())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(PyFloat::new(self.0, value).into_any())
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(PyString::new(self.0, value).into_any())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let list = PyList::empty(self.0);
        while let Some(item) = items.next_element_seed(self)? {
            list.append(item).map_err(A::Error::custom)?;
        }
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
        let dict = PyDict::new(self.0);
        while let Some((key, item)) = pairs.next_entry_seed(self, self)? {
            dict.set_item(key, item).map_err(A::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}
