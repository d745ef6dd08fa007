//! Why stored bytes were not believed.

use std::fmt;
use std::time::Duration;

/// The four bytes that name a master key in an entry's header. Public: it opens nothing.
pub type KeyId = [u8; 4];

/// Why stored bytes were refused: always a miss, and never an answer about the plaintext.
///
/// The order in which these are looked for is fixed (`docs/format.md`, "Opening"); the first that
/// applies is the one reported. Rollback, generation and expiry come after all of these and belong
/// to whoever remembers what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Sealed bytes that no writer with these keys made for this name.
    Tampered(Fault),
    /// Bytes that are no plain entry. The same alarm as `Tampered`, for caches that do not seal.
    Malformed(Fault),
    /// Sealed by a master key that is not in the ring.
    UnknownKey {
        /// Which.
        kid: KeyId,
    },
    /// Made by a later release.
    Unsupported {
        /// What this release does not know.
        feature: Feature,
        /// Its number in the entry.
        seen: u8,
        /// The key it was sealed by; `None` for a plain entry.
        kid: Option<KeyId>,
    },
    /// Created further ahead of this process' clock than clocks may differ.
    Future {
        /// How far ahead.
        ahead: Duration,
    },
    /// Authentic, and not what this cache is configured to accept.
    OutsidePolicy(Policy),
    /// Sealed by an outgoing key, and dated after that key stopped sealing.
    Demoted {
        /// Which key.
        kid: KeyId,
    },
    /// Sealed by a key that was revoked.
    Revoked {
        /// Which key.
        kid: KeyId,
    },
}

/// What showed that bytes were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Too short for an entry, or cut off in the middle of a field.
    Truncated,
    /// The first bytes are not those of an entry of this protection.
    NotAnEntry,
    /// The writer session is zero.
    EmptySession,
    /// The tag does not fit the bytes, the header, the name and the key.
    Tag,
    /// The tag fits, and the block that commits to the key does not.
    Commitment,
    /// This kind of content is never stored under a name of this purpose.
    KindForName,
    /// The serializer does not fit the kind.
    Serializer,
    /// The codec does not fit the kind.
    Codec,
    /// The lengths inside contradict one another or the kind.
    Lengths,
    /// Tags that the kind does not have, or that are not UTF-8.
    Tags,
    /// The padding is not zeros up to exactly the padded length.
    Padding,
    /// A barrier with a generation, or a wrapper with a generation or an expiry.
    Fields,
    /// The body is not one zstd frame of the announced length.
    Compressed,
}

/// What a later release may have added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// The cipher suite.
    Suite,
    /// The layout of the plaintext.
    InnerVersion,
    /// The kind of content.
    Kind,
    /// The serializer.
    Serializer,
    /// The compression.
    Codec,
}

/// What an authentic entry did not comply with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// A serializer that this cache is not configured with.
    Serializer(u8),
    /// It expires before it was created.
    ExpiresBeforeCreated,
    /// It would live longer than `max_ttl` and one hour.
    Life(Duration),
    /// It may be served stale for longer than is allowed here.
    StaleWindow(Duration),
    /// The body has more bytes than this cache accepts.
    BodyLength(u64),
}

impl Refusal {
    /// The word under which this is counted.
    #[must_use]
    pub const fn counted_as(&self) -> &'static str {
        match self {
            Self::Tampered(_) | Self::Malformed(_) => "tampered",
            Self::UnknownKey { .. } => "unknown_key",
            Self::Unsupported { .. } => "unsupported",
            Self::Future { .. } => "future",
            Self::OutsidePolicy(_) => "outside_policy",
            Self::Demoted { .. } => "demoted",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// The key that the entry names, where that is why it was refused.
    #[must_use]
    pub const fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::UnknownKey { kid } | Self::Demoted { kid } | Self::Revoked { kid } => Some(*kid),
            Self::Unsupported { kid, .. } => *kid,
            _ => None,
        }
    }
}

