//! Texts that are recognised without being read.

use super::Writer;

/// The longest encoding that is compared in one go.
const WORD: usize = size_of::<u128>();

/// A text as the writer encodes it, for [`Reader::skip`](super::Reader::skip).
///
/// ```
/// use cachekit_codec::wire::{ExpectedText, Reader, Token};
///
/// let mut reader = Reader::new(&[0x92, 0xA1, b'a', 0xA1, b'b']);
/// assert_eq!(reader.token(), Ok(Token::Array(2)));
/// let expected = ExpectedText::new("a");
/// assert!(reader.skip(&expected));
/// assert!(!reader.skip(&expected), "nothing is skipped then");
/// assert_eq!(reader.token(), Ok(Token::Text(b"b")));
/// assert_eq!(reader.finish(), Ok(()));
/// ```
#[derive(Debug, Clone)]
pub struct ExpectedText {
    encoded: Box<[u8]>,
    /// Its first bytes, and which bits of a word they are.
    word: u128,
    mask: u128,
}

impl ExpectedText {
    /// Of 4 GiB or more, which MessagePack cannot hold, it is never found.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut encoded = Vec::new();
        // What is not encoded is empty, and that is not found.
        let _ = Writer::new(&mut encoded).text(text);
        let mut first = [0; WORD];
        for (place, byte) in first.iter_mut().zip(&encoded) {
            *place = *byte;
        }
        let missing = WORD.saturating_sub(encoded.len());
        let mask = u128::MAX.checked_shr(8 * missing as u32).unwrap_or(0);
        Self { encoded: encoded.into(), word: u128::from_le_bytes(first), mask }
    }

    /// What follows it, if `rest` begins with it.
    #[inline]
    pub(super) fn strip<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        match rest.first_chunk() {
            Some(chunk) if self.encoded.len() <= WORD => {
                let differing = (u128::from_le_bytes(*chunk) ^ self.word) & self.mask;
                if differing == 0 && self.mask != 0 { rest.get(self.encoded.len()..) } else { None }
            }
            _ if self.encoded.is_empty() => None,
            _ => rest.strip_prefix(&*self.encoded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Malformed, Reader, Token};
    use super::*;

    #[test]
    fn a_text_of_any_length_is_found_wherever_the_input_ends() {
        for length in [0, 1, 7, 14, 15, 16, 31, 32, 300] {
            let text = "x".repeat(length);
            let mut encoded = Vec::new();
            Writer::new(&mut encoded).text(&text).unwrap();
            let expected = ExpectedText::new(&text);
            for behind in [0, 1, 20] {
                let rest = [&encoded[..], &vec![0xC0; behind]].concat();
                assert_eq!(expected.strip(&rest), Some(&rest[encoded.len()..]), "{length}");
                for index in 0..encoded.len() {
                    let mut other = rest.clone();
                    other[index] ^= 1;
                    assert_eq!(expected.strip(&other), None, "byte {index} of {length}");
                }
            }
            for end in 0..encoded.len() {
                assert_eq!(expected.strip(&encoded[..end]), None, "{length} cut at {end}");
            }
        }
    }

    #[test]
    fn what_is_skipped_is_paid_for() {
        let expected = ExpectedText::new("a");
        let mut reader = Reader::new(&[0xA1, b'a', 0xA1, b'a']);
        assert!(reader.skip(&expected));
        assert!(!reader.skip(&expected), "no value is owed any more");
        assert_eq!(reader.finish(), Err(Malformed::Trailing { count: 2 }));

        // Two values are owed, and only one byte is left behind the first.
        let mut reader = Reader::new(&[0x93, 0xA1, b'a', 0xC0]);
        assert_eq!(reader.token(), Ok(Token::Array(3)));
        assert!(!reader.skip(&expected));
        assert_eq!(reader.token(), Err(Malformed::Overlong { remaining: 1 }));
    }
}
