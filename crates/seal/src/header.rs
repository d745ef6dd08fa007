//! The 36 clear bytes of a sealed entry, and how the rest hangs on them.

use aws_lc_rs::aead::Aad;

use crate::format::Reader;
use crate::name::Name;
use crate::pad::MIN_PADDED;
use crate::refusal::{Fault, Feature, KeyId, Refusal};

/// The first byte of a sealed entry.
pub(crate) const SEALED: u8 = 0xC2;
/// AES-256-GCM under a session key of HKDF-SHA256.
pub(crate) const SUITE: u8 = 1;
/// Bytes of the header, the tag, the nonce, and what a sealed entry has more than its padded plaintext.
pub(crate) const HEADER_LEN: usize = 36;
pub(crate) const TAG_LEN: usize = 16;
pub(crate) const NONCE_LEN: usize = 12;
pub(crate) const OVERHEAD: usize = HEADER_LEN + TAG_LEN;

/// What the header says. All of it is authenticated, none of it is secret.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) kid: KeyId,
    pub(crate) sid: [u8; 16],
    pub(crate) nonce: [u8; NONCE_LEN],
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let (mark, rest) = bytes.split_at_mut(4);
        let (kid, rest) = rest.split_at_mut(4);
        let (sid, nonce) = rest.split_at_mut(16);
        mark.copy_from_slice(&[SEALED, SUITE, 0, 0]);
        kid.copy_from_slice(&self.kid);
        sid.copy_from_slice(&self.sid);
        nonce.copy_from_slice(&self.nonce);
        bytes
    }
}

/// A sealed entry, cut where it has to be. Nothing of it is authenticated yet.
#[derive(Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) header: Header,
    clear: &'a [u8; HEADER_LEN],
    pub(crate) ciphertext: &'a [u8],
    pub(crate) tag: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Checks structure, then suite, in that order.
    pub(crate) fn read(sealed: &'a [u8]) -> Result<Self, Refusal> {
        let envelope = Self::cut(sealed).map_err(Refusal::Tampered)?;
        match envelope.clear {
            [_, SUITE, ..] => Ok(envelope),
            [_, seen, ..] => Err(Refusal::Unsupported {
                feature: Feature::Suite,
                seen: *seen,
                kid: Some(envelope.header.kid),
            }),
        }
    }

    #[inline]
    fn cut(sealed: &'a [u8]) -> Result<Self, Fault> {
        if sealed.len() < OVERHEAD + MIN_PADDED {
            return Err(Fault::Truncated);
        }
        let (clear, rest) = sealed.split_first_chunk().ok_or(Fault::Truncated)?;
        let body = rest.len().checked_sub(TAG_LEN).ok_or(Fault::Truncated)?;
        let (ciphertext, tag) = rest.split_at_checked(body).ok_or(Fault::Truncated)?;
        let mut fields = Reader::new(clear);
        let (mark, _suite, reserved) = (fields.u8()?, fields.u8()?, fields.u16()?);
        if mark != SEALED || reserved != 0 {
            return Err(Fault::NotAnEntry);
        }
        let header = Header { kid: fields.array()?, sid: fields.array()?, nonce: fields.array()? };
        if header.sid == [0; 16] {
            return Err(Fault::EmptySession);
        }
        Ok(Self { header, clear, ciphertext, tag })
    }

    #[inline]
    pub(crate) fn associate(&self, name: &Name, data: &mut AssociatedData) {
        data.fill(self.clear, name);
    }
}

/// Header, then name: what binds an entry to its place.
///
/// It is filled in where it stands. Bytes that were just put together and are moved at once make the
/// processor wait: a fiftieth of what opening a small value takes.
pub(crate) struct AssociatedData([u8; HEADER_LEN + 32]);

impl AssociatedData {
    pub(crate) const EMPTY: Self = Self([0; HEADER_LEN + 32]);

    #[inline]
    pub(crate) fn fill(&mut self, clear: &[u8; HEADER_LEN], name: &Name) {
        let (front, back) = self.0.split_at_mut(HEADER_LEN);
        front.copy_from_slice(clear);
        back.copy_from_slice(name.as_bytes());
    }

    /// As the cipher takes it.
    #[inline]
    pub(crate) fn aad(&self) -> Aad<&[u8; HEADER_LEN + 32]> {
        Aad::from(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<u8> {
        let mut bytes = Header { kid: [1; 4], sid: [2; 16], nonce: [3; 12] }.to_bytes().to_vec();
        bytes.resize(OVERHEAD + MIN_PADDED, 9);
        bytes
    }

    fn refused(change: impl FnOnce(&mut Vec<u8>)) -> Refusal {
        let mut bytes = sealed();
        change(&mut bytes);
        Envelope::read(&bytes).err().unwrap()
    }

    #[test]
    fn a_header_reads_as_it_was_written() {
        let bytes = sealed();
        let envelope = Envelope::read(&bytes).ok().unwrap();
        assert_eq!(envelope.header.kid, [1; 4]);
        assert_eq!(envelope.header.sid, [2; 16]);
        assert_eq!(envelope.header.nonce, [3; 12]);
        assert_eq!((envelope.ciphertext.len(), envelope.tag.len()), (MIN_PADDED, TAG_LEN));
    }

    #[test]
    fn structure_comes_before_suite() {
        let truncated = Refusal::Tampered(Fault::Truncated);
        assert_eq!(refused(|bytes| bytes.truncate(307)), truncated);
        assert_eq!(refused(Vec::clear), truncated);
        let not_an_entry = Refusal::Tampered(Fault::NotAnEntry);
        assert_eq!(refused(|bytes| bytes[0] = 0xC1), not_an_entry);
        assert_eq!(refused(|bytes| bytes[3] = 1), not_an_entry);
        let empty = refused(|bytes| {
            bytes[1] = 2;
            bytes[8..24].fill(0);
        });
        assert_eq!(empty, Refusal::Tampered(Fault::EmptySession));
        let feature = Feature::Suite;
        let suite = Refusal::Unsupported { feature, seen: 2, kid: Some([1; 4]) };
        assert_eq!(refused(|bytes| bytes[1] = 2), suite);
    }
}
