//! Durations as people write them: `"5m"`, `"1h30m"`, `"250ms"`, `"300"`.
//!
//! The parser is a `const fn`, so that `#[cached(ttl = "5 m")]` is refused by the compiler and
//! `Settings` by the same words when the program starts.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// Nothing was written.
    Empty,
    /// A character that is neither a digit nor a letter: a space, a sign, a decimal point.
    Character,
    /// A unit without a number before it.
    NoNumber,
    /// A last number without a unit, after parts that have one.
    NoUnit,
    /// A unit that is not one of `ms`, `s`, `m`, `h`, `d`.
    Unit,
    /// A unit that is not smaller than the one before it.
    Order,
    /// Longer than can be counted.
    TooLong,
    /// Nothing at all.
    Zero,
}

impl ParseError {
    /// What was seen, and what to write instead.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Empty => "the duration is empty: write \"5m\", \"1h30m\", \"250ms\" or \"300\"",
            Self::Character => {
                "a duration has digits and units only, no spaces, signs or fractions: \"1h30m\", not \"1.5 h\""
            }
            Self::NoNumber => "a unit has no number before it: \"1h30m\"",
            Self::NoUnit => "the last number has no unit: \"1h30m\" (a number alone means seconds)",
            Self::Unit => "unknown unit: a duration has d, h, m, s and ms (\"5m\" is five minutes)",
            Self::Order => "units go from long to short, each once: \"1h30m\"",
            Self::TooLong => "the duration is longer than can be counted",
            Self::Zero => "the duration is zero, so nothing would ever be cached",
        }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for ParseError {}

/// Reads a duration: parts of number and unit (`d`, `h`, `m`, `s`, `ms`) from long to short, or one
/// number, which means seconds.
///
/// ```
/// use std::time::Duration;
/// use cachekit::duration::{ParseError, parse};
///
/// assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
/// assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
/// assert_eq!(parse("300"), Ok(Duration::from_secs(300)));
/// assert_eq!(parse("5 m"), Err(ParseError::Character));
/// ```
///
/// # Errors
/// [`ParseError`] says what was seen. Zero is refused: as a time to live or a time-out it would be
/// a setting that silently does nothing.
pub const fn parse(text: &str) -> Result<Duration, ParseError> {
    let mut rest = text.as_bytes();
    if rest.is_empty() {
        return Err(ParseError::Empty);
    }
    let mut millis: u64 = 0;
    let mut shortest = u64::MAX;
    while !rest.is_empty() {
        let (count, digits, after) = match number(rest) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let (unit, after) = match unit(after) {
            Ok(Some(read)) => read,
            Ok(None) if shortest == u64::MAX => (1000, after),
            Ok(None) => return Err(ParseError::NoUnit),
            Err(error) => return Err(error),
        };
        if digits == 0 {
            return Err(ParseError::NoNumber);
        }
        if unit >= shortest {
            return Err(ParseError::Order);
        }
        shortest = unit;
        millis = match add(millis, count, unit) {
            Some(sum) => sum,
            None => return Err(ParseError::TooLong),
        };
        rest = after;
    }
    if millis == 0 {
        return Err(ParseError::Zero);
    }
    Ok(Duration::from_millis(millis))
}

/// The leading number, how many digits it has, and what follows.
const fn number(mut rest: &[u8]) -> Result<(u64, usize, &[u8]), ParseError> {
    let (mut count, mut digits) = (0_u64, 0);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        count = match count.checked_mul(10) {
            Some(tens) => match tens.checked_add((*digit - b'0') as u64) {
                Some(sum) => sum,
                None => return Err(ParseError::TooLong),
            },
            None => return Err(ParseError::TooLong),
        };
        digits += 1;
        rest = after;
    }
    Ok((count, digits, rest))
}

/// The leading unit in milliseconds, and what follows; `None` at the end of the text.
const fn unit(rest: &[u8]) -> Result<Option<(u64, &[u8])>, ParseError> {
    match rest {
        [] => Ok(None),
        [b'm', b's', after @ ..] => whole(1, after),
        [b's', after @ ..] => whole(1000, after),
        [b'm', after @ ..] => whole(60 * 1000, after),
        [b'h', after @ ..] => whole(3600 * 1000, after),
        [b'd', after @ ..] => whole(24 * 3600 * 1000, after),
        [b'a'..=b'z' | b'A'..=b'Z', ..] => Err(ParseError::Unit),
        _ => Err(ParseError::Character),
    }
}

/// A unit ends where the next number starts: `5min` is not five minutes and a stray `in`.
const fn whole(millis: u64, after: &[u8]) -> Result<Option<(u64, &[u8])>, ParseError> {
    match after {
        [] | [b'0'..=b'9', ..] => Ok(Some((millis, after))),
        [b'a'..=b'z' | b'A'..=b'Z', ..] => Err(ParseError::Unit),
        _ => Err(ParseError::Character),
    }
}

const fn add(millis: u64, count: u64, unit: u64) -> Option<u64> {
    match count.checked_mul(unit) {
        Some(part) => millis.checked_add(part),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        let cases = [
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("250ms", 250),
            ("300", 300_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("0h5m", 300_000),
            ("90m", 5_400_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_name() {
        use ParseError::*;
        let cases = [
            ("", Empty),
            ("5 m", Character),
            ("-5m", Character),
            ("1.5h", Character),
            ("m", NoNumber),
            ("1h30", NoUnit),
            ("5min", Unit),
            ("5M", Unit),
            ("5w", Unit),
            ("1m1h", Order),
            ("1m1m", Order),
            ("99999999999999999999", TooLong),
            ("999999999999999d", TooLong),
            ("0", Zero),
            ("0h0m", Zero),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
