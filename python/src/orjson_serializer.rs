//! `OrjsonSerializer`: JSON, by orjson where it is installed and by ourselves where it is not.

use pyo3::exceptions::{PyImportError, PyRecursionError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::engine::SerializerId;
use crate::errors::SerializationError;
use crate::json::{self, json_from_bytes};
use crate::json_check::check_json;
use crate::value::{Reason, ValueError};

/// Keeps what JSON can say, and refuses the rest rather than turn it into its nearest relative.
#[pyclass(frozen, subclass, module = "cachekit.serializers")]
pub(crate) struct OrjsonSerializer {
    orjson: Option<Orjson>,
}

/// Its two functions.
struct Orjson {
    dumps: Py<PyAny>,
    loads: Py<PyAny>,
}

impl OrjsonSerializer {
    /// # Errors
    /// What in the value JSON cannot keep, and where it is.
    pub(crate) fn encode<'py>(
        &self,
        value: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyBytes>, ValueError> {
        let Some(Orjson { dumps, .. }) = &self.orjson else { return json::encode(value) };
        check_json(value)?;
        let dumped =
            dumps.bind(value.py()).call1((value,)).map_err(|error| unencoded(value, error))?;
        Ok(dumped.cast_into().map_err(PyErr::from)?)
    }
}

#[pymethods]
impl OrjsonSerializer {
    /// The number by which entries name it.
    #[classattr]
    const fn serializer_id() -> u8 {
        SerializerId::JSON.0
    }

    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let orjson = match py.import(intern!(py, "orjson")) {
            Ok(module) => Some(Orjson {
                dumps: module.getattr(intern!(py, "dumps"))?.unbind(),
                loads: module.getattr(intern!(py, "loads"))?.unbind(),
            }),
            Err(error) if error.is_instance_of::<PyImportError>(py) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { orjson })
    }

    /// The value as JSON.
    fn serialize<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        self.encode(value).map_err(|error| error.into_exception(SerializationError::new_err))
    }

    /// The value that is in JSON.
    pub(crate) fn deserialize<'py>(&self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let Some(Orjson { loads, .. }) = &self.orjson else {
            return json_from_bytes(data.py(), data.extract()?);
        };
        loads.bind(data.py()).call1((data,)).map_err(|error| undecoded(data, error))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(orjson) = &self.orjson else { return Ok(()) };
        visit.call(&orjson.dumps)?;
        visit.call(&orjson.loads)
    }
}

/// What was checked can still hold a lone surrogate, which orjson alone looks for.
#[cold]
fn unencoded(value: &Bound<'_, PyAny>, error: PyErr) -> ValueError {
    match error.is_instance_of::<PyTypeError>(value.py()) {
        true => ValueError::new(Reason::NotJson { what: "a lone surrogate".to_owned() }),
        false => error.into(),
    }
}

/// orjson's own text may quote the value.
#[cold]
fn undecoded(data: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let py = data.py();
    let of_the_bytes = error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyRecursionError>(py);
    match data.len() {
        Ok(length) if of_the_bytes => {
            SerializationError::new_err(format!("{length} bytes that are not JSON"))
        }
        _ => error,
    }
}
