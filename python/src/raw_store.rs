//! `cachekit.testing.RawStore`: what a store sees.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cachekit::Settings;
use cachekit::engine::store::{Store, StoreOptions};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::detach;
use crate::errors::{Result, misconfigured};

/// How long entries live that are put here by hand.
const LIFE: Duration = Duration::from_secs(3600);

/// A store as whoever runs it has it: keys and bytes.
#[pyclass(frozen, module = "cachekit.testing")]
pub(crate) struct RawStore {
    url: String,
    store: Arc<dyn Store>,
}

#[pymethods]
impl RawStore {
    #[new]
    fn new(url: String) -> Result<Self> {
        let options = Settings::new().effective()?.store_options(StoreOptions::default());
        let store = cachekit::engine::store::open(&url, &options)?;
        Ok(Self { url, store })
    }

    /// The bytes under a key, or None.
    fn get<'py>(&self, py: Python<'py>, key: &str) -> Result<Option<Bound<'py, PyBytes>>> {
        let found = detach::wait(py, async { self.store.get_many(&[key]).await })??;
        Ok(found.into_iter().next().flatten().map(|bytes| PyBytes::new(py, &bytes)))
    }

    /// Puts bytes under a key, for an hour.
    fn set(&self, py: Python<'_>, key: &str, value: &[u8]) -> Result<()> {
        let value = Bytes::copy_from_slice(value);
        Ok(detach::wait(py, async { self.store.set(key, value, LIFE).await })??)
    }

    /// Removes a key.
    fn delete(&self, py: Python<'_>, key: &str) -> Result<()> {
        detach::wait(py, async { self.store.delete(key).await })??;
        Ok(())
    }

    /// The keys of entries that live, in no order; of `memory://` and `redis://` alone.
    fn keys(&self, py: Python<'_>) -> Result<Vec<String>> {
        if let Some(name) = self.url.strip_prefix("memory://") {
            return Ok(
                cachekit::engine::store::MemoryStore::named(name, &StoreOptions::default()).keys()
            );
        }
        if !self.url.starts_with("redis://") {
            return Err(misconfigured("keys are listed of memory:// and redis:// alone").into());
        }
        let listed = py.import("cachekit.testing")?.call_method1("redis_keys", (&self.url,))?;
        Ok(listed.extract()?)
    }
}
