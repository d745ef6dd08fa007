//! Short keys as a few words, which compare in no time.

pub(crate) const LONGEST: usize = 32;

/// A key of at most [`LONGEST`] bytes in registers: its length, and words that together hold every
/// byte, some of them twice. Two keys are equal exactly if their images are. Copying the bytes into a
/// padded buffer instead makes each load wait for the stores before it.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Image {
    length: u64,
    words: [u64; 4],
}

impl Image {
    /// None for a longer one.
    #[inline]
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
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
    pub(crate) fn is(&self, other: &Self) -> bool {
        let differing = self.words.iter().zip(other.words).map(|(one, other)| one ^ other);
        differing.fold(self.length ^ other.length, |all, word| all | word) == 0
    }

    /// A position in a table of `slots`, a power of two, that depends on the key and on `seed`.
    ///
    /// Multilinear in the words, by odd constants; the top bits depend on all of the input.
    #[inline]
    pub(crate) fn spread(&self, seed: u64, slots: usize) -> usize {
        const FACTORS: [u64; 4] = [
            0x9E37_79B9_7F4A_7C15,
            0xC2B2_AE3D_27D4_EB4F,
            0x1656_67B1_9E37_79F9,
            0x27D4_EB2F_1656_67C5,
        ];
        let sum =
            self.words.iter().zip(FACTORS).fold(self.length ^ seed << 32, |sum, (word, factor)| {
                sum.wrapping_add((word ^ (word >> 32)).wrapping_mul(factor))
            });
        (sum.wrapping_mul(0xFF51_AFD7_ED55_8CCD) >> (64 - slots.ilog2())) as usize
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

    const SLOTS: usize = 512;

    fn image(text: &[u8]) -> Image {
        Image::of(text).unwrap()
    }

    #[test]
    fn positions_spread_over_the_table() {
        for stem in ["", "c", "col_", "column_", "a_rather_long_column_"] {
            let keys = (0..SLOTS).map(|key| format!("{stem}{key}"));
            let used: std::collections::BTreeSet<_> =
                keys.map(|key| image(key.as_bytes()).spread(0, SLOTS)).collect();
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
