//! The fields inside an entry, from "inner version" to the body: written once, read with suspicion.
//!
//! A tag that fits proves that a holder of the key wrote the bytes, not that he meant well: an old
//! key may have leaked. So every field is judged, in the order of `docs/format.md`, "Opening".

use cachekit_process::UnixMillis;

use crate::content::{Compression, Content, Kind, is_known_serializer};
use crate::error::{ContentProblem, Error};
use crate::format::{Full, Reader, Writer};
use crate::pad::padded;
use crate::refusal::{Fault, Feature, KeyId, Refusal};

/// The layout described here.
const VERSION: u8 = 1;
/// The zeros before it in a sealed entry. AES-GCM alone does not bind a ciphertext to one key; a
/// block of known plaintext does, to about 64 bits (Albertini et al., "How to Abuse and Fix
/// Authenticated Encryption Without Key Commitment", USENIX Security 2022, section 5.3).
pub(crate) const COMMITMENT_LEN: usize = 16;
/// Bytes from the inner version to the number of tags.
pub(crate) const FIXED_LEN: usize = 41;

/// The fields, all checked for their form and none for policy.
#[derive(Clone, Copy)]
pub(crate) struct Inner<'a> {
    pub(crate) kind: Kind,
    pub(crate) serializer: u8,
    pub(crate) compression: Compression,
    pub(crate) raw_len: u32,
    pub(crate) created: UnixMillis,
    pub(crate) fresh_until: UnixMillis,
    pub(crate) stale_window_ms: u32,
    pub(crate) generation: [u8; 8],
    /// The tags as they are encoded: UTF-8, each behind its length.
    pub(crate) tags: &'a [u8],
    /// The body as it is stored.
    pub(crate) stored: &'a [u8],
    /// Where it begins in the plaintext of a sealed entry.
    pub(crate) start: usize,
}

/// A check that needs to know more than the entry, made where its field is in the order.
pub(crate) trait Expectations {
    /// The kind is one that the name may hold.
    fn kind(&self, kind: Kind) -> Result<(), Refusal>;
    /// The serializer is one that is configured.
    fn serializer(&self, kind: Kind, serializer: u8) -> Result<(), Refusal>;
}

/// Nothing is expected: these bytes were judged before.
struct JudgedBefore;

impl Expectations for JudgedBefore {
    fn kind(&self, _: Kind) -> Result<(), Refusal> {
        Ok(())
    }

    fn serializer(&self, _: Kind, _: u8) -> Result<(), Refusal> {
        Ok(())
    }
}

/// How the fields end.
#[derive(Clone, Copy)]
enum Ending {
    /// With zeros up to exactly the padded length.
    Padded,
    /// With the body.
    Exact,
}

/// Where fields are read from: decides how they end and how faults are reported.
#[derive(Clone, Copy)]
struct Origin {
    ending: Ending,
    kid: Option<KeyId>,
}

impl Origin {
    fn fault(self, fault: Fault) -> Refusal {
        match self.ending {
            Ending::Padded => Refusal::Tampered(fault),
            Ending::Exact => Refusal::Malformed(fault),
        }
    }

    fn unsupported(self, feature: Feature, seen: u8) -> Refusal {
        Refusal::Unsupported { feature, seen, kid: self.kid }
    }
}

impl<'a> Inner<'a> {
    /// Reads what was sealed, after the commitment, without expecting anything of it.
    #[inline]
    pub(crate) fn read_sealed(fields: &'a [u8], kid: Option<KeyId>) -> Result<Self, Refusal> {
        read(fields, Origin { ending: Ending::Padded, kid }, &JudgedBefore)
    }

    /// Reads what was sealed, after the commitment.
    #[inline(always)]
    pub(crate) fn judge_sealed(
        fields: &'a [u8],
        kid: KeyId,
        expected: &impl Expectations,
    ) -> Result<Self, Refusal> {
        read(fields, Origin { ending: Ending::Padded, kid: Some(kid) }, expected)
    }

    /// Reads a plain entry, after its mark, without expecting anything of it.
    pub(crate) fn read_plain(fields: &'a [u8]) -> Result<Self, Refusal> {
        read(fields, Origin { ending: Ending::Exact, kid: None }, &JudgedBefore)
    }

