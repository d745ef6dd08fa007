//! `DefaultSerializer`: the codec of the decorators, outside a decorator.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::buffer::Buffer;
use crate::engine::SerializerId;
use crate::errors::{SerializationError, wrong_type};
use crate::value::ValueCodec;

/// MessagePack with the Python types kept: what comes back is equal and of the same type.
#[pyclass(frozen, module = "cachekit.serializers")]
pub(crate) struct DefaultSerializer {
    codec: ValueCodec,
    allow: Vec<Py<PyAny>>,
}

impl DefaultSerializer {
    /// The classes that it may rebuild.
    pub(crate) fn allowed<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyAny>> {
        self.allow.iter().map(|class| class.bind(py).clone()).collect()
    }
}

#[pymethods]
impl DefaultSerializer {
    /// The number by which entries name it.
    #[classattr]
    const fn serializer_id() -> u8 {
        SerializerId::MSGPACK.0
    }

    #[new]
    #[pyo3(signature = (*, allow = None))]
    fn new(allow: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let allow = allow.map_or(Ok(Vec::new()), classes)?;
        Ok(Self {
            codec: ValueCodec::new(&allow)?,
            allow: allow.into_iter().map(Bound::unbind).collect(),
        })
    }

    /// The value as bytes.
    #[pyo3(signature = (value, /))]
    fn serialize<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = Buffer::take();
        self.codec
            .encode(value, &mut bytes)
            .map_err(|error| error.into_exception(SerializationError::new_err))?;
        Ok(PyBytes::new(value.py(), &bytes))
    }

    /// The value that is in bytes.
    #[pyo3(signature = (data, /))]
    fn deserialize<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        self.codec
            .decode(py, data)
            .map_err(|error| error.into_exception(SerializationError::new_err))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.allow.iter().try_for_each(|class| visit.call(class))?;
        self.codec.traverse(&visit)
    }
}

/// Reads the option `allow`: a class, or several.
///
/// # Errors
/// `TypeError`: neither.
pub(crate) fn classes<'py>(value: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if value.is_instance_of::<PyType>() {
        return Ok(vec![value.clone()]);
    }
    match value.try_iter() {
        Ok(classes) => classes.collect(),
        Err(_) => Err(wrong_type("allow takes a class, or several: those that may be rebuilt")),
    }
}
