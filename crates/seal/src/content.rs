//! What is sealed: a body and what is said about it. `docs/format.md`, "Entry".

use cachekit_process::UnixMillis;

use crate::error::{ContentProblem, Error};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// A serialized value.
    Value = 0,
    /// The absence of a value, as a result: Python's `None`.
    None = 1,
    /// A serialized error.
    Error = 2,
    /// "There was something, and it is not to be served": what an invalidation leaves.
    Tombstone = 3,
    /// A point in time before which nothing counts.
    Barrier = 4,
}

impl Kind {
    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Value),
            1 => Some(Self::None),
            2 => Some(Self::Error),
            3 => Some(Self::Tombstone),
            4 => Some(Self::Barrier),
            _ => None,
        }
    }

    /// Whether entries of this kind hold something that was serialized.
    pub(crate) const fn is_serialized(self) -> bool {
        matches!(self, Self::Value | Self::Error)
    }

    /// Whether entries of this kind may carry tags.
    pub(crate) const fn may_have_tags(self) -> bool {
        !matches!(self, Self::Tombstone | Self::Barrier)
    }

    /// Whether `serializer` may stand beside this kind. An error is always MessagePack.
    pub(crate) const fn admits_serializer(self, serializer: u8) -> bool {
        match self {
            Self::Value => serializer != 0,
            Self::Error => serializer == MESSAGE_PACK,
            Self::None | Self::Tombstone | Self::Barrier => serializer == 0,
        }
    }

    /// Whether a body of `length` bytes, before compression, fits this kind.
    pub(crate) const fn admits_body(self, length: u32) -> bool {
        match self {
            Self::Value | Self::Error => true,
            Self::None | Self::Tombstone => length == 0,
            Self::Barrier => length == 16,
        }
    }
}

/// The serializer of errors.
const MESSAGE_PACK: u8 = 1;

/// Whether this release knows a serializer's number: none, MessagePack, JSON, Arrow, and the
/// numbers that belong to users.
pub(crate) const fn is_known_serializer(serializer: u8) -> bool {
    matches!(serializer, 0..=3 | 128..)
}

/// How the body is compressed before it is sealed.
///
/// Off by default, and for a reason: where an attacker can put text of his own beside a secret,
/// the compressed length tells when the two resemble each other (CRIME, BREACH).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Compression {
    /// Stored as it is.
    #[default]
    None = 0,
    /// One Zstandard frame without a dictionary (RFC 8878).
    Zstd = 2,
}

impl Compression {
    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            2 => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Everything that goes into an entry.
///
/// `kind` decides what else may be there: see [`ContentProblem`] for what is refused.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    /// What the entry is.
    pub kind: Kind,
    /// What the body was serialized by: 1 MessagePack, 2 JSON, 3 Arrow, 128 and up the user's; 0
    /// for kinds that serialize nothing.
    pub serializer: u8,
    /// The compression asked for. A body that it does not make smaller is stored as it is.
    pub compression: Compression,
    /// When the computation started.
    pub created: UnixMillis,
    /// Until when, inclusive, the entry may be served.
    pub fresh_until: UnixMillis,
    /// For how much longer it may be served while the function fails, in milliseconds.
    pub stale_window_ms: u32,
    /// What the barriers stood at before the computation.
    pub generation: [u8; 8],
    /// Tags that were added during the call.
    pub tags: &'a [&'a str],
    /// The serialized value, or what `kind` prescribes.
    pub body: &'a [u8],
}

impl Content<'_> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.problem().map_or(Ok(()), |problem| Err(Error::Content(problem)))
    }

    fn problem(&self) -> Option<ContentProblem> {
        let Ok(length) = u32::try_from(self.body.len()) else {
            return Some(ContentProblem::BodyTooLong);
        };
        if !self.kind.admits_body(length) {
            return Some(ContentProblem::BodyLength);
        }
        if !self.kind.admits_serializer(self.serializer) || !is_known_serializer(self.serializer) {
            return Some(ContentProblem::Serializer);
        }
        if self.compression != Compression::None && !self.kind.is_serialized() {
            return Some(ContentProblem::Compression);
        }
        if self.kind == Kind::Barrier && self.generation != [0; 8] {
            return Some(ContentProblem::Generation);
        }
        if self.fresh_until < self.created {
            return Some(ContentProblem::Life);
        }
        self.problem_of_tags()
    }

    fn problem_of_tags(&self) -> Option<ContentProblem> {
        if !self.tags.is_empty() && !self.kind.may_have_tags() {
            return Some(ContentProblem::KindHasNoTags);
        }
        if self.tags.len() > usize::from(u8::MAX) {
            return Some(ContentProblem::TooManyTags);
        }
        let long = self.tags.iter().any(|tag| tag.len() > usize::from(u16::MAX));
        long.then_some(ContentProblem::TagTooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value() -> Content<'static> {
        Content {
            kind: Kind::Value,
            serializer: 1,
            compression: Compression::None,
            created: UnixMillis(1),
            fresh_until: UnixMillis(2),
            stale_window_ms: 0,
            generation: [1; 8],
            tags: &[],
            body: b"body",
        }
    }

    #[test]
    fn every_contradiction_is_refused() {
        use ContentProblem as P;
        let (long, many) = ("x".repeat(65_536), vec!["x"; 256]);
        let long: &[&str] = &[&long];
        let tombstone = Content { kind: Kind::Tombstone, serializer: 0, body: &[], ..value() };
        let barrier = Content {
            kind: Kind::Barrier,
            serializer: 0,
            body: &[7; 16],
            generation: [0; 8],
            ..value()
        };
        let cases = [
            (value(), None),
            (tombstone, None),
            (barrier, None),
            (Content { kind: Kind::Error, ..value() }, None),
            (Content { compression: Compression::Zstd, ..value() }, None),
            (Content { serializer: 0, ..value() }, Some(P::Serializer)),
            (Content { serializer: 4, ..value() }, Some(P::Serializer)),
            (Content { kind: Kind::Error, serializer: 2, ..value() }, Some(P::Serializer)),
            (Content { serializer: 1, ..tombstone }, Some(P::Serializer)),
            (Content { kind: Kind::None, serializer: 0, ..value() }, Some(P::BodyLength)),
            (Content { body: &[7; 15], ..barrier }, Some(P::BodyLength)),
            (Content { compression: Compression::Zstd, ..barrier }, Some(P::Compression)),
            (Content { generation: [1; 8], ..barrier }, Some(P::Generation)),
            (Content { tags: &["t"], ..tombstone }, Some(P::KindHasNoTags)),
            (Content { tags: &many, ..value() }, Some(P::TooManyTags)),
            (Content { tags: long, ..value() }, Some(P::TagTooLong)),
            (Content { fresh_until: UnixMillis(0), ..value() }, Some(P::Life)),
        ];
        for (position, (content, problem)) in cases.iter().enumerate() {
            assert_eq!(content.problem(), *problem, "{position}");
        }
    }
}
