//! Bodies as Zstandard frames (RFC 8878): one frame, no dictionary, nothing before or after it.

use zeroize::Zeroizing;
use zstd::zstd_safe::find_frame_compressed_size;

use crate::content::{Compression, Content};
use crate::error::Error;
use crate::refusal::Fault;
use crate::scratch::Buffer;

/// zstd's own default: a cache is written once and read often.
const LEVEL: i32 = 3;
/// What a frame starts with. Skippable frames start otherwise, and are not accepted.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// A body as it is stored.
pub(crate) enum Stored<'a> {
    AsIs(&'a [u8]),
    Frame(Zeroizing<Vec<u8>>),
}

impl Stored<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::AsIs(body) => body,
            Self::Frame(frame) => frame,
        }
    }

    pub(crate) const fn compression(&self) -> Compression {
        match self {
            Self::AsIs(_) => Compression::None,
            Self::Frame(_) => Compression::Zstd,
        }
    }
}

/// Compresses if that was asked for and helps.
pub(crate) fn compress<'a>(content: &Content<'a>) -> Result<Stored<'a>, Error> {
    if content.compression == Compression::None {
        return Ok(Stored::AsIs(content.body));
    }
    let frame = zstd::bulk::compress(content.body, LEVEL).map_err(|_| Error::Compression)?;
    let frame = Zeroizing::new(frame);
    let helps = frame.len() < content.body.len();
    Ok(if helps { Stored::Frame(frame) } else { Stored::AsIs(content.body) })
}

/// Expands one frame to exactly `raw_len` bytes, which were bounded by policy.
pub(crate) fn expand<'r>(
    frame: &[u8],
    raw_len: u32,
    room: &'r mut Buffer,
) -> Result<&'r [u8], Fault> {
    let one_frame =
        frame.starts_with(&MAGIC) && find_frame_compressed_size(frame) == Ok(frame.len());
    let raw_len = usize::try_from(raw_len).map_err(|_| Fault::Compressed)?;
    if !one_frame {
        return Err(Fault::Compressed);
    }
    let room = room.room(raw_len);
    match zstd::bulk::decompress_to_buffer(frame, room) {
        Ok(length) if length == raw_len => Ok(room),
        _ => Err(Fault::Compressed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(body, LEVEL).unwrap()
    }

    fn expanded(frame: &[u8], raw_len: u32) -> Result<Vec<u8>, Fault> {
        expand(frame, raw_len, &mut Buffer::new()).map(<[u8]>::to_vec)
    }

    #[test]
    fn one_frame_of_the_announced_length_expands() {
        let body = b"again and again ".repeat(50);
        assert_eq!(expanded(&frame(&body), 800), Ok(body));
        assert_eq!(expanded(&frame(b""), 0), Ok(Vec::new()));
    }

    #[test]
    fn everything_else_is_refused() {
        let body = [7; 800];
        let one = frame(&body);
        let skippable = [&[0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0][..]].concat();
        let wrong = [
            (one.clone(), 799),
            (one.clone(), 801),
            (one[..one.len() - 1].to_vec(), 800),
            ([&one[..], &[0]].concat(), 800),
            ([&one[..], &frame(b"")].concat(), 800),
            ([&one[..], &one].concat(), 1600),
            ([&skippable[..], &one].concat(), 800),
            (skippable, 0),
            (Vec::new(), 0),
            (body.to_vec(), 800),
        ];
        for (position, (frame, raw_len)) in wrong.iter().enumerate() {
            assert_eq!(expanded(frame, *raw_len), Err(Fault::Compressed), "{position}");
        }
    }
}
