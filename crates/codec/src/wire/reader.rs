//! Bytes to tokens.

use thiserror::Error;

use super::ExpectedText;

/// One MessagePack value, or the header of an array or a map whose elements follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// `nil`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// Any integer that fits 64 bits with a sign.
    Signed(i64),
    /// An integer above `i64::MAX`.
    Unsigned(u64),
    /// A float; `float 32` is widened, which is exact.
    Float(f64),
    /// The bytes of a string. *Not* checked to be UTF-8: who builds the string checks.
    Text(&'a [u8]),
    /// `bin`.
    Bytes(&'a [u8]),
    /// This many values follow.
    Array(usize),
    /// This many pairs of values follow.
    Map(usize),
    /// An extension: its code and its payload.
    Extension(i8, &'a [u8]),
}

/// Why bytes are not the one MessagePack value that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The input ends inside a value.
    #[error("the bytes end inside a value")]
    Truncated,
    /// A length or count promises more than the input still holds.
    #[error("a length promises more than the {remaining} bytes that are left")]
    Overlong {
        /// Bytes left behind the header.
        remaining: usize,
    },
    /// The marker byte `0xC1`, which the specification never uses.
    #[error("marker 0xC1 is never used by MessagePack")]
    Reserved,
    /// The value is complete and bytes follow it.
    #[error("{count} bytes follow the value")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A token was asked for and none is owed: the value is complete.
    #[error("the value is already complete")]
    Complete,
}

/// Reads the tokens of exactly one value.
///
/// ```
/// use cachekit_codec::wire::{Malformed, Reader, Token};
///
/// let mut reader = Reader::new(&[0x92, 0x01, 0xC0]);
/// assert_eq!(reader.token(), Ok(Token::Array(2)));
/// assert_eq!(reader.token(), Ok(Token::Signed(1)));
/// assert_eq!(reader.token(), Ok(Token::Nil));
/// assert_eq!(reader.finish(), Ok(()));
///
/// // An array of 2^32 - 1 elements in five bytes is refused at its header.
/// let mut reader = Reader::new(&[0xDD, 0xFF, 0xFF, 0xFF, 0xFF]);
/// assert_eq!(reader.token(), Err(Malformed::Overlong { remaining: 0 }));
/// ```
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Values promised and not read yet, in all open containers. Never above `rest.len()`.
    owed: usize,
}

