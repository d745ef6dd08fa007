//! A function's serializer: the native one, or an object with `serialize` and `deserialize`.

use std::ops::Range;

use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::body::Body;
use crate::buffer::Buffer;
use crate::default_serializer::DefaultSerializer;
use crate::engine::SerializerId;
use crate::errors::{SerializationError, misconfigured, wrong_type};
use crate::frame_stream;
use crate::orjson_serializer::OrjsonSerializer;
use crate::value::{Paths, ValueCodec, ValueError};

/// How a function's values become bytes.
pub(crate) enum Serializer {
    /// MessagePack with Python's types, in Rust.
    Native(Box<ValueCodec>),
    /// JSON: orjson is called without a detour.
    Json(Py<OrjsonSerializer>),
    /// Frames, which are opened into the memory that they stand on.
    Arrow,
    /// An object of the caller's.
    Object { id: SerializerId, object: Py<PyAny> },
}

/// A value that could not be encoded, or bytes that could not be decoded.
pub(crate) enum Unfit {
    /// With this `SerializationError`, whose text holds no value.
    Value(PyErr),
    /// Interrupted: not ours to turn into something else.
    Interrupted(PyErr),
}

impl Unfit {
    /// As it is raised where somebody asked in so many words.
    pub(crate) fn into_error(self) -> PyErr {
        match self {
            Self::Value(error) | Self::Interrupted(error) => error,
        }
    }
}

