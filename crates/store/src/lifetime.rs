//! Times to live, as a store may keep them.

use std::time::Duration;

use crate::{Error, ErrorKind};

/// Longer times to live are kept as this one: a store may always forget early, and Redis
/// refuses a deadline that overflows its 64-bit milliseconds.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A time to live in whole milliseconds, between one and a hundred years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(u64);

impl Lifetime {
    /// Rounds `ttl` up to whole milliseconds; longer than a hundred years is a hundred years.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`](ErrorKind::Misconfigured), for the store of this `address`: no time at all.
    pub fn new(ttl: Duration, address: &str) -> Result<Self, Error> {
        if ttl.is_zero() {
            return Err(Error::new(
                ErrorKind::Misconfigured,
                address,
                "a time to live of zero was asked for, and nothing can be kept for no time",
            ));
        }
        let millis = ttl.min(LONGEST).as_nanos().div_ceil(1_000_000);
        Ok(Self(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// Between one millisecond and a hundred years.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// The same in nanoseconds; a hundred years fit five times into a `u64`.
    pub fn as_nanos(self) -> u64 {
        self.0.saturating_mul(1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_and_stays_in_bounds() {
        let millis = |ttl| Lifetime::new(ttl, "").map(Lifetime::as_millis).unwrap();
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_micros(1_001)), 2);
        assert_eq!(millis(Duration::from_secs(2)), 2_000);
        assert_eq!(millis(Duration::MAX), 3_153_600_000_000);
    }

    #[test]
    fn refuses_zero() {
        let error = Lifetime::new(Duration::ZERO, "memory://a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
    }
}