    /// Reads a plain entry, after its mark.
    pub(crate) fn judge_plain(
        fields: &'a [u8],
        expected: &impl Expectations,
    ) -> Result<Self, Refusal> {
        read(fields, Origin { ending: Ending::Exact, kid: None }, expected)
    }
}

// Always inlined: fields that pass through memory on their way are waited for.
#[inline(always)]
fn read<'a>(
    fields: &'a [u8],
    origin: Origin,
    expected: &impl Expectations,
) -> Result<Inner<'a>, Refusal> {
    let mut reader = Reader::new(fields);
    let four = reader.array().map_err(|fault| origin.fault(fault))?;
    let (kind, serializer, compression) = read_marks(four, origin, expected)?;
    let inner = read_body(&mut reader, kind, serializer, compression);
    let inner = inner.map_err(|fault| origin.fault(fault))?;
    let ends_well = match origin.ending {
        Ending::Exact => reader.rest().is_empty(),
        Ending::Padded => is_padding(fields.len(), reader.rest()),
    };
    if ends_well { Ok(inner) } else { Err(origin.fault(Fault::Padding)) }
}

/// Inner version, kind, serializer, codec, in this order.
#[inline(always)]
fn read_marks(
    [version, serializer, codec, kind]: [u8; 4],
    origin: Origin,
    expected: &impl Expectations,
) -> Result<(Kind, u8, Compression), Refusal> {
    if version != VERSION {
        return Err(origin.unsupported(Feature::InnerVersion, version));
    }
    let kind = Kind::from_code(kind).ok_or(origin.unsupported(Feature::Kind, kind))?;
    expected.kind(kind)?;
    if !is_known_serializer(serializer) {
        return Err(origin.unsupported(Feature::Serializer, serializer));
    }
    if !kind.admits_serializer(serializer) {
        return Err(origin.fault(Fault::Serializer));
    }
    expected.serializer(kind, serializer)?;
    let compression =
        Compression::from_code(codec).ok_or(origin.unsupported(Feature::Codec, codec))?;
    if compression != Compression::None && !kind.is_serialized() {
        return Err(origin.fault(Fault::Codec));
    }
    Ok((kind, serializer, compression))
}

#[inline(always)]
fn read_body<'a>(
    reader: &mut Reader<'a>,
    kind: Kind,
    serializer: u8,
    compression: Compression,
) -> Result<Inner<'a>, Fault> {
    let (stored_len, raw_len) = (reader.u32()?, reader.u32()?);
    let (created, fresh_until) = (UnixMillis(reader.u64()?), UnixMillis(reader.u64()?));
    let (stale_window_ms, generation) = (reader.u32()?, reader.array()?);
    let tags = read_tags(reader, kind)?;
    let start = COMMITMENT_LEN + FIXED_LEN + tags.len();
    let stored = reader.take(usize::try_from(stored_len).map_err(|_| Fault::Lengths)?)?;
    if !kind.admits_body(raw_len) || (compression == Compression::None && stored_len != raw_len) {
        return Err(Fault::Lengths);
    }
    if kind == Kind::Barrier && generation != [0; 8] {
        return Err(Fault::Fields);
    }
    Ok(Inner {
        kind,
        serializer,
        compression,
        raw_len,
        created,
        fresh_until,
        stale_window_ms,
        generation,
        tags,
        stored,
        start,
    })
}

/// The encoded tags, each checked to be text.
#[inline]
fn read_tags<'a>(reader: &mut Reader<'a>, kind: Kind) -> Result<&'a [u8], Fault> {
    let count = reader.u8()?;
    let all = reader.rest();
    for _ in 0..count {
        let length = reader.u16()?;
        let tag = reader.take(usize::from(length))?;
        std::str::from_utf8(tag).map_err(|_| Fault::Tags)?;
    }
    if count > 0 && !kind.may_have_tags() {
        return Err(Fault::Tags);
    }
    let encoded = all.len() - reader.rest().len();
    all.get(..encoded).ok_or(Fault::Truncated)
}

