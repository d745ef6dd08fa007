//! Sizes and durations as people write them.

use std::{str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};

/// `65536`, `64KiB`, `512MiB`, `2GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

/// `500ms`, `30s`, `5m`, `2h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factor = |unit: &str| match unit {
            "" | "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            _ => None,
        };
        let bytes = split(text).and_then(|(number, unit)| number.checked_mul(factor(unit)?));
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| "write a size as 65536, 64KiB, 512MiB or 2GiB".to_owned())
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factor = |unit: &str| match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            "d" => Some(86_400_000),
            _ => None,
        };
        let millis = split(text).and_then(|(number, unit)| number.checked_mul(factor(unit)?));
        millis
            .filter(|millis| (1..=31_536_000_000).contains(millis))
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| "write a time as 500ms, 30s, 5m, 2h or 7d, a year at most".to_owned())
    }
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

macro_rules! from_text {
    ($($quantity:ident)*) => {$(
        impl<'de> Deserialize<'de> for $quantity {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

from_text! { Size Span }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!("65536".parse(), Ok(Size(65_536)));
        assert_eq!("2GiB".parse(), Ok(Size(2 << 30)));
        for wrong in ["", "GiB", "2GB", "-1", "1.5MiB", "99999999999999999GiB", "1 MiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!("500ms".parse(), Ok(Span(Duration::from_millis(500))));
        assert_eq!("2h".parse(), Ok(Span(Duration::from_secs(7200))));
        for wrong in ["", "5", "0s", "s", "-1s", "1.5s", "366d", "5 m", "99999999999999999999s"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
