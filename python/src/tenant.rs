//! On whose behalf a call is made. Never "nobody" by accident.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::errors::{Result, misconfigured};

/// Where a function's tenant comes from.
pub(crate) enum TenantSource {
    /// The function knows no tenants.
    None,
    /// Every call is made for this one.
    Fixed(Py<PyString>),
    /// It is asked, with the call's arguments, at every call.
    Extractor(Py<PyAny>),
}

impl TenantSource {
    /// The call's tenant.
    ///
    /// # Errors
    /// What the extractor raised; `ConfigurationError` when it returned anything but a name. In
    /// either case the function does not run.
    pub(crate) fn tenant(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Result<Option<PyBackedStr>> {
        let py = args.py();
        match self {
            Self::None => Ok(None),
            Self::Fixed(name) => Ok(Some(name.bind(py).clone().try_into()?)),
            Self::Extractor(extractor) => named(&extractor.bind(py).call(args, kwargs)?).map(Some),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        match self {
            Self::Extractor(extractor) => visit.call(extractor),
            Self::None | Self::Fixed(_) => Ok(()),
        }
    }
}

fn named(answer: &Bound<'_, PyAny>) -> Result<PyBackedStr> {
    match answer.cast::<PyString>() {
        Ok(name) if name.len()? > 0 => Ok(name.clone().try_into()?),
        Ok(_) => Err(misconfigured(
            "tenant_extractor returned an empty string; the function was not called",
        )
        .into()),
        Err(_) => {
            let class = answer.get_type().qualname()?;
            Err(misconfigured(format!(
                "tenant_extractor must return the tenant's name as a str, and returned {class}; \
                 the function was not called"
            ))
            .into())
        }
    }
}
