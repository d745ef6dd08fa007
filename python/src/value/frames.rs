//! Data frames, tables and columns: an Arrow stream, as `ArrowSerializer` writes it.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::decode::Decoder;
use super::encode::Encoder;
use super::error::ValueError;
use super::extension::Extension;
use super::kinds::Lazy;
use crate::errors::SerializationError;

static TO_STREAM: Lazy = Lazy::new("cachekit.serializers._arrow", "to_stream");
static FROM_STREAM: Lazy = Lazy::new("cachekit.serializers._arrow", "from_stream");

impl<'py> Encoder<'_, 'py> {
    /// The stream, whose metadata say which library's frame it is.
    pub(crate) fn frame(&mut self, frame: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let stream =
            TO_STREAM.get(self.py)?.call1((frame,)).map_err(|error| refused(frame, error))?;
        let bytes = stream.cast::<PyBytes>().map_err(PyErr::from)?;
        Ok(self.writer.extension(Extension::Frame as i8, bytes.as_bytes())?)
    }
}

impl<'py> Decoder<'_, 'py> {
    /// The columns stand on the copy that is made here: it is the only one.
    pub(crate) fn frame(&mut self, stream: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        let bytes = PyBytes::new(self.py, stream);
        Ok(FROM_STREAM.get(self.py)?.call1((bytes,))?)
    }
}

fn refused(frame: &Bound<'_, PyAny>, error: PyErr) -> ValueError {
    match error.is_instance_of::<SerializationError>(frame.py()) {
        true => ValueError::lossy(
            frame,
            "Arrow keeps one of its columns not at all, or as another type",
        ),
        false => error.into(),
    }
}
