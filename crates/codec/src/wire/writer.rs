//! Values to bytes, each in its shortest form.

use thiserror::Error;

/// A string, byte string, container or extension of 4 GiB or more, which MessagePack cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a value of {length} bytes or elements is longer than MessagePack can say (4 294 967 295)")]
pub struct TooLong {
    /// Its length in bytes or elements.
    pub length: usize,
}

/// Appends MessagePack values to a buffer.
///
/// It does not check that as many elements follow a header as the header says.
///
/// ```
/// use cachekit_codec::wire::Writer;
///
/// let mut out = Vec::new();
/// let mut writer = Writer::new(&mut out);
/// writer.array(2)?;
/// writer.signed(1);
/// writer.text("a")?;
/// assert_eq!(out, [0x92, 0x01, 0xA1, b'a']);
/// # Ok::<(), cachekit_codec::wire::TooLong>(())
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

/// An extension whose payload is being written: [`Writer::close`] takes it.
#[derive(Debug)]
#[must_use = "the length of the extension is written when it is closed"]
pub struct OpenExtension {
    start: usize,
}

/// Marker, four bytes of length, code: what [`Writer::open`] reserves.
const LONG_HEADER: usize = 6;

impl<'a> Writer<'a> {
    /// Appends to `out`; what is there stays.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Writes `nil`.
    #[inline]
    pub fn nil(&mut self) {
        self.out.push(0xC0);
    }

