//! Dictionary keys, shared between values.
//!
//! The rows of a table have the same keys. Building a Python string and hashing it costs more than
//! finding it again, and one string for all rows costs less memory. The cache is a table of fixed
//! size where a newer key replaces an older one: nothing that a store sends makes it grow or makes a
//! lookup longer.
//!
//! It keeps the keys (never the values) of recently read dictionaries alive, at most
//! [`SLOTS`] times [`LONGEST`](super::image::LONGEST) bytes for each thread, and those of the
//! [`Layouts`] beside them.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::decode::string;
use super::error::ValueError;
use super::image::Image;
use super::layouts::Layouts;

const SLOTS: usize = 512;

#[derive(Default)]
struct Slot {
    image: Image,
    key: Option<Py<PyString>>,
}

/// The keys that this thread read lately.
pub(crate) struct Keys {
    slots: Vec<Slot>,
    pub(crate) layouts: Layouts,
}

thread_local! {
    /// Out of its cell while a value is read: reading can run Python code, which can read a value.
    /// That inner reader then starts with an empty cache instead of waiting for this one.
    static KEYS: Cell<Option<Box<Keys>>> = const { Cell::new(None) };
}

impl Keys {
    /// Runs `read` with this thread's keys.
    pub(crate) fn lend<T>(read: impl FnOnce(&mut Self) -> T) -> T {
        let mut keys = KEYS.try_with(Cell::take).ok().flatten().unwrap_or_else(Self::empty);
        let result = read(&mut keys);
        // A thread that is ending has no cell any more: then its keys go with it.
        let _ = KEYS.try_with(|cell| cell.set(Some(keys)));
        result
    }

    #[cold]
    fn empty() -> Box<Self> {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Box::new(Self { slots, layouts: Layouts::empty() })
    }

    /// `dict[key] = value`, the key being these UTF-8 bytes.
    #[inline]
    pub(crate) fn set_item<'py>(
        &mut self,
        dict: &Bound<'py, PyDict>,
        text: &[u8],
        value: Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        let py = dict.py();
        let Some(image) = Image::of(text) else {
            return Ok(dict.set_item(string(py, text)?, value)?);
        };
        let Some(slot) = self.slots.get_mut(image.spread(0, SLOTS)) else {
            return Ok(dict.set_item(string(py, text)?, value)?);
        };
        match &slot.key {
            Some(key) if slot.image.is(&image) => Ok(dict.set_item(key.bind(py), value)?),
            _ => {
                let key = string(py, text)?;
                *slot = Slot { image, key: Some(key.clone().unbind()) };
                Ok(dict.set_item(key, value)?)
            }
        }
    }
}
