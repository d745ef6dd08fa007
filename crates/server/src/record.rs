//! What the server itself writes in front of an entry's bytes.
//!
//! The store below need not be able to tell when an entry ends, or whose it is: both stand in the
//! record, so they are known with any store and after a restart.
//!
//! ```text
//! u8 version   u8 kind   [8] key space   u64 end in ms since 1970, big-endian   bytes
//! ```

use bytes::Bytes;
use cachekit_process::UnixMillis;

use crate::space::SpaceId;

const VERSION: u8 = 1;
/// What a record is longer than its value.
pub(crate) const OVERHEAD: usize = 18;

/// What a record is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Entry = 1,
    Lock = 2,
}

/// A value on its way in, with room for what stands in front.
pub(crate) struct Draft(Vec<u8>);

/// A value on its way out.
#[derive(Clone)]
pub(crate) struct Record {
    /// The whole of it, as the store has it.
    whole: Bytes,
    end: UnixMillis,
}

impl Draft {
    /// For a value of about so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut draft = Vec::with_capacity(OVERHEAD.saturating_add(bytes));
        draft.resize(OVERHEAD, 0);
        Self(draft)
    }

    pub(crate) fn of(value: &[u8]) -> Self {
        let mut draft = Self::with_capacity(value.len());
        draft.extend(value);
        draft
    }

    pub(crate) fn extend(&mut self, more: &[u8]) {
        self.0.extend_from_slice(more);
    }

    pub(crate) fn value(&self) -> &[u8] {
        self.0.get(OVERHEAD..).unwrap_or_default()
    }

    pub(crate) fn finish(mut self, kind: Kind, space: SpaceId, end: UnixMillis) -> Bytes {
        let front = [&[VERSION, kind as u8], &space.0[..], &end.0.to_be_bytes()];
        for (slot, byte) in self.0.iter_mut().zip(front.into_iter().flatten()) {
            *slot = *byte;
        }
        self.0.into()
    }
}

impl Record {
    /// `None` for what was not written by this server.
    pub(crate) fn read(whole: Bytes, kind: Kind) -> Option<Self> {
        let (found, _, end) = front(&whole)?;
        (found == kind).then_some(Self { whole, end })
    }

    pub(crate) fn value(&self) -> Bytes {
        self.whole.slice(OVERHEAD.min(self.whole.len())..)
    }

    pub(crate) fn whole(&self) -> &Bytes {
        &self.whole
    }

    pub(crate) fn end(&self) -> UnixMillis {
        self.end
    }
}

/// Kind, key space and end of a record.
pub(crate) fn front(record: &[u8]) -> Option<(Kind, SpaceId, UnixMillis)> {
    let (front, _) = record.split_first_chunk::<OVERHEAD>()?;
    let (&[version, kind], rest) = front.split_first_chunk::<2>()?;
    let (space, end) = rest.split_first_chunk::<8>()?;
    let kind = match (version, kind) {
        (VERSION, 1) => Kind::Entry,
        (VERSION, 2) => Kind::Lock,
        _ => return None,
    };
    Some((kind, SpaceId(*space), UnixMillis(u64::from_be_bytes(end.try_into().ok()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let whole = Draft::of(b"value").finish(Kind::Entry, SpaceId([7; 8]), UnixMillis(42));
        assert_eq!(front(&whole), Some((Kind::Entry, SpaceId([7; 8]), UnixMillis(42))));
        let record = Record::read(whole.clone(), Kind::Entry).expect("an entry");
        assert_eq!((&record.value()[..], record.end()), (&b"value"[..], UnixMillis(42)));
        assert!(Record::read(whole, Kind::Lock).is_none());
    }

    #[test]
    fn what_others_wrote_is_not() {
        for other in
            [&b""[..], &[1; 17], &[2; 30], &[1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
        {
            assert!(front(other).is_none());
        }
    }
}
