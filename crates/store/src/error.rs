//! What can go wrong with a store, and whether trying again can help.

use std::{borrow::Cow, error, fmt, sync::Arc};

/// A store could not do what it was asked.
///
/// It says which class of failure it is ([`kind`](Error::kind)), whether the same call may
/// succeed later ([`retryable`](Error::retryable)), which store it was
/// ([`address`](Error::address)), what was seen and what to do about it (`Display`). It never
/// holds a password, a value or an argument. Cloning is cheap.
#[derive(Clone)]
pub struct Error(Arc<Failure>);

struct Failure {
    kind: ErrorKind,
    address: Box<str>,
    seen: Cow<'static, str>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store could not be reached, is starting up, shutting down or failing over, or the
    /// connection broke.
    Unavailable,
    /// No answer came in time. A write may have been done, or may be done yet.
    Timeout,
    /// The store is there and does not let us in: wrong or missing password, or no permission.
    Refused,
    /// The store could not prove who it is: its certificate is of an unknown authority, has
    /// expired or is for another host. Nothing was sent to it.
    Untrusted,
    /// The store has no room for a write; reading still works.
    Full,
    /// An entry, a number of keys or an answer is over its bound.
    TooLarge,
    /// The answer was not what the protocol says: not a store of that kind, or a broken one.
    Protocol,
    /// This store, or this release, cannot do that.
    Unsupported,
    /// An address or an option is wrong, or the call was made where it cannot work.
    Misconfigured,
}

impl ErrorKind {
    /// Whether the same call may succeed later, with nothing changed by hand.
    pub const fn retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::Timeout | Self::Full => true,
            Self::Refused
            | Self::Untrusted
            | Self::TooLarge
            | Self::Protocol
            | Self::Unsupported
            | Self::Misconfigured => false,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Unavailable => "store unavailable",
            Self::Timeout => "store timed out",
            Self::Refused => "store refused access",
            Self::Untrusted => "store not trusted",
            Self::Full => "store is full",
            Self::TooLarge => "too large for the store",
            Self::Protocol => "unexpected answer from the store",
            Self::Unsupported => "not supported by the store",
            Self::Misconfigured => "store misconfigured",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Unavailable => "check that it runs and can be reached from here",
            Self::Timeout => {
                "check that it is not overloaded or stopped, or raise the operation time-out"
            }
            Self::Refused => {
                "check user, password or token, client certificate and what they may do (ACL)"
            }
            Self::Untrusted => {
                "check the host name, the trusted authority and the certificate's dates"
            }
            Self::Full => "raise its memory limit, or let it evict (maxmemory-policy)",
            Self::TooLarge => "store less in one entry or call, or raise the limit everywhere",
            Self::Protocol => {
                "check that the address is that of such a store, not of another service"
            }
            Self::Unsupported => "choose another store or another address form",
            Self::Misconfigured => "correct the address or the option named",
        }
    }
}

impl Error {
    /// An error of a store of this `address`, which must be redacted already. `seen` says what
    /// happened, in words that hold nothing from values or passwords.
    pub fn new(
        kind: ErrorKind,
        address: impl Into<Box<str>>,
        seen: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Arc::new(Failure { kind, address: address.into(), seen: seen.into(), source: None }))
    }

    /// An error like [`new`](Error::new) that was caused by another.
    pub fn caused(
        kind: ErrorKind,
        address: impl Into<Box<str>>,
        seen: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Failure {
            kind,
            address: address.into(),
            seen: seen.into(),
            source: Some(source.into()),
        }))
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later, with nothing changed by hand.
    pub fn retryable(&self) -> bool {
        self.0.kind.retryable()
    }

    /// Which store it was, without its password. Empty if the address could not be read.
    pub fn address(&self) -> &str {
        &self.0.address
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { kind, address, seen, .. } = &*self.0;
        f.write_str(kind.title())?;
        if !address.is_empty() {
            write!(f, " ({address})")?;
        }
        write!(f, ": {seen}; {}", kind.advice())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("address", &self.0.address)
            .field("seen", &self.0.seen)
            .field("source", &self.0.source)
            .finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_where_and_what_to_do() {
        let error = Error::new(ErrorKind::Timeout, "redis://h:1/0", "no reply to MGET within 1s");
        assert_eq!(
            error.to_string(),
            "store timed out (redis://h:1/0): no reply to MGET within 1s; check that it is not \
             overloaded or stopped, or raise the operation time-out"
        );
        assert!(error.retryable());
    }

    #[test]
    fn what_only_a_person_can_mend_is_not_retryable() {
        for kind in [
            ErrorKind::Refused,
            ErrorKind::Untrusted,
            ErrorKind::TooLarge,
            ErrorKind::Protocol,
            ErrorKind::Unsupported,
            ErrorKind::Misconfigured,
        ] {
            assert!(!kind.retryable(), "{kind:?}");
        }
    }
}
