//! Containers that MessagePack does not have: sets, deques, the dictionaries of `collections`,
//! ranges and slices.

use cachekit::engine::codec::wire::Token;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::frozenset::PyFrozenSetBuilder;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyRange,
    PySet, PySlice, PyString, PyTuple, PyType,
};

use super::decode::Decoder;
use super::encode::{Encoder, unchanged};
use super::error::{Reason, ValueError};
use super::extension::Extension;
use super::kinds::{COUNTER, DEFAULT_DICT, DEQUE, ORDERED_DICT};

impl<'py> Encoder<'_, 'py> {
    /// The elements of a set, in its own order.
    pub(crate) fn elements(
        &mut self,
        set: &Bound<'py, PyAny>,
        count: usize,
    ) -> Result<(), ValueError> {
        self.writer.array(count)?;
        let mut written = 0;
        for element in set.try_iter()? {
            let element = element.map_err(|_| ValueError::new(Reason::Changed))?;
            self.value(&element).map_err(ValueError::at_element)?;
            written += 1;
        }
        unchanged(written, count)
    }

    /// `maxlen` or nil, then the items.
    pub(crate) fn deque(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        self.extension(Extension::Deque, |encoder| {
            encoder.writer.array(2)?;
            encoder.value(&value.getattr(intern!(encoder.py, "maxlen"))?)?;
            let count = value.len()?;
            encoder.writer.array(count)?;
            let mut written = 0;
            for item in value.try_iter()? {
                let item = item.map_err(|_| ValueError::new(Reason::Changed))?;
                encoder.value(&item).map_err(|error| error.at_item(written))?;
                written += 1;
            }
            unchanged(written, count)
        })
    }

    /// By `items()`: `move_to_end` changes an order that the dictionary beneath does not know.
    pub(crate) fn ordered_dict(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        has_no_attributes(value)?;
        self.extension(Extension::OrderedDict, |encoder| {
            let items = value.call_method0(intern!(encoder.py, "items"))?;
            encoder.writer.map(value.len()?)?;
            let mut written = 0;
            for item in items.try_iter()? {
                let item = item.map_err(|_| ValueError::new(Reason::Changed))?;
                encoder.pair(&item.get_item(0)?, &item.get_item(1)?)?;
                written += 1;
            }
            unchanged(value.len()?, written)
        })
    }

    /// The name of its factory or nil, then the pairs.
    pub(crate) fn default_dict(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let factory = value.getattr(intern!(self.py, "default_factory"))?;
        let known = factory.cast::<PyType>().ok().and_then(factory_name);
        self.extension(Extension::DefaultDict, |encoder| {
            encoder.writer.array(2)?;
            match known {
                Some(name) => encoder.writer.text(name)?,
                None if factory.is_none() => encoder.writer.nil(),
                None => return Err(ValueError::lossy(value, "its factory is not a builtin type")),
            }
            encoder.dict(value.cast::<PyDict>().map_err(PyErr::from)?)
        })
    }

    pub(crate) fn counter(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        has_no_attributes(value)?;
        self.extension(Extension::Counter, |encoder| {
            encoder.dict(value.cast::<PyDict>().map_err(PyErr::from)?)
        })
    }

    /// Start, stop and step of a range or a slice.
    pub(crate) fn bounds(
        &mut self,
        code: Extension,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        self.extension(code, |encoder| {
            encoder.writer.array(3)?;
            for name in ["start", "stop", "step"] {
                let bound = value.getattr(name)?;
                encoder.value(&bound).map_err(|error| error.at_attribute(name))?;
            }
            Ok(())
        })
    }
}

