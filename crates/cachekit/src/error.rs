//! What can go wrong, and what to do about it.

use std::fmt;
use std::sync::Arc;

/// Every failure that a cache reports.
///
/// A store that is down, slow or lying is not among them while a value is looked up or computed:
/// the function runs, and the event is counted. [`Backend`](Error::Backend) is for what was asked
/// for in so many words: `set`, `invalidate`, `clear`.
///
/// No variant holds a key, a value, an argument or a tenant. Cloning is cheap, so that one error can
/// reach everybody who waited for one computation.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cache cannot be built, or used in that way. The message says what to change.
    #[error("{problem}")]
    Configuration {
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A key, a key list or a name does not fit the format.
    #[error(transparent)]
    Key(cachekit_engine::seal::Error),
    /// The call is one of a tenant's, and names none; the function did not run.
    #[error("the call has no tenant, though it is cached per tenant: name one, never an empty one")]
    MissingTenant,
    /// The arguments of the call cannot name an entry; the function did not run.
    #[error("{problem}")]
    Argument {
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A stored entry was refused, and the cache was told to raise ([`OnTamper::Raise`]).
    ///
    /// [`OnTamper::Raise`]: crate::OnTamper::Raise
    #[error(transparent)]
    Decryption(#[from] cachekit_engine::seal::Refusal),
    /// The store did not carry out a request. This process has forgotten what it was to forget all
    /// the same. Ask [`Error::retryable`].
    #[error(transparent)]
    Backend(#[from] cachekit_engine::store::Error),
    /// A value could not be turned into bytes, or bytes not into a value of the wanted type.
    #[error(transparent)]
    Serialization(#[from] cachekit_engine::codec::Error),
    /// The engine refused an option, a time to live or a size, or other processes would not stop
    /// changing a barrier.
    #[error(transparent)]
    Engine(Arc<cachekit_engine::Error>),
}

impl Error {
    pub(crate) fn configuration(problem: impl Into<String>) -> Self {
        Self::Configuration { problem: problem.into() }
    }

    pub(crate) fn argument(problem: impl Into<String>) -> Self {
        Self::Argument { problem: problem.into() }
    }

    /// Whether the same request may succeed later, with nothing changed by hand.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Backend(error) => error.retryable(),
            Self::Engine(error) => matches!(**error, cachekit_engine::Error::Contended { .. }),
            _ => false,
        }
    }
}

impl From<cachekit_engine::seal::Error> for Error {
    fn from(error: cachekit_engine::seal::Error) -> Self {
        match error {
            cachekit_engine::seal::Error::EmptyTenant => Self::MissingTenant,
            error => Self::Key(error),
        }
    }
}

impl From<cachekit_engine::Error> for Error {
    fn from(error: cachekit_engine::Error) -> Self {
        use cachekit_engine::Error as Engine;
        match error {
            Engine::Refused(refusal) => Self::Decryption(refusal),
            Engine::Seal(error) => Self::from(error),
            Engine::Store(error) => Self::Backend(error),
            Engine::Option { .. } | Engine::Ttl { .. } => Self::configuration(error.to_string()),
            other => Self::Engine(Arc::new(other)),
        }
    }
}

/// Why [`get_or_try_compute`](crate::Cache::get_or_try_compute) has no value.
///
/// One failed computation fails everybody who waited for it, with the very same error: hence the
/// `Arc`, which asks nothing of `E`, not even `Clone`.
pub enum ComputeError<E> {
    /// The computation failed. Nothing was cached.
    Computation(Arc<E>),
    /// The cache could not be asked, or could not keep the value.
    Cache(Error),
}

impl<E> ComputeError<E> {
    /// The computation's own error.
    pub fn computation(&self) -> Option<&E> {
        match self {
            Self::Computation(error) => Some(error),
            Self::Cache(_) => None,
        }
    }
}

impl<E> From<Error> for ComputeError<E> {
    fn from(error: Error) -> Self {
        Self::Cache(error)
    }
}

impl<E> Clone for ComputeError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Computation(error) => Self::Computation(Arc::clone(error)),
            Self::Cache(error) => Self::Cache(error.clone()),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for ComputeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Computation(error) => f.debug_tuple("Computation").field(error).finish(),
            Self::Cache(error) => f.debug_tuple("Cache").field(error).finish(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ComputeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Computation(error) => error.fmt(f),
            Self::Cache(error) => error.fmt(f),
        }
    }
}

// Not bound to `E: std::error::Error`: `anyhow::Error` and `Box<dyn Error>` are none themselves,
// and `?` should take them all the same.
impl<E: fmt::Debug + fmt::Display> std::error::Error for ComputeError<E> {}
