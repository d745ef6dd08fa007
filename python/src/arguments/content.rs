//! Arrays and buffers as arguments: a digest of what is in them.
//!
//! The stable ABI of Python 3.10 lends no memory, so elements are copied a stretch at a time, each
//! small enough to be hashed while it is still in the processor's cache. A whole array is never
//! copied, and the copy costs next to nothing beside reading the array from memory.

use blake3::Hasher;
use cachekit::engine::codec::arguments::Container;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyTuple};

use super::encoder::{Encoded, Encoder};
use super::obstacle::Obstacle;
use crate::detach;
use crate::value::kinds::Lazy;

/// Bytes that are copied and hashed at a time.
const STRETCH: usize = 128 * 1024;

/// From here on other threads may run while a stretch is hashed: it takes longer than the switch.
const LONG: usize = 32 * 1024;

static TO_DESCRIPTION: Lazy = Lazy::new("numpy.lib.format", "dtype_to_descr");

impl Encoder<'_> {
    /// Data type, sides, and the digest of the elements in row order, however they lie in memory;
    /// of an array of objects the elements themselves.
    pub(super) fn array(&mut self, array: &Bound<'_, PyAny>) -> Encoded {
        let py = array.py();
        let dtype = array.getattr(intern!(py, "dtype"))?;
        let content = match Elements::of(&dtype)? {
            Elements::Bytes => digest_array(array)?.into_any(),
            Elements::Objects => array
                .call_method1(intern!(py, "reshape"), (-1,))?
                .call_method0(intern!(py, "tolist"))?,
            Elements::Unclear => {
                return Err(Obstacle::unkeyable(
                    array,
                    "the bytes of its elements are not their values alone",
                ));
            }
        };
        let description = TO_DESCRIPTION.get(py)?.call1((&dtype,))?;
        let sides = array.getattr(intern!(py, "shape"))?;
        let parts = [description, sides, content];
        self.items(Container::Tuple, parts.into_iter().map(Ok))
    }
}

/// What an array's memory holds.
enum Elements {
    Bytes,
    Objects,
    /// Padding, or addresses.
    Unclear,
}

impl Elements {
    fn of(dtype: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = dtype.py();
        let code: char = dtype.getattr(intern!(py, "char"))?.extract()?;
        Ok(match code {
            'O' => Self::Objects,
            'V' if is_packed(dtype)? => Self::Bytes,
            _ if "?bhilqpnPNBHILQefdFDSUmM".contains(code) => Self::Bytes,
            _ => Self::Unclear,
        })
    }
}

/// Whether every byte of a structured element belongs to a field of plain bytes.
fn is_packed(dtype: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = dtype.py();
    let size = |dtype: &Bound<'_, PyAny>| -> PyResult<usize> {
        dtype.getattr(intern!(py, "itemsize"))?.extract()
    };
    if let Ok(inner) = dtype.getattr(intern!(py, "subdtype"))?.cast::<PyTuple>() {
        return Ok(matches!(Elements::of(&inner.get_item(0)?)?, Elements::Bytes));
    }
    let names = dtype.getattr(intern!(py, "names"))?;
    let Ok(names) = names.cast::<PyTuple>() else { return Ok(true) };
    let mut filled = 0;
    for name in names {
        let field = dtype.get_item(name)?;
        if !matches!(Elements::of(&field)?, Elements::Bytes) {
            return Ok(false);
        }
        filled += size(&field)?;
    }
    Ok(filled == size(dtype)?)
}

/// The digest of an array's elements in row order.
fn digest_array<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let mut hasher = Hasher::new();
    absorb(&mut hasher, array)?;
    Ok(digest(array.py(), &hasher))
}

/// An array that lies in row order is cut where it is; another one along its first axis, so that
/// only stretches of it are put in order at a time.
fn absorb(hasher: &mut Hasher, array: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = array.py();
    let bytes: usize = array.getattr(intern!(py, "nbytes"))?.extract()?;
    if bytes <= STRETCH {
        return update(hasher, &array.call_method0(intern!(py, "tobytes"))?);
    }
    let flags = array.getattr(intern!(py, "flags"))?;
    let array = match flags.getattr(intern!(py, "c_contiguous"))?.extract()? {
        true => array.call_method1(intern!(py, "reshape"), (-1,))?,
        false => array.clone(),
    };
    let count = array.len()?;
    let rows = (STRETCH / (bytes / count).max(1)).max(1);
    if rows == 1 && array.getattr(intern!(py, "ndim"))?.extract::<usize>()? > 1 {
        return (0..count).try_for_each(|row| absorb(hasher, &array.get_item(row)?));
    }
    for start in (0..count).step_by(rows) {
        let stretch = array.get_item(py_slice(py, start, start + rows)?)?;
        update(hasher, &stretch.call_method0(intern!(py, "tobytes"))?)?;
    }
    Ok(())
}

/// The digest of buffers, one after the other, as if they were one.
#[pyfunction]
pub(crate) fn digest_buffers<'py>(buffers: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = buffers.py();
    let mut hasher = Hasher::new();
    for buffer in buffers.try_iter()? {
        let view = PyMemoryView::from(&buffer?)?;
        let bytes = view.call_method1(intern!(py, "cast"), ("B",))?;
        for start in (0..bytes.len()?).step_by(STRETCH) {
            let stretch = bytes.get_item(py_slice(py, start, start + STRETCH)?)?;
            update(&mut hasher, &stretch.call_method0(intern!(py, "tobytes"))?)?;
        }
    }
    Ok(digest(py, &hasher))
}

fn update(hasher: &mut Hasher, stretch: &Bound<'_, PyAny>) -> PyResult<()> {
    let bytes = stretch.cast::<PyBytes>()?.as_bytes();
    if bytes.len() < LONG {
        hasher.update(bytes);
    } else {
        detach::run(stretch.py(), || {
            hasher.update(bytes);
        });
    }
    Ok(())
}

fn digest<'py>(py: Python<'py>, hasher: &Hasher) -> Bound<'py, PyBytes> {
    PyBytes::new(py, hasher.finalize().as_bytes())
}

fn py_slice(py: Python<'_>, start: usize, end: usize) -> PyResult<Bound<'_, PyAny>> {
    static SLICE: Lazy = Lazy::new("builtins", "slice");
    SLICE.get(py)?.call1((start, end))
}