impl Serializer {
    /// What `serializer=` names, for the function that it is to serve; the native one where it names
    /// nothing.
    ///
    /// # Errors
    /// As [`of_object`](Self::of_object); `TypeError` for a class in `allow` that cannot be rebuilt.
    pub(crate) fn for_function(
        given: Option<&Bound<'_, PyAny>>,
        function: &Bound<'_, PyAny>,
        allow: &[Bound<'_, PyAny>],
    ) -> PyResult<Self> {
        let native = match given {
            None => Some(allow.to_vec()),
            Some(object) => match object.cast::<DefaultSerializer>() {
                Ok(default) => {
                    Some([default.get().allowed(function.py()), allow.to_vec()].concat())
                }
                Err(_) => None,
            },
        };
        match (native, given) {
            (Some(allow), _) => {
                Ok(Self::Native(Box::new(ValueCodec::for_function(function, &allow)?)))
            }
            (None, Some(_)) if !allow.is_empty() => Err(misconfigured(
                "allow= says what DefaultSerializer may rebuild, and has no effect on another one",
            )),
            (None, Some(object)) => Self::of_object(object),
            (None, None) => Ok(Self::Native(Box::new(ValueCodec::new(allow)?))),
        }
    }

    /// Takes an object that has `serialize`, `deserialize` and `serializer_id`. Those of this package
    /// are asked without the way through Python.
    ///
    /// # Errors
    /// `TypeError`: one of them is missing. `ConfigurationError`: the number is ours.
    pub(crate) fn of_object(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if let Ok(default) = object.cast_exact::<DefaultSerializer>() {
            let codec = ValueCodec::new(&default.get().allowed(py))?;
            return Ok(Self::Native(Box::new(codec)));
        }
        if let Ok(json) = object.cast_exact::<OrjsonSerializer>() {
            return Ok(Self::Json(json.clone().unbind()));
        }
        if frame_stream::is_arrow_serializer(object)? {
            return Ok(Self::Arrow);
        }
        if object.is_instance_of::<PyType>() {
            let class = object.getattr(intern!(py, "__qualname__"))?;
            return Err(wrong_type(format!(
                "serializer= takes an object, not the class of one: {class}()"
            )));
        }
        for method in [intern!(py, "serialize"), intern!(py, "deserialize")] {
            let found = object.getattr_opt(method)?;
            if !found.is_some_and(|method| method.is_callable()) {
                let class = object.get_type().qualname()?;
                return Err(wrong_type(format!(
                    "serializer= takes an object with serialize() and deserialize(), not {class}"
                )));
            }
        }
        Ok(Self::Object { id: number(object)?, object: object.clone().unbind() })
    }

    pub(crate) fn id(&self) -> SerializerId {
        match self {
            Self::Native(_) => SerializerId::MSGPACK,
            Self::Json(_) => SerializerId::JSON,
            Self::Arrow => SerializerId::ARROW,
            Self::Object { id, .. } => *id,
        }
    }

    /// # Errors
    /// A value that cannot be kept; `paths` says how much of where it is may be told.
    pub(crate) fn encode(&self, value: &Bound<'_, PyAny>, paths: Paths<'_>) -> Result<Body, Unfit> {
        let py = value.py();
        let refused = |error: ValueError| native(py, error.told(paths));
        match self {
            Self::Native(codec) => {
                let mut bytes = Buffer::take();
                codec.encode(value, &mut bytes).map_err(refused)?;
                Ok(Body::Ours(bytes))
            }
            Self::Json(json) => json.get().encode(value).map(Body::from).map_err(refused),
            Self::Arrow => {
                frame_stream::stream_of(value).map(Body::from).map_err(|error| raised(py, error))
            }
            Self::Object { object, .. } => encode_by(object.bind(py), value),
        }
    }

    pub(crate) fn decode(&self, py: Python<'_>, bytes: &[u8]) -> Result<Py<PyAny>, Unfit> {
        let decoded = match self {
            Self::Native(codec) => {
                return codec.decode(py, bytes).map(Bound::unbind).map_err(|e| native(py, e));
            }
            Self::Json(json) => json.get().deserialize(&PyBytes::new(py, bytes)),
            Self::Arrow => frame_stream::frame_of(py, bytes),
            Self::Object { object, .. } => {
                let bytes = PyBytes::new(py, bytes);
                object.bind(py).call_method1(intern!(py, "deserialize"), (bytes,))
            }
        };
        decoded.map(Bound::unbind).map_err(|error| raised(py, error))
    }

    /// Decodes what `open` opens into memory that the value keeps. `None` where the serializer keeps
    /// none, or `open` finds no body: then [`decode`](Self::decode) is the way.
    #[inline]
    pub(crate) fn decode_in_place(
        &self,
        py: Python<'_>,
        plaintext_len: Option<usize>,
        open: impl FnOnce(&mut [u8]) -> PyResult<Option<Range<usize>>>,
    ) -> Result<Option<Py<PyAny>>, Unfit> {
        match (self, plaintext_len) {
            (Self::Arrow, Some(length)) => frame_stream::frame_opened(py, length, open)
                .map(|frame| frame.map(Bound::unbind))
                .map_err(|error| raised(py, error)),
            _ => Ok(None),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Native(codec) => codec.traverse(visit),
            Self::Json(json) => visit.call(json),
            Self::Arrow => Ok(()),
            Self::Object { object, .. } => visit.call(object),
        }
    }
}

fn native(py: Python<'_>, error: ValueError) -> Unfit {
    let error = error.into_exception(SerializationError::new_err);
    if error.is_instance_of::<PyException>(py) {
        Unfit::Value(error)
    } else {
        Unfit::Interrupted(error)
    }
}

fn encode_by(serializer: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> Result<Body, Unfit> {
    let py = value.py();
    let encoded = serializer
        .call_method1(intern!(py, "serialize"), (value,))
        .map_err(|error| raised(py, error))?;
    let Ok(bytes) = encoded.cast_into::<PyBytes>() else {
        let text = "serialize() of the configured serializer must return bytes";
        return Err(Unfit::Value(SerializationError::new_err(text)));
    };
    Ok(bytes.into())
}

/// The text of somebody else's exception may quote the value, so only its type is told.
pub(crate) fn raised(py: Python<'_>, error: PyErr) -> Unfit {
    if error.is_instance_of::<SerializationError>(py) {
        return Unfit::Value(error);
    }
    if !error.is_instance_of::<PyException>(py) {
        return Unfit::Interrupted(error);
    }
    let class = error.get_type(py).qualname().map_or_else(|_| "?".into(), |name| name.to_string());
    let told = SerializationError::new_err(format!("the serializer raised {class}"));
    told.set_cause(py, Some(error));
    Unfit::Value(told)
}

fn number(object: &Bound<'_, PyAny>) -> PyResult<SerializerId> {
    let py = object.py();
    let number: Option<u8> = match object.getattr_opt(intern!(py, "serializer_id"))? {
        Some(number) => number.extract().ok(),
        None => None,
    };
    let ours = object.get_type().module()?.to_string().starts_with("cachekit.");
    match number {
        Some(number) if ours || number >= SerializerId::USER.0 => Ok(SerializerId(number)),
        _ => Err(misconfigured(
            "a serializer of your own needs serializer_id, a number from 128 to 255 that you never \
             use for another one: stored entries carry it",
        )),
    }
}
