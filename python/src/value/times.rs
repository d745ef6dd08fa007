//! Dates, times, durations and time zones.
//!
//! A moment is written in the layout that `datetime` itself gives to `pickle`: big-endian year,
//! month, day, hour, minute, second, microsecond, with `fold` in a top bit. It is exact, compact, and
//! the constructor takes it back in one call; because that constructor trusts it, every field is
//! checked here first.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use super::decode::Decoder;
use super::encode::Encoder;
use super::error::{Reason, ValueError};
use super::extension::Extension;
use super::kinds::{DATE, DATETIME, Kind, TIME, TIMEDELTA, TIMEZONE, ZONEINFO};
use super::limits;

/// The protocol from which `datetime` includes `fold`.
const PICKLE_PROTOCOL: u8 = 4;
/// `fold`, in the month of a `datetime` and in the hour of a `time`.
const FOLD: u8 = 0x80;

impl<'py> Encoder<'_, 'py> {
    /// Ten bytes, then nothing (naive) or a zone.
    pub(crate) fn datetime(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.moment(Extension::DateTime, value)
    }

    /// Six bytes, then nothing (naive) or a zone.
    pub(crate) fn time(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.moment(Extension::Time, value)
    }

    /// Four bytes.
    pub(crate) fn date(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.moment(Extension::Date, value)
    }

    fn moment(&mut self, code: Extension, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let reduced = value.call_method1(intern!(self.py, "__reduce_ex__"), (PICKLE_PROTOCOL,))?;
        let arguments = reduced.get_item(1)?;
        let arguments = arguments.cast::<PyTuple>().map_err(PyErr::from)?;
        let state = arguments.get_item(0)?;
        let state = state.cast::<PyBytes>().map_err(PyErr::from)?;
        if arguments.len() == 1 {
            return Ok(self.writer.extension(code as i8, state.as_bytes())?);
        }
        let zone = arguments.get_item(1)?;
        let open = self.writer.open(code as i8);
        self.writer.raw(state.as_bytes());
        self.zone_content(&zone).map_err(|error| error.at_attribute("tzinfo"))?;
        Ok(self.writer.close(open)?)
    }

    /// Days, seconds, microseconds.
    pub(crate) fn timedelta(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let [days, seconds, micros] = duration(value)?;
        self.extension(Extension::TimeDelta, |encoder| {
            encoder.writer.array(3)?;
            encoder.writer.signed(days);
            encoder.writer.signed(seconds);
            encoder.writer.signed(micros);
            Ok(())
        })
    }

    /// A `timezone` or a `ZoneInfo` that stands for itself.
    pub(crate) fn zone(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.extension(Extension::Zone, |encoder| encoder.zone_content(value))
    }

    /// Fixed: microseconds east of UTC, or that and a name. Named: its key.
    fn zone_content(&mut self, zone: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        match Kind::of(&zone.get_type())? {
            Some(Kind::FixedZone) => self.fixed_zone(zone),
            Some(Kind::NamedZone) => self.named_zone(zone),
            _ => Err(ValueError::unsupported(zone)),
        }
    }

    fn fixed_zone(&mut self, zone: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let arguments = zone.call_method0(intern!(self.py, "__getinitargs__"))?;
        let arguments = arguments.cast::<PyTuple>().map_err(PyErr::from)?;
        let [days, seconds, micros] = duration(&arguments.get_item(0)?)?;
        let offset = (days * 86_400 + seconds) * 1_000_000 + micros;
        if arguments.len() == 1 {
            self.writer.signed(offset);
            return Ok(());
        }
        let name = arguments.get_item(1)?;
        self.writer.array(2)?;
        self.writer.signed(offset);
        self.value(&name)
    }

    fn named_zone(&mut self, zone: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let key = zone.getattr(intern!(self.py, "key"))?;
        match key.cast_exact::<PyString>() {
            Ok(key) if is_zone_key(key.to_str()?) => self.text(key),
            _ => Err(ValueError::lossy(zone, "it has no key, or one that zoneinfo cannot find")),
        }
    }
}

impl<'a, 'py> Decoder<'a, 'py> {
    pub(crate) fn datetime(&mut self, payload: &'a [u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let invalid = || ValueError::invalid("datetime");
        let (state, zone) = payload.split_first_chunk::<10>().ok_or_else(invalid)?;
        let [high, low, month, day, hour, time @ ..] = *state;
        if !is_date([high, low, month & !FOLD, day]) || !is_time(hour, time) {
            return Err(invalid());
        }
        self.moment(DATETIME.get(self.py)?, state, zone)
    }

    pub(crate) fn time(&mut self, payload: &'a [u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let invalid = || ValueError::invalid("time");
        let (state, zone) = payload.split_first_chunk::<6>().ok_or_else(invalid)?;
        let [hour, time @ ..] = *state;
        if !is_time(hour & !FOLD, time) {
            return Err(invalid());
        }
        self.moment(TIME.get(self.py)?, state, zone)
    }

