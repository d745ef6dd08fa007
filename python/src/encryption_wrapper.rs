//! `EncryptionWrapper`: any serializer, sealed; outside a cache, or as a cache's serializer.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use cachekit::engine::process::{Clock as _, SystemClock, UnixMillis};
use cachekit::engine::seal::{
    Compression, Content, KeyId, Keyring, Kind, Name, NameFields, OpenLimits, Purpose, Refusal,
    Tenant, TenantKeys,
};
use cachekit::shared::Secrecy;
use cachekit::{MasterKeySource, Settings};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::buffer::{Buffer, OpenedInto};
use crate::default_serializer::DefaultSerializer;
use crate::engine::{LARGEST_ENTRY, Protection};
use crate::errors::{DecryptionError, Result, misconfigured};
use crate::options;
use crate::plan::bind_keys;
use crate::serializer::{Serializer, Unfit};

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

    /// The names under which it seals and opens, the first being the one to seal under. They change
    /// only with the key that seals.
    fn names(&self, now: UnixMillis) -> Result<Cow<'_, [Name]>> {
        let sealing = self.ring.sealing_key(now).map_err(cachekit::Error::from)?;
        if let Some((_, names)) = self.first_names.get().filter(|(first, _)| *first == sealing) {
            return Ok(Cow::Borrowed(names));
        }
        let names = self.derive_names(now)?;
        // Lost where another key sealed first: then they are derived by each call.
        let _ = self.first_names.set((sealing, names.clone()));
        Ok(Cow::Owned(names))
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
        let mut body = Buffer::take();
        let (kind, serializer) = match value.is_none() {
            true => (Kind::None, 0),
            false => {
                self.serializer.encode(value, &mut body).map_err(Unfit::into_error)?;
                (Kind::Value, self.serializer.id().0)
            }
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
            body: &body,
        };
        let names = self.names(now)?;
        let Some(name) = names.first() else {
            return Err(misconfigured("no key may seal now").into());
        };
        let sealed = self.keys.seal(now, name, &content).map_err(cachekit::Error::from)?;
        Ok(PyBytes::new(value.py(), sealed.as_bytes()))
    }

    /// The value in sealed bytes.
    fn deserialize(&self, py: Python<'_>, data: &[u8]) -> Result<Py<PyAny>> {
        let now = now();
        let limits = OpenLimits::new(Purpose::Wrapper)
            .max_body(LARGEST_ENTRY)
            .serializer(self.serializer.id().0);
        let mut room = OpenedInto::take();
        let mut refused = None;
        for name in self.names(now)?.iter() {
            match self.keys.open(now, name, &limits, data, room.scratch()) {
                Ok(opened) if opened.kind() == Kind::None => return Ok(py.None()),
                Ok(opened) => {
                    let body = opened.into_body().map_err(|refusal| decryption(&refusal))?;
                    return Ok(self.serializer.decode(py, body).map_err(Unfit::into_error)?);
                }
                Err(refusal) => refused = refused.or(Some(refusal)),
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

fn decryption(refusal: &Refusal) -> PyErr {
    DecryptionError::new_err(refusal.to_string())
}

/// As of the kernel's last tick: a few milliseconds do not matter here, and the precise clock costs
/// a twentieth of what sealing does.
fn now() -> UnixMillis {
    UnixMillis(SystemClock.recent_wall_nanos() / 1_000_000)
}
