//! Wrappers that say what serde's data model cannot.

use serde::{Serialize, Serializer};

/// Names no Rust type can have, by which the canonical serializer knows these wrappers. Another
/// serializer sees a transparent newtype, or an enum's variant.
pub(super) const SET: &str = "$cachekit set";
pub(super) const TAGGED: &str = "$cachekit tagged";

/// A collection whose order means nothing; the same as Python's `set`.
///
/// serde shows a `HashSet` as a sequence in its random order of iteration: without this wrapper
/// equal sets would be different arguments.
///
/// ```
/// use std::collections::HashSet;
/// use cachekit_codec::arguments::{Set, to_canonical};
///
/// let roles = HashSet::from(["nurse", "doctor"]);
/// let mut bytes = Vec::new();
/// to_canonical(&Set(&roles), &mut bytes)?;
/// assert_eq!(bytes, b"<s\x05nurses\x06doctor>");
/// # Ok::<(), cachekit_codec::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Set<T>(pub T);

impl<T: Serialize> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SET, &self.0)
    }
}

/// A byte string; the same as Python's `bytes`. A plain `Vec<u8>` is a list of integers.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// A value of a standard type of the specification's table: its name, and its content as the
/// table says.
///
/// ```
/// use cachekit_codec::arguments::{Bytes, Tagged, to_canonical};
///
/// let mut bytes = Vec::new();
/// to_canonical(&Tagged { name: "uuid", content: Bytes(&[7; 16]) }, &mut bytes)?;
/// assert_eq!(bytes, [b"x\x04uuidb\x10".as_slice(), &[7; 16]].concat());
/// # Ok::<(), cachekit_codec::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tagged<T> {
    /// The type's name in the table.
    pub name: &'static str,
    /// What the table says for that type.
    pub content: T,
}

impl<T: Serialize> Serialize for Tagged<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant(TAGGED, 0, self.name, &self.content)
    }
}
