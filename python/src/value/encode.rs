//! Objects to bytes: dispatch on the exact type.

use std::sync::Arc;

use cachekit::engine::codec::wire::Writer;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyRange,
    PySet, PySlice, PyString, PyTuple,
};

use super::classes::{Classes, Shape};
use super::error::{Reason, ValueError};
use super::extension::Extension;
use super::kinds::Kind;
use super::limits;
use super::texts::Patterns;
use crate::exact::exactly;

/// Writes one value and what is in it.
///
/// Types are compared by identity, never by `isinstance`: a subclass is another type, and would not
/// come back as what it was.
pub(crate) struct Encoder<'a, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) writer: Writer<'a>,
    pub(crate) classes: &'a Classes,
    /// The classes defined so far, in the order of the bytes.
    pub(crate) defined: Vec<Arc<Shape>>,
    /// Regular expressions so far.
    pub(crate) patterns: Patterns,
    depth: usize,
    /// Whether writing a part may have run Python code, or let another thread run some.
    pub(crate) let_others_run: bool,
}

impl<'a, 'py> Encoder<'a, 'py> {
    pub(crate) fn new(py: Python<'py>, classes: &'a Classes, out: &'a mut Vec<u8>) -> Self {
        let (writer, patterns) = (Writer::new(out), Patterns::default());
        Self { py, writer, classes, defined: Vec::new(), patterns, depth: 0, let_others_run: false }
    }

    pub(crate) fn value(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        if let Some(text) = exactly::<PyString>(value) {
            self.text(text)
        } else if let Some(integer) = exactly::<PyInt>(value) {
            self.integer(integer)
        } else if let Some(float) = exactly::<PyFloat>(value) {
            self.writer.float(float.value());
            Ok(())
        } else if value.is_none() {
            self.writer.nil();
            Ok(())
        } else if let Some(truth) = exactly::<PyBool>(value) {
            self.writer.bool(truth.is_true());
            Ok(())
        } else if let Some(dict) = exactly::<PyDict>(value) {
            self.dict(dict)
        } else if let Some(list) = exactly::<PyList>(value) {
            self.list(list)
        } else {
            self.less_common(value)
        }
    }

    fn less_common(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.let_others_run = true;
        if let Some(tuple) = exactly::<PyTuple>(value) {
            self.extension(Extension::Tuple, |encoder| encoder.tuple(tuple))
        } else if let Some(bytes) = exactly::<PyBytes>(value) {
            Ok(self.writer.bytes(bytes.as_bytes())?)
        } else if let Some(set) = exactly::<PySet>(value) {
            self.extension(Extension::Set, |encoder| encoder.elements(set, set.len()))
        } else if let Some(set) = exactly::<PyFrozenSet>(value) {
            self.extension(Extension::FrozenSet, |encoder| encoder.elements(set, set.len()))
        } else if let Some(bytes) = exactly::<PyByteArray>(value) {
            Ok(self.writer.extension(Extension::ByteArray as i8, &bytes.to_vec())?)
        } else if let Some(complex) = exactly::<PyComplex>(value) {
            self.complex(complex)
        } else if let Some(range) = exactly::<PyRange>(value) {
            self.bounds(Extension::Range, range)
        } else if let Some(slice) = exactly::<PySlice>(value) {
            self.bounds(Extension::Slice, slice)
        } else {
            self.by_kind(value)
        }
    }

    fn by_kind(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let Some(kind) = Kind::of(&value.get_type())? else { return self.by_class(value) };
        match kind {
            Kind::DateTime => self.datetime(value),
            Kind::Date => self.date(value),
            Kind::Time => self.time(value),
            Kind::TimeDelta => self.timedelta(value),
            Kind::FixedZone | Kind::NamedZone => self.zone(value),
            Kind::Decimal => self.decimal(value),
            Kind::Fraction => self.fraction(value),
            Kind::Uuid => self.uuid(value),
            Kind::Path(number) => self.path(number, value),
            Kind::Network(number) => self.network(number, value),
            Kind::Pattern => self.pattern(value),
            Kind::Deque => self.deque(value),
            Kind::OrderedDict => self.ordered_dict(value),
            Kind::DefaultDict => self.default_dict(value),
            Kind::Counter => self.counter(value),
            Kind::Array => self.array(value),
            Kind::Scalar => self.scalar(value),
            Kind::Frame(_) => self.frame(value),
        }
    }

