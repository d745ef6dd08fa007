//! What can go wrong between values and bytes.

use std::fmt;

use crate::SerializerId;

/// Why a value could not be turned into bytes, or bytes into a value.
///
/// None of it is worth a retry. An error never repeats a value: messages of the underlying
/// libraries quote what they met ("invalid type: string \"Jane Doe\""), so they are reduced to a
/// [`Reason`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The value nests deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("nested deeper than {limit} levels: flatten the value, or break its cycle")]
    TooDeep {
        /// The depth that is still accepted.
        limit: u16,
    },
    /// The encoding is longer than the configured limit.
    #[error("{length} bytes exceed the limit of {limit}: cache less, or raise the limit")]
    TooLong {
        /// How long the encoding is, in bytes.
        length: usize,
        /// The longest that is accepted, in bytes.
        limit: usize,
    },
    /// A length field promises more than there are bytes left; nothing was allocated for it.
    #[error(
        "a length field claims more than the {remaining} bytes that remain: the bytes are damaged or forged"
    )]
    LengthLie {
        /// Bytes that are left after it.
        remaining: usize,
    },
    /// A complete value is followed by more bytes.
    #[error("{serializer} value is followed by further bytes: the bytes are damaged or forged")]
    Trailing {
        /// The codec that was decoding.
        serializer: SerializerId,
    },
    /// The value has no representation in this codec.
    #[error("a value of type {type_name} has no {serializer} encoding: {reason}")]
    Encode {
        /// The codec that was encoding.
        serializer: SerializerId,
        /// The Rust type that was given.
        type_name: &'static str,
        /// What the codec objected to.
        reason: Reason,
    },
    /// The bytes do not hold a value of the wanted type.
    #[error("the bytes hold no {type_name} in {serializer}: {reason}")]
    Decode {
        /// The codec that was decoding.
        serializer: SerializerId,
        /// The Rust type that was wanted.
        type_name: &'static str,
        /// What the codec objected to.
        reason: Reason,
    },
    /// An argument's `Serialize` implementation failed.
    #[error("an argument cannot be part of a cache key: {reason}; use `key`, or `ignore` it")]
    Argument {
        /// What went wrong.
        reason: Reason,
    },
}

/// The kind of objection, free of any content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes break the grammar of the format.
    Syntax,
    /// The bytes end inside a value.
    Truncated,
    /// Well-formed, but of another type or shape than the wanted one.
    Mismatch,
    /// A number does not fit the wanted type, or the format.
    OutOfRange,
    /// A string is not UTF-8.
    NotUtf8,
    /// The type's own `Serialize` or `Deserialize` implementation said no.
    Refused,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not well-formed",
            Self::Truncated => "it ends inside a value",
            Self::Mismatch => "another type or shape was met",
            Self::OutOfRange => "a number is out of range",
            Self::NotUtf8 => "a string is not UTF-8",
            Self::Refused => "its Serialize or Deserialize implementation refused",
        })
    }
}
