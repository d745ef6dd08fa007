//! What becomes of an exception of a store's method.

use std::{error, fmt};

use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;

use super::answer::Misfit;
use super::methods::Method;
use crate::engine::store::{Error, ErrorKind};

/// Why a method gave no answer that can be used.
pub(super) enum Failure {
    Raised(PyErr),
    Misfit(Misfit),
    /// It was asked on the thread that would have to answer.
    OnItsOwnThread,
    /// The interpreter is shutting down, or has no thread to give.
    Gone,
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl From<Misfit> for Failure {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

impl Failure {
    /// The store's error. It names the exception's class alone: its text may hold what was stored.
    pub(super) fn of(self, method: Method, address: &str) -> Error {
        let name = method.name();
        match self {
            Self::Raised(raised) => {
                let (class, kind) = sorted(&raised);
                let seen = format!("its {name} raised {class}");
                Error::caused(kind, address, seen, Raised { raised, class })
            }
            Self::Misfit(Misfit(what)) => {
                Error::new(ErrorKind::Protocol, address, format!("its {name} returned {what}"))
            }
            Self::OnItsOwnThread => Error::new(
                ErrorKind::Misconfigured,
                address,
                format!("{name} was asked for by the store's own methods, on its event loop"),
            ),
            Self::Gone => Error::new(
                ErrorKind::Unavailable,
                address,
                format!("nobody is left to run its {name}: the interpreter is ending"),
            ),
        }
    }
}

fn sorted(raised: &PyErr) -> (String, ErrorKind) {
    Python::try_attach(|py| {
        let class = raised.get_type(py).name().map_or_else(|_| "?".to_owned(), |n| n.to_string());
        // Before Python 3.11 asyncio has a class of its own for it.
        let late = raised.is_instance_of::<PyTimeoutError>(py) || class == "TimeoutError";
        (class, if late { ErrorKind::Timeout } else { ErrorKind::Unavailable })
    })
    .unwrap_or_else(|| ("an exception".to_owned(), ErrorKind::Unavailable))
}

/// The exception, for `BackendError.__cause__`. Printed it is its class, whatever its text.
pub(crate) struct Raised {
    pub(crate) raised: PyErr,
    class: String,
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class)
    }
}

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raised({})", self.class)
    }
}

impl error::Error for Raised {}
