//! Bytes to objects: dispatch on the token.

use std::mem;
use std::sync::Arc;

use cachekit::engine::codec::wire::{Malformed, Reader, Token};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyFloat, PyList, PyString, PyTuple};

use super::classes::{Classes, Shape};
use super::error::{Reason, ValueError};
use super::extension::Extension;
use super::keys::Keys;
use super::limits;
use super::texts::Patterns;

/// Reads one value and what is in it.
///
/// A container is sized by its header: [`Reader`] has checked that the elements can all be there.
pub(crate) struct Decoder<'a, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) reader: Reader<'a>,
    pub(crate) classes: &'a Classes,
    /// The classes defined so far, in the order of the bytes.
    pub(crate) defined: Vec<Arc<Shape>>,
    /// Regular expressions so far.
    pub(crate) patterns: Patterns,
    pub(crate) keys: &'a mut Keys,
    depth: usize,
}

impl<'a, 'py> Decoder<'a, 'py> {
    pub(crate) fn new(
        py: Python<'py>,
        classes: &'a Classes,
        keys: &'a mut Keys,
        bytes: &'a [u8],
    ) -> Self {
        Self {
            py,
            reader: Reader::new(bytes),
            classes,
            defined: Vec::new(),
            patterns: Patterns::default(),
            keys,
            depth: 0,
        }
    }

    /// The next value.
    pub(crate) fn value(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let token = self.reader.token()?;
        self.built(token)
    }

    /// The value of a token that was read already.
    #[inline(always)]
    pub(crate) fn built(&mut self, token: Token<'a>) -> Result<Bound<'py, PyAny>, ValueError> {
        let py = self.py;
        Ok(match token {
            Token::Text(text) => string(py, text)?.into_any(),
            Token::Signed(value) => {
                let Ok(value) = value.into_pyobject(py);
                value.into_any()
            }
            Token::Nil => py.None().into_bound(py),
            Token::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
            Token::Float(value) => PyFloat::new(py, value).into_any(),
            Token::Map(count) => self.dict(count)?.into_any(),
            Token::Array(count) => self.list(count)?.into_any(),
            Token::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
            Token::Unsigned(value) => {
                let Ok(value) = value.into_pyobject(py);
                value.into_any()
            }
            Token::Extension(code, payload) => self.extension(code, payload)?,
        })
    }

    /// Fewer keys or elements than were read means that two were equal: readers that keep the first
    /// and readers that keep the last would see different values.
    pub(crate) fn distinct(&self, kept: usize, read: usize) -> Result<(), ValueError> {
        if kept == read { Ok(()) } else { Err(ValueError::new(Reason::Duplicate)) }
    }

    #[inline(never)]
    pub(crate) fn list(&mut self, count: usize) -> Result<Bound<'py, PyList>, ValueError> {
        self.enter()?;
        let mut failure = None;
        let list = PyList::new(self.py, self.items(count, &mut failure))?;
        if let Some(error) = failure {
            return Err(error);
        }
        self.leave();
        Ok(list)
    }

