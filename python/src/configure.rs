//! `cachekit.configure`: what decorators are told when they are not told.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use cachekit::{MasterKeySource, Settings, shared};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::engine::OnTamper;
use crate::errors::{Result, misconfigured};
use crate::{detach, options, quantity, registry};

/// What has been bound to the settings in force, and would not hear of a change.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    Keys,
    Backend,
}

static KEYS: AtomicBool = AtomicBool::new(false);
static BACKEND: AtomicBool = AtomicBool::new(false);

/// Takes note that something was bound.
pub(crate) fn note(bound: Bound) {
    match bound {
        Bound::Keys => KEYS.store(true, Relaxed),
        Bound::Backend => BACKEND.store(true, Relaxed),
    }
}

/// Says what decorators and caches use that are not told themselves.
#[pyfunction]
#[pyo3(signature = (
    *, master_key=None, master_key_file=None, key_rotation=None, naming_key=None,
    backend=None, api_key=None, prefix=None, namespace=None, ttl=None, max_ttl=None, l1=None,
    l1_max_age=None, on_tamper=None, connect_timeout=None, operation_timeout=None
))]
#[expect(clippy::too_many_arguments, reason = "a keyword each, as Python reads it")]
pub(crate) fn configure(
    master_key: Option<&pyo3::Bound<'_, PyAny>>,
    master_key_file: Option<std::path::PathBuf>,
    key_rotation: Option<&pyo3::Bound<'_, PyString>>,
    naming_key: Option<&pyo3::Bound<'_, PyString>>,
    backend: Option<&pyo3::Bound<'_, PyAny>>,
    api_key: Option<&pyo3::Bound<'_, PyString>>,
    prefix: Option<String>,
    namespace: Option<String>,
    ttl: Option<&pyo3::Bound<'_, PyAny>>,
    max_ttl: Option<&pyo3::Bound<'_, PyAny>>,
    l1: Option<&pyo3::Bound<'_, PyAny>>,
    l1_max_age: Option<&pyo3::Bound<'_, PyAny>>,
    on_tamper: Option<&str>,
    connect_timeout: Option<&pyo3::Bound<'_, PyAny>>,
    operation_timeout: Option<&pyo3::Bound<'_, PyAny>>,
) -> Result<()> {
    let duration = |option, value: Option<&pyo3::Bound<'_, PyAny>>| {
        value.map(|value| quantity::duration(option, value)).transpose()
    };
    let mut settings = Settings::new();
    settings.master_key = match (master_key, master_key_file) {
        (Some(_), Some(_)) => {
            return Err(misconfigured("give master_key or master_key_file, not both").into());
        }
        (Some(hex), None) => options::master_key(hex)?,
        (None, file) => file.map(MasterKeySource::File),
    };
    settings.rotation = key_rotation.map(|list| list.to_str().map(Into::into)).transpose()?;
    settings.naming_key = naming_key.map(|key| key.to_str().map(Into::into)).transpose()?;
    settings.backend = backend.map(options::backend).transpose()?;
    settings.api_key = api_key.map(|token| token.to_str().map(Into::into)).transpose()?;
    settings.prefix = prefix;
    settings.namespace = namespace;
    settings.ttl = duration("ttl", ttl)?;
    settings.max_ttl = duration("max_ttl", max_ttl)?;
    settings.l1 = l1.map(options::first_level).transpose()?.flatten();
    settings.l1_max_age = duration("l1_max_age", l1_max_age)?;
    settings.on_tamper = on_tamper.map(tampering).transpose()?;
    settings.connect_timeout = duration("connect_timeout", connect_timeout)?;
    settings.operation_timeout = duration("operation_timeout", operation_timeout)?;
    in_time(&settings)?;
    Ok(cachekit::configure(settings)?)
}

/// Makes the process forget what it was configured to, which functions it knows, and what its caches
/// hold. Functions that exist already keep what they are bound to. For tests.
#[pyfunction]
pub(crate) fn reset(py: Python<'_>) -> Result<()> {
    cachekit::configure(Settings::new())?;
    detach::run(py, shared::forget);
    KEYS.store(false, Relaxed);
    BACKEND.store(false, Relaxed);
    registry::forget();
    Ok(())
}

fn tampering(word: &str) -> PyResult<OnTamper> {
    match word {
        "miss" => Ok(OnTamper::Miss),
        "raise" => Ok(OnTamper::Raise),
        _ => Err(misconfigured("on_tamper takes \"miss\" or \"raise\"")),
    }
}

/// Half of a program with the old settings and half with the new ones is worse than an error.
fn in_time(settings: &Settings) -> PyResult<()> {
    if BACKEND.load(Relaxed) {
        return Err(misconfigured(
            "configure came too late: a cached function was called before it. Call it when the \
             program starts",
        ));
    }
    let keys = settings.master_key.is_some()
        || settings.rotation.is_some()
        || settings.naming_key.is_some();
    if keys && KEYS.load(Relaxed) {
        return Err(misconfigured(
            "configure came too late: a function was decorated with the environment's keys before \
             it, and keeps them. Give the keys before the modules with cached functions are imported",
        ));
    }
    Ok(())
}
