//! Open containers, and the order of what has none.

use smallvec::SmallVec;

use super::tag;

/// What kind of container is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Items in order; Python's `list`, a Rust sequence.
    List,
    /// Items in order; Python's `tuple`, a Rust tuple or array.
    Tuple,
    /// Entries, each a key then a value, in any order.
    Map,
    /// Items in any order.
    Set,
}

impl Container {
    pub(super) fn tags(self) -> (u8, u8) {
        match self {
            Self::List => tag::LIST,
            Self::Tuple => tag::TUPLE,
            Self::Map => tag::MAP,
            Self::Set => tag::SET,
        }
    }
}

/// A container that is being written; [`Writer::end`](super::Writer::end) takes it back.
#[derive(Debug)]
#[must_use = "a container that is not ended leaves a broken encoding"]
pub struct Scope {
    pub(super) container: Container,
    /// Where each entry of a map or set begins.
    pub(super) starts: SmallVec<[usize; 8]>,
}

impl Scope {
    pub(super) fn new(container: Container) -> Self {
        Self { container, starts: SmallVec::new() }
    }

    /// Brings the entries, which reach to the end of `out`, into bytewise ascending order.
    ///
    /// Entries are compared whole. Since no encoding begins another, that is the order of the
    /// keys, and among equal keys (two NaN objects) that of the values: equal *collections* of
    /// entries have one encoding, and duplicates are kept.
    pub(super) fn sort(&self, out: &mut Vec<u8>) {
        let [first, _, ..] = *self.starts else { return };
        let ends = self.starts.iter().skip(1).copied().chain([out.len()]);
        let entry = |(start, end): (usize, usize)| out.get(start..end).unwrap_or_default();
        let mut entries: SmallVec<[&[u8]; 8]> =
            self.starts.iter().copied().zip(ends).map(entry).collect();
        if entries.is_sorted() {
            return;
        }
        entries.sort_unstable();
        let sorted = entries.concat();
        drop(entries);
        out.truncate(first);
        out.extend_from_slice(&sorted);
    }
}