    pub(crate) fn tuple(&mut self, count: usize) -> Result<Bound<'py, PyTuple>, ValueError> {
        let mut failure = None;
        let tuple = PyTuple::new(self.py, self.items(count, &mut failure))?;
        match failure {
            Some(error) => Err(error),
            None => Ok(tuple),
        }
    }

    /// `count` values for a container that is made at its full size. It cannot stop in the middle, so
    /// after a failure the rest is filled with None and the container thrown away.
    fn items<'b>(
        &'b mut self,
        count: usize,
        failure: &'b mut Option<ValueError>,
    ) -> impl ExactSizeIterator<Item = Bound<'py, PyAny>> + use<'a, 'b, 'py> {
        let none = self.py.None().into_bound(self.py);
        (0..count).map(move |_| {
            if failure.is_none() {
                match self.value() {
                    Ok(value) => return value,
                    Err(error) => *failure = Some(error),
                }
            }
            none.clone()
        })
    }

    #[inline(never)]
    fn extension(&mut self, code: i8, payload: &'a [u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let Some(extension) = Extension::from_code(code) else {
            return Err(ValueError::new(Reason::UnknownExtension { code }));
        };
        match extension {
            Extension::Integer => self.integer(payload),
            Extension::Complex => self.complex(payload),
            Extension::Text => self.surrogates(payload),
            Extension::ByteArray => Ok(PyByteArray::new(self.py, payload).into_any()),
            Extension::DateTime => self.datetime(payload),
            Extension::Date => self.date(payload),
            Extension::Time => self.time(payload),
            Extension::Decimal => self.decimal(payload),
            Extension::Uuid => self.uuid(payload),
            Extension::Network => self.network(payload),
            Extension::Frame => self.frame(payload),
            nested => self.within(payload, |decoder| decoder.nested(nested)),
        }
    }

    /// The extensions whose payload is one MessagePack value.
    fn nested(&mut self, extension: Extension) -> Result<Bound<'py, PyAny>, ValueError> {
        match extension {
            Extension::Tuple => {
                let count = self.array()?;
                Ok(self.tuple(count)?.into_any())
            }
            Extension::Set => self.set(),
            Extension::FrozenSet => self.frozen_set(),
            Extension::Deque => self.deque(),
            Extension::OrderedDict => self.ordered_dict(),
            Extension::DefaultDict => self.default_dict(),
            Extension::Counter => self.counter(),
            Extension::Range => self.range(),
            Extension::Slice => self.slice(),
            Extension::TimeDelta => self.timedelta(),
            Extension::Zone => self.zone(),
            Extension::Fraction => self.fraction(),
            Extension::Path => self.path(),
            Extension::Pattern => self.pattern(),
            Extension::Member => self.member(),
            Extension::NamedTuple => self.named_tuple(),
            Extension::Record => self.record(),
            Extension::Struct => self.structure(),
            Extension::Model => self.model(),
            Extension::Array => self.ndarray(),
            Extension::Scalar => self.scalar(),
            flat => Err(ValueError::new(Reason::UnknownExtension { code: flat as i8 })),
        }
    }

    /// Reads a payload that is exactly one value.
    pub(crate) fn within<T>(
        &mut self,
        payload: &'a [u8],
        read: impl FnOnce(&mut Self) -> Result<T, ValueError>,
    ) -> Result<T, ValueError> {
        let outer = mem::replace(&mut self.reader, Reader::new(payload));
        self.enter()?;
        let value = read(self)?;
        self.leave();
        mem::replace(&mut self.reader, outer).finish()?;
        Ok(value)
    }

    /// The header of an array.
    pub(crate) fn array(&mut self) -> Result<usize, ValueError> {
        match self.reader.token()? {
            Token::Array(count) => Ok(count),
            _ => Err(ValueError::invalid("sequence")),
        }
    }

    /// The header of an array of exactly `count` elements.
    pub(crate) fn array_of(&mut self, count: usize) -> Result<(), ValueError> {
        if self.array()? == count { Ok(()) } else { Err(ValueError::invalid("sequence")) }
    }

    /// The header of a map.
    pub(crate) fn map(&mut self) -> Result<usize, ValueError> {
        match self.reader.token()? {
            Token::Map(count) => Ok(count),
            _ => Err(ValueError::invalid("mapping")),
        }
    }

    /// A string that is only looked at.
    pub(crate) fn name(&mut self) -> Result<&'a str, ValueError> {
        match self.reader.token()? {
            Token::Text(text) => std::str::from_utf8(text).map_err(|_| not_utf8()),
            _ => Err(ValueError::invalid("name")),
        }
    }

    /// Checks that the value is complete.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        self.reader.finish()
    }

    #[inline]
    pub(crate) fn enter(&mut self) -> Result<(), ValueError> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err(ValueError::new(Reason::TooDeep));
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }
}

#[inline]
pub(crate) fn string<'py>(
    py: Python<'py>,
    text: &[u8],
) -> Result<Bound<'py, PyString>, ValueError> {
    PyString::from_bytes(py, text).map_err(|_| not_utf8())
}

#[cold]
fn not_utf8() -> ValueError {
    ValueError::invalid("UTF-8 string")
}
