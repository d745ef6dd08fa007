//! What was counted for one function in this process.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::engine::{Refused, Stats};

/// Counters of one function in one process, as they stood when they were read.
#[pyclass(frozen, eq, module = "cachekit._native")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CacheInfo {
    #[pyo3(get)]
    hits: u64,
    #[pyo3(get)]
    misses: u64,
    #[pyo3(get)]
    l1_hits: u64,
    #[pyo3(get)]
    store_hits: u64,
    #[pyo3(get)]
    joined: u64,
    #[pyo3(get)]
    fills: u64,
    #[pyo3(get)]
    unwritten: u64,
    #[pyo3(get)]
    failures: u64,
    #[pyo3(get)]
    store_errors: u64,
    #[pyo3(get)]
    unencodable: u64,
    #[pyo3(get)]
    undecodable: u64,
    by_reason: [u64; Refused::ALL.len()],
}

impl CacheInfo {
    pub(crate) fn new(stats: &Stats) -> Self {
        Self {
            hits: stats.hits(),
            misses: stats.misses,
            l1_hits: stats.l1_hits,
            store_hits: stats.store_hits,
            joined: stats.joined,
            fills: stats.fills,
            unwritten: stats.unwritten,
            failures: stats.failures,
            store_errors: stats.store_errors,
            unencodable: stats.unencodable,
            undecodable: stats.undecodable,
            by_reason: stats.refused,
        }
    }
}

#[pymethods]
impl CacheInfo {
    /// How often stored entries were refused, by reason.
    #[getter]
    fn refused<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let reasons = PyDict::new(py);
        for (reason, count) in Refused::ALL.iter().zip(self.by_reason) {
            reasons.set_item(reason.word(), count)?;
        }
        Ok(reasons)
    }

    fn __repr__(&self) -> String {
        let refused: u64 = self.by_reason.iter().sum();
        let Self { hits, misses, fills, unwritten, failures, store_errors, .. } = self;
        let Self { unencodable, undecodable, .. } = self;
        format!(
            "CacheInfo(hits={hits}, misses={misses}, fills={fills}, unwritten={unwritten}, \
             failures={failures}, store_errors={store_errors}, unencodable={unencodable}, \
             undecodable={undecodable}, refused={refused})"
        )
    }
}