/// Whether `rest` is exactly what the padding of `fields_len` bytes has to end with.
#[inline]
fn is_padding(fields_len: usize, rest: &[u8]) -> bool {
    let total = COMMITMENT_LEN + fields_len;
    let unpadded = (total - rest.len()) as u64;
    let zero = rest.iter().fold(0, |all, byte| all | byte) == 0;
    zero && padded(unpadded) == total as u64
}

/// Bytes of the fields before the body.
pub(crate) fn length(content: &Content<'_>) -> usize {
    let tags: usize = content.tags.iter().map(|tag| 2 + tag.len()).sum();
    FIXED_LEN + tags
}

/// Writes the fields before the body into [`length`] bytes. The content was checked.
#[inline]
pub(crate) fn write(
    place: &mut [u8],
    content: &Content<'_>,
    compression: Compression,
    stored: &[u8],
) -> Result<(), Error> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| too_long());
    let (stored_len, raw_len) = (length(stored)?, length(content.body)?);
    write_all(place, content, compression, [stored_len, raw_len]).map_err(|Full| too_long())
}

fn write_all(
    place: &mut [u8],
    content: &Content<'_>,
    compression: Compression,
    [stored_len, raw_len]: [u32; 2],
) -> Result<(), Full> {
    let count = u8::try_from(content.tags.len()).map_err(|_| Full)?;
    let mut fields = Writer::new(place);
    fields.array([VERSION, content.serializer, compression as u8, content.kind as u8])?;
    fields.array(stored_len.to_be_bytes())?;
    fields.array(raw_len.to_be_bytes())?;
    fields.array(content.created.0.to_be_bytes())?;
    fields.array(content.fresh_until.0.to_be_bytes())?;
    fields.array(content.stale_window_ms.to_be_bytes())?;
    fields.array(content.generation)?;
    fields.array([count])?;
    for tag in content.tags {
        let length = u16::try_from(tag.len()).map_err(|_| Full)?;
        fields.array(length.to_be_bytes())?;
        fields.bytes(tag.as_bytes())?;
    }
    Ok(())
}

#[cold]
const fn too_long() -> Error {
    Error::Content(ContentProblem::BodyTooLong)
}

/// The tags of a checked encoding.
#[derive(Clone)]
pub struct Tags<'a>(Reader<'a>);

impl<'a> Tags<'a> {
    pub(crate) const fn new(encoded: &'a [u8]) -> Self {
        Self(Reader::new(encoded))
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let length = self.0.u16().ok()?;
        let tag = self.0.take(usize::from(length)).ok()?;
        std::str::from_utf8(tag).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content<'a>(tags: &'a [&'a str], body: &'a [u8]) -> Content<'a> {
        Content {
            kind: Kind::Value,
            serializer: 2,
            compression: Compression::None,
            created: UnixMillis(1),
            fresh_until: UnixMillis(2),
            stale_window_ms: 3,
            generation: [4; 8],
            tags,
            body,
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            tags in prop::collection::vec(".{0,20}", 0..5),
            body in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            let content = content(&tags, &body);
            let mut bytes = vec![0; length(&content)];
            write(&mut bytes, &content, Compression::None, &body).unwrap();
            bytes.extend_from_slice(&body);
            let inner = Inner::read_plain(&bytes).ok().unwrap();
            prop_assert_eq!(inner.stored, &body[..]);
            prop_assert_eq!(Tags::new(inner.tags).collect::<Vec<_>>(), tags);
            prop_assert_eq!(inner.generation, [4; 8]);
            prop_assert_eq!(inner.stale_window_ms, 3);
        }

        #[test]
        fn arbitrary_bytes_are_refused_or_consistent(
            start in prop::sample::select(vec![&[][..], &[1, 1, 0, 0], &[1, 0, 0, 4], &[1, 1, 2, 2]]),
            rest in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let bytes = [start, &rest].concat();
            if let Ok(inner) = Inner::read_plain(&bytes) {
                prop_assert!(inner.stored.len() <= bytes.len());
            }
            let _ = Inner::read_sealed(&bytes, None);
        }
    }
}