impl std::error::Error for Refusal {}

/// How every refusal begins that a wrong key or a changed byte can lead to.
const FAILED: &str = "Decryption failed: authentication tag verification failed";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tampered(fault) => write!(
                f,
                "{FAILED}: {fault}; the stored bytes were changed, cut or moved since they were \
                 sealed, and are not used: find out who can write to the store"
            ),
            Self::Malformed(fault) => write!(
                f,
                "not a plain cache entry: {fault}; the stored bytes are not used: find out who \
                 else writes under this prefix"
            ),
            Self::UnknownKey { kid } => write!(
                f,
                "{FAILED}: sealed by key {}, which is not in this key ring; after a change of \
                 master keys, list the old one in CACHEKIT_MASTER_KEY_ROTATION until its entries \
                 have expired",
                hex::encode(kid)
            ),
            Self::Unsupported { feature, seen, .. } => {
                write!(f, "{FAILED}: {feature} {seen} is of a later release; update this process")
            }
            Self::Future { ahead } => write!(
                f,
                "the entry was created {} s in the future; compare the clocks of the fleet",
                ahead.as_secs()
            ),
            Self::OutsidePolicy(policy) => write!(f, "the entry is outside policy: {policy}"),
            Self::Demoted { kid } => write!(
                f,
                "the entry is dated after key {} stopped sealing; if that key leaked, revoke it",
                hex::encode(kid)
            ),
            Self::Revoked { kid } => {
                write!(f, "the entry is sealed by key {}, which is revoked", hex::encode(kid))
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "cut off",
            Self::NotAnEntry => "the header is not that of an entry",
            Self::EmptySession => "the writer session is empty",
            Self::Tag => "the tag does not fit",
            Self::Commitment => "the key commitment does not fit",
            Self::KindForName => "a kind that this name never holds",
            Self::Serializer => "the serializer does not fit the kind",
            Self::Codec => "the codec does not fit the kind",
            Self::Lengths => "the lengths contradict one another",
            Self::Tags => "the tags do not fit the kind or are not text",
            Self::Padding => "the padding is wrong",
            Self::Fields => "fields that this kind leaves empty are not",
            Self::Compressed => "the body is not one zstd frame of its announced length",
        })
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Suite => "cipher suite",
            Self::InnerVersion => "inner version",
            Self::Kind => "kind",
            Self::Serializer => "serializer",
            Self::Codec => "codec",
        })
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serializer(seen) => write!(f, "serializer {seen} is not configured here"),
            Self::ExpiresBeforeCreated => f.write_str("it expires before it was created"),
            Self::Life(life) => {
                write!(f, "it lives {} s, longer than max_ttl and one hour", life.as_secs())
            }
            Self::StaleWindow(window) => {
                write!(f, "it may be stale for {} s, longer than allowed here", window.as_secs())
            }
            Self::BodyLength(length) => {
                write!(f, "its body has {length} bytes, more than this cache accepts")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_families_begin_with_one_sentence() {
        let feature = Feature::Codec;
        for refusal in [
            Refusal::Tampered(Fault::Tag),
            Refusal::UnknownKey { kid: [1, 2, 3, 4] },
            Refusal::Unsupported { feature, seen: 9, kid: Some([1; 4]) },
        ] {
            let text = refusal.to_string();
            assert!(
                text.starts_with("Decryption failed: authentication tag verification failed"),
                "{text}"
            );
        }
        assert!(Refusal::UnknownKey { kid: [1, 2, 3, 4] }.to_string().contains("key 01020304"));
    }

    #[test]
    fn only_what_depends_on_a_key_names_one() {
        let feature = Feature::Suite;
        assert_eq!(
            Refusal::Unsupported { feature, seen: 2, kid: Some([7; 4]) }.key_id(),
            Some([7; 4])
        );
        assert_eq!(Refusal::Tampered(Fault::Tag).key_id(), None);
    }
}
