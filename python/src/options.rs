//! The options of a decorator or of a `Cache`, from what was written to what is meant.

use cachekit::shared::Secrecy;
use cachekit::{Backend, MasterKeySource, Rotation, Settings};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};

use crate::arguments::{BinderOptions, HashFunctions, KeyOption};
use crate::decorator::colour;
use crate::encryption_wrapper::EncryptionWrapper;
use crate::engine::L1;
use crate::engine::store::StoreUrl;
use crate::errors::{Error, misconfigured, wrong_type};
use crate::function::{Colour, Unencodable};
use crate::own_store::ObjectStore;
use crate::registry::BackendId;
use crate::serializer::Serializer;
use crate::{default_serializer, quantity};

/// What a decorator or a `Cache` was told, checked one by one.
pub(crate) struct Options<'py> {
    pub(crate) settings: Settings,
    pub(crate) secrecy: Secrecy,
    pub(crate) backend_id: BackendId,
    pub(crate) serializer: Option<Bound<'py, PyAny>>,
    pub(crate) tenant_extractor: Option<Bound<'py, PyAny>>,
    pub(crate) tenant_id: Option<Bound<'py, PyString>>,
    pub(crate) name: Option<String>,
    pub(crate) arguments: BinderOptions,
    pub(crate) version: String,
    pub(crate) unencodable: Unencodable,
    pub(crate) allow: Vec<Bound<'py, PyAny>>,
    /// The key that an `EncryptionWrapper` was given.
    wrapped_key: Option<MasterKeySource>,
}

impl<'py> Options<'py> {
    /// Reads the options, of which `known` are the names.
    ///
    /// # Errors
    /// `TypeError`: a name that is no option, a value of the wrong type. `ConfigurationError`: a
    /// value out of bounds, two options that contradict each other, or one without effect.
    pub(crate) fn read(
        secrecy: Secrecy,
        given: Option<&Bound<'py, PyDict>>,
        known: &[&str],
    ) -> PyResult<Self> {
        let mut options = Self {
            settings: Settings::new(),
            secrecy,
            backend_id: BackendId::InForce,
            serializer: None,
            tenant_extractor: None,
            tenant_id: None,
            name: None,
            arguments: BinderOptions::default(),
            version: String::new(),
            unencodable: Unencodable::Return,
            allow: Vec::new(),
            wrapped_key: None,
        };
        for (name, value) in given.into_iter().flatten() {
            let name: String = name.extract()?;
            if !known.contains(&name.as_str()) {
                return Err(unknown(&value, &name, known)?);
            }
            options.take(&name, value)?;
        }
        options.check()
    }

    fn take(&mut self, name: &str, value: Bound<'py, PyAny>) -> PyResult<()> {
        match name {
            "ttl" => self.settings.ttl = Some(ttl(&value)?),
            "backend" => {
                self.settings.backend = Some(backend(&value)?);
                self.backend_id = BackendId::of(&value)?;
            }
            "l1" => self.settings.l1 = first_level(&value)?,
            "master_key" => self.settings.master_key = master_key(&value)?,
            "key_rotation_enabled" => {
                self.settings.rotation_policy = Some(rotation(truth(name, &value)?));
            }
            "namespace" => self.settings.namespace = Some(text(name, &value)?),
            "serializer" => self.take_serializer(value)?,
            "tenant_extractor" => self.tenant_extractor = Some(extractor(value)?),
            "name" if value.is_none() => {}
            "name" => self.name = Some(text(name, &value)?),
            "key" => self.arguments.key = KeyOption::extract(&value)?,
            "hash_funcs" => self.arguments.hash_functions = HashFunctions::extract(&value)?,
            "ignore" => self.arguments.ignore = names(name, &value)?,
            "version" => self.version = version(&value)?,
            "strict" if truth(name, &value)? => self.unencodable = Unencodable::Raise,
            "allow" => self.allow = default_serializer::classes(&value)?,
            _ => {}
        }
        Ok(())
    }

    /// An `EncryptionWrapper` selects the sealed policy; what it wraps is the serializer.
    fn take_serializer(&mut self, value: Bound<'py, PyAny>) -> PyResult<()> {
        let Ok(wrapper) = value.cast::<EncryptionWrapper>() else {
            Serializer::of_object(&value)?;
            self.serializer = Some(value);
            return Ok(());
        };
        let (py, wrapper) = (value.py(), wrapper.get());
        self.secrecy = Secrecy::Sealed;
        self.wrapped_key = wrapper.master_key();
        self.tenant_id = wrapper.tenant_id(py);
        self.serializer = Some(wrapper.object(py));
        Ok(())
    }

