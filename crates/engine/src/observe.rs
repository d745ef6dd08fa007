//! The one event hook.

use std::time::Duration;

/// Something that happened to a call, told after it happened.
///
/// No variant carries a key, a value, an argument or a tenant. First-level hits are only counted
/// ([`Stats`](crate::Stats)): an event each would cost more than the hit.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A value came from the store.
    StoreHit,
    /// Nothing servable was found; the function runs.
    Miss,
    /// The function ran and its value was written, or not, as said.
    Fill {
        /// How long the function took.
        elapsed: Duration,
        /// Where the value went.
        filled: Filled,
    },
    /// A stored entry was refused.
    Refused(Refused),
    /// The store failed; the application did not.
    StoreFailed(&'a cachekit_store::Error),
    /// A name was invalidated.
    Invalidated,
    /// An operation, or the whole cache, was cleared.
    Cleared,
    /// Bytes that the seal vouches for could not be decoded into a value.
    Undecodable,
    /// The function's value could not be encoded.
    Unencodable,
}

/// Where a computed value went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Filled {
    /// Into the store, and into the first level where there is one.
    Stored,
    /// Into the first level: there is no store.
    Held,
    /// Nowhere: somebody else wrote, cleared or invalidated meanwhile.
    Overtaken,
    /// Nowhere: the look before, or the write, failed.
    StoreFailed,
    /// Nowhere: an entry of a key or a release that this process does not know is there.
    Unwritable,
    /// Nowhere: the computation took over an hour, longer than an invalidation is remembered.
    TooSlow,
}

/// Why a stored entry was not served. See `docs/format.md`, "Opening".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// Changed by somebody without the key, cut short, or moved from another name or tenant.
    Tampered,
    /// Sealed under a key that this process does not have.
    UnknownKey,
    /// Written by a later release.
    Unsupported,
    /// Past its authenticated end.
    Expired,
    /// Dated more than a minute ahead.
    Future,
    /// A life, stale window or serializer that this configuration does not allow.
    OutsidePolicy,
    /// Written with an old key after its demotion.
    Demoted,
    /// Written with a revoked key.
    Revoked,
    /// Older than what this process has already seen.
    RolledBack,
    /// Computed before a `clear`.
    Superseded,
}

impl Refused {
    /// Every reason, in the order in which [`Stats`](crate::Stats) reports them.
    pub const ALL: [Self; 10] = [
        Self::Tampered,
        Self::UnknownKey,
        Self::Unsupported,
        Self::Expired,
        Self::Future,
        Self::OutsidePolicy,
        Self::Demoted,
        Self::Revoked,
        Self::RolledBack,
        Self::Superseded,
    ];

    /// The word under which the reason is counted.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::UnknownKey => "unknown_key",
            Self::Unsupported => "unsupported",
            Self::Expired => "expired",
            Self::Future => "future",
            Self::OutsidePolicy => "outside_policy",
            Self::Demoted => "demoted",
            Self::Revoked => "revoked",
            Self::RolledBack => "rolled_back",
            Self::Superseded => "superseded",
        }
    }
}

/// Hears of events. Called on the caller's thread, so it must be quick, and must not call the cache.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of one event of the operation with this name.
    fn on_event(&self, operation: &str, event: &Event<'_>);
}

impl From<&cachekit_seal::Refusal> for Refused {
    fn from(refusal: &cachekit_seal::Refusal) -> Self {
        use cachekit_seal::Refusal as Seal;
        match refusal {
            Seal::UnknownKey { .. } => Self::UnknownKey,
            Seal::Unsupported { .. } => Self::Unsupported,
            Seal::Future { .. } => Self::Future,
            Seal::OutsidePolicy(_) => Self::OutsidePolicy,
            Seal::Demoted { .. } => Self::Demoted,
            Seal::Revoked { .. } => Self::Revoked,
            // Tampered and Malformed; and whatever is added later is suspected first.
            _ => Self::Tampered,
        }
    }
}
