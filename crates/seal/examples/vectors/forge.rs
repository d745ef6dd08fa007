//! Plaintexts as no honest writer makes them: every field can be set to anything.

use cachekit_seal::danger::padded;

use crate::scene::NOW;

/// How a plaintext ends.
#[derive(Clone, Copy)]
pub(crate) enum Padding {
    Exact,
    /// As prescribed, but the last byte is 1.
    Dirty,
    /// 16 bytes more than prescribed.
    Longer,
    /// None at all.
    Missing,
}

/// A plaintext, field by field.
#[derive(Clone)]
pub(crate) struct Forged {
    pub(crate) commitment: [u8; 16],
    pub(crate) version: u8,
    pub(crate) serializer: u8,
    pub(crate) codec: u8,
    pub(crate) kind: u8,
    pub(crate) stored_len: Option<u32>,
    pub(crate) raw_len: Option<u32>,
    pub(crate) created: u64,
    pub(crate) fresh_until: u64,
    pub(crate) stale_window: u32,
    pub(crate) generation: [u8; 8],
    pub(crate) tag_count: Option<u8>,
    pub(crate) tags: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
    pub(crate) padding: Padding,
}

impl Forged {
    /// A MessagePack value of five minutes.
    pub(crate) fn value() -> Self {
        Self {
            commitment: [0; 16],
            version: 1,
            serializer: 1,
            codec: 0,
            kind: 0,
            stored_len: None,
            raw_len: None,
            created: NOW.0 - 1_000,
            fresh_until: NOW.0 + 300_000,
            stale_window: 0,
            generation: *b"generatn",
            tag_count: None,
            tags: Vec::new(),
            body: b"\xa5value".to_vec(),
            padding: Padding::Exact,
        }
    }

    pub(crate) fn none() -> Self {
        Self { kind: 1, serializer: 0, body: Vec::new(), ..Self::value() }
    }

    pub(crate) fn tombstone() -> Self {
        Self { kind: 3, ..Self::none() }
    }

    pub(crate) fn barrier() -> Self {
        let body = [&NOW.0.to_be_bytes()[..], b"rand-8-b"].concat();
        Self { kind: 4, serializer: 0, generation: [0; 8], body, ..Self::value() }
    }

    pub(crate) fn wrapper() -> Self {
        Self { fresh_until: u64::MAX, generation: [0; 8], ..Self::value() }
    }

    /// From the inner version to the body.
    pub(crate) fn fields(&self) -> Vec<u8> {
        let stored = u32::try_from(self.body.len()).unwrap();
        let mut out = vec![self.version, self.serializer, self.codec, self.kind];
        out.extend(self.stored_len.unwrap_or(stored).to_be_bytes());
        out.extend(self.raw_len.unwrap_or(stored).to_be_bytes());
        out.extend(self.created.to_be_bytes());
        out.extend(self.fresh_until.to_be_bytes());
        out.extend(self.stale_window.to_be_bytes());
        out.extend(self.generation);
        out.push(self.tag_count.unwrap_or(u8::try_from(self.tags.len()).unwrap()));
        for tag in &self.tags {
            out.extend(u16::try_from(tag.len()).unwrap().to_be_bytes());
            out.extend(tag);
        }
        out.extend(&self.body);
        out
    }

    /// Commitment, fields, padding.
    pub(crate) fn plaintext(&self) -> Vec<u8> {
        let mut out = [&self.commitment[..], &self.fields()].concat();
        let padded = usize::try_from(padded(out.len() as u64)).unwrap();
        match self.padding {
            Padding::Missing => {}
            Padding::Longer => out.resize(padded + 16, 0),
            Padding::Exact => out.resize(padded, 0),
            Padding::Dirty => {
                out.resize(padded, 0);
                *out.last_mut().unwrap() = 1;
            }
        }
        out
    }
}

/// A Zstandard frame by hand (RFC 8878): one segment, its size in two bytes, one RLE block. So the
/// vectors do not depend on how some release of zstd compresses.
pub(crate) fn rle_frame(byte: u8, length: u16) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x60];
    frame.extend((length - 256).to_le_bytes());
    let block = u32::from(length) << 3 | 1 << 1 | 1;
    frame.extend(&block.to_le_bytes()[..3]);
    frame.push(byte);
    frame
}

/// A frame that says nothing, which decoders are to skip.
pub(crate) fn skippable_frame() -> Vec<u8> {
    vec![0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]
}
