//! What Python writes beyond MessagePack, as the plain value that a Rust type reads.
//!
//! Python marks its types by extensions (`docs/values.md`). A dataclass is a map of its fields to a
//! reader that does not know the class; a tuple and a set are arrays, a UUID is its bytes, a decimal
//! and a moment are text. What has no such reading stays refused: nothing is guessed.

use std::fmt::Write as _;

use crate::wire::{Malformed, Reader, Token, TooLong, Writer};
use crate::{MAX_DEPTH, Reason};

/// Why a value has no plain reading.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Malformed(Malformed),
    TooDeep,
    /// The names of fields, which stand once in the bytes, make it longer than the limit.
    TooLong,
    Other(Reason),
}

type Outcome<T> = Result<T, Unreadable>;

impl From<Malformed> for Unreadable {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<TooLong> for Unreadable {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// The same value without extensions, in at most `limit` bytes.
pub(crate) fn plain(bytes: &[u8], limit: usize) -> Outcome<Vec<u8>> {
    let mut translation = Translation { out: Vec::new(), classes: Vec::new(), limit };
    let mut reader = Reader::new(bytes);
    translation.value(&mut reader, 0)?;
    reader.finish()?;
    Ok(translation.out)
}

struct Translation<'a> {
    out: Vec<u8>,
    /// The fields of the classes defined so far, in the order of the bytes.
    classes: Vec<Vec<&'a str>>,
    limit: usize,
}

const MISMATCH: Unreadable = Unreadable::Other(Reason::Mismatch);

impl<'a> Translation<'a> {
    fn writer(&mut self) -> Writer<'_> {
        Writer::new(&mut self.out)
    }

    fn value(&mut self, reader: &mut Reader<'a>, depth: u16) -> Outcome<()> {
        let token = reader.token()?;
        self.token(token, reader, depth)
    }

    fn token(&mut self, token: Token<'a>, reader: &mut Reader<'a>, depth: u16) -> Outcome<()> {
        if self.out.len() > self.limit {
            return Err(Unreadable::TooLong);
        }
        match token {
            Token::Nil => self.writer().nil(),
            Token::Bool(value) => self.writer().bool(value),
            Token::Signed(value) => self.writer().signed(value),
            Token::Unsigned(value) => self.writer().unsigned(value),
            Token::Float(value) => self.writer().float(value),
            Token::Text(value) => self.text(value)?,
            Token::Bytes(value) => self.writer().bytes(value)?,
            Token::Array(count) => {
                self.writer().array(count)?;
                self.values(count, reader, deeper(depth)?)?;
            }
            Token::Map(count) => {
                self.writer().map(count)?;
                self.values(2 * count, reader, deeper(depth)?)?;
            }
            Token::Extension(code, payload) => self.extension(code, payload, deeper(depth)?)?,
        }
        Ok(())
    }

    fn values(&mut self, count: usize, reader: &mut Reader<'a>, depth: u16) -> Outcome<()> {
        (0..count).try_for_each(|_| self.value(reader, depth))
    }

    fn text(&mut self, text: &[u8]) -> Outcome<()> {
        Ok(self.writer().text(utf8(text)?)?)
    }

    fn extension(&mut self, code: i8, payload: &'a [u8], depth: u16) -> Outcome<()> {
        match code {
            4 => return Ok(self.writer().bytes(payload)?),
            16..=18 => return self.moment(code, payload),
            24 => return self.text(payload),
            26 => return Ok(self.writer().bytes(payload.get(..16).ok_or(MISMATCH)?)?),
            28 => return self.text(payload.get(1..).ok_or(MISMATCH)?),
            _ => {}
        }
        let mut reader = Reader::new(payload);
        match code {
            5 | 6 | 7 | 9 | 11 => self.value(&mut reader, depth)?,
            8 | 10 | 27 => self.second(&mut reader, depth)?,
            32 => {
                array_of(&mut reader, 2)?;
                self.class(&mut reader)?;
                self.value(&mut reader, depth)?;
            }
            33..=35 => {
                array_of(&mut reader, 2)?;
                self.fields(&mut reader, depth)?;
            }
            36 => self.model(&mut reader, depth)?,
            _ => return Err(MISMATCH),
        }
        Ok(reader.finish()?)
    }

    /// Of a pair that says how the container was made, the container.
    fn second(&mut self, reader: &mut Reader<'a>, depth: u16) -> Outcome<()> {
        array_of(reader, 2)?;
        match reader.token()? {
            Token::Nil | Token::Signed(_) | Token::Unsigned(_) | Token::Text(_) => {}
            _ => return Err(MISMATCH),
        }
        self.value(reader, depth)
    }

    /// A class, then the values of its fields, or a map where the state is not just these.
    fn fields(&mut self, reader: &mut Reader<'a>, depth: u16) -> Outcome<()> {
        let number = self.class(reader)?;
        match reader.token()? {
            Token::Array(count) => self.named(number, count, reader, depth),
            token @ Token::Map(_) => self.token(token, reader, depth),
            _ => Err(MISMATCH),
        }
    }

