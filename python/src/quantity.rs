//! Durations and sizes as people write them.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyFloat, PyInt, PyString};

use crate::errors::{misconfigured, wrong_type};

/// Seconds, a `timedelta`, or text such as `"5m"`.
///
/// # Errors
/// `TypeError`, `ConfigurationError`: neither of these, or nothing that is longer than zero.
pub(crate) fn duration(option: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let duration = if let Ok(text) = value.cast::<PyString>() {
        cachekit::duration::parse(text.to_str()?)
            .map_err(|error| misconfigured(format!("{option}: {error}")))?
    } else if value.is_instance_of::<PyDelta>() {
        seconds(option, value.call_method0("total_seconds")?.extract()?)?
    } else if is_number(value) {
        seconds(option, value.extract().unwrap_or(f64::INFINITY))?
    } else {
        return Err(wrong_type(format!(
            "{option} takes seconds, a timedelta, or text such as \"5m\", not {}",
            value.get_type().qualname()?
        )));
    };
    if duration < Duration::from_millis(1) {
        return Err(misconfigured(format!("{option} must be at least a millisecond")));
    }
    Ok(duration)
}

/// A number of bytes, or text such as `"64MiB"`.
///
/// # Errors
/// `TypeError`, `ConfigurationError`: neither of these.
pub(crate) fn bytes(option: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    let wrong =
        || misconfigured(format!("{option} takes a number of bytes, or text such as \"64MiB\""));
    if let Ok(text) = value.cast::<PyString>() {
        return parse_bytes(text.to_str()?).ok_or_else(wrong);
    }
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return value.extract().map_err(|_| wrong());
    }
    let class = value.get_type().qualname()?;
    Err(wrong_type(format!("{option} takes False, bytes, or text such as \"64MiB\", not {class}")))
}

fn is_number(value: &Bound<'_, PyAny>) -> bool {
    // `True` is an `int`, and never meant as one second.
    (value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>())
        && !value.is_instance_of::<PyBool>()
}

fn seconds(option: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| misconfigured(format!("{option} must be a positive number of seconds")))
}

fn parse_bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, bytes)| Some((text.strip_suffix(name)?, *bytes)))
        .unwrap_or((text, 1));
    let digits = number.trim();
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse::<u64>().ok()?.checked_mul(unit)).flatten()
}

#[cfg(test)]
mod tests {
    use super::parse_bytes;

    #[test]
    fn what_people_write() {
        let cases = [("64MiB", 64 << 20), ("1 GB", 1_000_000_000), ("4096", 4096), ("7B", 7)];
        for (text, wanted) in cases {
            assert_eq!(parse_bytes(text), Some(wanted), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "+1", "64mib", "99999999999999999999"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}