    fn check(mut self) -> PyResult<Self> {
        if let Some(wrapped) = self.wrapped_key.take() {
            if self.settings.master_key.is_some() {
                return Err(misconfigured(
                    "master_key= and the master_key of EncryptionWrapper are two keys: give one of \
                     them",
                ));
            }
            self.settings.master_key = Some(wrapped);
        }
        let settings = &self.settings;
        if self.secrecy == Secrecy::Plain {
            let idle = match settings {
                Settings { master_key: Some(_), .. } => Some("master_key"),
                Settings { rotation_policy: Some(_), .. } => Some("key_rotation_enabled"),
                _ => None,
            };
            if let Some(option) = idle {
                return Err(misconfigured(format!(
                    "{option} has no effect without encryption: use cache.secure, or \
                     serializer=EncryptionWrapper(...)"
                )));
            }
        }
        if settings.l1 == Some(L1::Off) && matches!(settings.backend, Some(Backend::Memory)) {
            return Err(misconfigured("backend=None and l1=False together would cache nothing"));
        }
        if self.tenant_id.is_some() && self.tenant_extractor.is_some() {
            return Err(misconfigured(
                "tenant_extractor= and the tenant_id of EncryptionWrapper contradict each other: \
                 give one of them",
            ));
        }
        Ok(self)
    }
}

fn unknown(value: &Bound<'_, PyAny>, name: &str, known: &[&str]) -> PyResult<PyErr> {
    let difflib = value.py().import("difflib")?;
    let near: Vec<String> =
        difflib.call_method1("get_close_matches", (name, known, 1))?.extract()?;
    Ok(PyTypeError::new_err(match near.first() {
        Some(near) => format!("'{name}' is not an option; did you mean '{near}'?"),
        None => format!("'{name}' is not an option; there are {}", known.join(", ")),
    }))
}

fn ttl(value: &Bound<'_, PyAny>) -> PyResult<std::time::Duration> {
    if value.is_none() {
        return Err(misconfigured(
            "ttl=None: every entry ends some day; leave ttl out for the default, or say how long",
        ));
    }
    quantity::duration("ttl", value)
}

/// Reads the option `backend`. An address is understood here, and nobody is called before a value is.
///
/// # Errors
/// `ConfigurationError`: no store has such an address. `TypeError`: neither an address nor a store.
pub(crate) fn backend(value: &Bound<'_, PyAny>) -> PyResult<Backend> {
    if value.is_none() {
        return Ok(Backend::Memory);
    }
    match value.cast::<PyString>() {
        Ok(url) => {
            let url = unicode("backend", url)?;
            url.parse::<StoreUrl>().map_err(|error| PyErr::from(Error::from(error)))?;
            Ok(Backend::Url(url.into()))
        }
        Err(_) => Ok(Backend::Opener(ObjectStore::of(value)?)),
    }
}

pub(crate) fn first_level(value: &Bound<'_, PyAny>) -> PyResult<Option<L1>> {
    if let Ok(on) = value.cast::<PyBool>() {
        return Ok((!on.is_true()).then_some(L1::Off));
    }
    let bytes = quantity::bytes("l1", value)?;
    if bytes < 4096 {
        return Err(misconfigured("l1 takes at least 4096 bytes, or False"));
    }
    Ok(Some(L1::Bytes(bytes)))
}

/// Key material is never echoed: an error says what it should have been.
pub(crate) fn master_key(value: &Bound<'_, PyAny>) -> PyResult<Option<MasterKeySource>> {
    if value.is_none() {
        return Ok(None);
    }
    match value.cast::<PyString>() {
        Ok(hex) => Ok(Some(MasterKeySource::Hex(hex.to_str()?.into()))),
        Err(_) => {
            let class = value.get_type().qualname()?;
            Err(wrong_type(format!("master_key takes hexadecimal text, not {class}")))
        }
    }
}

const fn rotation(enabled: bool) -> Rotation {
    if enabled { Rotation::Honoured } else { Rotation::Ignored }
}

fn truth(option: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = value.get_type();
    value.cast::<PyBool>().map(|truth| truth.is_true()).map_err(|_| match class.qualname() {
        Ok(class) => wrong_type(format!("{option} takes True or False, not {class}")),
        Err(error) => error,
    })
}

pub(crate) fn text(option: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyString>() {
        Ok(text) if text.len()? > 0 => Ok(unicode(option, text)?.to_owned()),
        Ok(_) => Err(misconfigured(format!("{option} is empty: leave it out"))),
        Err(_) => {
            let class = value.get_type().qualname()?;
            Err(wrong_type(format!("{option} takes a str, not {class}")))
        }
    }
}

/// Lone surrogates are in no alphabet, and in no address or name either.
fn unicode<'a>(option: &str, text: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    text.to_str().map_err(|_| misconfigured(format!("{option} holds a lone surrogate")))
}

fn version(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return Ok(value.str()?.to_str()?.to_owned());
    }
    text("version", value)
}

fn extractor(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if !value.is_callable() {
        let class = value.get_type().qualname()?;
        return Err(wrong_type(format!(
            "tenant_extractor takes a function of the call's arguments, not {class}"
        )));
    }
    if colour(&value)? == Colour::Async {
        return Err(wrong_type(
            "tenant_extractor takes a plain function: a coroutine function would have to be awaited \
             before the call is known",
        ));
    }
    Ok(value)
}

fn names(option: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if value.is_instance_of::<PyString>() {
        return Ok(vec![text(option, value)?]);
    }
    let Ok(names) = value.try_iter() else {
        let class = value.get_type().qualname()?;
        return Err(wrong_type(format!(
            "{option} takes the name of a parameter, or several, not {class}"
        )));
    };
    names.map(|name| text(option, &name?)).collect()
}