    pub(crate) fn date(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        match <[u8; 4]>::try_from(payload) {
            Ok(state) if is_date(state) => {
                Ok(DATE.get(self.py)?.call1((PyBytes::new(self.py, &state),))?)
            }
            _ => Err(ValueError::invalid("date")),
        }
    }

    fn moment(
        &mut self,
        class: &Bound<'py, PyAny>,
        state: &[u8],
        zone: &'a [u8],
    ) -> Result<Bound<'py, PyAny>, ValueError> {
        let state = PyBytes::new(self.py, state);
        if zone.is_empty() {
            return Ok(class.call1((state,))?);
        }
        let zone = self.within(zone, Self::zone)?;
        Ok(class.call1((state, zone))?)
    }

    pub(crate) fn timedelta(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(3)?;
        let (days, seconds, micros) = (self.signed()?, self.signed()?, self.signed()?);
        Ok(TIMEDELTA.get(self.py)?.call1((days, seconds, micros))?)
    }

    pub(crate) fn zone(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        use cachekit::engine::codec::wire::Token;
        match self.reader.token()? {
            Token::Signed(offset) => self.fixed_zone(offset, None),
            Token::Array(2) => {
                let offset = self.signed()?;
                let name = self.value()?;
                self.fixed_zone(offset, Some(name))
            }
            Token::Text(key) => self.named_zone(key),
            _ => Err(ValueError::invalid("time zone")),
        }
    }

    fn fixed_zone(
        &mut self,
        offset: i64,
        name: Option<Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>, ValueError> {
        let class = TIMEZONE.get(self.py)?;
        let offset = TIMEDELTA.get(self.py)?.call1((0, 0, offset))?;
        match name {
            Some(name) => Ok(class.call1((offset, name))?),
            None => Ok(class.call1((offset,))?),
        }
    }

    fn named_zone(&mut self, key: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        match std::str::from_utf8(key) {
            Ok(key) if is_zone_key(key) => Ok(ZONEINFO.get(self.py)?.call1((key,))?),
            _ => Err(ValueError::invalid("time zone")),
        }
    }

    fn signed(&mut self) -> Result<i64, ValueError> {
        match self.reader.token()? {
            cachekit::engine::codec::wire::Token::Signed(value) => Ok(value),
            _ => Err(ValueError::new(Reason::Invalid { what: "duration" })),
        }
    }
}

fn duration(value: &Bound<'_, PyAny>) -> PyResult<[i64; 3]> {
    let py = value.py();
    let part = |name| value.getattr(name)?.extract::<i64>();
    Ok([
        part(intern!(py, "days"))?,
        part(intern!(py, "seconds"))?,
        part(intern!(py, "microseconds"))?,
    ])
}

/// `zoneinfo` looks the key up as a file below the directories of time zones; it refuses to leave
/// them, and here nothing that could name another place comes that far.
fn is_zone_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte);
    !key.is_empty()
        && key.len() <= limits::ZONE
        && key.bytes().all(allowed)
        && !key.starts_with('/')
}

/// Whether a year from 1 to 9999, a month and a day make a date of the proleptic Gregorian calendar.
fn is_date([high, low, month, day]: [u8; 4]) -> bool {
    let year = u16::from_be_bytes([high, low]);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=9999).contains(&year) && (1..=days).contains(&day)
}

fn is_time(hour: u8, [minute, second, a, b, c]: [u8; 5]) -> bool {
    let micros = u32::from_be_bytes([0, a, b, c]);
    hour < 24 && minute < 60 && second < 60 && micros < 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        assert!(is_date([7, 208, 2, 29]), "2000-02-29");
        assert!(!is_date([7, 108, 2, 29]), "1900-02-29");
        assert!(is_date([0, 1, 1, 1]) && is_date([39, 15, 12, 31]), "first and last");
        for state in
            [[0, 0, 1, 1], [39, 16, 1, 1], [7, 208, 0, 1], [7, 208, 13, 1], [7, 208, 4, 31]]
        {
            assert!(!is_date(state), "{state:?}");
        }
    }

    #[test]
    fn times_stay_within_the_day() {
        assert!(is_time(23, [59, 59, 0x0F, 0x42, 0x3F]));
        assert!(!is_time(24, [0; 5]) && !is_time(0, [60, 0, 0, 0, 0]));
        assert!(!is_time(0, [0, 60, 0, 0, 0]) && !is_time(0, [0, 0, 0x0F, 0x42, 0x40]));
    }

    #[test]
    fn zone_keys_cannot_leave_their_directory() {
        assert!(is_zone_key("America/Argentina/Buenos_Aires") && is_zone_key("Etc/GMT+5"));
        for key in ["", "/etc/passwd", "../../etc/passwd", "a\\b", "a:b", "a\0b"] {
            assert!(!is_zone_key(key), "{key}");
        }
    }
}
