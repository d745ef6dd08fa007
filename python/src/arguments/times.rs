//! Dates, times, durations and time zones.
//!
//! ISO 8601 text, so that any language can write them. Two moments that Python calls equal but
//! shows in different zones are different arguments: their hours differ, and so may results.

use cachekit::engine::codec::arguments::{Container, Sign};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::encoder::{Encoded, Encoder};
use super::obstacle::Obstacle;
use super::standard::property;
use crate::value::kinds::{DATE, DATETIME, TIME, TIMEDELTA, TIMEZONE};

impl Encoder<'_> {
    /// The local reading, `fold`, and the zone or none.
    pub(super) fn datetime(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        self.clock(DATETIME.get(value.py())?, value, "2000-01-01T00:00:00".len())
    }

    /// As a moment's.
    pub(super) fn time(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        self.clock(TIME.get(value.py())?, value, "00:00:00".len())
    }

    pub(super) fn date(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let text = iso(DATE.get(value.py())?, value)?;
        self.text(&text)
    }

    fn clock<'py>(
        &mut self,
        class: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        whole_seconds: usize,
    ) -> Encoded {
        let py = value.py();
        let text = iso(class, value)?;
        let text = text.to_str()?;
        // What follows is the offset, which the zone tells.
        let length = match text.as_bytes().get(whole_seconds) {
            Some(b'.') => whole_seconds + ".000000".len(),
            _ => whole_seconds,
        };
        let fold = property(class, intern!(py, "fold"), value)?;
        let zone = property(class, intern!(py, "tzinfo"), value)?;
        self.ordered(Container::Tuple, |encoder| {
            encoder.writer.text(text.get(..length).unwrap_or(text));
            encoder.value(&fold)?;
            encoder.value(&zone).map_err(|obstacle| obstacle.at_attribute("tzinfo"))
        })
    }

    /// Microseconds.
    pub(super) fn duration(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let micros = micros(value)?;
        let sign = if micros < 0 { Sign::Negative } else { Sign::NotNegative };
        self.writer.integer(sign, &micros.unsigned_abs().to_be_bytes());
        Ok(())
    }

    /// Microseconds east of UTC, and the name.
    pub(super) fn fixed_zone(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let class = TIMEZONE.get(py)?;
        let offset = class.call_method1(intern!(py, "utcoffset"), (value, py.None()))?;
        let name = class.call_method1(intern!(py, "tzname"), (value, py.None()))?;
        self.ordered(Container::Tuple, |encoder| {
            encoder.duration(&offset)?;
            encoder.value(&name)
        })
    }

    /// The key of the time zone database.
    pub(super) fn named_zone(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let key = value.getattr(intern!(value.py(), "key"))?;
        match key.cast::<PyString>() {
            Ok(key) => self.text(key),
            Err(_) => Err(Obstacle::unkeyable(
                value,
                "this time zone was read from a file and has no key",
            )),
        }
    }
}

fn iso<'py>(
    class: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyString>> {
    let text = class.call_method1(intern!(value.py(), "isoformat"), (value,))?;
    Ok(text.cast_into()?)
}

/// At most a billion days: far within the range.
fn micros(value: &Bound<'_, PyAny>) -> PyResult<i128> {
    let py = value.py();
    let class = TIMEDELTA.get(py)?;
    let part = |name| property(class, name, value)?.extract::<i64>().map(i128::from);
    let seconds = part(intern!(py, "days"))? * 86_400 + part(intern!(py, "seconds"))?;
    Ok(seconds * 1_000_000 + part(intern!(py, "microseconds"))?)
}
