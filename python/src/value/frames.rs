//! Data frames, tables and columns: an Arrow stream, as `ArrowSerializer` writes it.

use pyo3::intern;
use pyo3::prelude::*;

use super::decode::Decoder;
use super::encode::Encoder;
use super::error::ValueError;
use super::extension::Extension;
use crate::errors::SerializationError;
use crate::frame_stream;

impl<'py> Encoder<'_, 'py> {
    /// The stream, whose metadata say which library's frame it is.
    pub(crate) fn frame(&mut self, frame: &Bound<'py, PyAny>) -> Result<(), ValueError> {
        let stream = frame_stream::stream_of(frame).map_err(|error| refused(frame, error))?;
        Ok(self.writer.extension(Extension::Frame as i8, stream.as_bytes())?)
    }
}

impl<'py> Decoder<'_, 'py> {
    pub(crate) fn frame(&mut self, stream: &[u8]) -> Result<Bound<'py, PyAny>, ValueError> {
        Ok(frame_stream::frame_of(self.py, stream)?)
    }
}

/// Which column it is, or what of the frame; the text of `ArrowSerializer` quotes neither labels nor
/// cells.
fn refused(frame: &Bound<'_, PyAny>, error: PyErr) -> ValueError {
    let py = frame.py();
    if !error.is_instance_of::<SerializationError>(py) {
        return error.into();
    }
    let raised = error.value(py);
    let label = raised.getattr_opt(intern!(py, "label")).ok().flatten();
    let refused = ValueError::lossy(frame, raised.to_string());
    match label.and_then(|label| label.extract::<String>().ok()) {
        Some(label) => refused.at_label(label),
        None => refused,
    }
}
