//! What can go wrong before anything was opened: keys, lists of keys, names, contents.

use std::fmt;

use cachekit_process::UnixMillis;

use crate::name::Purpose;

/// An operation that could not be done. No variant holds a key, a plaintext or an argument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key is not hexadecimal, or shorter than 32 bytes.
    #[error(
        "{0} must be hex-encoded, minimum 32 bytes: use 64 or more hexadecimal digits, as \
         `openssl rand -hex 32` prints them"
    )]
    KeyEncoding(KeySource),
    /// A tenant secret is not exactly 32 bytes.
    #[error("a tenant secret must be exactly 32 random bytes, and this one has {0}")]
    SecretLength(usize),
    /// A rotation list could not be understood.
    #[error("entry {entry} of CACHEKIT_MASTER_KEY_ROTATION: {problem}")]
    Rotation {
        /// Which entry, counted from 1.
        entry: usize,
        /// What is wrong with it.
        problem: RotationProblem,
    },
    /// Two keys of a ring are the same, or share their key id.
    #[error("keys {first} and {second} of the ring are the same key: give each key once")]
    DuplicateKey {
        /// The position of the one, counted from 1.
        first: usize,
        /// The position of the other.
        second: usize,
    },
    /// No key of the ring may seal at this time.
    #[error("no key of the ring may seal now{}: list a key that may seal today", from(.next))]
    NoSealingKey {
        /// When a key will next be allowed to.
        next: Option<UnixMillis>,
    },
    /// A tenant's name is empty.
    #[error("a tenant must not be empty: give its identifier, or no tenant at all")]
    EmptyTenant,
    /// A field of a name is too long to be encoded.
    #[error("{field} has {length} bytes; at most 65535 fit into a name")]
    FieldTooLong {
        /// The field.
        field: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// A field of a name was given where names of this purpose have none.
    #[error("a {purpose} name has no {field}: leave it out")]
    MisplacedField {
        /// What the name is for.
        purpose: Purpose,
        /// The field that does not belong.
        field: &'static str,
    },
    /// A content that the format has no place for.
    #[error("this content cannot be sealed: {0}")]
    Content(ContentProblem),
    /// The memory for an entry has another length than the entry.
    #[error("an entry of {needed} bytes, and memory of {given}: ask for its length first")]
    Room {
        /// Bytes of the entry.
        needed: usize,
        /// Bytes of the memory.
        given: usize,
    },
    /// Compression failed.
    #[error("the body could not be compressed: zstd reported an error; store it uncompressed")]
    Compression,
    /// The cryptographic library failed.
    #[error("the cryptographic library refused an operation; nothing was sealed or opened")]
    Primitive,
}

fn from(next: &Option<UnixMillis>) -> String {
    next.map_or_else(String::new, |next| format!(" (the next one may from {})", Date(next)))
}

/// Where a key was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// The master key.
    Master,
    /// The naming key.
    Naming,
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "CACHEKIT_MASTER_KEY",
            Self::Naming => "CACHEKIT_NAMING_KEY",
        })
    }
}

/// What is wrong with one entry of a rotation list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationProblem {
    /// Nothing stands between two commas, or the list is empty.
    #[error("is empty: write a key, or unset the variable")]
    Empty,
    /// The key is not hexadecimal, or too short.
    #[error("must be hex-encoded, minimum 32 bytes, before any `@`")]
    KeyEncoding,
    /// A word after `@` that is no state.
    #[error(
        "unknown state: write `@open`, `@seal-after=<date>`, `@sealed-until=<date>` or `@revoked`"
    )]
    UnknownState,
    /// A date that is not RFC 3339 with its offset, or before 1970.
    #[error("the date must be RFC 3339 with an offset, such as 2027-01-31T00:00:00Z")]
    Date,
    /// The same key as an earlier entry.
    #[error("the same key as entry {0}: list each key once")]
    Duplicate(usize),
}

/// Why a content does not fit the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentProblem {
    /// `none` and tombstones have no body, barriers have 16 bytes.
    #[error("the body does not have the length that its kind prescribes")]
    BodyLength,
    /// Values need a serializer, errors MessagePack, all others none.
    #[error("the serializer does not fit the kind")]
    Serializer,
    /// Only values and errors may be compressed.
    #[error("this kind is never compressed")]
    Compression,
    /// Tombstones and barriers have no tags.
    #[error("this kind has no tags")]
    KindHasNoTags,
    /// More than 255 tags.
    #[error("at most 255 tags fit into an entry")]
    TooManyTags,
    /// A tag over 65535 bytes.
    #[error("a tag has at most 65535 bytes")]
    TagTooLong,
    /// A body over 4 GiB.
    #[error("a body has at most 4294967295 bytes")]
    BodyTooLong,
    /// A barrier with a generation.
    #[error("a barrier has no generation")]
    Generation,
    /// A life that ends before it begins.
    #[error("it would expire before it was created")]
    Life,
}

/// A time as RFC 3339, for people.
pub(crate) struct Date(pub(crate) UnixMillis);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = i64::try_from(self.0.0).ok().map(jiff::Timestamp::from_millisecond);
        match date {
            Some(Ok(date)) => date.fmt(f),
            _ => write!(f, "{} ms after 1970", self.0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_was_seen_and_what_to_do() {
        let key = Error::KeyEncoding(KeySource::Master).to_string();
        assert!(key.starts_with("CACHEKIT_MASTER_KEY must be hex-encoded, minimum 32 bytes"));
        let next = Some(UnixMillis(1_893_456_000_000));
        let text = Error::NoSealingKey { next }.to_string();
        assert!(text.contains("2030-01-01T00:00:00Z"), "{text}");
        let problem = RotationProblem::Duplicate(1);
        let text = Error::Rotation { entry: 3, problem }.to_string();
        assert!(text.starts_with("entry 3 of CACHEKIT_MASTER_KEY_ROTATION: "), "{text}");
    }
}