    /// `count` values under the names of a class's fields; the header of the map included.
    fn named(
        &mut self,
        number: usize,
        count: usize,
        reader: &mut Reader<'a>,
        depth: u16,
    ) -> Outcome<()> {
        self.writer().map(count)?;
        self.pairs(number, count, reader, depth)
    }

    fn pairs(
        &mut self,
        number: usize,
        count: usize,
        reader: &mut Reader<'a>,
        depth: u16,
    ) -> Outcome<()> {
        if self.classes.get(number).map(Vec::len) != Some(count) {
            return Err(MISMATCH);
        }
        for field in 0..count {
            let name = *self.classes.get(number).and_then(|it| it.get(field)).ok_or(MISMATCH)?;
            self.writer().text(name)?;
            self.value(reader, depth)?;
        }
        Ok(())
    }

    /// Fields, and what the model took beyond them, in one map; not its private attributes.
    fn model(&mut self, reader: &mut Reader<'a>, depth: u16) -> Outcome<()> {
        array_of(reader, 5)?;
        let number = self.class(reader)?;
        let token = reader.token()?;
        let (fields, values) = match token {
            Token::Array(count) => (count, count),
            Token::Map(count) => (count, 2 * count),
            _ => return Err(MISMATCH),
        };
        let extra = entries_after(&mut reader.clone(), values)?;
        self.writer().map(fields + extra)?;
        match token {
            Token::Array(count) => self.pairs(number, count, reader, depth)?,
            _ => self.values(values, reader, depth)?,
        }
        match reader.token()? {
            Token::Nil => {}
            Token::Map(count) => self.values(2 * count, reader, depth)?,
            _ => return Err(MISMATCH),
        }
        // They may define classes that later values refer to.
        let end = self.out.len();
        self.values(2, reader, depth)?;
        self.out.truncate(end);
        Ok(())
    }

    /// The number of a class, defined here or before.
    fn class(&mut self, reader: &mut Reader<'a>) -> Outcome<usize> {
        let count = match reader.token()? {
            Token::Signed(number) => return usize::try_from(number).map_err(|_| MISMATCH),
            Token::Array(count) if count > 0 => count,
            _ => return Err(MISMATCH),
        };
        name(reader)?;
        let fields = (1..count).map(|_| name(reader)).collect::<Outcome<_>>()?;
        self.classes.push(fields);
        Ok(self.classes.len() - 1)
    }

    /// ISO 8601, with an offset where the zone is a fixed one.
    fn moment(&mut self, code: i8, payload: &[u8]) -> Outcome<()> {
        let mut text = String::new();
        let mut rest = payload;
        if code != 18 {
            let [high, low, month, day] = take(&mut rest)?;
            let year = u16::from_be_bytes([high, low]);
            let _infallible = write!(text, "{year:04}-{:02}-{day:02}", month & 0x7f);
        }
        if code != 17 {
            let [hour, minute, second, high, middle, low] = take(&mut rest)?;
            let micros = u32::from_be_bytes([0, high, middle, low]);
            let mark = if code == 16 { "T" } else { "" };
            let hour = hour & 0x7f;
            let _infallible = write!(text, "{mark}{hour:02}:{minute:02}:{second:02}");
            if micros != 0 {
                let _infallible = write!(text, ".{micros:06}");
            }
            offset(rest, &mut text)?;
        } else if !rest.is_empty() {
            return Err(MISMATCH);
        }
        Ok(self.writer().text(&text)?)
    }
}

/// A zone of the database has many offsets, and none is written down.
fn offset(zone: &[u8], text: &mut String) -> Outcome<()> {
    if zone.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(zone);
    let mut token = reader.token()?;
    if token == Token::Array(2) {
        token = reader.token()?;
    }
    let Token::Signed(micros) = token else { return Err(MISMATCH) };
    let minutes = micros / 60_000_000;
    if minutes * 60_000_000 != micros {
        return Err(MISMATCH);
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    let _infallible = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    Ok(())
}

fn deeper(depth: u16) -> Outcome<u16> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Unreadable::TooDeep) }
}

fn array_of(reader: &mut Reader<'_>, count: usize) -> Outcome<()> {
    if reader.token()? == Token::Array(count) { Ok(()) } else { Err(MISMATCH) }
}

fn name<'a>(reader: &mut Reader<'a>) -> Outcome<&'a str> {
    match reader.token()? {
        Token::Text(text) => utf8(text),
        _ => Err(MISMATCH),
    }
}

/// The entries of the map, or none, that stands behind so many values.
fn entries_after(reader: &mut Reader<'_>, values: usize) -> Outcome<usize> {
    let mut left = values;
    while left > 0 {
        left += match reader.token()? {
            Token::Array(count) => count,
            Token::Map(count) => 2 * count,
            _ => 0,
        };
        left -= 1;
    }
    match reader.token()? {
        Token::Map(count) => Ok(count),
        _ => Ok(0),
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Outcome<[u8; N]> {
    let (taken, after) = rest.split_first_chunk().ok_or(MISMATCH)?;
    *rest = after;
    Ok(*taken)
}

fn utf8(text: &[u8]) -> Outcome<&str> {
    std::str::from_utf8(text).map_err(|_| Unreadable::Other(Reason::NotUtf8))
}
