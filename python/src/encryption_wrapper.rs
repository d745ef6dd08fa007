//! `EncryptionWrapper`: any serializer, sealed; outside a cache, or as a cache's serializer.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use cachekit::engine::process::{Clock as _, SystemClock, UnixMillis};
use cachekit::engine::seal::{
    Compression, Content, KeyId, Keyring, Kind, Name, NameFields, OpenLimits, Purpose, Refusal,
    Tenant, TenantKeys, plaintext_len,
};
use cachekit::shared::Secrecy;
use cachekit::{MasterKeySource, Settings};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::buffer::OpenedInto;
use crate::default_serializer::DefaultSerializer;
use crate::engine::{LARGEST_ENTRY, Protection};
use crate::errors::{DecryptionError, Error, Result, misconfigured};
use crate::options;
use crate::plan::bind_keys;
use crate::serializer::{Serializer, Unfit};
use crate::value::Paths;

type Names = Vec<Name>;

/// Seals what another serializer makes.
#[pyclass(frozen, module = "cachekit.serializers")]
pub(crate) struct EncryptionWrapper {
    object: Py<PyAny>,
    serializer: Serializer,
    ring: Arc<Keyring>,
    keys: TenantKeys,
    /// Under the key that sealed first: most rings never have another.
    first_names: OnceLock<(KeyId, Names)>,
    tenant_id: Option<Py<PyString>>,
    /// The key that was given here, for a decorator that is given this wrapper.
    master_key: Option<MasterKeySource>,
}

impl EncryptionWrapper {
    pub(crate) fn master_key(&self) -> Option<MasterKeySource> {
        self.master_key.clone()
    }

    pub(crate) fn tenant_id<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        self.tenant_id.as_ref().map(|tenant| tenant.bind(py).clone())
    }

    /// What it wraps.
    pub(crate) fn object<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.object.bind(py).clone()
    }

    /// The names under which it seals and opens while `sealing` is the key that seals, the first
    /// being the one to seal under.
    fn names(&self, now: UnixMillis, sealing: KeyId) -> Result<Cow<'_, [Name]>> {
        if let Some((_, names)) = self.first_names.get().filter(|(first, _)| *first == sealing) {
            return Ok(Cow::Borrowed(names));
        }
        let names = self.derive_names(now)?;
        // Lost where another key sealed first: then they are derived by each call.
        let _ = self.first_names.set((sealing, names.clone()));
        Ok(Cow::Owned(names))
    }

    /// Opens and decodes what was sealed under one name.
    fn open(
        &self,
        py: Python<'_>,
        now: UnixMillis,
        name: &Name,
        data: &[u8],
    ) -> std::result::Result<Py<PyAny>, Unopened> {
        let limits = OpenLimits::new(Purpose::Wrapper)
            .max_body(LARGEST_ENTRY)
            .serializer(self.serializer.id().0);
        let mut room = OpenedInto::take();
        let mut refused = None;
        let in_place = |memory: &mut [u8]| {
            let into = (memory, room.scratch());
            match self.keys.open_into(now, name, &limits, data, into) {
                Ok(opened) => Ok(opened.place().filter(|_| opened.kind() != Kind::None)),
                Err(refusal) => {
                    let error = decryption(&refusal);
                    refused = Some(refusal);
                    Err(error)
                }
            }
        };
        let length = Some(plaintext_len(data.len()));
        match (self.serializer.decode_in_place(py, length, in_place), refused) {
            (Err(_), Some(refusal)) => return Err(refusal.into()),
            (Ok(None), _) => {}
            (Ok(Some(value)), _) => return Ok(value),
            (Err(unfit), None) => return Err(unfit.into()),
        }
        let opened = self.keys.open(now, name, &limits, data, room.scratch())?;
        if opened.kind() == Kind::None {
            return Ok(py.None());
        }
        Ok(self.serializer.decode(py, opened.into_body()?)?)
    }

    fn derive_names(&self, now: UnixMillis) -> Result<Names> {
        let fields = NameFields {
            purpose: Purpose::Wrapper,
            prefix: "",
            namespace: "",
            operation: "",
            version: "",
            schema: "",
            arguments: &NO_ARGUMENTS,
        };
        let names = self.keys.names(now, &fields).map_err(cachekit::Error::from)?;
        Ok(names.into_vec())
    }
}

