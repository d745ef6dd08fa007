//! Frames as Arrow streams: what `ArrowSerializer` writes, and the memory that a frame read back
//! stands on.

use std::ops::Range;

use cachekit::engine::codec::arrow;
use cachekit::engine::seal::BODY_START;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice};

use crate::errors::SerializationError;
use crate::value::kinds::Lazy;

static TO_STREAM: Lazy = Lazy::new("cachekit.serializers._arrow", "to_stream");
static FROM_CHECKED: Lazy = Lazy::new("cachekit.serializers._arrow", "from_checked");
static SERIALIZER: Lazy = Lazy::new("cachekit.serializers._arrow", "ArrowSerializer");

/// Bytes before a plaintext, so that a body begins where the widest of numbers may.
const LEAD: usize = BODY_START.next_multiple_of(16) - BODY_START;

/// Whether it is an `ArrowSerializer`, and not something derived from one.
pub(crate) fn is_arrow_serializer(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(object.get_type().is(SERIALIZER.get(object.py())?))
}

/// The stream, whose metadata say which library's frame it is.
pub(crate) fn stream_of<'py>(frame: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let stream = TO_STREAM.get(frame.py())?.call1((frame,))?;
    Ok(stream.cast_into()?)
}

/// The frame in a stream. Its columns stand on the copy that is made here, the only one.
pub(crate) fn frame_of<'py>(py: Python<'py>, stream: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    check(stream)?;
    FROM_CHECKED.get(py)?.call1((PyByteArray::new(py, stream),))
}

/// The frame in an entry that `open` opens into the memory it is given, of `plaintext_len` bytes: its
/// columns stand on that very memory. `None` if `open` finds no body there.
pub(crate) fn frame_opened<'py>(
    py: Python<'py>,
    plaintext_len: usize,
    open: impl FnOnce(&mut [u8]) -> PyResult<Option<Range<usize>>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut place = None;
    let memory = PyByteArray::new_with(py, LEAD + plaintext_len, |memory| {
        let plaintext = memory.get_mut(LEAD..).unwrap_or_default();
        place = open(plaintext).and_then(|place| checked(plaintext, place)).inspect_err(|_| {
            plaintext.fill(0);
        })?;
        Ok(())
    })?;
    let Some(Range { start, end }) = place else { return Ok(None) };
    let index = |position: usize| isize::try_from(LEAD + position);
    let body = PySlice::new(py, index(start)?, index(end)?, 1);
    let stream = PyMemoryView::from(memory.as_any())?.get_item(body)?;
    Ok(Some(FROM_CHECKED.get(py)?.call1((stream,))?))
}

fn checked(plaintext: &[u8], place: Option<Range<usize>>) -> PyResult<Option<Range<usize>>> {
    if let Some(body) = place.clone().and_then(|place| plaintext.get(place)) {
        check(body)?;
    }
    Ok(place)
}

fn check(stream: &[u8]) -> PyResult<()> {
    arrow::check(stream).map_err(|refused| SerializationError::new_err(refused.to_string()))
}
