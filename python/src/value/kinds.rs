//! Which standard type an object is, without importing what the application did not.
//!
//! An object of `decimal.Decimal` exists only if `decimal` is loaded, so its type's `__module__` says
//! what to compare with; a class that merely claims that module is found out by identity. Reading
//! imports from this table alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

/// A name of a module, looked up when it is first needed.
pub(crate) struct Lazy {
    module: &'static str,
    name: &'static str,
    found: PyOnceLock<Py<PyAny>>,
}

impl Lazy {
    pub(crate) const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, found: PyOnceLock::new() }
    }

    /// The object, imported at the first call.
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        self.found.import(py, self.module, self.name)
    }
}

/// A type of the standard library, NumPy or a data frame library, with no C type of its own in PyO3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    DateTime,
    Date,
    Time,
    TimeDelta,
    FixedZone,
    NamedZone,
    Decimal,
    Fraction,
    Uuid,
    Path(u8),
    Network(u8),
    Pattern,
    Deque,
    OrderedDict,
    DefaultDict,
    Counter,
    Array,
    Scalar,
    /// A data frame, a table or a column of one.
    Frame(u8),
}

pub(crate) static DATETIME: Lazy = Lazy::new("datetime", "datetime");
pub(crate) static DATE: Lazy = Lazy::new("datetime", "date");
pub(crate) static TIME: Lazy = Lazy::new("datetime", "time");
pub(crate) static TIMEDELTA: Lazy = Lazy::new("datetime", "timedelta");
pub(crate) static TIMEZONE: Lazy = Lazy::new("datetime", "timezone");
pub(crate) static ZONEINFO: Lazy = Lazy::new("zoneinfo", "ZoneInfo");
pub(crate) static DECIMAL: Lazy = Lazy::new("decimal", "Decimal");
pub(crate) static FRACTION: Lazy = Lazy::new("fractions", "Fraction");
pub(crate) static UUID: Lazy = Lazy::new("uuid", "UUID");
pub(crate) static PATTERN: Lazy = Lazy::new("re", "Pattern");
pub(crate) static DEQUE: Lazy = Lazy::new("collections", "deque");
pub(crate) static ORDERED_DICT: Lazy = Lazy::new("collections", "OrderedDict");
pub(crate) static DEFAULT_DICT: Lazy = Lazy::new("collections", "defaultdict");
pub(crate) static COUNTER: Lazy = Lazy::new("collections", "Counter");
pub(crate) static NDARRAY: Lazy = Lazy::new("numpy", "ndarray");
static GENERIC: Lazy = Lazy::new("numpy", "generic");

/// By the number that stands for them in bytes.
pub(crate) static PATHS: [Lazy; 4] = [
    Lazy::new("pathlib", "PurePosixPath"),
    Lazy::new("pathlib", "PureWindowsPath"),
    Lazy::new("pathlib", "PosixPath"),
    Lazy::new("pathlib", "WindowsPath"),
];

/// By the number that stands for them in bytes.
pub(crate) static NETWORKS: [Lazy; 6] = [
    Lazy::new("ipaddress", "IPv4Address"),
    Lazy::new("ipaddress", "IPv6Address"),
    Lazy::new("ipaddress", "IPv4Network"),
    Lazy::new("ipaddress", "IPv6Network"),
    Lazy::new("ipaddress", "IPv4Interface"),
    Lazy::new("ipaddress", "IPv6Interface"),
];

/// By the number that stands for them in bytes.
pub(crate) static FRAMES: [Lazy; 6] = [
    Lazy::new("pandas", "DataFrame"),
    Lazy::new("polars", "DataFrame"),
    Lazy::new("pyarrow", "Table"),
    Lazy::new("pyarrow", "RecordBatch"),
    Lazy::new("pandas", "Series"),
    Lazy::new("polars", "Series"),
];

static SINGLE: [(&Lazy, Kind); 15] = [
    (&DATETIME, Kind::DateTime),
    (&DATE, Kind::Date),
    (&TIME, Kind::Time),
    (&TIMEDELTA, Kind::TimeDelta),
    (&TIMEZONE, Kind::FixedZone),
    (&ZONEINFO, Kind::NamedZone),
    (&DECIMAL, Kind::Decimal),
    (&FRACTION, Kind::Fraction),
    (&UUID, Kind::Uuid),
    (&PATTERN, Kind::Pattern),
    (&DEQUE, Kind::Deque),
    (&ORDERED_DICT, Kind::OrderedDict),
    (&DEFAULT_DICT, Kind::DefaultDict),
    (&COUNTER, Kind::Counter),
    (&NDARRAY, Kind::Array),
];

/// Types by address. The [`Lazy`] above, or NumPy itself, keeps each of them alive, so an address
/// never becomes another type's. No Python code runs under the lock.
static KNOWN: Mutex<BTreeMap<usize, Kind>> = Mutex::new(BTreeMap::new());

impl Kind {
    /// The kind of this very type, subclasses not counted.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> PyResult<Option<Self>> {
        let address = class.as_ptr() as usize;
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&address).copied();
        if known.is_some() {
            return Ok(known);
        }
        let kind = recognise(class)?;
        if let Some(kind) = kind {
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(address, kind);
        }
        Ok(kind)
    }
}

fn recognise(class: &Bound<'_, PyType>) -> PyResult<Option<Kind>> {
    let py = class.py();
    let Ok(module) = class.getattr(intern!(py, "__module__")) else { return Ok(None) };
    let Ok(module) = module.cast_into::<PyString>() else { return Ok(None) };
    // `pathlib` is a package since Python 3.13, NumPy always was.
    let module = module.to_str()?.split('.').next().unwrap_or_default();
    let paths = (0_u8..).zip(&PATHS).map(|(number, path)| (path, Kind::Path(number)));
    let networks = (0_u8..).zip(&NETWORKS).map(|(number, net)| (net, Kind::Network(number)));
    let frames = (0_u8..).zip(&FRAMES).map(|(number, frame)| (frame, Kind::Frame(number)));
    for (lazy, kind) in SINGLE.into_iter().chain(paths).chain(networks).chain(frames) {
        if lazy.module == module && lazy.get(py)?.is(class) {
            return Ok(Some(kind));
        }
    }
    let scalar = module == "numpy" && class.is_subclass(GENERIC.get(py)?)? && !is_heap(class)?;
    Ok(scalar.then_some(Kind::Scalar))
}

/// Whether the type was made while the program runs, by a `class` statement or the like, so that it
/// can also go away (`Py_TPFLAGS_HEAPTYPE`).
pub(crate) fn is_heap(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let flags: u64 = class.getattr(intern!(class.py(), "__flags__"))?.extract()?;
    Ok(flags & (1 << 9) != 0)
}
