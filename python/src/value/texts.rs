//! Types that are best known by their text: paths, internet addresses, patterns; and UUIDs.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyString};

use super::decode::{Decoder, string};
use super::encode::Encoder;
use super::error::{Reason, ValueError};
use super::extension::Extension;
use super::kinds::{Lazy, NETWORKS, PATHS, UUID};
use super::limits;

static SAFE_UUID: Lazy = Lazy::new("uuid", "SafeUUID");
static COMPILE: Lazy = Lazy::new("re", "compile");

/// `re` A, I, L, M, S, U, X. Not `DEBUG`, which prints, and nothing that `re` may add.
const PATTERN_FLAGS: i64 = 0x100 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40;

impl<'py> Encoder<'_, 'py> {
    /// Sixteen bytes; a seventeenth where the UUID says whether it was made safely by many processes
    /// at once (1 yes, 2 no).
    pub(crate) fn uuid(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let bytes = value.getattr(intern!(self.py, "bytes"))?;
        let bytes = bytes.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes();
        let safe = value.getattr(intern!(self.py, "is_safe"))?;
        let safe: Option<i64> = safe.getattr(intern!(self.py, "value"))?.extract()?;
        let mark = match safe {
            None => return Ok(self.writer.extension(Extension::Uuid as i8, bytes)?),
            Some(0) => 1,
            Some(_) => 2,
        };
        let open = self.writer.open(Extension::Uuid as i8);
        self.writer.raw(bytes);
        self.writer.raw(&[mark]);
        Ok(self.writer.close(open)?)
    }

    /// Its flavour and its text, which may hold surrogates for a file name that is not UTF-8.
    pub(crate) fn path(
        &mut self,
        flavour: u8,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        let text = value.str()?;
        self.extension(Extension::Path, |encoder| {
            encoder.writer.array(2)?;
            encoder.writer.unsigned(u64::from(flavour));
            encoder.text(&text)
        })
    }

    /// One byte for its type, then its text, prefix and scope included.
    pub(crate) fn network(
        &mut self,
        kind: u8,
        value: &Bound<'py, PyAny>,
    ) -> Result<(), ValueError> {
        let text = value.str()?;
        let text = text.to_str()?;
        let open = self.writer.open(Extension::Network as i8);
        self.writer.raw(&[kind]);
        self.writer.raw(text.as_bytes());
        Ok(self.writer.close(open)?)
    }

    /// Its source, text or bytes, and its flags.
    pub(crate) fn pattern(&mut self, value: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let source = value.getattr(intern!(self.py, "pattern"))?;
        let flags: i64 = value.getattr(intern!(self.py, "flags"))?.extract()?;
        if flags & !PATTERN_FLAGS != 0 {
            return Err(ValueError::lossy(value, "its flags are not among A, I, L, M, S, U and X"));
        }
        self.patterns.one_more(&source)?;
        self.extension(Extension::Pattern, |encoder| {
            encoder.writer.array(2)?;
            encoder.value(&source)?;
            encoder.writer.signed(flags);
            Ok(())
        })
    }
}

impl<'a, 'py> Decoder<'a, 'py> {
    pub(crate) fn uuid(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let invalid = || ValueError::invalid("UUID");
        let (bytes, mark) = payload.split_first_chunk::<16>().ok_or_else(invalid)?;
        let arguments =
            [("bytes", PyBytes::new(self.py, bytes).into_any())].into_py_dict(self.py)?;
        let safe = match mark {
            [] => None,
            [1] => Some(0),
            [2] => Some(-1),
            _ => return Err(invalid()),
        };
        if let Some(safe) = safe {
            arguments.set_item("is_safe", SAFE_UUID.get(self.py)?.call1((safe,))?)?;
        }
        Ok(UUID.get(self.py)?.call((), Some(&arguments))?)
    }

    pub(crate) fn path(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let flavour = self.value()?.extract::<usize>().ok().and_then(|flavour| PATHS.get(flavour));
        let class = flavour.ok_or_else(|| ValueError::invalid("path"))?.get(self.py)?;
        let text = self.value()?;
        if !text.is_exact_instance_of::<PyString>() {
            return Err(ValueError::invalid("path"));
        }
        Ok(class.call1((text,))?)
    }

    pub(crate) fn network(&mut self, payload: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let invalid = || ValueError::invalid("internet address");
        let (kind, text) = payload.split_first().ok_or_else(invalid)?;
        let class = NETWORKS.get(usize::from(*kind)).ok_or_else(invalid)?.get(self.py)?;
        Ok(class.call1((string(self.py, text)?,))?)
    }

    pub(crate) fn pattern(&mut self) -> Result<Bound<'py, PyAny>, ValueError> {
        self.array_of(2)?;
        let source = self.value()?;
        self.patterns.one_more(&source)?;
        let flags: i64 = self.value()?.extract().map_err(|_| ValueError::invalid("pattern"))?;
        if flags & !PATTERN_FLAGS != 0 {
            return Err(ValueError::invalid("pattern"));
        }
        Ok(COMPILE.get(self.py)?.call1((source, flags))?)
    }
}

/// The regular expressions of one value, counted.
#[derive(Default)]
pub(crate) struct Patterns {
    count: usize,
    characters: usize,
}

impl Patterns {
    fn one_more(&mut self, source: &Bound<'_, PyAny>) -> Result<(), ValueError> {
        if !source.is_exact_instance_of::<PyString>() && !source.is_exact_instance_of::<PyBytes>() {
            return Err(ValueError::invalid("pattern"));
        }
        self.count += 1;
        self.characters = self.characters.saturating_add(source.len()?);
        within("the number of regular expressions", self.count, limits::PATTERNS)?;
        within("the length of its regular expressions", self.characters, limits::PATTERN)
    }
}

fn within(what: &'static str, seen: usize, limit: usize) -> Result<(), ValueError> {
    if seen > limit {
        return Err(ValueError::new(Reason::TooLarge { what, limit }));
    }
    Ok(())
}