impl<'a> Reader<'a> {
    /// A reader of the one value that `input` should be.
    #[inline]
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self { rest: input, owed: 1 }
    }

    /// How many bytes are left.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Checks that the value is complete and nothing follows it.
    ///
    /// # Errors
    /// [`Malformed::Trailing`] if bytes follow, [`Malformed::Truncated`] if elements are missing.
    #[inline]
    pub fn finish(&self) -> Result<(), Malformed> {
        match (self.owed, self.rest.len()) {
            (0, 0) => Ok(()),
            (0, count) => Err(Malformed::Trailing { count }),
            _ => Err(Malformed::Truncated),
        }
    }

    /// Reads the next token, in the order of the bytes.
    ///
    /// # Errors
    /// Any [`Malformed`] but `Trailing`. After an error other than `Complete` the reader stands
    /// anywhere, and [`Reader::finish`] never succeeds.
    // Always inlined: a token that passes through memory costs more than reading it.
    #[inline(always)]
    pub fn token(&mut self) -> Result<Token<'a>, Malformed> {
        if self.owed == 0 {
            return Err(Malformed::Complete);
        }
        let (&marker, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        let token = match marker {
            0x00..=0x7F => Token::Signed(i64::from(marker)),
            0x80..=0x8F => self.map(usize::from(marker & 0x0F))?,
            0x90..=0x9F => self.array(usize::from(marker & 0x0F))?,
            0xA0..=0xBF => Token::Text(self.take(usize::from(marker & 0x1F))?),
            0xC0 => Token::Nil,
            0xC2 => Token::Bool(false),
            0xC3 => Token::Bool(true),
            0xCB => Token::Float(f64::from_be_bytes(self.fixed()?)),
            0xD9 => {
                let length = self.length_8()?;
                Token::Text(self.take(length)?)
            }
            0xE0..=0xFF => Token::Signed(i64::from(marker.cast_signed())),
            _ => self.uncommon(marker)?,
        };
        // Paid last: a reader that failed still owes, and never finishes.
        self.owed -= 1;
        if self.owed > self.rest.len() {
            return Err(Malformed::Overlong { remaining: self.rest.len() });
        }
        Ok(token)
    }

    /// Passes over a text if it comes next as the writer encodes it, and is owed. Else nothing happens,
    /// and [`token`](Self::token) tells what is there.
    #[inline(always)]
    pub fn skip(&mut self, text: &ExpectedText) -> bool {
        match (self.owed.checked_sub(1), text.strip(self.rest)) {
            (Some(owed), Some(rest)) if owed <= rest.len() => {
                *self = Self { rest, owed };
                true
            }
            _ => false,
        }
    }

    #[inline(never)]
    fn uncommon(&mut self, marker: u8) -> Result<Token<'a>, Malformed> {
        Ok(match marker {
            0xC4..=0xC6 => {
                let length = self.length(marker - 0xC4)?;
                Token::Bytes(self.take(length)?)
            }
            0xC7..=0xC9 => {
                let length = self.length(marker - 0xC7)?;
                self.extension(length)?
            }
            0xCA => Token::Float(f64::from(f32::from_be_bytes(self.fixed()?))),
            0xCC..=0xD3 => self.integer(marker)?,
            0xD4..=0xD8 => self.extension(1 << (marker - 0xD4))?,
            0xDA | 0xDB => {
                let length = self.length(marker - 0xD9)?;
                Token::Text(self.take(length)?)
            }
            0xDC | 0xDD => {
                let count = self.length(marker - 0xDB)?;
                self.array(count)?
            }
            0xDE | 0xDF => {
                let count = self.length(marker - 0xDD)?;
                self.map(count)?
            }
            _ => return Err(Malformed::Reserved),
        })
    }

    fn integer(&mut self, marker: u8) -> Result<Token<'a>, Malformed> {
        Ok(Token::Signed(match marker {
            0xCC => i64::from(u8::from_be_bytes(self.fixed()?)),
            0xCD => i64::from(u16::from_be_bytes(self.fixed()?)),
            0xCE => i64::from(u32::from_be_bytes(self.fixed()?)),
            0xCF => {
                let value = u64::from_be_bytes(self.fixed()?);
                match i64::try_from(value) {
                    Ok(value) => value,
                    Err(_) => return Ok(Token::Unsigned(value)),
                }
            }
            0xD0 => i64::from(i8::from_be_bytes(self.fixed()?)),
            0xD1 => i64::from(i16::from_be_bytes(self.fixed()?)),
            0xD2 => i64::from(i32::from_be_bytes(self.fixed()?)),
            _ => i64::from_be_bytes(self.fixed()?),
        }))
    }

    /// `width` 0, 1, 2: a length of one, two, four bytes.
    fn length(&mut self, width: u8) -> Result<usize, Malformed> {
        let length = match width {
            0 => return self.length_8(),
            1 => u32::from(u16::from_be_bytes(self.fixed()?)),
            _ => u32::from_be_bytes(self.fixed()?),
        };
        usize::try_from(length).map_err(|_| Malformed::Overlong { remaining: self.rest.len() })
    }

    #[inline]
    fn length_8(&mut self) -> Result<usize, Malformed> {
        let [length] = self.fixed()?;
        Ok(usize::from(length))
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let remaining = self.rest.len();
        let (bytes, rest) =
            self.rest.split_at_checked(length).ok_or(Malformed::Overlong { remaining })?;
        self.rest = rest;
        Ok(bytes)
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, Malformed> {
        let [code] = self.fixed()?;
        Ok(Token::Extension(code.cast_signed(), self.take(length)?))
    }

    #[inline]
    fn array(&mut self, count: usize) -> Result<Token<'a>, Malformed> {
        self.owe(Some(count))?;
        Ok(Token::Array(count))
    }

    #[inline]
    fn map(&mut self, count: usize) -> Result<Token<'a>, Malformed> {
        self.owe(count.checked_mul(2))?;
        Ok(Token::Map(count))
    }

    /// `token` compares the sum with what is left; here only its overflow matters.
    #[inline]
    fn owe(&mut self, values: Option<usize>) -> Result<(), Malformed> {
        let remaining = self.rest.len();
        let owed = values.and_then(|values| self.owed.checked_add(values));
        self.owed = owed.ok_or(Malformed::Overlong { remaining })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: &[u8]) -> Result<Vec<Token<'_>>, Malformed> {
        let mut reader = Reader::new(input);
        let mut tokens = Vec::new();
        loop {
            match reader.token() {
                Ok(token) => tokens.push(token),
                Err(Malformed::Complete) => return reader.finish().map(|()| tokens),
                Err(error) => return Err(error),
            }
        }
    }

    #[test]
    fn every_marker_of_the_specification() {
        use Token::*;
        let cases: &[(&[u8], Token<'_>)] = &[
            (&[0x7F], Signed(127)),
            (&[0xE0], Signed(-32)),
            (&[0xC0], Nil),
            (&[0xC2], Bool(false)),
            (&[0xC3], Bool(true)),
            (&[0xCC, 0xFF], Signed(255)),
            (&[0xCD, 1, 0], Signed(256)),
            (&[0xCE, 0, 1, 0, 0], Signed(65536)),
            (&[0xCF, 0, 0, 0, 1, 0, 0, 0, 0], Signed(1 << 32)),
            (&[0xCF, 255, 255, 255, 255, 255, 255, 255, 255], Unsigned(u64::MAX)),
            (&[0xD0, 0x80], Signed(-128)),
            (&[0xD1, 0x80, 0], Signed(-32768)),
            (&[0xD2, 0x80, 0, 0, 0], Signed(i64::from(i32::MIN))),
            (&[0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0], Signed(i64::MIN)),
            (&[0xCA, 0x3F, 0x80, 0, 0], Float(1.0)),
            (&[0xCB, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], Float(1.0)),
            (&[0xA1, b'a'], Text(b"a")),
            (&[0xD9, 1, b'a'], Text(b"a")),
            (&[0xDA, 0, 1, b'a'], Text(b"a")),
            (&[0xDB, 0, 0, 0, 1, b'a'], Text(b"a")),
            (&[0xC4, 1, 7], Bytes(&[7])),
            (&[0xC5, 0, 1, 7], Bytes(&[7])),
            (&[0xC6, 0, 0, 0, 1, 7], Bytes(&[7])),
            (&[0xC7, 1, 5, 7], Extension(5, &[7])),
            (&[0xC8, 0, 1, 5, 7], Extension(5, &[7])),
            (&[0xC9, 0, 0, 0, 1, 5, 7], Extension(5, &[7])),
            (&[0xD4, 0xFF, 7], Extension(-1, &[7])),
            (&[0xD5, 5, 7, 7], Extension(5, &[7, 7])),
            (&[0xD6, 5, 7, 7, 7, 7], Extension(5, &[7; 4])),
            (&[0xD7, 5, 7, 7, 7, 7, 7, 7, 7, 7], Extension(5, &[7; 8])),
            (&[0x90], Array(0)),
            (&[0xDC, 0, 0], Array(0)),
            (&[0xDD, 0, 0, 0, 0], Array(0)),
            (&[0x80], Map(0)),
            (&[0xDE, 0, 0], Map(0)),
            (&[0xDF, 0, 0, 0, 0], Map(0)),
        ];
        for (input, expected) in cases {
            assert_eq!(tokens(input).as_deref(), Ok(&[*expected][..]), "{input:x?}");
            for end in 0..input.len() {
                assert!(tokens(&input[..end]).is_err(), "{input:x?} cut at {end}");
            }
            let mut followed = input.to_vec();
            followed.push(0xC0);
            assert_eq!(tokens(&followed), Err(Malformed::Trailing { count: 1 }), "{input:x?}");
        }
    }

    #[test]
    fn a_reserved_marker_is_refused() {
        assert_eq!(tokens(&[0xC1]), Err(Malformed::Reserved));
    }

    #[test]
    fn nested_headers_cannot_promise_the_same_bytes_twice() {
        // Each array alone could be there; both together could not.
        let input = [0x93, 0x93, 0xC0, 0xC0, 0xC0, 0xC0];
        assert_eq!(tokens(&input), Err(Malformed::Overlong { remaining: 4 }));
        let input = [0x93, 0x93, 0xC0, 0xC0, 0xC0, 0xC0, 0xC0];
        assert_eq!(tokens(&input).map(|tokens| tokens.len()), Ok(7));
    }

    #[test]
    fn a_payload_cannot_eat_bytes_that_are_owed() {
        let input = [0x93, 0xC4, 3, 1, 2, 3, 0xC0];
        assert_eq!(tokens(&input), Err(Malformed::Overlong { remaining: 1 }));
    }

    #[test]
    fn counts_that_overflow_are_refused() {
        for marker in [0xDD, 0xDF] {
            let input = [marker, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0];
            assert_eq!(tokens(&input), Err(Malformed::Overlong { remaining: 1 }));
        }
    }
}
