//! The interpreter's own types, of which there may be subclasses too: all access goes to the
//! builtin part of an object, whatever methods its class has.

use cachekit::engine::codec::arguments::Container;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyRange, PySet,
    PySlice, PyString, PyTuple, PyType,
};

use super::encoder::{Encoded, Encoder};

/// A builtin type. (`bool`, `range`, `slice`, `None` and `...` have no subclasses.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Int,
    Float,
    Complex,
    Text,
    Bytes,
    ByteArray,
    List,
    Tuple,
    Dict,
    Set,
    FrozenSet,
    Range,
    Slice,
    Ellipsis,
}

impl Builtin {
    /// The builtin that `class` is, subclasses not counted.
    pub(super) fn of(class: &Bound<'_, PyType>) -> Option<Self> {
        let py = class.py();
        let all = [
            (py.get_type::<PyTuple>(), Self::Tuple),
            (py.get_type::<PyList>(), Self::List),
            (py.get_type::<PyDict>(), Self::Dict),
            (py.get_type::<PySet>(), Self::Set),
            (py.get_type::<PyFrozenSet>(), Self::FrozenSet),
            (py.get_type::<PyByteArray>(), Self::ByteArray),
            (py.get_type::<PyComplex>(), Self::Complex),
            (py.get_type::<PyRange>(), Self::Range),
            (py.get_type::<PySlice>(), Self::Slice),
            (py.get_type::<PyInt>(), Self::Int),
            (py.get_type::<PyFloat>(), Self::Float),
            (py.get_type::<PyString>(), Self::Text),
            (py.get_type::<PyBytes>(), Self::Bytes),
            (py.Ellipsis().into_bound(py).get_type(), Self::Ellipsis),
        ];
        all.into_iter().find_map(|(known, builtin)| known.is(class).then_some(builtin))
    }
}

impl Encoder<'_> {
    /// Writes the builtin part of `value`, which is an instance of `builtin` or of a subclass.
    pub(super) fn builtin(&mut self, value: &Bound<'_, PyAny>, builtin: Builtin) -> Encoded {
        match builtin {
            Builtin::Int => self.int(value.cast().map_err(PyErr::from)?),
            Builtin::Text => self.text(value.cast().map_err(PyErr::from)?),
            Builtin::Float => {
                self.writer.float(value.cast::<PyFloat>().map_err(PyErr::from)?.value());
                Ok(())
            }
            Builtin::Bytes => {
                self.writer.bytes(value.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes());
                Ok(())
            }
            Builtin::Tuple => {
                let items = value.cast::<PyTuple>().map_err(PyErr::from)?;
                self.items(Container::Tuple, items.iter().map(Ok))
            }
            Builtin::List => {
                let items = value.cast::<PyList>().map_err(PyErr::from)?;
                self.items(Container::List, items.iter().map(Ok))
            }
            // A snapshot: keys and values may run code that changes the dictionary.
            Builtin::Dict => {
                let pairs = value.cast::<PyDict>().map_err(PyErr::from)?.items();
                self.entries(pairs.iter().map(Ok))
            }
            Builtin::Set => self.set(value, &value.py().get_type::<PySet>()),
            Builtin::FrozenSet => self.standard("frozenset", |encoder| {
                encoder.set(value, &value.py().get_type::<PyFrozenSet>())
            }),
            Builtin::ByteArray => self.standard("bytearray", |encoder| {
                let bytes = value.cast::<PyByteArray>().map_err(PyErr::from)?.to_vec();
                encoder.writer.bytes(&bytes);
                Ok(())
            }),
            Builtin::Complex => self.standard("complex", |encoder| {
                let complex = value.cast::<PyComplex>().map_err(PyErr::from)?;
                encoder.ordered(Container::Tuple, |encoder| {
                    encoder.writer.float(complex.real());
                    encoder.writer.float(complex.imag());
                    Ok(())
                })
            }),
            Builtin::Range => self.standard("range", |encoder| encoder.bounds(value)),
            Builtin::Slice => self.standard("slice", |encoder| encoder.bounds(value)),
            Builtin::Ellipsis => self.standard("ellipsis", |encoder| {
                encoder.writer.none();
                Ok(())
            }),
        }
    }

    /// By the `__iter__` of `class` itself.
    fn set(&mut self, value: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> Encoded {
        let elements = class.call_method1(intern!(value.py(), "__iter__"), (value,))?;
        self.items(Container::Set, elements.try_iter()?)
    }

    /// Of a range or a slice.
    fn bounds(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let names = [intern!(py, "start"), intern!(py, "stop"), intern!(py, "step")];
        self.items(Container::Tuple, names.into_iter().map(|name| value.getattr(name)))
    }
}
