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
use pyo3::types::{PyDict, PyString};

use super::decode::string;
use super::error::ValueError;

const SLOTS: usize = 512;
const LONGEST: usize = 32;

/// A key of at most [`LONGEST`] bytes in registers: its length, and words that together hold every
/// byte, some of them twice. Two keys are equal exactly if their images are. Copying the bytes into a
/// padded buffer instead makes each load wait for the stores before it.
#[derive(Clone, Copy, Default, Debug)]
struct Image {
    length: u64,
    words: [u64; 4],
}

#[derive(Default)]
struct Slot {
    image: Image,
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
        let mut keys = KEYS.try_with(Cell::take).ok().flatten().unwrap_or_else(Self::empty);
        let result = read(&mut keys);
        // A thread that is ending has no cell any more: then its keys go with it.
        let _ = KEYS.try_with(|cell| cell.set(Some(keys)));
        result
    }

    fn empty() -> Self {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Self { slots }
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
        let Some(slot) = self.slots.get_mut(image.position()) else {
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

impl Image {
    #[inline]
    fn of(text: &[u8]) -> Option<Self> {
        let words = match text.len() {
            0..=3 => [short(text), 0, 0, 0],
            4..=8 => [half(text.first_chunk()?), half(text.last_chunk()?), 0, 0],
            9..=16 => [word(text.first_chunk()?), word(text.last_chunk()?), 0, 0],
            17..=LONGEST => {
                let [first, second] = pair(text.first_chunk()?);
                let [third, fourth] = pair(text.last_chunk()?);
                [first, second, third, fourth]
            }
            _ => return None,
        };
        Some(Self { length: text.len() as u64, words })
    }

    /// Whether both are of the same key; without branches, so that the words stay in registers.
    #[inline]
    fn is(&self, other: &Self) -> bool {
        let differing = self.words.iter().zip(other.words).map(|(one, other)| one ^ other);
        differing.fold(self.length ^ other.length, |all, word| all | word) == 0
    }

    /// Multilinear in the words, by odd constants; the top bits depend on all of the input.
    #[inline]
    fn position(&self) -> usize {
        const FACTORS: [u64; 4] = [
            0x9E37_79B9_7F4A_7C15,
            0xC2B2_AE3D_27D4_EB4F,
            0x1656_67B1_9E37_79F9,
            0x27D4_EB2F_1656_67C5,
        ];
        let sum = self.words.iter().zip(FACTORS).fold(self.length, |sum, (word, factor)| {
            sum.wrapping_add((word ^ (word >> 32)).wrapping_mul(factor))
        });
        (sum.wrapping_mul(0xFF51_AFD7_ED55_8CCD) >> (64 - SLOTS.ilog2())) as usize
    }
}

/// At most three bytes: the first, the middle and the last are all of them.
#[inline]
fn short(text: &[u8]) -> u64 {
    let at = |index: usize| text.get(index).copied().map_or(0, u64::from);
    at(0) | at(text.len() / 2) << 8 | at(text.len().saturating_sub(1)) << 16
}

#[inline]
fn half(bytes: &[u8; 4]) -> u64 {
    u64::from(u32::from_le_bytes(*bytes))
}

#[inline]
fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

#[inline]
fn pair(bytes: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*bytes);
    [both as u64, (both >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &[u8]) -> Image {
        Image::of(text).unwrap()
    }

    #[test]
    fn positions_spread_over_the_table() {
        for stem in ["", "c", "col_", "column_", "a_rather_long_column_"] {
            let keys = (0..SLOTS).map(|key| format!("{stem}{key}"));
            let used: std::collections::BTreeSet<_> =
                keys.map(|key| image(key.as_bytes()).position()).collect();
            // A random function fills 1 - 1/e of the slots.
            assert!(used.len() > SLOTS / 2, "{stem}: {}", used.len());
            assert!(used.iter().all(|position| *position < SLOTS));
        }
    }

    #[test]
    fn an_image_depends_on_every_byte_and_on_the_length() {
        for length in 0..=LONGEST {
            let zeros = vec![0; length];
            for index in 0..length {
                let mut other = zeros.clone();
                other[index] = 1;
                assert!(!image(&zeros).is(&image(&other)), "byte {index} of {length}");
            }
            if length > 0 {
                assert!(!image(&zeros).is(&image(&zeros[1..])));
            }
        }
        assert!(Image::of(&[0; LONGEST + 1]).is_none());
    }
}
