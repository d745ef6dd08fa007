//! The one way out for errors: every crate's, as the Python classes of `cachekit.exceptions`.

use std::error::Error as _;

use crate::engine;
use crate::own_store::Raised;
use pyo3::exceptions::PyTypeError;
use pyo3::import_exception;
use pyo3::prelude::*;
use pyo3::types::IntoPyDict;

import_exception!(cachekit.exceptions, ArgumentError);
import_exception!(cachekit.exceptions, BackendError);
import_exception!(cachekit.exceptions, CacheKitError);
import_exception!(cachekit.exceptions, ConfigurationError);
import_exception!(cachekit.exceptions, DecryptionError);
import_exception!(cachekit.exceptions, SerializationError);

/// What can go wrong in a function of this module.
pub(crate) enum Error {
    /// Raised by Python code, or already in its terms.
    Python(PyErr),
    /// The engine's.
    Engine(engine::Error),
    /// The facade's: settings, keys, addresses.
    Facade(cachekit::Error),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<cachekit::Error> for Error {
    fn from(error: cachekit::Error) -> Self {
        Self::Facade(error)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Python(error) => error,
            Error::Engine(error) => engine_error(error),
            Error::Facade(error) => facade_error(&error),
        }
    }
}

/// `ConfigurationError`, for an option whose value does not fit.
pub(crate) fn misconfigured(message: impl Into<String>) -> PyErr {
    ConfigurationError::new_err(message.into())
}

/// `TypeError`, for an option of the wrong type.
pub(crate) fn wrong_type(message: impl Into<String>) -> PyErr {
    PyTypeError::new_err(message.into())
}

impl From<cachekit::engine::store::Error> for Error {
    fn from(error: cachekit::engine::store::Error) -> Self {
        Self::Facade(error.into())
    }
}

fn engine_error(error: engine::Error) -> PyErr {
    match error {
        engine::Error::TooLarge { .. } => SerializationError::new_err(error.to_string()),
        other => facade_error(&other.into()),
    }
}

fn facade_error(error: &cachekit::Error) -> PyErr {
    let text = error.to_string();
    match error {
        cachekit::Error::Configuration { .. }
        | cachekit::Error::Key(_)
        | cachekit::Error::MissingTenant => ConfigurationError::new_err(text),
        cachekit::Error::Argument { .. } => ArgumentError::new_err(text),
        cachekit::Error::Decryption(_) => DecryptionError::new_err(text),
        cachekit::Error::Serialization(_) => SerializationError::new_err(text),
        cachekit::Error::Backend(store) if is_misconfigured(store) => {
            ConfigurationError::new_err(text)
        }
        _ => unavailable(text, error),
    }
}

/// An address that is wrong is an option that is wrong.
fn is_misconfigured(error: &cachekit::engine::store::Error) -> bool {
    use cachekit::engine::store::ErrorKind::{Misconfigured, Unsupported};
    matches!(error.kind(), Misconfigured | Unsupported)
}

/// What a store written in Python raised is the cause of what is raised here.
fn unavailable(text: String, error: &cachekit::Error) -> PyErr {
    let cause = match error {
        cachekit::Error::Backend(store) => store.source(),
        _ => None,
    };
    Python::attach(|py| {
        let class = py.get_type::<BackendError>();
        let options = [("retryable", error.retryable())].into_py_dict(py);
        let error = match options.and_then(|options| class.call((text,), Some(&options))) {
            Ok(error) => PyErr::from_value(error),
            Err(error) => return error,
        };
        if let Some(Raised { raised, .. }) = cause.and_then(|cause| cause.downcast_ref()) {
            error.set_cause(py, Some(raised.clone_ref(py)));
        }
        error
    })
}
