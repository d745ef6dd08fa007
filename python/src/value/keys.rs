//! Dictionary keys, shared between values.
//!
//! The rows of a table have the same keys. Building a Python string and hashing it costs more than
//! finding it again, and one string for all rows costs less memory. The cache is a table of fixed
//! size where a newer key replaces an older one: nothing that a store sends makes it grow or makes a
//! lookup longer.
//!
//! It keeps the keys (never the values) of recently read dictionaries alive, at most
//! [`SLOTS`] times [`LONGEST`] bytes for each thread.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::PyString;

const SLOTS: usize = 512;
const LONGEST: usize = WIDTH - 1;
const WIDTH: usize = 32;

/// A key's UTF-8, padded with zeros, its length in the last byte: two of them compare in a few
/// instructions.
type Padded = [u8; WIDTH];

#[derive(Default)]
struct Slot {
    bytes: Padded,
    key: Option<Py<PyString>>,
}

/// The keys that this thread read lately.
pub(crate) struct Keys {
    slots: Vec<Slot>,
}

thread_local! {
    /// Out of its cell while a value is read: reading can run Python code, which can read a value.
    /// That inner reader then starts with an empty cache instead of waiting for this one.
    static KEYS: Cell<Option<Keys>> = const { Cell::new(None) };
}

impl Keys {
    /// Runs `read` with this thread's keys.
    pub(crate) fn lend<T>(read: impl FnOnce(&mut Self) -> T) -> T {
        let mut keys = KEYS.take().unwrap_or_else(Self::empty);
        let result = read(&mut keys);
        KEYS.set(Some(keys));
        result
    }

    fn empty() -> Self {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Self { slots }
    }

    /// The string of these UTF-8 bytes.
    #[inline]
    pub(crate) fn get<'py>(
        &mut self,
        py: Python<'py>,
        text: &[u8],
    ) -> PyResult<Bound<'py, PyString>> {
        let Some(bytes) = pad(text) else { return PyString::from_bytes(py, text) };
        let Some(slot) = self.slots.get_mut(position(&bytes)) else {
            return PyString::from_bytes(py, text);
        };
        match &slot.key {
            Some(key) if slot.bytes == bytes => Ok(key.bind(py).clone()),
            _ => replace(py, slot, bytes, text),
        }
    }
}

#[cold]
fn replace<'py>(
    py: Python<'py>,
    slot: &mut Slot,
    bytes: Padded,
    text: &[u8],
) -> PyResult<Bound<'py, PyString>> {
    let key = PyString::from_bytes(py, text)?;
    *slot = Slot { bytes, key: Some(key.clone().unbind()) };
    Ok(key)
}

#[inline]
fn pad(text: &[u8]) -> Option<Padded> {
    let mut bytes = [0; WIDTH];
    if text.len() > LONGEST {
        return None;
    }
    bytes.get_mut(..text.len())?.copy_from_slice(text);
    *bytes.last_mut()? = text.len() as u8;
    Some(bytes)
}

/// Multilinear in the four words, by odd constants; the top bits depend on all of the input.
#[inline]
fn position(bytes: &Padded) -> usize {
    const FACTORS: [u64; 4] = [
        0x9E37_79B9_7F4A_7C15,
        0xC2B2_AE3D_27D4_EB4F,
        0x1656_67B1_9E37_79F9,
        0x27D4_EB2F_1656_67C5,
    ];
    let (words, _) = bytes.as_chunks::<8>();
    let sum = words.iter().zip(FACTORS).fold(0_u64, |sum, (word, factor)| {
        sum.wrapping_add(u64::from_le_bytes(*word).wrapping_mul(factor))
    });
    let sum = sum ^ (sum >> 29);
    (sum.wrapping_mul(FACTORS[0]) >> (64 - SLOTS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_spread_over_the_table() {
        let mut used = std::collections::BTreeSet::new();
        for key in 0..SLOTS {
            used.insert(position(&pad(format!("column_{key}").as_bytes()).unwrap()));
        }
        // A random function fills 1 - 1/e of the slots.
        assert!(used.len() > SLOTS / 2, "{}", used.len());
        assert!(used.iter().all(|position| *position < SLOTS));
    }

    #[test]
    fn padding_tells_apart_what_zeros_would_not() {
        assert_ne!(pad(b"a"), pad(b"a\0"));
        assert_eq!(pad(&[b'a'; LONGEST + 1]), None);
    }
}