#[pymethods]
impl EncryptionWrapper {
    #[new]
    #[pyo3(signature = (serializer=None, master_key=None, tenant_id=None))]
    fn new(
        py: Python<'_>,
        serializer: Option<Bound<'_, PyAny>>,
        master_key: Option<&Bound<'_, PyAny>>,
        tenant_id: Option<Bound<'_, PyString>>,
    ) -> Result<Self> {
        let object = match serializer {
            Some(object) => object,
            None => py.get_type::<DefaultSerializer>().call0()?,
        };
        if object.is_instance_of::<Self>() {
            return Err(
                misconfigured("an EncryptionWrapper inside another seals nothing more").into()
            );
        }
        if let Some(tenant) = &tenant_id {
            options::text("tenant_id", tenant)?;
        }
        let mut settings = Settings::new();
        settings.master_key = master_key.map(options::master_key).transpose()?.flatten();
        let ring = ring(&settings)?;
        Ok(Self {
            serializer: Serializer::of_object(&object)?,
            object: object.unbind(),
            keys: keys(&ring, tenant_id.as_ref())?,
            ring,
            first_names: OnceLock::new(),
            tenant_id: tenant_id.map(Bound::unbind),
            master_key: settings.master_key,
        })
    }

    /// The wrapped serializer's number.
    #[getter]
    fn serializer_id(&self) -> u8 {
        self.serializer.id().0
    }

    /// The value as sealed bytes.
    fn serialize<'py>(&self, value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyBytes>> {
        let body = match value.is_none() {
            true => None,
            false => {
                let encoded = self.serializer.encode(value, Paths::WithKeysIf(&|_| false));
                Some(encoded.map_err(Unfit::into_error)?)
            }
        };
        let (kind, serializer) = match body {
            None => (Kind::None, 0),
            Some(_) => (Kind::Value, self.serializer.id().0),
        };
        let now = now();
        let content = Content {
            kind,
            serializer,
            compression: Compression::None,
            created: now,
            fresh_until: UnixMillis(u64::MAX),
            stale_window_ms: 0,
            generation: [0; 8],
            tags: &[],
            body: body.as_deref().unwrap_or_default(),
        };
        let prepared = self.keys.prepare(now, &content).map_err(cachekit::Error::from)?;
        let names = self.names(now, prepared.key_id())?;
        let Some(name) = names.first() else {
            return Err(misconfigured("no key may seal now").into());
        };
        let sealed = PyBytes::new_with(value.py(), prepared.entry_len(), |entry| {
            prepared.seal_into(name, entry).map_err(|error| facade(error.into()))?;
            Ok(())
        });
        Ok(sealed?)
    }

    /// The value in sealed bytes.
    fn deserialize(&self, py: Python<'_>, data: &[u8]) -> Result<Py<PyAny>> {
        let now = now();
        let sealing = self.ring.sealing_key(now).map_err(cachekit::Error::from)?;
        let names = self.names(now, sealing)?;
        let mut refused = None;
        for name in names.iter() {
            match self.open(py, now, name, data) {
                Ok(value) => return Ok(value),
                Err(Unopened::Refused(refusal)) => refused = refused.or(Some(refusal)),
                Err(Unopened::Unfit(unfit)) => return Err(unfit.into_error().into()),
            }
        }
        Err(match refused {
            Some(refusal) => decryption(&refusal).into(),
            None => misconfigured("no key may open").into(),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.object)
    }
}

/// SHA-256 of no bytes: a wrapper's name has no arguments.
const NO_ARGUMENTS: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

fn ring(settings: &Settings) -> Result<Arc<Keyring>> {
    match bind_keys(settings, Secrecy::Sealed)? {
        Protection::Sealed(ring) => Ok(ring),
        Protection::Plain => Err(misconfigured(cachekit::keys::NO_KEY).into()),
    }
}

fn keys(ring: &Keyring, tenant: Option<&Bound<'_, PyString>>) -> Result<TenantKeys> {
    let name: Option<PyBackedStr> = tenant.map(|name| name.clone().try_into()).transpose()?;
    let tenant = match &name {
        Some(name) => Tenant::Named { name, secret: None },
        None => Tenant::None,
    };
    Ok(ring.tenant(&tenant).map_err(cachekit::Error::from)?)
}

/// Why sealed bytes did not become a value.
enum Unopened {
    Refused(Refusal),
    Unfit(Unfit),
}

impl From<Refusal> for Unopened {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unfit> for Unopened {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

fn facade(error: cachekit::Error) -> PyErr {
    Error::Facade(error).into()
}

fn decryption(refusal: &Refusal) -> PyErr {
    DecryptionError::new_err(refusal.to_string())
}

/// As of the kernel's last tick: a few milliseconds do not matter here, and the precise clock costs
/// a twentieth of what sealing does.
fn now() -> UnixMillis {
    UnixMillis(SystemClock.recent_wall_nanos() / 1_000_000)
}
