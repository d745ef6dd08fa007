//! Dictionaries with the keys of one that was read before.
//!
//! The rows of a table, and the values of one function, have the same keys in the same order. A
//! dictionary that takes them one by one is laid out anew at the sixth, the eleventh and the 22nd; a
//! copy of one that has them is laid out once, and only its values are put in.
//!
//! Like the table of [keys](super::keys), it is of fixed size for each thread, where a newer layout
//! replaces an older one. It is only ever a guess: every key is compared with what the bytes say.

use std::rc::Rc;

use cachekit::engine::codec::wire::ExpectedText;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::image::{Image, LONGEST};

const SLOTS: usize = 64;
/// What a new dictionary has room for, it need not be copied for.
pub(crate) const FEWEST: usize = 6;
pub(crate) const MOST: usize = 32;

/// Some keys in their order.
pub(crate) struct Layout {
    keys: Vec<(ExpectedText, Py<PyString>)>,
    /// All of them, with None.
    blank: Py<PyDict>,
}

/// What is known of the dictionaries of one length and first key.
#[derive(Default)]
enum Known {
    #[default]
    Nothing,
    /// One was read: the next may be the same.
    Once,
    Same(Rc<Layout>),
    /// They have other keys from time to time, or keys that are no short text.
    Different,
}

#[derive(Default)]
struct Slot {
    count: usize,
    first: Image,
    known: Known,
}

/// The layouts that this thread read lately.
pub(crate) struct Layouts {
    slots: Vec<Slot>,
}

impl Layouts {
    pub(crate) fn empty() -> Self {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Self { slots }
    }

    /// The layout that dictionaries of so many keys and this first one had.
    #[inline]
    pub(crate) fn get(&self, count: usize, first: &Image) -> Option<Rc<Layout>> {
        let slot = self.slots.get(position(count, first))?;
        match &slot.known {
            Known::Same(layout) if slot.is(count, first) => Some(Rc::clone(layout)),
            _ => None,
        }
    }

    /// Takes note of a dictionary that was read key by key.
    pub(crate) fn note(&mut self, first: Image, dict: &Bound<'_, PyDict>) {
        let count = dict.len();
        let Some(slot) = self.slots.get_mut(position(count, &first)) else { return };
        let known = match slot.known {
            Known::Once if slot.is(count, &first) => {
                Layout::of(dict).map_or(Known::Different, |layout| Known::Same(Rc::new(layout)))
            }
            Known::Different if slot.is(count, &first) => return,
            _ => Known::Once,
        };
        *slot = Slot { count, first, known };
    }

    /// Takes note that a dictionary had other keys.
    pub(crate) fn differs(&mut self, count: usize, first: Image) {
        if let Some(slot) = self.slots.get_mut(position(count, &first)) {
            *slot = Slot { count, first, known: Known::Different };
        }
    }
}

impl Slot {
    #[inline]
    fn is(&self, count: usize, first: &Image) -> bool {
        self.count == count && self.first.is(first)
    }
}

impl Layout {
    /// None if a key is no short text.
    fn of(dict: &Bound<'_, PyDict>) -> Option<Self> {
        let py = dict.py();
        let blank = PyDict::new(py);
        let mut keys = Vec::with_capacity(dict.len());
        for key in dict.keys() {
            let key = key.cast_into_exact::<PyString>().ok()?;
            let text = key.to_str().ok().filter(|text| text.len() <= LONGEST)?;
            let expected = ExpectedText::new(text);
            blank.set_item(&key, py.None()).ok()?;
            keys.push((expected, key.unbind()));
        }
        Some(Self { keys, blank: blank.unbind() })
    }

    /// The keys in their order.
    #[inline]
    pub(crate) fn keys(&self) -> &[(ExpectedText, Py<PyString>)] {
        &self.keys
    }

    /// A dictionary with all the keys; the values are to be put in.
    #[inline]
    pub(crate) fn blank<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.blank.bind(py).copy()
    }
}

#[inline]
fn position(count: usize, first: &Image) -> usize {
    first.spread(count as u64, SLOTS)
}
