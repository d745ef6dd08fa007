//! Times to live, as requests state them.

use std::time::Duration;

use axum::http::HeaderMap;
use serde::Deserialize;

use crate::refusal::Refusal;

/// 1 ms to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ttl(u32);

/// Thirty days in seconds.
pub(crate) const MOST_SECONDS: u64 = 2_592_000;
const MOST_MILLIS: u64 = MOST_SECONDS * 1000;

const IN_MILLIS: &str = "x-cachekit-ttl-ms";
const IN_SECONDS: [&str; 2] = ["x-cachekit-ttl", "x-ttl"];

/// The body of a `PATCH`.
#[derive(Deserialize)]
pub(crate) struct Change {
    ttl: Option<u64>,
    ttl_ms: Option<u64>,
}

impl Ttl {
    pub(crate) fn from_millis(millis: u64) -> Option<Self> {
        (1..=MOST_MILLIS).contains(&millis).then(|| u32::try_from(millis).ok().map(Self))?
    }

    fn from_seconds(seconds: u64) -> Option<Self> {
        seconds.checked_mul(1000).and_then(Self::from_millis)
    }

    /// What the headers of a `PUT` say; milliseconds win. `None` where they say nothing. All of
    /// them must make sense, so that a mistake does not depend on what else was sent.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let millis = stated(headers, IN_MILLIS)?;
        let millis = checked(millis, Self::from_millis, "X-CacheKit-TTL-Ms", MOST_MILLIS)?;
        let mut seconds = None;
        for header in IN_SECONDS {
            let found = checked(
                stated(headers, header)?,
                Self::from_seconds,
                "X-CacheKit-TTL",
                MOST_SECONDS,
            )?;
            seconds = seconds.or(found);
        }
        Ok(millis.or(seconds))
    }

    pub(crate) fn from_change(change: &Change) -> Result<Self, Refusal> {
        let millis = change.ttl_ms.map(Some);
        let millis = checked(millis, Self::from_millis, "ttl_ms", MOST_MILLIS)?;
        let seconds = checked(change.ttl.map(Some), Self::from_seconds, "ttl", MOST_SECONDS)?;
        millis.or(seconds).ok_or_else(|| Refusal::bad("bad_ttl", "neither `ttl` nor `ttl_ms`"))
    }

    pub(crate) fn as_millis(self) -> u64 {
        u64::from(self.0)
    }

    pub(crate) fn as_duration(self) -> Duration {
        Duration::from_millis(self.as_millis())
    }
}

/// `Some(None)` is a header that says nothing sensible.
fn stated(headers: &HeaderMap, name: &'static str) -> Result<Option<Option<u64>>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::bad("bad_ttl", "a time to live is stated twice"));
    }
    let digits = value.as_bytes();
    // `parse` would take a plus sign.
    let plain = (1..=12).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let number = plain.then(|| value.to_str().ok()?.parse().ok()).flatten();
    Ok(Some(number))
}

fn checked(
    stated: Option<Option<u64>>,
    make: impl Fn(u64) -> Option<Ttl>,
    name: &str,
    most: u64,
) -> Result<Option<Ttl>, Refusal> {
    match stated {
        None => Ok(None),
        Some(number) => number.and_then(make).map(Some).ok_or_else(|| {
            Refusal::bad("bad_ttl", format!("{name} is not a whole number from 1 to {most}"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Option<Option<u64>> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let map = headers.iter().map(pair).fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        });
        Ttl::from_headers(&map).ok().map(|ttl| ttl.map(Ttl::as_millis))
    }

    #[test]
    fn milliseconds_win_over_seconds() {
        assert_eq!(read(&[]), Some(None));
        assert_eq!(read(&[("x-cachekit-ttl", "7")]), Some(Some(7_000)));
        assert_eq!(read(&[("x-ttl", "2592000")]), Some(Some(2_592_000_000)));
        assert_eq!(
            read(&[("x-cachekit-ttl", "2"), ("x-cachekit-ttl-ms", "1500")]),
            Some(Some(1500))
        );
        assert_eq!(read(&[("x-cachekit-ttl", "2"), ("x-ttl", "3")]), Some(Some(2000)));
    }

    #[test]
    fn anything_else_is_refused() {
        for value in ["0", "-1", "+1", "1.5", "2592001", "", " ", "1e3", "99999999999999999999"] {
            assert_eq!(read(&[("x-cachekit-ttl", value)]), None, "{value}");
            assert_eq!(read(&[("x-cachekit-ttl", value), ("x-cachekit-ttl-ms", "5")]), None);
        }
        assert_eq!(read(&[("x-cachekit-ttl-ms", "2592000001")]), None);
        assert_eq!(read(&[("x-ttl", "5"), ("x-ttl", "5")]), None);
    }
}