impl<'py> Decoder<'_, 'py> {
    pub(crate) fn set(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let count = self.array()?;
        let set = PySet::empty(self.py)?;
        for _ in 0..count {
            set.add(self.value()?)?;
        }
        self.distinct(set.len(), count)?;
        Ok(set.into_any())
    }

    pub(crate) fn frozen_set(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let count = self.array()?;
        let mut builder = PyFrozenSetBuilder::new(self.py)?;
        for _ in 0..count {
            builder.add(self.value()?)?;
        }
        let set = builder.finalize();
        self.distinct(set.len(), count)?;
        Ok(set.into_any())
    }

    pub(crate) fn deque(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let longest = self.value()?;
        let count = self.array()?;
        let items = self.list(count)?;
        let deque = DEQUE.get(self.py)?.call1((items, longest))?;
        // A `maxlen` below the number of items would drop some.
        if deque.len()? == count { Ok(deque) } else { Err(ValueError::invalid("deque")) }
    }

    pub(crate) fn ordered_dict(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let count = self.map()?;
        let dict = ORDERED_DICT.get(self.py)?.call0()?;
        for _ in 0..count {
            let key = self.value()?;
            let value = self.value()?;
            dict.set_item(key, value)?;
        }
        self.distinct(dict.len()?, count)?;
        Ok(dict)
    }

    pub(crate) fn default_dict(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let factory = match self.reader.token()? {
            Token::Nil => self.py.None().into_bound(self.py),
            Token::Text(name) => self.factory(name)?.into_any(),
            _ => return Err(ValueError::invalid("defaultdict")),
        };
        let dict = DEFAULT_DICT.get(self.py)?.call1((factory,))?;
        let count = self.map()?;
        self.fill(dict.cast::<PyDict>().map_err(PyErr::from)?, count)?;
        Ok(dict)
    }

    pub(crate) fn counter(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let counter = COUNTER.get(self.py)?.call0()?;
        let count = self.map()?;
        self.fill(counter.cast::<PyDict>().map_err(PyErr::from)?, count)?;
        Ok(counter)
    }

    pub(crate) fn range(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let bounds = self.bounds()?;
        Ok(self.py.get_type::<PyRange>().call1(bounds)?)
    }

    pub(crate) fn slice(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        let bounds = self.bounds()?;
        Ok(self.py.get_type::<PySlice>().call1(bounds)?)
    }

    fn bounds(&mut self) -> Result<Bound<'py, PyTuple>, ValueError> {
        self.array_of(3)?;
        self.tuple(3)
    }

    fn factory(&self, name: &[u8]) -> Result<Bound<'py, PyType>, ValueError> {
        let known = factories(self.py).into_iter().find(|(known, _)| known.as_bytes() == name);
        known.map(|(_, class)| class).ok_or_else(|| ValueError::invalid("defaultdict"))
    }
}

/// What a `defaultdict` may make its values with: builtin types, whose call runs no other code.
fn factories(py: Python<'_>) -> [(&'static str, Bound<'_, PyType>); 13] {
    [
        ("bool", py.get_type::<PyBool>()),
        ("bytearray", py.get_type::<PyByteArray>()),
        ("bytes", py.get_type::<PyBytes>()),
        ("complex", py.get_type::<PyComplex>()),
        ("dict", py.get_type::<PyDict>()),
        ("float", py.get_type::<PyFloat>()),
        ("frozenset", py.get_type::<PyFrozenSet>()),
        ("int", py.get_type::<PyInt>()),
        ("list", py.get_type::<PyList>()),
        ("object", py.get_type::<PyAny>()),
        ("set", py.get_type::<PySet>()),
        ("str", py.get_type::<PyString>()),
        ("tuple", py.get_type::<PyTuple>()),
    ]
}

fn factory_name(class: &Bound<'_, PyType>) -> Option<&'static str> {
    factories(class.py()).into_iter().find(|(_, known)| known.is(class)).map(|(name, _)| name)
}

/// An `OrderedDict` and a `Counter` can carry attributes, which nobody would expect to lose.
fn has_no_attributes(value: &Bound<'_, PyAny>) -> Result<(), ValueError> {
    if value.getattr(intern!(value.py(), "__dict__"))?.is_empty()? {
        return Ok(());
    }
    Err(ValueError::lossy(value, "it carries attributes"))
}
