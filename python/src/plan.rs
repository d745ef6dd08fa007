//! From a function's options to its place in a cache.
//!
//! Keys bind when the function is decorated: a missing or malformed one is found when the program
//! starts. Backends bind at the first call, so that `configure` may come after the imports.

use cachekit::shared::{self, ResolvedOptions, Secrecy};
use cachekit::{Backend, DEFAULT_TTL, Settings};
use pyo3::prelude::*;

use crate::configure::{self, Bound};
use crate::detach;
use crate::engine::{Operation, OperationOptions, Protection, SerializerId};
use crate::errors::{Result, misconfigured};
use crate::registry::{BackendId, Identity};

/// How a function's entries are named apart from others'.
pub(crate) struct OperationName {
    /// `name=`, or `module.qualname`.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) guard: SchemaGuard,
    pub(crate) anonymous: Anonymous,
}

/// A path that other programs may have too: for entries that leave the process it is no name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anonymous {
    No,
    /// A lambda: two of one scope have one path.
    Lambda,
    /// Typed into an interpreter, a notebook or `python -c`: all of these are called `__main__`.
    Typed,
}

/// Whether the shape of what a function returns is part of its entries' names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaGuard {
    /// The fingerprint of its return annotation, taken at its first call.
    ReturnAnnotation,
    /// The name is shared with other languages, which know nothing of annotations.
    None,
}

impl SchemaGuard {
    fn schema(self, function: &pyo3::Bound<'_, PyAny>) -> PyResult<String> {
        match self {
            Self::None => Ok(String::new()),
            Self::ReturnAnnotation => {
                let shape = function.py().import("cachekit._shape")?;
                shape.call_method1("fingerprint", (function,))?.extract()
            }
        }
    }
}

/// All that a function's first call needs to know to take its place in a cache.
pub(crate) struct Plan {
    settings: Settings,
    protection: Protection,
    backend_id: BackendId,
    operation: OperationName,
}

impl Plan {
    /// Binds the keys.
    ///
    /// # Errors
    /// `ConfigurationError`: a sealed function without a key, a malformed key or key list, a lambda
    /// without a name beside a shared backend.
    pub(crate) fn new(
        settings: Settings,
        secrecy: Secrecy,
        backend_id: BackendId,
        operation: OperationName,
    ) -> Result<Self> {
        let protection = bind_keys(&settings, secrecy)?;
        // The ring has them now; nobody else needs them.
        let mut settings = settings;
        (settings.master_key, settings.rotation, settings.naming_key) = (None, None, None);
        let plan = Self { settings, protection, backend_id, operation };
        plan.check_name(plan.settings.backend.as_ref())?;
        Ok(plan)
    }

    pub(crate) fn name(&self) -> &str {
        &self.operation.name
    }

    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.protection, Protection::Plain)
    }

    /// What tells this function's operation apart from all others.
    pub(crate) fn identity(&self) -> Identity {
        let ring = match &self.protection {
            Protection::Plain => None,
            Protection::Sealed(ring) => Some(ring.identity()),
        };
        Identity {
            ring,
            backend: self.backend_id,
            namespace: self.settings.namespace.clone(),
            name: self.operation.name.clone(),
            version: self.operation.version.clone(),
        }
    }

    /// Takes the function's place in the cache that the settings in force describe.
    ///
    /// # Errors
    /// `ConfigurationError`, `BackendError`: they describe none.
    pub(crate) fn operation(
        &self,
        function: &pyo3::Bound<'_, PyAny>,
        serializer: SerializerId,
    ) -> Result<Operation> {
        let py = function.py();
        if self.settings.backend.is_none() {
            configure::note(Bound::Backend);
        }
        let settings = self.settings.clone().effective()?;
        let mut options = ResolvedOptions::new(settings, Secrecy::Plain)?;
        options.protection = self.protection.clone();
        self.check_name(Some(&options.backend))?;
        let cache = detach::run(py, || shared::engine_for(&options))?;
        Ok(cache.operation(OperationOptions {
            namespace: options.settings.namespace.clone().unwrap_or_default(),
            name: self.operation.name.clone(),
            version: self.operation.version.clone(),
            schema: self.operation.guard.schema(function)?,
            ttl: options.settings.ttl.unwrap_or(DEFAULT_TTL),
            serializer,
        })?)
    }

    /// Another process could take one for the other.
    fn check_name(&self, backend: Option<&Backend>) -> PyResult<()> {
        let shared =
            matches!(backend, Some(Backend::Url(_) | Backend::Store(_) | Backend::Opener(_)));
        match self.operation.anonymous {
            Anonymous::Lambda if shared => Err(misconfigured(
                "a lambda with a shared backend needs a name of its own: cache(name=\"...\")",
            )),
            Anonymous::Typed if shared => Err(misconfigured(
                "a function that is in no file needs a name of its own with a shared backend, since \
                 every session's are called __main__: cache(name=\"...\")",
            )),
            _ => Ok(()),
        }
    }
}

/// Makes the ring, or none.
///
/// # Errors
/// `ConfigurationError`: there is no key, or it is none.
pub(crate) fn bind_keys(settings: &Settings, secrecy: Secrecy) -> Result<Protection> {
    if secrecy == Secrecy::Plain {
        return Ok(Protection::Plain);
    }
    if settings.master_key.is_none() {
        configure::note(Bound::Keys);
    }
    Ok(ResolvedOptions::new(settings.clone().effective()?, secrecy)?.protection)
}
