//! What can go wrong in the engine, and what to do about it.

/// Every failure that the engine reports to its caller.
///
/// A store that is down, slow or lying is *not* here when a value is looked up or filled: the
/// function runs, and the event is counted ([`Stats`](crate::Stats)). Errors are for what somebody
/// asked for in so many words (`invalidate`, `clear`, an explicit `put`) and for misuse.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sealed entry was refused, and the cache was told to raise instead of recomputing.
    #[error(transparent)]
    Refused(#[from] cachekit_seal::Refusal),
    /// A key, a tenant or a name field does not fit the format.
    #[error(transparent)]
    Seal(#[from] cachekit_seal::Error),
    /// The store did not do what was asked of it. What this process holds was invalidated all the
    /// same; ask again once the store answers.
    #[error("the store did not carry out the request: {0}")]
    Store(#[from] cachekit_store::Error),
    /// The same barrier kept changing while it was being written, and not by others' clears, which
    /// would have done: others seal it under keys that this process does not have, or the store
    /// refuses without cause.
    #[error(
        "the barrier was rewritten by others {attempts} times in a row; this process forgot its entries, repeat the call for the others"
    )]
    Contended {
        /// How many compare-and-set attempts were refused.
        attempts: u32,
    },
    /// The store's barrier is sealed under a key that this process does not have, so it cannot
    /// tell what was cleared, and writes nothing.
    #[error(
        "the cache's barrier is sealed under a key that this process does not have; add that key to CACHEKIT_MASTER_KEY_ROTATION, or wait ten minutes"
    )]
    ForeignBarrier,
    /// The time to live is zero, or beyond what the cache allows.
    #[error("ttl of {ttl_ms} ms is outside 1 ms to {max_ms} ms (max_ttl)")]
    Ttl {
        /// What was asked for.
        ttl_ms: u128,
        /// The cache's `max_ttl`.
        max_ms: u128,
    },
    /// An option of the cache contradicts another, or its own bounds.
    #[error("{option}: {problem}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What is wrong, and what fits.
        problem: String,
    },
    /// The encoded value is larger than any store takes.
    #[error("the encoded value has {length} bytes; the largest that is cached has {limit}")]
    TooLarge {
        /// The length seen.
        length: usize,
        /// The bound.
        limit: usize,
    },
}
