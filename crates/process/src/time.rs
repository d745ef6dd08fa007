//! Points in time, with the unit in the type.

use std::time::Duration;

/// Milliseconds since 1970-01-01 UTC, leap seconds not counted: what entries carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

/// Milliseconds since this machine booted, time asleep included: what ages are measured by.
///
/// Means nothing on another machine or after a reboot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootMillis(pub u64);

macro_rules! point_in_time {
    ($point:ident) => {
        impl $point {
            /// The last point there is; later ones are cut to it.
            pub const MAX: Self = Self(u64::MAX);

            /// This much later, in whole milliseconds (a fraction is dropped), at most [`Self::MAX`].
            #[must_use]
            pub fn saturating_add(self, by: Duration) -> Self {
                Self(self.0.saturating_add(whole_millis(by)))
            }

            /// This much earlier, in whole milliseconds (a fraction is dropped), at least zero.
            #[must_use]
            pub fn saturating_sub(self, by: Duration) -> Self {
                Self(self.0.saturating_sub(whole_millis(by)))
            }

            /// The time since `earlier`; zero if that is not earlier.
            #[must_use]
            pub fn since(self, earlier: Self) -> Duration {
                Duration::from_millis(self.0.saturating_sub(earlier.0))
            }
        }
    };
}
point_in_time!(UnixMillis);
point_in_time!(BootMillis);

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let noon = UnixMillis(43_200_000);
        assert_eq!(noon.saturating_add(Duration::from_micros(1999)), UnixMillis(43_200_001));
        assert_eq!(noon.saturating_sub(Duration::MAX), UnixMillis(0));
        assert_eq!(noon.saturating_add(Duration::MAX), UnixMillis::MAX);
        assert_eq!(noon.since(UnixMillis(43_199_000)), Duration::from_secs(1));
        assert_eq!(noon.since(UnixMillis::MAX), Duration::ZERO);
    }
}
