//! A computed value on its way into the cache.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::body::Body;
use crate::engine::{Encoded, Object};
use crate::function::{Function, Unencodable};
use crate::function_state;
use crate::serializer::Unfit;
use crate::value::{Paths, is_immutable};

/// An object that a plain first level holds as it is: immutable all the way down.
///
/// When the first level lets go of it on a thread without the GIL, PyO3 keeps the reference until
/// the next thread attaches: it is never dropped without the GIL, and never leaked.
pub(crate) struct Kept(pub(crate) Py<PyAny>);

/// An encoded value that owns its bytes.
pub(crate) enum EncodedValue {
    None,
    Body { bytes: Body, object: Option<Object> },
}

impl EncodedValue {
    pub(crate) fn as_encoded(&self) -> Encoded<'_> {
        match self {
            Self::None => Encoded::None,
            Self::Body { bytes, object } => Encoded::Body { bytes, object: object.as_ref() },
        }
    }
}

/// Encodes a value.
pub(crate) fn encode(function: &Function, value: &Bound<'_, PyAny>) -> Result<EncodedValue, Unfit> {
    if value.is_none() {
        return Ok(EncodedValue::None);
    }
    let is_plain = function.plan.is_plain();
    let is_code = |key: &str| function_state::is_written_in(function.wrapped.bind(value.py()), key);
    let paths = if is_plain { Paths::WithKeys } else { Paths::WithKeysIf(&is_code) };
    let bytes = function.serializer.encode(value, paths)?;
    let keep = is_plain && is_immutable(value);
    let object = keep.then(|| Arc::new(Kept(value.clone().unbind())) as Object);
    Ok(EncodedValue::Body { bytes, object })
}

/// Encodes a value that a function returned; `None` when it is returned uncached.
///
/// # Errors
/// `SerializationError` where the function asked for it (`strict=True`).
pub(crate) fn encode_returned(
    function: &Function,
    value: &Bound<'_, PyAny>,
) -> PyResult<Option<EncodedValue>> {
    match encode(function, value) {
        Ok(encoded) => Ok(Some(encoded)),
        Err(Unfit::Interrupted(error)) => Err(error),
        Err(Unfit::Value(error)) => {
            if let Some(operation) = function.operation.get() {
                operation.unencodable();
            }
            if function.unencodable == Unencodable::Raise {
                return Err(error);
            }
            if function.complains_now() {
                let (name, py) = (function.plan.name(), value.py());
                log::warn!("values of {name} are not cached: {}", error.value(py));
            }
            Ok(None)
        }
    }
}