    /// A string; one with lone surrogates, which UTF-8 does not have, as an extension.
    #[inline]
    pub(crate) fn text(&mut self, text: &Bound<'py, PyString>) -> Result<(), ValueError> {
        match text.to_str() {
            Ok(text) => Ok(self.writer.text(text)?),
            Err(_) => self.surrogates(text),
        }
    }

    #[cold]
    fn surrogates(&mut self, text: &Bound<'py, PyString>) -> Result<(), ValueError> {
        self.let_others_run = true;
        let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
        let bytes = bytes.cast::<PyBytes>().map_err(PyErr::from)?;
        Ok(self.writer.extension(Extension::Text as i8, bytes.as_bytes())?)
    }

    pub(crate) fn list(&mut self, list: &Bound<'py, PyList>) -> Result<(), ValueError> {
        let count = list.len();
        self.writer.array(count)?;
        self.enter()?;
        for index in 0..count {
            let item = list.get_item(index).map_err(|_| ValueError::new(Reason::Changed))?;
            self.value(&item).map_err(|error| error.at_item(index))?;
        }
        self.leave();
        self.still(count, || list.len())
    }

    pub(crate) fn tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> Result<(), ValueError> {
        self.writer.array(tuple.len())?;
        for (index, item) in tuple.iter_borrowed().enumerate() {
            self.value(&item).map_err(|error| error.at_item(index))?;
        }
        Ok(())
    }

    /// PyO3's iterator panics on a dictionary that changed: its length is asked before each step.
    pub(crate) fn dict(&mut self, dict: &Bound<'py, PyDict>) -> Result<(), ValueError> {
        let count = dict.len();
        self.writer.map(count)?;
        self.enter()?;
        let mut pairs = dict.iter();
        for _ in 0..count {
            self.still(count, || dict.len())?;
            let (key, value) = pairs.next().ok_or_else(|| ValueError::new(Reason::Changed))?;
            self.pair(&key, &value)?;
        }
        self.leave();
        self.still(count, || dict.len())
    }

    #[inline]
    pub(crate) fn pair(
        &mut self,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        match exactly::<PyString>(key) {
            Some(text) => self.text(text)?,
            None => self.value(key).map_err(|error| error.at_key(key))?,
        }
        self.value(value).map_err(|error| error.at_key(key))
    }

    /// Writes an extension whose payload is one value, which `write` writes.
    pub(crate) fn extension(
        &mut self,
        code: Extension,
        write: impl FnOnce(&mut Self) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let open = self.writer.open(code as i8);
        self.enter()?;
        write(self)?;
        self.leave();
        Ok(self.writer.close(open)?)
    }

    /// Checks that a container still has `count` parts, once Python code may have run: nobody else can
    /// have changed it before.
    #[inline]
    fn still(&self, count: usize, now: impl FnOnce() -> usize) -> Result<(), ValueError> {
        if self.let_others_run { unchanged(now(), count) } else { Ok(()) }
    }

    #[inline]
    fn enter(&mut self) -> Result<(), ValueError> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err(ValueError::new(Reason::TooDeep));
        }
        Ok(())
    }

    #[inline]
    fn leave(&mut self) {
        self.depth -= 1;
    }
}

#[inline]
pub(crate) fn unchanged(now: usize, before: usize) -> Result<(), ValueError> {
    if now == before { Ok(()) } else { Err(ValueError::new(Reason::Changed)) }
}