    /// Writes `true` or `false`.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.out.push(if value { 0xC3 } else { 0xC2 });
    }

    /// Writes an integer.
    #[inline]
    pub fn signed(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.unsigned(value),
            Err(_) => self.negative(value),
        }
    }

    /// Writes an integer that is not negative.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        match value {
            0..=0x7F => self.out.push(value as u8),
            0x80..=0xFF => self.marked(0xCC, [value as u8]),
            0x100..=0xFFFF => self.marked(0xCD, (value as u16).to_be_bytes()),
            0x1_0000..=0xFFFF_FFFF => self.marked(0xCE, (value as u32).to_be_bytes()),
            _ => self.marked(0xCF, value.to_be_bytes()),
        }
    }

    fn negative(&mut self, value: i64) {
        if let Ok(value) = i8::try_from(value) {
            if value >= -32 {
                self.out.push(value.cast_unsigned());
            } else {
                self.marked(0xD0, value.to_be_bytes());
            }
        } else if let Ok(value) = i16::try_from(value) {
            self.marked(0xD1, value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.marked(0xD2, value.to_be_bytes());
        } else {
            self.marked(0xD3, value.to_be_bytes());
        }
    }

    /// Writes a float in eight bytes: the bits survive, those of a NaN too.
    #[inline]
    pub fn float(&mut self, value: f64) {
        self.marked(0xCB, value.to_be_bytes());
    }

    /// Writes a string.
    ///
    /// # Errors
    /// [`TooLong`] from 4 GiB.
    #[inline]
    pub fn text(&mut self, value: &str) -> Result<(), TooLong> {
        let bytes = value.as_bytes();
        match bytes.len() {
            short @ 0..=31 => {
                self.out.push(0xA0 | short as u8);
                self.out.extend_from_slice(bytes);
                Ok(())
            }
            _ => self.longer_text(bytes),
        }
    }

    #[inline(never)]
    fn longer_text(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let length = length(bytes.len())?;
        match length {
            0..=0xFF => self.marked(0xD9, [length as u8]),
            0x100..=0xFFFF => self.marked(0xDA, (length as u16).to_be_bytes()),
            _ => self.marked(0xDB, length.to_be_bytes()),
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes a byte string.
    ///
    /// # Errors
    /// [`TooLong`] from 4 GiB.
    pub fn bytes(&mut self, value: &[u8]) -> Result<(), TooLong> {
        let length = length(value.len())?;
        match length {
            0..=0xFF => self.marked(0xC4, [length as u8]),
            0x100..=0xFFFF => self.marked(0xC5, (length as u16).to_be_bytes()),
            _ => self.marked(0xC6, length.to_be_bytes()),
        }
        self.out.extend_from_slice(value);
        Ok(())
    }

    /// Writes the header of an array; `count` values must follow.
    ///
    /// # Errors
    /// [`TooLong`] from 2^32 elements.
    #[inline]
    pub fn array(&mut self, count: usize) -> Result<(), TooLong> {
        let count = length(count)?;
        match count {
            0..=15 => self.out.push(0x90 | count as u8),
            16..=0xFFFF => self.marked(0xDC, (count as u16).to_be_bytes()),
            _ => self.marked(0xDD, count.to_be_bytes()),
        }
        Ok(())
    }

    /// Writes the header of a map; `count` pairs must follow.
    ///
    /// # Errors
    /// [`TooLong`] from 2^32 pairs.
    #[inline]
    pub fn map(&mut self, count: usize) -> Result<(), TooLong> {
        let count = length(count)?;
        match count {
            0..=15 => self.out.push(0x80 | count as u8),
            16..=0xFFFF => self.marked(0xDE, (count as u16).to_be_bytes()),
            _ => self.marked(0xDF, count.to_be_bytes()),
        }
        Ok(())
    }

    /// Writes an extension whose payload is known.
    ///
    /// # Errors
    /// [`TooLong`] from 4 GiB.
    pub fn extension(&mut self, code: i8, payload: &[u8]) -> Result<(), TooLong> {
        let length = length(payload.len())?;
        match length {
            1 => self.out.push(0xD4),
            2 => self.out.push(0xD5),
            4 => self.out.push(0xD6),
            8 => self.out.push(0xD7),
            16 => self.out.push(0xD8),
            0..=0xFF => self.marked(0xC7, [length as u8]),
            0x100..=0xFFFF => self.marked(0xC8, (length as u16).to_be_bytes()),
            _ => self.marked(0xC9, length.to_be_bytes()),
        }
        self.out.push(code.cast_unsigned());
        self.out.extend_from_slice(payload);
        Ok(())
    }

    /// Begins an extension whose payload is what is written until [`Writer::close`].
    pub fn open(&mut self, code: i8) -> OpenExtension {
        let start = self.out.len();
        self.out.extend_from_slice(&[0xC9, 0, 0, 0, 0, code.cast_unsigned()]);
        OpenExtension { start }
    }

    /// Appends to the payload of an open extension as it is.
    pub fn raw(&mut self, payload: &[u8]) {
        self.out.extend_from_slice(payload);
    }

    /// Ends an extension: fills its length in, and shortens the header where the payload is at most
    /// 255 bytes, so that no more than those are moved, at any depth of nesting.
    ///
    /// # Errors
    /// [`TooLong`] from 4 GiB.
    pub fn close(&mut self, open: OpenExtension) -> Result<(), TooLong> {
        let payload = self.out.len().saturating_sub(open.start + LONG_HEADER);
        let long = length(payload)?;
        let reserved = self.out.get_mut(open.start..).and_then(<[u8]>::first_chunk_mut);
        let Some(header): Option<&mut [u8; LONG_HEADER]> = reserved else { return Ok(()) };
        let [_, _, _, _, _, code] = *header;
        match u8::try_from(long) {
            Ok(short) => {
                // The last three bytes are the header now, the first three go.
                *header = [0, 0, 0, 0xC7, short, code];
                self.out.drain(open.start..open.start + 3);
            }
            Err(_) => {
                let [a, b, c, d] = long.to_be_bytes();
                *header = [0xC9, a, b, c, d, code];
            }
        }
        Ok(())
    }

    #[inline]
    fn marked<const N: usize>(&mut self, marker: u8, bytes: [u8; N]) {
        self.out.reserve(N + 1);
        self.out.push(marker);
        self.out.extend_from_slice(&bytes);
    }
}

#[inline]
fn length(length: usize) -> Result<u32, TooLong> {
    u32::try_from(length).map_err(|_| TooLong { length })
}

#[cfg(test)]
mod tests {
    use super::super::{Reader, Token};
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        out
    }

    fn read(bytes: &[u8]) -> Token<'_> {
        let mut reader = Reader::new(bytes);
        let token = reader.token().unwrap();
        assert_eq!(reader.finish(), Ok(()));
        token
    }

    #[test]
    fn integers_come_back_at_every_width_and_edge() {
        let edges = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for value in edges.chain([u64::MAX]) {
            let expected = i64::try_from(value).map_or(Token::Unsigned(value), Token::Signed);
            assert_eq!(read(&written(|writer| writer.unsigned(value))), expected);
            let negative = 0_i64.wrapping_sub_unsigned(value);
            assert_eq!(read(&written(|writer| writer.signed(negative))), Token::Signed(negative));
        }
    }

    #[test]
    fn floats_keep_their_bits() {
        for bits in [0_u64, 1 << 63, 0x7FF8_0000_0000_0001, 0xFFF0_0000_0000_0000] {
            let bytes = written(|writer| writer.float(f64::from_bits(bits)));
            let Token::Float(value) = read(&bytes) else { panic!("not a float") };
            assert_eq!(value.to_bits(), bits);
        }
    }

    #[test]
    fn lengths_come_back_at_every_width() {
        for length in [0, 1, 2, 4, 8, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let text = std::str::from_utf8(&payload).unwrap();
            assert_eq!(read(&written(|writer| writer.text(text).unwrap())), Token::Text(&payload));
            assert_eq!(
                read(&written(|writer| writer.bytes(&payload).unwrap())),
                Token::Bytes(&payload)
            );
            assert_eq!(
                read(&written(|writer| writer.extension(-7, &payload).unwrap())),
                Token::Extension(-7, &payload)
            );
        }
    }

    #[test]
    fn an_open_extension_closes_around_its_payload() {
        for length in [0, 1, 255, 256, 70_000] {
            let payload = vec![7; length];
            let bytes = written(|writer| {
                let outer = writer.open(1);
                let inner = writer.open(2);
                writer.raw(&payload);
                writer.close(inner).unwrap();
                writer.close(outer).unwrap();
            });
            let Token::Extension(1, inner) = read(&bytes) else { panic!("not extension 1") };
            assert_eq!(read(inner), Token::Extension(2, &payload));
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn what_messagepack_cannot_count_is_refused() {
        let length = 1 << 32;
        assert_eq!(Writer::new(&mut Vec::new()).array(length), Err(TooLong { length }));
        assert_eq!(Writer::new(&mut Vec::new()).map(length), Err(TooLong { length }));
    }
}
