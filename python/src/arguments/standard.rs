//! Types of the standard library, and NumPy's scalars.
//!
//! Attributes and methods are read off the standard class, not off the object: a subclass may have
//! others of the same name.

use cachekit::engine::codec::arguments::Container;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::builtin::Builtin;
use super::encoder::{Encoded, Encoder};
use super::obstacle::{NOTHING_LASTING, Obstacle};
use crate::value::kinds::{
    DECIMAL, DEFAULT_DICT, DEQUE, FRACTION, Kind, Lazy, NETWORKS, PATHS, PATTERN, UUID,
};

/// Takes a frame apart into what counts of it: text, numbers, arrays and digests.
static PARTS: Lazy = Lazy::new("cachekit._columns", "parts");

/// By the number that [`Kind`] gives them.
const PATH_NAMES: [&str; 4] =
    ["pure_posix_path", "pure_windows_path", "posix_path", "windows_path"];
const NETWORK_NAMES: [&str; 6] = [
    "ipv4_address",
    "ipv6_address",
    "ipv4_network",
    "ipv6_network",
    "ipv4_interface",
    "ipv6_interface",
];

impl Encoder<'_> {
    /// Writes the part of `value` that is of `kind`.
    pub(super) fn kind(&mut self, value: &Bound<'_, PyAny>, kind: Kind) -> Encoded {
        match kind {
            Kind::DateTime => self.standard("datetime", |encoder| encoder.datetime(value)),
            Kind::Date => self.standard("date", |encoder| encoder.date(value)),
            Kind::Time => self.standard("time", |encoder| encoder.time(value)),
            Kind::TimeDelta => self.standard("timedelta", |encoder| encoder.duration(value)),
            Kind::FixedZone => self.standard("timezone", |encoder| encoder.fixed_zone(value)),
            Kind::NamedZone => self.standard("zoneinfo", |encoder| encoder.named_zone(value)),
            Kind::Decimal => self.standard("decimal", |encoder| encoder.decimal(value)),
            Kind::Fraction => self.standard("fraction", |encoder| encoder.fraction(value)),
            Kind::Uuid => self.standard("uuid", |encoder| encoder.uuid(value)),
            Kind::Path(number) => self.path(value, number),
            Kind::Network(number) => self.network(value, number),
            Kind::Pattern => self.standard("pattern", |encoder| encoder.pattern(value)),
            Kind::Deque => self.standard("deque", |encoder| encoder.deque(value)),
            Kind::OrderedDict => self.standard("ordered_dict", |encoder| encoder.in_order(value)),
            Kind::Counter => {
                self.standard("counter", |encoder| encoder.builtin(value, Builtin::Dict))
            }
            Kind::DefaultDict => {
                self.standard("default_dict", |encoder| encoder.default_dict(value))
            }
            Kind::Scalar => self.standard("numpy_scalar", |encoder| encoder.scalar(value)),
            Kind::Array => self.standard("array", |encoder| encoder.array(value)),
            Kind::Frame(_) => self.standard("frame", |encoder| {
                let parts = PARTS.get(value.py())?.call1((value,))?;
                encoder.value(&parts)
            }),
        }
    }

    /// As `str` shows it, which tells apart all decimals, 1.0 and 1.00 too. A context may ask for a
    /// small exponent sign.
    fn decimal(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let text = DECIMAL.get(py)?.call_method1(intern!(py, "__str__"), (value,))?;
        let text = text.cast::<PyString>().map_err(PyErr::from)?.to_str()?;
        self.writer.text(&text.replace('e', "E"));
        Ok(())
    }

    /// Numerator and denominator, without a common divisor.
    fn fraction(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let class = FRACTION.get(py)?;
        let parts = [intern!(py, "numerator"), intern!(py, "denominator")];
        let part = |name| property(class, name, value);
        self.items(Container::Tuple, parts.into_iter().map(part))
    }

    /// 16 bytes, in the order in which the text shows them.
    fn uuid(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let bytes = property(UUID.get(py)?, intern!(py, "bytes"), value)?;
        self.writer.bytes(bytes.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes());
        Ok(())
    }

    /// A path's text, by its standard class.
    fn path(&mut self, value: &Bound<'_, PyAny>, number: u8) -> Encoded {
        let number = usize::from(number);
        let (Some(name), Some(class)) = (PATH_NAMES.get(number), PATHS.get(number)) else {
            return Err(Obstacle::unkeyable(value, NOTHING_LASTING));
        };
        let py = value.py();
        let text = class.get(py)?.call_method1(intern!(py, "__str__"), (value,))?;
        self.standard(name, |encoder| encoder.text(text.cast().map_err(PyErr::from)?))
    }

    /// An address or a network, as text.
    fn network(&mut self, value: &Bound<'_, PyAny>, number: u8) -> Encoded {
        let number = usize::from(number);
        let (Some(name), Some(class)) = (NETWORK_NAMES.get(number), NETWORKS.get(number)) else {
            return Err(Obstacle::unkeyable(value, NOTHING_LASTING));
        };
        let py = value.py();
        let text = class.get(py)?.call_method1(intern!(py, "__str__"), (value,))?;
        self.standard(name, |encoder| encoder.text(text.cast().map_err(PyErr::from)?))
    }

    fn pattern(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let class = PATTERN.get(py)?;
        let parts = [intern!(py, "pattern"), intern!(py, "flags")];
        self.items(Container::Tuple, parts.into_iter().map(|name| property(class, name, value)))
    }

    /// The items, then `maxlen`.
    fn deque(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let class = DEQUE.get(py)?;
        let items = class.call_method1(intern!(py, "__iter__"), (value,))?;
        let longest = property(class, intern!(py, "maxlen"), value)?;
        self.ordered(Container::Tuple, |encoder| {
            encoder.items(Container::List, items.try_iter()?)?;
            encoder.value(&longest)
        })
    }

    /// A list of pairs: the order is part of what an `OrderedDict` is.
    fn in_order(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let pairs = value.call_method0(intern!(value.py(), "items"))?;
        self.items(Container::List, pairs.try_iter()?)
    }

    /// The factory, then the entries.
    fn default_dict(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let name = intern!(py, "default_factory");
        let factory = property(DEFAULT_DICT.get(py)?, name, value)?;
        self.ordered(Container::Tuple, |encoder| {
            encoder.value(&factory).map_err(|obstacle| obstacle.at_attribute("default_factory"))?;
            encoder.builtin(value, Builtin::Dict)
        })
    }

    /// NumPy's name of the type, and the bytes; not of those types that pad with what happens to
    /// be in memory.
    fn scalar(&mut self, value: &Bound<'_, PyAny>) -> Encoded {
        let py = value.py();
        let dtype = value.getattr(intern!(py, "dtype"))?;
        let code: char = dtype.getattr(intern!(py, "char"))?.extract()?;
        if !"?bhilqpnPNBHILQefdFDSUmM".contains(code) {
            return Err(Obstacle::unkeyable(value, "its bytes in memory are not its value alone"));
        }
        let parts =
            [dtype.getattr(intern!(py, "str"))?, value.call_method0(intern!(py, "tobytes"))?];
        self.items(Container::Tuple, parts.into_iter().map(Ok))
    }
}

/// What the descriptor `name` of `class` itself says of `value`.
pub(super) fn property<'py>(
    class: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    class.getattr(name)?.call_method1(intern!(value.py(), "__get__"), (value,))
}
